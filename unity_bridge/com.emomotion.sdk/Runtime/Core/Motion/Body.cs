using System;
using System.Collections.Generic;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>The 22 joints of a body, in the order in which every pose holds them.</summary>
    public enum BodyJoint
    {
#pragma warning disable 1591  // the names say it
        Pelvis, LeftHip, RightHip, Spine1, LeftKnee, RightKnee, Spine2, LeftAnkle, RightAnkle, Spine3, LeftFoot,
        RightFoot, Neck, LeftCollar, RightCollar, Head, LeftShoulder, RightShoulder, LeftElbow, RightElbow, LeftWrist,
        RightWrist,
#pragma warning restore 1591
    }

    /// <summary>The SDK's body: joints, parents, and the T-pose as a server states it.</summary>
    public sealed class Body
    {
        /// <summary>Number of joints.</summary>
        public const int Joints = 22;

        /// <summary>Index of each joint's parent; -1 for the pelvis. A parent stands before its children.</summary>
        public static readonly IReadOnlyList<int> Parents = new[]
            { -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19 };

        private static readonly string[] Names =
        {
            "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
            "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
            "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
        };

        private readonly Float3[] _offsets;

        private Body(Float3[] offsets, float toeHeight)
        {
            _offsets = offsets;
            // From the ball of the foot, which stands on the ground, up to the pelvis.
            RestHeight = toeHeight - offsets[(int)BodyJoint.LeftFoot].Y - offsets[(int)BodyJoint.LeftAnkle].Y
                - offsets[(int)BodyJoint.LeftKnee].Y - offsets[(int)BodyJoint.LeftHip].Y;
        }

        /// <summary>Height of the pelvis over the ground in the T-pose, metres.</summary>
        public float RestHeight { get; }

        /// <summary>The body on which motion is posed unless a server says otherwise.</summary>
        public static Body Default { get; } = MakeDefault();

        /// <summary>Name of a joint on the wire, such as "left_hip".</summary>
        public static string Name(BodyJoint joint) => Names[(int)joint];

        /// <summary>Offset of a joint from its parent in the T-pose, metres, SDK frame.</summary>
        public Float3 Offset(BodyJoint joint) => _offsets[(int)joint];

        /// <summary>The body of a message.</summary>
        /// <exception cref="EmoMotionException">Its joints are not the 22 that this version knows.</exception>
        public static Body Of(Skeleton skeleton)
        {
            var good = skeleton != null && skeleton.JointNames.Count == Joints && skeleton.Parents.Count == Joints
                && skeleton.RestOffsets.Count == 3 * Joints;
            for (var j = 0; good && j < Joints; j++)
                good = skeleton.JointNames[j] == Names[j] && skeleton.Parents[j] == Parents[j];
            if (!good)
                throw new EmoMotionException(StatusCode.FailedPrecondition,
                    $"the server's skeleton of {skeleton?.JointNames.Count ?? 0} joints is not the 22 SMPL body "
                    + "joints; update this package or the server");
            var offsets = new Float3[Joints];
            for (var j = 0; j < Joints; j++)
            {
                var k = 3 * j;
                var list = skeleton.RestOffsets.Items;
                offsets[j] = new Float3(list[k], list[k + 1], list[k + 2]);
            }
            return new Body(offsets, (float)skeleton.ToeHeight);
        }

        /// <summary>World positions of all joints of a pose, metres, SDK frame, into an array of 22.</summary>
        public void Positions(BodyPose pose, Float3[] positions, Quat[] world)
        {
            if (positions.Length != Joints || world.Length != Joints)
                throw new ArgumentException($"positions and world must have {Joints} places");
            for (var j = 0; j < Joints; j++)
            {
                var parent = Parents[j];
                world[j] = parent < 0 ? pose.Rotations[j] : world[parent] * pose.Rotations[j];
                positions[j] = parent < 0 ? pose.Root : positions[parent] + world[parent].Rotate(_offsets[j]);
            }
        }

        private static Body MakeDefault()
        {
            var half = new float[,]
            {
                { 0, 0, 0 }, { .065f, -.02f, 0 }, { 0, 0, 0 }, { 0, .155f, 0 }, { 0, -.39f, 0 }, { 0, 0, 0 },
                { 0, .045f, 0 }, { 0, -.41f, 0 }, { 0, 0, 0 }, { 0, .045f, 0 }, { 0, -.075f, .09f }, { 0, 0, 0 },
                { 0, .165f, 0 }, { .05f, .13f, 0 }, { 0, 0, 0 }, { 0, .065f, 0 }, { .055f, 0, 0 }, { 0, 0, 0 },
                { .245f, 0, 0 }, { 0, 0, 0 }, { .225f, 0, 0 }, { 0, 0, 0 },
            };
            var offsets = new Float3[Joints];
            for (var j = 0; j < Joints; j++)
            {
                // A right joint stands behind its left twin, and is its mirror image.
                var right = Names[j].StartsWith("right_", StringComparison.Ordinal);
                var k = right ? j - 1 : j;
                offsets[j] = new Float3(right ? -half[k, 0] : half[k, 0], half[k, 1], half[k, 2]);
            }
            return new Body(offsets, 0.025f);
        }
    }
}
