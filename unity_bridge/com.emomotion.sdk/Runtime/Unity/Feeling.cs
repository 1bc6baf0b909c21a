using System;
using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// An emotion, how strongly it is felt, and a second one that is mixed in; as an inspector shows it.
    /// </summary>
    [Serializable]
    public struct Feeling : IEquatable<Feeling>
    {
        [SerializeField] private Emotion emotion;
        [Range(0, 1)] [SerializeField] private float intensity;
        [SerializeField] private Emotion mixedWith;
        [Tooltip("Share of the second emotion; 0 for none of it, 1 for nothing else.")]
        [Range(0, 1)] [SerializeField] private float share;

        /// <summary>One emotion, or two.</summary>
        public Feeling(Emotion emotion, float intensity = 0.7f, Emotion mixedWith = Emotion.Unspecified,
            float share = 0)
        {
            (this.emotion, this.intensity) = (emotion, intensity);
            (this.mixedWith, this.share) = (mixedWith, share);
        }

        /// <summary>The first emotion.</summary>
        public Emotion Emotion => emotion == Emotion.Unspecified ? Emotion.Neutral : emotion;

        /// <summary>How strongly it is felt, 0..1.</summary>
        public float Intensity => Mathf.Clamp01(intensity);

        /// <summary>The one that is mixed in; Unspecified for none.</summary>
        public Emotion MixedWith => share > 0 && mixedWith != Emotion ? mixedWith : Emotion.Unspecified;

        /// <summary>Share of the second emotion, 0..1.</summary>
        public float Share => MixedWith == Emotion.Unspecified ? 0 : Mathf.Clamp01(share);

        /// <summary>Write it into a message; allocates nothing in one that was used before.</summary>
        public void Fill(Affect affect)
        {
            affect.Clear();
            affect.Intensity = Intensity;
            affect.Put(Emotion, 1 - Share);
            if (Share > 0) affect.Put(MixedWith, Share);
        }

        /// <inheritdoc/>
        public bool Equals(Feeling other) => Emotion == other.Emotion && Intensity.Equals(other.Intensity)
            && MixedWith == other.MixedWith && Share.Equals(other.Share);

        /// <inheritdoc/>
        public override bool Equals(object other) => other is Feeling feeling && Equals(feeling);

        /// <inheritdoc/>
        public override int GetHashCode() => (Emotion, Intensity, MixedWith, Share).GetHashCode();
    }
}
