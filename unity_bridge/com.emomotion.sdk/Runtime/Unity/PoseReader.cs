using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Reads the pose in which a Humanoid stands as one of the SDK's body, such as for keyframes of a composed clip.
    /// </summary>
    public sealed class PoseReader
    {
        private readonly AvatarRig _avatar;
        private readonly Retargeter _retargeter;
        private readonly Animator _animator;
        private readonly Quat[] _world = new Quat[Body.Joints];

        /// <summary>Of an animator with a Humanoid avatar.</summary>
        /// <exception cref="EmoMotionException">The animator has none, or bones are missing.</exception>
        public PoseReader(Animator animator)
        {
            _animator = animator;
            _avatar = new AvatarRig(animator);
            _retargeter = new Retargeter(_avatar.Rig);
        }

        /// <summary>Metres of the world for one metre of the SDK's body.</summary>
        public float Scale => _retargeter.Scale * _animator.transform.lossyScale.y;

        /// <summary>The pose as it is now.</summary>
        /// <param name="origin">
        /// Where the motion begins and what it faces there: the pose's place and direction are relative to it.
        /// </param>
        /// <param name="pose">Gets rotations and root, SDK frame.</param>
        public void Read(Transform origin, BodyPose pose)
        {
            var facing = Quaternion.Inverse(origin.rotation);
            for (var j = 0; j < Body.Joints; j++)
            {
                var bone = _avatar.Transforms[j];
                if (bone != null) _world[j] = (facing * bone.rotation).ToCore();
            }
            var hips = facing * (_avatar.Transforms[0].position - origin.position);
            _retargeter.Read(_world, (hips / _animator.transform.lossyScale.y).ToCore(), pose);
        }

        /// <summary>A place over the ground: X to the left and Y ahead of the origin, metres of the body.</summary>
        public Vector2 Place(Transform origin, Vector3 point)
        {
            var local = Quaternion.Inverse(origin.rotation) * (point - origin.position);
            return new Vector2(-local.x, local.z) / Scale;
        }
    }
}
