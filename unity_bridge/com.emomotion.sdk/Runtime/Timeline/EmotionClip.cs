using System;
using EmoMotion.Unity;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace EmoMotion.Timeline
{
    /// <summary>A span of a track: what is felt in it and, where that is said, what is done.</summary>
    [Serializable]
    public sealed class EmotionClip : PlayableAsset, ITimelineClipAsset
    {
        [SerializeField] private Feeling feeling = new Feeling(Wire.Emotion.Joy);
        [Tooltip("What the character does from the beginning of the clip on; empty: as before.")]
        [TextArea] [SerializeField] private string prompt = "";

        /// <inheritdoc/>
        public ClipCaps clipCaps => ClipCaps.Blending;

        /// <inheritdoc/>
        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner)
        {
            var playable = ScriptPlayable<EmotionBehaviour>.Create(graph);
            var behaviour = playable.GetBehaviour();
            (behaviour.Feeling, behaviour.Prompt) = (feeling, prompt);
            return playable;
        }
    }

    /// <summary>A clip while it plays.</summary>
    public sealed class EmotionBehaviour : PlayableBehaviour
    {
        /// <summary>What is felt.</summary>
        public Feeling Feeling;

        /// <summary>What is done; empty: as before.</summary>
        public string Prompt = "";
    }
}
