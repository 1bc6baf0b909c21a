// UnityEngine.Playables and UnityEngine.Timeline, as far as the package uses them.

using System;

namespace UnityEngine.Playables
{
    public interface IPlayable
    {
    }

    public struct PlayableGraph
    {
    }

    public struct FrameData
    {
    }

    public struct Playable : IPlayable
    {
    }

    public static class PlayableExtensions
    {
        public static int GetInputCount<U>(this U playable) where U : struct, IPlayable => throw null;
        public static Playable GetInput<U>(this U playable, int inputPort) where U : struct, IPlayable => throw null;
        public static float GetInputWeight<U>(this U playable, int inputIndex) where U : struct, IPlayable =>
            throw null;
    }

    public interface IPlayableBehaviour
    {
    }

    public abstract class PlayableBehaviour : IPlayableBehaviour
    {
        public virtual void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
        }
    }

    public struct ScriptPlayable<T> : IPlayable where T : class, IPlayableBehaviour, new()
    {
        public static ScriptPlayable<T> Create(PlayableGraph graph, int inputCount = 0) => throw null;
        public T GetBehaviour() => throw null;
        public static implicit operator Playable(ScriptPlayable<T> playable) => throw null;
        public static explicit operator ScriptPlayable<T>(Playable playable) => throw null;
    }

    public abstract class PlayableAsset : ScriptableObject
    {
        public abstract Playable CreatePlayable(PlayableGraph graph, GameObject owner);
    }
}

namespace UnityEngine.Timeline
{
    using UnityEngine.Playables;

    [Flags]
    public enum ClipCaps
    {
        None = 0, Blending = 16,
    }

    public interface ITimelineClipAsset
    {
        ClipCaps clipCaps { get; }
    }

    public abstract class TrackAsset : PlayableAsset
    {
        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner) => throw null;
        public virtual Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) => throw null;
    }

    public sealed class TrackColorAttribute : Attribute
    {
        public TrackColorAttribute(float r, float g, float b) => throw null;
    }

    public sealed class TrackClipTypeAttribute : Attribute
    {
        public TrackClipTypeAttribute(Type clipClass) => throw null;
    }

    public sealed class TrackBindingTypeAttribute : Attribute
    {
        public TrackBindingTypeAttribute(Type type) => throw null;
    }
}
