using System.Collections.Generic;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// The bones of a Humanoid and how they rest: the T-pose of its avatar, not the pose in which it happens to stand.
    /// </summary>
    public sealed class AvatarRig
    {
        private static readonly HumanBodyBones[] Bones =
        {
            HumanBodyBones.Hips, HumanBodyBones.LeftUpperLeg, HumanBodyBones.RightUpperLeg, HumanBodyBones.Spine,
            HumanBodyBones.LeftLowerLeg, HumanBodyBones.RightLowerLeg, HumanBodyBones.Chest, HumanBodyBones.LeftFoot,
            HumanBodyBones.RightFoot, HumanBodyBones.UpperChest, HumanBodyBones.LeftToes, HumanBodyBones.RightToes,
            HumanBodyBones.Neck, HumanBodyBones.LeftShoulder, HumanBodyBones.RightShoulder, HumanBodyBones.Head,
            HumanBodyBones.LeftUpperArm, HumanBodyBones.RightUpperArm, HumanBodyBones.LeftLowerArm,
            HumanBodyBones.RightLowerArm, HumanBodyBones.LeftHand, HumanBodyBones.RightHand,
        };

        private readonly Dictionary<string, SkeletonBone> _rest = new Dictionary<string, SkeletonBone>();
        private readonly Dictionary<Transform, Matrix4x4> _matrices = new Dictionary<Transform, Matrix4x4>();
        private readonly Transform _root;

        /// <summary>Of an animator with a Humanoid avatar.</summary>
        /// <exception cref="EmoMotionException">It has none, or bones are missing; says what to do.</exception>
        public AvatarRig(Animator animator)
        {
            if (animator == null) throw Wrong("the character has no Animator; add one with a Humanoid avatar");
            var avatar = animator.avatar;
            if (avatar == null)
                throw Wrong($"the Animator of \"{animator.name}\" has no avatar; set one in its inspector");
            if (!avatar.isValid || !avatar.isHuman)
                throw Wrong($"the avatar of \"{animator.name}\" is no Humanoid; set Rig > Animation Type of its model "
                    + "to Humanoid");
            _root = animator.transform;
            foreach (var bone in avatar.humanDescription.skeleton) _rest[bone.name] = bone;
            for (var j = 0; j < Transforms.Length; j++)
            {
                var bone = animator.GetBoneTransform(Bones[j]);
                if (bone == null) continue;
                Transforms[j] = bone;
                var matrix = Rest(bone);
                Rig.Set((BodyJoint)j, matrix.GetColumn(3).ToPoint(), matrix.rotation.ToCore(),
                    Rest(bone.parent).rotation.ToCore());
            }
        }

        /// <summary>Bone of each joint; null where the avatar has none.</summary>
        public Transform[] Transforms { get; } = new Transform[Body.Joints];

        /// <summary>What the retargeter needs to know.</summary>
        public HumanoidRig Rig { get; } = new HumanoidRig(Frame.Unity);

        /// <summary>Where a bone rests, in the space of the animator's transform.</summary>
        private Matrix4x4 Rest(Transform bone)
        {
            if (bone == null || bone == _root) return Matrix4x4.identity;
            if (_matrices.TryGetValue(bone, out var known)) return known;
            var local = _rest.TryGetValue(bone.name, out var rest)
                ? Matrix4x4.TRS(rest.position, rest.rotation, rest.scale)
                : Matrix4x4.TRS(bone.localPosition, bone.localRotation, bone.localScale);
            return _matrices[bone] = Rest(bone.parent) * local;
        }

        private static EmoMotionException Wrong(string message) =>
            new EmoMotionException(StatusCode.FailedPrecondition, message);
    }

    internal static class Columns
    {
        public static Float3 ToPoint(this Vector4 column) => new Float3(column.x, column.y, column.z);
    }
}
