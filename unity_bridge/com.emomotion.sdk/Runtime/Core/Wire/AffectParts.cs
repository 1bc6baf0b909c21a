using System;

namespace EmoMotion.Wire
{
    public sealed partial class Affect
    {
        /// <summary>Strength of a mixture where none is said.</summary>
        public const double DefaultIntensity = 0.7;

        /// <summary>One emotion.</summary>
        /// <param name="emotion">Which.</param>
        /// <param name="intensity">0..1.</param>
        public static Affect Of(Emotion emotion, double intensity = DefaultIntensity)
        {
            var affect = new Affect { Intensity = intensity };
            affect.Put(emotion, 1);
            return affect;
        }

        /// <summary>A mixture: the share of each emotion, of which only the ratios count.</summary>
        /// <param name="intensity">0..1.</param>
        /// <param name="shares">One or more, each emotion once.</param>
        public static Affect Mix(double intensity, params (Emotion Emotion, double Share)[] shares)
        {
            var affect = new Affect { Intensity = intensity };
            foreach (var (emotion, share) in shares) affect.Put(emotion, share);
            return affect;
        }

        /// <summary>Add an emotion's share. Allocates nothing in a message that was used before.</summary>
        public void Put(Emotion emotion, double share)
        {
            var entry = Weights.Add();
            (entry.Emotion, entry.Weight) = (emotion, share);
        }

        /// <summary>
        /// The shares, which then sum to 1, into an array by the emotions' numbers; neutral where nothing is felt.
        /// Emotions that this version does not know take no part.
        /// </summary>
        public void Shares(float[] into)
        {
            Array.Clear(into, 0, into.Length);
            double sum = 0;
            for (var i = 0; i < Weights.Count; i++)
            {
                var entry = Weights[i];
                var known = (int)entry.Emotion > 0 && (int)entry.Emotion < into.Length && entry.Weight > 0;
                if (!known) continue;
                into[(int)entry.Emotion] += (float)entry.Weight;
                sum += entry.Weight;
            }
            if (sum > 0)
            {
                for (var i = 0; i < into.Length; i++) into[i] = (float)(into[i] / sum);
            }
            else into[(int)Emotion.Neutral] = 1;
        }
    }

    public sealed partial class AffectTrack
    {
        /// <summary>A feeling over time: what is felt at each moment, between which it is blended.</summary>
        /// <param name="keys">One or more, their seconds rising.</param>
        public static AffectTrack Of(params (double Seconds, Affect Affect)[] keys)
        {
            var track = new AffectTrack();
            foreach (var (seconds, affect) in keys)
                track.Keys.Add(new AffectKey { Seconds = seconds, Affect = affect });
            return track;
        }
    }
}
