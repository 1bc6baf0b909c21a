using System;

namespace EmoMotion.Wire
{
    /// <summary>Public names of the emotions, those of Plutchik in small letters, without reflection.</summary>
    public static class EmotionNames
    {
        private static readonly string[] Names =
            { "", "neutral", "joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation" };

        /// <summary>Its name; empty for one that this version does not know.</summary>
        public static string Name(Emotion emotion) =>
            (int)emotion >= 0 && (int)emotion < Names.Length ? Names[(int)emotion] : "";

        /// <summary>The emotion of a name; false if there is none.</summary>
        public static bool TryParse(string name, out Emotion emotion)
        {
            emotion = (Emotion)Math.Max(0, Array.IndexOf(Names, (name ?? "").Trim().ToLowerInvariant(), 1));
            return emotion != Emotion.Unspecified;
        }
    }
}
