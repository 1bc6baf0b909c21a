using System;

namespace EmoMotion
{
    /// <summary>
    /// Poses of the SDK's body as local rotations of a character's bones. Orientations are kept, the path is scaled by
    /// the height of the hips, and a foot that is on the ground can be held there. Make one for each character; nothing
    /// is allocated. Not safe for use by two threads at once.
    /// </summary>
    /// <remarks>
    /// With W a bone's world rotation in the T-pose, P its direct parent's, and N a joint's rotation in the target's
    /// frame, the bone's local rotation is P^-1 N W. Limbs that do not rest in a T-pose are first turned into one: the
    /// shortest turn C that carries the limb's rest direction to the body's gives W = C W_rest.
    /// </remarks>
    public sealed class Retargeter
    {
        private const int None = -1;

        /// <summary>For each joint whose bone points to a child that decides its direction: that child.</summary>
        private static readonly int[] Aims = MakeAims();

        /// <summary>First, middle and last joint of the limbs, in the order of <see cref="Reach"/>.</summary>
        private static readonly BodyJoint[,] Limbs =
        {
            { BodyJoint.LeftShoulder, BodyJoint.LeftElbow, BodyJoint.LeftWrist },
            { BodyJoint.RightShoulder, BodyJoint.RightElbow, BodyJoint.RightWrist },
            { BodyJoint.LeftHip, BodyJoint.LeftKnee, BodyJoint.LeftAnkle },
            { BodyJoint.RightHip, BodyJoint.RightKnee, BodyJoint.RightAnkle },
        };

        private readonly HumanoidRig _rig;
        private readonly Body _body;
        private readonly int[] _parents = new int[Body.Joints];
        private readonly Quat[] _world = new Quat[Body.Joints], _parentWorld = new Quat[Body.Joints];
        private readonly Float3[] _offsets = new Float3[Body.Joints];
        private readonly Quat[] _turns = new Quat[Body.Joints], _bodyTurns = new Quat[Body.Joints];
        private readonly Float3[] _bodyAt = new Float3[Body.Joints];
        private readonly FootPlant _left, _right;
        private readonly float _scale;
        private readonly Float3 _bodyRest;

        /// <summary>From a body to a character.</summary>
        /// <exception cref="EmoMotionException">The character lacks bones that are needed, or its hips lie on the
        /// ground.</exception>
        public Retargeter(HumanoidRig rig, Body body = null)
        {
            (_rig, _body) = (rig, body ?? Body.Default);
            var missing = rig.Missing();
            if (missing.Length > 0)
                throw new EmoMotionException(StatusCode.FailedPrecondition,
                    $"the character has no bone for {missing}; map them in its avatar");
            var up = rig.Frame.Point(new Float3(0, 1, 0));
            _bodyRest = rig.Frame.Point(new Float3(0, _body.RestHeight, 0));
            _scale = Float3.Dot(rig.Positions[0], up) / Float3.Dot(_bodyRest, up);
            if (!(_scale > 1e-4f))
                throw new EmoMotionException(StatusCode.FailedPrecondition,
                    "the character's hips must be above its origin, between the feet; is it scaled by 0?");
            for (var j = 0; j < Body.Joints; j++) _parents[j] = Parent(j);
            Align();
            _left = new FootPlant(this, BodyJoint.LeftHip, BodyJoint.LeftKnee, BodyJoint.LeftAnkle,
                Ball(BodyJoint.LeftFoot), 0);
            _right = new FootPlant(this, BodyJoint.RightHip, BodyJoint.RightKnee, BodyJoint.RightAnkle,
                Ball(BodyJoint.RightFoot), 2);
            for (var j = 0; j < Body.Joints; j++) Locals[j] = Quat.Identity;
        }

        /// <summary>
        /// Local rotation of each joint's bone after <see cref="Apply"/>; those of joints without a bone mean nothing.
        /// </summary>
        public Quat[] Locals { get; } = new Quat[Body.Joints];

