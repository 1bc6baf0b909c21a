using System;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>A generated clip. Shapes: T frames, J = 22 joints.</summary>
    public sealed class MotionClip
    {
        private int _filled;

        internal MotionClip(MotionHeader header)
        {
            Body = Body.Of(header.Skeleton);
            (Fps, Frames) = (header.Fps, (int)header.FrameCount);
            if (!(Fps > 0) || Frames < 1)
                throw new EmoMotionException(StatusCode.Internal, $"the clip has {Frames} frames at {Fps} a second");
            Rotations = new Quat[Frames * Body.Joints];
            Root = new Float3[Frames];
            Contacts = new bool[Frames * 4];
        }

        /// <summary>The body on which it is posed.</summary>
        public Body Body { get; }

        /// <summary>Frames a second.</summary>
        public double Fps { get; }

        /// <summary>Number of frames, T.</summary>
        public int Frames { get; }

        /// <summary>Length in seconds.</summary>
        public double Seconds => (Frames - 1) / Fps;

        /// <summary>Local rotations (T, J), SDK frame.</summary>
        public Quat[] Rotations { get; }

        /// <summary>Position of the pelvis (T), metres, SDK frame.</summary>
        public Float3[] Root { get; }

        /// <summary>Whether left ankle, left foot, right ankle, right foot touch the ground (T, 4).</summary>
        public bool[] Contacts { get; }

        /// <summary>How it was made: settings really used, times, whether quality was lowered.</summary>
        public GenerateStatus Status { get; private set; }

        internal float Progress => _filled / (float)Frames;

        /// <summary>The pose at so many seconds from the start; before and behind the clip its ends hold.</summary>
        public void Sample(double seconds, BodyPose pose)
        {
            var at = Math.Max(0, Math.Min(seconds * Fps, Frames - 1));
            int a = (int)at, b = Math.Min(a + 1, Frames - 1);
            var t = (float)(at - a);
            for (var j = 0; j < Body.Joints; j++)
                pose.Rotations[j] = Quat.Slerp(Rotations[a * Body.Joints + j], Rotations[b * Body.Joints + j], t);
            pose.Root = Float3.Lerp(Root[a], Root[b], t);
            for (var i = 0; i < 4; i++)
            {
                float from = Contacts[4 * a + i] ? 1 : 0, to = Contacts[4 * b + i] ? 1 : 0;
                pose.Contacts[i] = from + (to - from) * t;
            }
            var affect = Status?.Used?.Affect;
            if (affect == null) return;
            affect.Shares(pose.Weights);
            pose.Intensity = (float)(affect.Intensity ?? Affect.DefaultIntensity);
        }

        internal void Take(MotionChunk chunk)
        {
            int first = (int)chunk.StartFrame, count = (int)chunk.FrameCount;
            var good = first == _filled && count > 0 && first + count <= Frames
                && chunk.Rotations.Count == count * Body.Joints * 4 && chunk.Root.Count == count * 3
                && chunk.Contacts.Count == count * 4;
            if (!good)
                throw new EmoMotionException(StatusCode.Internal,
                    $"a chunk of {count} frames from {first} on does not fit: {_filled} of {Frames} frames were there, "
                    + $"and it holds {chunk.Rotations.Count} rotations, {chunk.Root.Count} positions, "
                    + $"{chunk.Contacts.Count} contacts");
            float[] q = chunk.Rotations.Items, p = chunk.Root.Items;
            for (var i = 0; i < count * Body.Joints; i++)
                Rotations[first * Body.Joints + i] = new Quat(q[4 * i], q[4 * i + 1], q[4 * i + 2], q[4 * i + 3]);
            for (var i = 0; i < count; i++) Root[first + i] = new Float3(p[3 * i], p[3 * i + 1], p[3 * i + 2]);
            Array.Copy(chunk.Contacts.Items, 0, Contacts, 4 * first, 4 * count);
            _filled += count;
        }

        internal void End(GenerateStatus status)
        {
            if (_filled != Frames)
                throw new EmoMotionException(StatusCode.Internal, $"the clip ended after {_filled} of {Frames} frames");
            Status = status;
        }
    }
}
