using System;
using System.Collections.Generic;

namespace EmoMotion
{
    /// <summary>
    /// A character's bones at rest, as far as the body's joints drive them: filled in once, bone by bone. Positions and
    /// rotations are those of the target's own frame, in the space of the character (its feet stand at y = 0, it looks
    /// ahead along the frame's forward axis); any pose near a T-pose or an A-pose will do.
    /// </summary>
    public sealed class HumanoidRig
    {
        /// <summary>Joints without whose bones there is no character; the others may be missing.</summary>
        public static readonly IReadOnlyList<BodyJoint> Needed = new[]
        {
            BodyJoint.Pelvis, BodyJoint.Spine1, BodyJoint.Head,
            BodyJoint.LeftShoulder, BodyJoint.LeftElbow, BodyJoint.LeftWrist,
            BodyJoint.RightShoulder, BodyJoint.RightElbow, BodyJoint.RightWrist,
            BodyJoint.LeftHip, BodyJoint.LeftKnee, BodyJoint.LeftAnkle,
            BodyJoint.RightHip, BodyJoint.RightKnee, BodyJoint.RightAnkle,
        };

        internal readonly bool[] Has = new bool[Body.Joints];
        internal readonly Float3[] Positions = new Float3[Body.Joints];
        internal readonly Quat[] Rotations = new Quat[Body.Joints];
        internal readonly Quat[] ParentRotations = new Quat[Body.Joints];

        /// <summary>In a frame, such as <see cref="EmoMotion.Frame.Unity"/>.</summary>
        public HumanoidRig(Frame frame) => Frame = frame;

        /// <summary>The frame of the target.</summary>
        public Frame Frame { get; }

        /// <summary>State the bone that a joint drives.</summary>
        /// <param name="joint">Which joint.</param>
        /// <param name="position">Where the bone is at rest.</param>
        /// <param name="rotation">How it is turned at rest.</param>
        /// <param name="parentRotation">
        /// How its direct parent is turned at rest, whether a joint drives that or not.
        /// </param>
        public void Set(BodyJoint joint, Float3 position, Quat rotation, Quat parentRotation)
        {
            var j = (int)joint;
            Has[j] = true;
            Positions[j] = position;
            Rotations[j] = rotation.Normalized;
            ParentRotations[j] = parentRotation.Normalized;
        }

        /// <summary>Whether a bone was stated for a joint.</summary>
        public bool Drives(BodyJoint joint) => Has[(int)joint];

        /// <summary>Where the bone of a joint is at rest; zero for a joint without one.</summary>
        public Float3 Position(BodyJoint joint) => Positions[(int)joint];

        /// <summary>Needed joints without a bone, for a message; empty when all are there.</summary>
        public string Missing()
        {
            var names = new List<string>();
            foreach (var joint in Needed)
            {
                if (!Drives(joint)) names.Add(joint.ToString());
            }
            return string.Join(", ", names);
        }
    }
}