        /// <summary>World rotation of each joint, relative to the T-pose, in the target's frame.</summary>
        public Quat[] Turns => _turns;

        /// <summary>Where the joints with bones are, in the character's space, as the motion moves them.</summary>
        public Float3[] Positions { get; } = new Float3[Body.Joints];

        /// <summary>Where the hips are, in the character's space.</summary>
        public Float3 Hips => Positions[0];

        /// <summary>Size of the character beside the body: by this its path is scaled.</summary>
        public float Scale => _scale;

        /// <summary>How firmly a foot on the ground is held, 0..1. At 0 it goes where the motion carries it.</summary>
        public float FootLock { get; set; } = 1;

        /// <summary>
        /// How firmly left hand, right hand, left foot and right foot are where those of the body are, by bending the
        /// limb, 0..1. At 0, as it begins, a limb is only turned as the body's: of other proportions it ends elsewhere.
        /// <see cref="Wire.Goal.Hold"/> fills it in for a clip with goals.
        /// </summary>
        public float[] Reach { get; } = new float[4];

        /// <summary>Whether a joint drives a bone.</summary>
        public bool Drives(BodyJoint joint) => _rig.Drives(joint);

        /// <summary>How a joint's bone is turned in the character's T-pose.</summary>
        public Quat RestWorld(BodyJoint joint) => _world[(int)joint];

        /// <summary>Fill in <see cref="Locals"/> and <see cref="Positions"/>.</summary>
        /// <param name="pose">A pose in the SDK's frame.</param>
        /// <param name="dt">Seconds since the one before, for feet that are taken and let go.</param>
        public void Apply(BodyPose pose, float dt)
        {
            var frame = _rig.Frame;
            for (var j = 0; j < Body.Joints; j++)
            {
                var local = frame.Rotation(pose.Rotations[j]);
                var parent = Body.Parents[j];
                _turns[j] = parent < 0 ? local : _turns[parent] * local;
            }
            Positions[0] = ToCharacter(pose.Root);
            Place();
            if (FootLock > 0)
            {
                _left.Hold(pose.Contacts, dt, FootLock);
                _right.Hold(pose.Contacts, dt, FootLock);
            }
            ReachOut(pose);
            for (var j = 0; j < Body.Joints; j++)
            {
                if (!_rig.Has[j]) continue;
                var parent = _parents[j];
                var above = parent < 0 ? _parentWorld[j] : _turns[parent] * _parentWorld[j];
                Locals[j] = (above.Inverse * _turns[j] * _world[j]).Normalized;
            }
        }

        /// <summary>The other way: the pose of the SDK's body that a character shows.</summary>
        /// <param name="world">
        /// How the bone of each joint is turned, in the character's space; those of joints without a bone are not
        /// looked at: such a joint goes with the one above.
        /// </param>
        /// <param name="hips">Where the bone of the pelvis is, in the character's space.</param>
        /// <param name="pose">Gets rotations and root; nothing else of it is touched.</param>
        public void Read(Quat[] world, Float3 hips, BodyPose pose)
        {
            for (var j = 0; j < Body.Joints; j++)
            {
                var parent = Body.Parents[j];
                var above = parent < 0 ? Quat.Identity : _turns[parent];
                _turns[j] = _rig.Has[j] ? world[j] * _world[j].Inverse : above;
                pose.Rotations[j] = _rig.Frame.ToSdk((above.Inverse * _turns[j]).Normalized);
            }
            pose.Root = ToBody(hips);
        }

        /// <summary>Where a point of the body's space, SDK frame, metres, is in the character's space.</summary>
        public Float3 ToCharacter(Float3 point) =>
            _rig.Positions[0] + (_rig.Frame.Point(point) - _bodyRest) * _scale;

        /// <summary>The other way: a point of the character's space in the body's, SDK frame, metres.</summary>
        public Float3 ToBody(Float3 point) =>
            new Float3(0, _body.RestHeight, 0) + _rig.Frame.ToSdk((point - _rig.Positions[0]) * (1 / _scale));

