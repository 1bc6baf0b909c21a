using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Reads the pose in which a Humanoid stands as one of the SDK's body, and points of the scene as goals for its
    /// hands and feet: for what a composed clip shall reach.
    /// </summary>
    public sealed class PoseReader
    {
        private readonly AvatarRig _avatar;
        private readonly Retargeter _retargeter;
        private readonly Animator _animator;
        private readonly Quat[] _world = new Quat[Body.Joints];
        private readonly BodyPose _now = new BodyPose();

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

        /// <summary>A point of the scene, beside the origin: SDK frame, metres of the body.</summary>
        public Float3 Point(Transform origin, Vector3 point)
        {
            var local = Quaternion.Inverse(origin.rotation) * (point - origin.position);
            return _retargeter.ToBody((local / _animator.transform.lossyScale.y).ToCore());
        }

        /// <summary>A rotation of the scene, beside the origin: SDK frame.</summary>
        public Quat Turn(Transform origin, Quaternion rotation) =>
            Frame.Unity.ToSdk((Quaternion.Inverse(origin.rotation) * rotation).ToCore());

        /// <summary>A place over the ground: X to the left and Y ahead of the origin, metres of the body.</summary>
        public Vector2 Place(Transform origin, Vector3 point)
        {
            var at = Point(origin, point);
            return new Vector2(at.X, at.Z);
        }

        /// <summary>A goal where a hand or a foot of the Humanoid is now.</summary>
        /// <param name="effector">Which.</param>
        /// <param name="origin">Where the motion begins and what it faces there.</param>
        /// <param name="seconds">From when on, from the first frame of the clip.</param>
        /// <param name="holdS">For how long, seconds.</param>
        /// <param name="turned">Whether it is turned as it is now, too.</param>
        /// <param name="place">Whether it is at that place; else where it is seen from the Humanoid's body.</param>
        /// <exception cref="EmoMotionException">It is no hand and no foot.</exception>
        public Goal TakeGoal(Effector effector, Transform origin, double seconds, double holdS = 0,
            bool turned = true, bool place = true)
        {
            var joint = (int)effector.Joint();
            Read(origin, _now);
            var at = Point(origin, _avatar.Transforms[joint].position);
            var turn = Frame.Unity.ToSdk(_retargeter.Turns[joint]);
            return MakeGoal(effector, seconds, at, holdS, turned ? turn : (Quat?)null, place);
        }

        /// <summary>A goal at a point of the scene.</summary>
        /// <param name="effector">Which hand or foot.</param>
        /// <param name="origin">Where the motion begins and what it faces there.</param>
        /// <param name="seconds">From when on, from the first frame of the clip.</param>
        /// <param name="point">Where its wrist or ankle shall be, world space.</param>
        /// <param name="holdS">For how long, seconds.</param>
        /// <param name="rotation">
        /// How it is turned, world space: fingers or toes point to its ahead (the blue arrow of a transform), the back
        /// of the hand or of the foot to its up (the green one). Null: as the motion has it.
        /// </param>
        /// <param name="place">
        /// Whether it is at that place; else where the point is seen from the Humanoid's body, as it stands now.
        /// </param>
        public Goal GoalAt(Effector effector, Transform origin, double seconds, Vector3 point,
            double holdS = 0, Quaternion? rotation = null, bool place = true)
        {
            if (!place) Read(origin, _now);
            var turn = rotation is Quaternion given ? Goal.Turn(effector, Turn(origin, given)) : (Quat?)null;
            return MakeGoal(effector, seconds, Point(origin, point), holdS, turn, place);
        }

        private Goal MakeGoal(Effector effector, double seconds, Float3 at, double holdS, Quat? turn, bool place)
        {
            if (place) return Goal.Of(effector, seconds, at, holdS, turn);
            var seen = turn is Quat own ? _now.Seen(own) : (Quat?)null;
            return Goal.Of(effector, seconds, _now.Seen(at), holdS, seen, false);
        }
    }
}
