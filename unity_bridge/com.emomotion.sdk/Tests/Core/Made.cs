using System;
using EmoMotion.Wire;

namespace EmoMotion.Tests
{
    /// <summary>Motion for tests.</summary>
    internal static class Made
    {
        /// <summary>A walk of even steps: joints swing as sines, and every joint turns at a speed of its own.</summary>
        public static void Walk(BodyPose pose, double seconds)
        {
            for (var j = 0; j < Body.Joints; j++)
            {
                var angle = (float)(0.6 * Math.Sin(2 * Math.PI * seconds * (0.5 + 0.1 * j) + j));
                var axis = new Float3((float)Math.Cos(j), (float)Math.Sin(j), 0.3f).Normalized;
                pose.Rotations[j] = Quat.About(axis, angle);
            }
            pose.Root = new Float3((float)Math.Sin(seconds), 0.9f, (float)(1.2 * seconds));
        }

        /// <summary>The same as a frame of the wire.</summary>
        public static void Frame(DriveFrame frame, long number, double fps)
        {
            var pose = new BodyPose();
            Walk(pose, number / fps);
            Frame(frame, number, pose);
        }

        /// <summary>A pose as a frame of the wire.</summary>
        public static void Frame(DriveFrame frame, long number, BodyPose pose)
        {
            frame.Clear();
            frame.Number = (ulong)number;
            foreach (var q in pose.Rotations)
            {
                frame.Rotations.Add(q.X);
                frame.Rotations.Add(q.Y);
                frame.Rotations.Add(q.Z);
                frame.Rotations.Add(q.W);
            }
            frame.Root.Add(pose.Root.X);
            frame.Root.Add(pose.Root.Y);
            frame.Root.Add(pose.Root.Z);
            for (var i = 0; i < 4; i++) frame.Contacts.Add(pose.Contacts[i] > 0.5f);
            frame.Affect = Affect.Of(Emotion.Joy, 0.8);
            frame.Source = FrameSource.Generated;
        }

        /// <summary>The default body as a server states it.</summary>
        public static Skeleton Skeleton()
        {
            var skeleton = new Skeleton { AnkleHeight = 0.1, ToeHeight = 0.025 };
            for (var j = 0; j < Body.Joints; j++)
            {
                var offset = Body.Default.Offset((BodyJoint)j);
                skeleton.JointNames.Add(Body.Name((BodyJoint)j));
                skeleton.Parents.Add(Body.Parents[j]);
                skeleton.RestOffsets.AddRange(new[] { offset.X, offset.Y, offset.Z });
            }
            return skeleton;
        }

        /// <summary>The largest turn of any joint from one pose to another, radians.</summary>
        public static double Turn(BodyPose a, BodyPose b)
        {
            double largest = 0;
            for (var j = 0; j < Body.Joints; j++)
                largest = Math.Max(largest, Quat.Angle(a.Rotations[j], b.Rotations[j]));
            return largest;
        }

        /// <summary>Rotations that are spread over all of them.</summary>
        public static Quat Rotation(Random random)
        {
            float Normal() => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
            return new Quat(Normal(), Normal(), Normal(), Normal()).Normalized;
        }
    }
}