        /// <summary>Forget where feet were held: the character was put somewhere else.</summary>
        public void Release()
        {
            _left.Release();
            _right.Release();
        }

        /// <summary>Positions of all joints with bones from the pelvis and the turns.</summary>
        internal void Place()
        {
            for (var j = 1; j < Body.Joints; j++)
            {
                if (_rig.Has[j]) Positions[j] = Positions[_parents[j]] + _turns[_parents[j]].Rotate(_offsets[j]);
            }
        }

        /// <summary>Hands and feet to where those of the body are, as firmly as is wished.</summary>
        private void ReachOut(BodyPose pose)
        {
            var placed = false;
            for (var k = 0; k < Reach.Length; k++)
            {
                if (!(Reach[k] > 0)) continue;
                if (!placed) _body.Positions(pose, _bodyAt, _bodyTurns);
                placed = true;
                int root = (int)Limbs[k, 0], middle = (int)Limbs[k, 1], end = (int)Limbs[k, 2];
                var target = Float3.Lerp(Positions[end], ToCharacter(_bodyAt[end]), Math.Min(Reach[k], 1));
                LimbBend.To(this, root, middle, end, target);
            }
        }

        private Float3 Ball(BodyJoint foot) => _rig.Frame.Point(_body.Offset(foot)) * _scale;

        /// <summary>The nearest joint above that drives a bone.</summary>
        private int Parent(int joint)
        {
            var parent = Body.Parents[joint];
            while (parent > 0 && !_rig.Has[parent]) parent = Body.Parents[parent];
            return parent;
        }

        /// <summary>The character's T-pose: what its rest pose becomes when the limbs are straightened.</summary>
        private void Align()
        {
            var corrections = new Quat[Body.Joints];
            for (var j = 0; j < Body.Joints; j++)
            {
                if (!_rig.Has[j]) continue;
                var parent = _parents[j];
                corrections[j] = Quat.Identity;
                var aim = Aims[j];
                if (aim != None)
                {
                    var rest = _rig.Positions[aim] - _rig.Positions[j];
                    corrections[j] = Quat.Between(rest, _rig.Frame.Point(_body.Offset((BodyJoint)aim)));
                }
                else if (j == (int)BodyJoint.LeftWrist || j == (int)BodyJoint.RightWrist)
                    corrections[j] = corrections[parent];  // a hand goes on as its arm does
                _world[j] = corrections[j] * _rig.Rotations[j];
                var above = parent < 0 ? Quat.Identity : corrections[parent];
                _parentWorld[j] = above * _rig.ParentRotations[j];
                if (parent >= 0) _offsets[j] = above.Rotate(_rig.Positions[j] - _rig.Positions[parent]);
            }
        }

        private static int[] MakeAims()
        {
            var aims = new int[Body.Joints];
            for (var j = 0; j < aims.Length; j++) aims[j] = None;
            // Feet stay flat and the trunk upright as they rest; only limbs have a direction that motion relies on.
            aims[(int)BodyJoint.LeftShoulder] = (int)BodyJoint.LeftElbow;
            aims[(int)BodyJoint.LeftElbow] = (int)BodyJoint.LeftWrist;
            aims[(int)BodyJoint.RightShoulder] = (int)BodyJoint.RightElbow;
            aims[(int)BodyJoint.RightElbow] = (int)BodyJoint.RightWrist;
            aims[(int)BodyJoint.LeftHip] = (int)BodyJoint.LeftKnee;
            aims[(int)BodyJoint.LeftKnee] = (int)BodyJoint.LeftAnkle;
            aims[(int)BodyJoint.RightHip] = (int)BodyJoint.RightKnee;
            aims[(int)BodyJoint.RightKnee] = (int)BodyJoint.RightAnkle;
            return aims;
        }
    }
}
