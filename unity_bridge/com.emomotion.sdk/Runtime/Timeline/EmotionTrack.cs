using System.ComponentModel;
using EmoMotion.Unity;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace EmoMotion.Timeline
{
    /// <summary>
    /// A track that tells a character what to feel and do. Where clips overlap the feelings are mixed; where there is
    /// none the character keeps what it had.
    /// </summary>
    [TrackColor(0.95f, 0.55f, 0.2f)]
    [TrackClipType(typeof(EmotionClip))]
    [TrackBindingType(typeof(EmoMotionCharacter))]
    [DisplayName("EmoMotion/Emotion Track")]
    public sealed class EmotionTrack : TrackAsset
    {
        /// <inheritdoc/>
        public override Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) =>
            ScriptPlayable<EmotionMixer>.Create(graph, inputCount);
    }
}
