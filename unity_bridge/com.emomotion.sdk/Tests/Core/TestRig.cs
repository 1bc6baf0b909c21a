using System;
using System.Collections.Generic;

namespace EmoMotion.Tests
{
    /// <summary>
    /// A character of bones, as an engine holds one: local rotations, parents, offsets; in Unity's frame.
    /// </summary>
    internal sealed class TestRig
    {
        private sealed class Bone
        {
            public int Parent;
            public BodyJoint? Joint;
            public Float3 Position, Offset;
            public Quat Rest, Local;
        }

        private readonly List<Bone> _bones = new List<Bone>();
        private readonly Dictionary<BodyJoint, int> _of = new Dictionary<BodyJoint, int>();
        private readonly Float3[] _at;
        private readonly Quat[] _turned;

        private TestRig(float size, float legs, float armsDown, float legsApart, Func<Float3, Quat> roll, bool twists,
            params BodyJoint[] without)
        {
            Add(null, -1, default, roll(new Float3(0, 0, 1)));  // an armature above the hips
            var body = Body.Default;
            var tPose = new Float3[Body.Joints];
            for (var j = 0; j < Body.Joints; j++)
            {
                var joint = (BodyJoint)j;
                var leg = joint == BodyJoint.LeftKnee || joint == BodyJoint.RightKnee || joint == BodyJoint.LeftAnkle
                    || joint == BodyJoint.RightAnkle;
                var offset = Frame.Unity.Point(body.Offset(joint)) * (size * (leg ? legs : 1));
                var turn = Rest(joint, armsDown, legsApart);
                var hips = size * (body.RestHeight + (legs - 1) * 0.8f);
                tPose[j] = j == 0 ? new Float3(0, hips, 0) : tPose[Body.Parents[j]] + turn.Rotate(offset);
            }
            for (var j = 0; j < Body.Joints; j++)
            {
                var joint = (BodyJoint)j;
                if (Array.IndexOf(without, joint) >= 0) continue;
                var parent = Body.Parents[j];
                while (parent >= 0 && !_of.ContainsKey((BodyJoint)parent)) parent = Body.Parents[parent];
                var above = parent < 0 ? 0 : _of[(BodyJoint)parent];
                if (twists && (joint == BodyJoint.LeftElbow || joint == BodyJoint.RightElbow
                    || joint == BodyJoint.LeftKnee))
                {
                    // A bone of no joint half way, which moves with the one above.
                    var half = Float3.Lerp(tPose[parent], tPose[j], 0.5f);
                    above = Add(null, above, half, Quat.About(new Float3(1, 0, 0), 0.4f) * _bones[above].Rest);
                }
                var child = Child(j, without);
                var direction = child < 0 ? Rest(joint, armsDown, legsApart).Rotate(new Float3(0, 0.1f, 0.1f))
                    : tPose[child] - tPose[j];
                _of[joint] = Add(joint, above, tPose[j], roll(direction));
            }
            (_at, _turned) = (new Float3[_bones.Count], new Quat[_bones.Count]);
        }

        /// <summary>Every joint, Y along the bones, taller, in a T-pose.</summary>
        public static TestRig Tall() => new TestRig(1.15f, 1.1f, 0, 0, d => Along(new Float3(0, 1, 0), d, 0.3f), false);

        /// <summary>
        /// X along the bones, twist bones, resting in an A-pose; without chest, shoulders, neck and toes.
        /// </summary>
        public static TestRig Biped() => new TestRig(1, 0.95f, 0.8f, 0.12f, d => Along(new Float3(1, 0, 0), d, -1.1f),
            true,
            BodyJoint.Spine2, BodyJoint.Spine3, BodyJoint.LeftCollar, BodyJoint.RightCollar, BodyJoint.Neck,
                BodyJoint.LeftFoot, BodyJoint.RightFoot);

        /// <summary>No bone is turned at rest; small with short legs, without upper chest.</summary>
        public static TestRig Small() => new TestRig(0.6f, 0.6f, 0.05f, 0.02f, d => Quat.Identity, false,
            BodyJoint.Spine3);

        public bool Has(BodyJoint joint) => _of.ContainsKey(joint);

        public HumanoidRig Describe()
        {
            var rig = new HumanoidRig(Frame.Unity);
            foreach (var bone in _bones)
            {
                if (bone.Joint is BodyJoint joint) rig.Set(joint, bone.Position, bone.Rest, _bones[bone.Parent].Rest);
            }
            return rig;
        }

        /// <summary>What an engine does with the local rotations.</summary>
        public void Show(Retargeter made)
        {
            foreach (var pair in _of) _bones[pair.Value].Local = made.Locals[(int)pair.Key];
            for (var i = 0; i < _bones.Count; i++)
            {
                var bone = _bones[i];
                if (bone.Parent < 0) (_at[i], _turned[i]) = (bone.Position, bone.Rest);
                else
                {
                    _turned[i] = _turned[bone.Parent] * bone.Local;
                    _at[i] = bone.Joint == BodyJoint.Pelvis ? made.Hips : _at[bone.Parent]
                        + _turned[bone.Parent].Rotate(bone.Offset);
                }
            }
        }

        public Float3 At(BodyJoint joint) => _at[_of[joint]];

        /// <summary>How each joint's bone is turned, in the character's space.</summary>
        public Quat[] Turned()
        {
            var turned = new Quat[Body.Joints];
            foreach (var pair in _of) turned[(int)pair.Key] = _turned[pair.Value];
            return turned;
        }

        /// <summary>How far a bone has turned since the rest pose, in the character's space.</summary>
        public Quat TurnSinceRest(BodyJoint joint) => _turned[_of[joint]] * _bones[_of[joint]].Rest.Inverse;

        private int Add(BodyJoint? joint, int parent, Float3 position, Quat rest)
        {
            var above = parent < 0 ? Quat.Identity : _bones[parent].Rest;
            var offset = parent < 0 ? default : above.Inverse.Rotate(position - _bones[parent].Position);
            _bones.Add(new Bone
            {
                Joint = joint, Parent = parent, Position = position, Rest = rest, Local = above.Inverse * rest,
                    Offset = offset,
            });
            return _bones.Count - 1;
        }

        private static int Child(int joint, BodyJoint[] without)
        {
            for (var j = joint + 1; j < Body.Joints; j++)
            {
                if (Body.Parents[j] == joint && Array.IndexOf(without, (BodyJoint)j) < 0) return j;
            }
            return -1;
        }

        /// <summary>How the parts of a limb hang at rest.</summary>
        private static Quat Rest(BodyJoint joint, float armsDown, float legsApart)
        {
            var ahead = new Float3(0, 0, 1);
            switch (joint)
            {
                case BodyJoint.LeftElbow: case BodyJoint.LeftWrist: return Quat.About(ahead, armsDown);
                case BodyJoint.RightElbow: case BodyJoint.RightWrist: return Quat.About(ahead, -armsDown);
                case BodyJoint.LeftKnee: case BodyJoint.LeftAnkle: return Quat.About(ahead, -legsApart);
                case BodyJoint.RightKnee: case BodyJoint.RightAnkle: return Quat.About(ahead, legsApart);
                default: return Quat.Identity;
            }
        }

        private static Quat Along(Float3 axis, Float3 direction, float roll) =>
            Quat.Between(axis, direction) * Quat.About(axis, roll);
    }
}
