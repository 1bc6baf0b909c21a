using System;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Puts poses on a Humanoid. Where the character stands when it is put down is where the motion goes on, and where
    /// its transform looks is where the body looks then.
    /// </summary>
    public sealed class PoseWriter : IDisposable
    {
        /// <summary>Below this length of its level part a direction is that of somebody who lies.</summary>
        private const float Lying = 0.3f;

        private readonly AvatarRig _avatar;
        private readonly Animator _animator;
        private readonly Transform _character;
        private HumanPoseHandler _handler;
        private HumanPose _pose;
        private Vector3 _over, _last;
        private Quaternion _yaw = Quaternion.identity;
        private bool _moved;

        /// <summary>On an animator with a Humanoid avatar; the transform that moves may be one above it.</summary>
        /// <exception cref="EmoMotionException">The animator has none, or bones are missing.</exception>
        public PoseWriter(Animator animator, Transform character, Body body = null)
        {
            (_animator, _character) = (animator, character);
            _avatar = new AvatarRig(animator);
            Retargeter = new Retargeter(_avatar.Rig, body);
            PutDown();
        }

        /// <summary>The maths behind it.</summary>
        public Retargeter Retargeter { get; }

        /// <summary>Where the motion's ground begins, world space.</summary>
        public Vector3 Origin { get; private set; }

        /// <summary>Where the motion's ahead is, world space.</summary>
        public Quaternion Facing { get; private set; }

        /// <summary>Go on from where the character stands now.</summary>
        public void PutDown()
        {
            Facing = Quaternion.Euler(0, _character.eulerAngles.y, 0) * Quaternion.Inverse(_yaw);
            Origin = _character.position - Facing * _over;
            _moved = false;
            Retargeter.Release();
        }

        /// <summary>Show a pose.</summary>
        /// <param name="pose">In the SDK's frame.</param>
        /// <param name="dt">Seconds since the one before.</param>
        /// <param name="weight">0 leaves the bones as they are, 1 replaces what an animator made of them.</param>
        /// <param name="way">What becomes of the way over the ground.</param>
        /// <param name="turn">With Travel: the transform looks where the pelvis does.</param>
        /// <param name="limit">Keep within the ranges of the avatar's muscles.</param>
        /// <returns>The step over the ground, world space.</returns>
        public Vector3 Show(BodyPose pose, float dt, float weight, RootMotion way, bool turn, bool limit)
        {
            Retargeter.Apply(pose, dt);
            var hips = Retargeter.Hips.ToUnity() * _animator.transform.lossyScale.y;
            _over = new Vector3(hips.x, 0, hips.z);
            _yaw = Yaw(Retargeter.Turns[0].ToUnity());
            var ground = Origin + Facing * _over;
            var step = _moved ? ground - _last : Vector3.zero;
            (_last, _moved) = (ground, true);
            if (way == RootMotion.Travel) Travel(ground, weight, turn);
            if (way == RootMotion.InPlace || way == RootMotion.Script) ground = _character.position;
            Write(new Vector3(ground.x, _animator.transform.position.y + hips.y, ground.z), weight);
            if (limit) Limit();
            return step;
        }

        /// <summary>The muscles of what was shown, for baking.</summary>
        public void ReadMuscles(ref HumanPose pose)
        {
            _handler ??= new HumanPoseHandler(_animator.avatar, _animator.transform);
            _handler.GetHumanPose(ref pose);
        }

        /// <inheritdoc/>
        public void Dispose() => _handler?.Dispose();

        private void Travel(Vector3 ground, float weight, bool turn)
        {
            ground.y = _character.position.y;
            _character.position = Vector3.Lerp(_character.position, ground, weight);
            if (turn) _character.rotation = Quaternion.Slerp(_character.rotation, Facing * _yaw, weight);
        }

        /// <summary>Where a turn looks over the ground; as before for somebody who lies.</summary>
        private Quaternion Yaw(Quaternion turn)
        {
            var ahead = turn * Vector3.forward;
            ahead.y = 0;
            return ahead.magnitude > Lying ? Quaternion.LookRotation(ahead) : _yaw;
        }

        private void Write(Vector3 hips, float weight)
        {
            var bones = _avatar.Transforms;
            bones[0].position = Vector3.Lerp(bones[0].position, hips, weight);
            // The pelvis is turned in the world, so that a transform that turns with the body does not turn it twice.
            var pelvis = Facing * (Retargeter.Turns[0] * Retargeter.RestWorld(BodyJoint.Pelvis)).ToUnity();
            bones[0].rotation = Quaternion.Slerp(bones[0].rotation, pelvis, weight);
            for (var j = 1; j < bones.Length; j++)
            {
                if (bones[j] == null) continue;
                var local = Retargeter.Locals[j].ToUnity();
                bones[j].localRotation = weight >= 1 ? local : Quaternion.Slerp(bones[j].localRotation, local, weight);
            }
        }

        private void Limit()
        {
            ReadMuscles(ref _pose);
            for (var i = 0; i < _pose.muscles.Length; i++) _pose.muscles[i] = Mathf.Clamp(_pose.muscles[i], -1, 1);
            _handler.SetHumanPose(ref _pose);
        }
    }
}
