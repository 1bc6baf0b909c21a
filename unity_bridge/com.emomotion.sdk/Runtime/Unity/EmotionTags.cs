using System;
using System.Collections.Generic;
using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// What a clip feels and how it was made, beside the clip in the project. The importer writes it.
    /// </summary>
    public sealed class EmotionTags : ScriptableObject
    {
        /// <summary>A span of the clip.</summary>
        [Serializable]
        public struct Span
        {
            /// <summary>From here to there, seconds.</summary>
            public float start, end;

            /// <summary>The strongest emotion in it.</summary>
            public Emotion emotion;

            /// <summary>Share of each emotion, by its number.</summary>
            public float[] weights;

            /// <summary>How strongly, 0..1.</summary>
            public float intensity;
        }

        [SerializeField] private string prompt;
        [SerializeField] private string label;
        [Range(0, 1)] [SerializeField] private float intensity;
        [SerializeField] private List<Span> spans = new List<Span>();
        [SerializeField] private float duration;
        [SerializeField] private bool loop;
        [SerializeField] private bool inPlace;
        [SerializeField] private string seed;
        [SerializeField] private string plan;
        [SerializeField] private string generator;
        [SerializeField] private string licence;
        [SerializeField] private string bundleSha256;

        /// <summary>The words it was made from.</summary>
        public string Prompt => prompt;

        /// <summary>Name of the strongest emotion.</summary>
        public string Label => label;

        /// <summary>How strongly it is felt, 0..1.</summary>
        public float Intensity => intensity;

        /// <summary>Spans in order.</summary>
        public IReadOnlyList<Span> Spans => spans;

        /// <summary>Terms under which the clip may be used.</summary>
        public string Licence => licence;

        /// <summary>Whether its end meets its beginning.</summary>
        public bool Loop => loop;

        /// <summary>Take over what was read.</summary>
        public void Fill(ClipTags tags)
        {
            (prompt, label, intensity, duration) = (tags.Prompt, tags.Label, tags.Intensity, tags.DurationS);
            (loop, inPlace, plan, generator) = (tags.Loop, tags.InPlace, tags.Plan, tags.Generator);
            (licence, bundleSha256) = (tags.Licence, tags.BundleSha256);
            seed = tags.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture);
            spans.Clear();
            foreach (var segment in tags.Segments)
            {
                var strongest = 0;
                for (var i = 1; i < segment.Weights.Length; i++)
                    strongest = segment.Weights[i] > segment.Weights[strongest] ? i : strongest;
                spans.Add(new Span
                {
                    start = segment.StartS, end = segment.EndS, emotion = (Emotion)strongest, weights = segment.Weights,
                    intensity = segment.Intensity,
                });
            }
        }

        /// <summary>The strongest emotion at a moment of the clip, seconds, and how strongly.</summary>
        public Emotion At(float seconds, out float strength)
        {
            for (var i = spans.Count - 1; i >= 0; i--)
            {
                if (seconds < spans[i].start && i > 0) continue;
                strength = spans[i].intensity;
                return spans[i].emotion;
            }
            strength = intensity;
            return Emotion.Neutral;
        }
    }
}
