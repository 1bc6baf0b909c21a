using System;
using System.Collections.Generic;

namespace EmoMotion
{
    /// <summary>
    /// A coordinate frame beside the SDK's, which is right-handed, Y up, in metres, the character facing +Z with its
    /// left at +X. No frame mirrors the body: the left hand stays the left hand. The maps hold for world and local
    /// rotations, paths and rest offsets alike.
    /// </summary>
    public sealed class Frame
    {
        /// <summary>The SDK's own.</summary>
        public static readonly Frame Sdk = new Frame("sdk", "x y z", 1);

        /// <summary>glTF, VRM 1, three.js.</summary>
        public static readonly Frame Gltf = new Frame("gltf", "x y z", 1);

        /// <summary>VRM 0.</summary>
        public static readonly Frame Vrm0 = new Frame("vrm0", "-x y -z", 1);

        /// <summary>Unity, and the VMC protocol.</summary>
        public static readonly Frame Unity = new Frame("unity", "-x y z", 1);

        /// <summary>Unreal, space of an actor.</summary>
        public static readonly Frame Unreal = new Frame("unreal", "z -x y", 100);

        /// <summary>Unreal, space of the mannequin's mesh.</summary>
        public static readonly Frame UnrealComponent = new Frame("unreal_component", "x z y", 100);

        /// <summary>Blender.</summary>
        public static readonly Frame Blender = new Frame("blender", "x -z y", 1);

        /// <summary>BVH files in centimetres.</summary>
        public static readonly Frame Bvh = new Frame("bvh", "x y z", 100);

        /// <summary>ROS, by REP 103.</summary>
        public static readonly Frame Ros = new Frame("ros", "z x y", 1);

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<Frame> All =
            new[] { Sdk, Gltf, Vrm0, Unity, Unreal, UnrealComponent, Blender, Bvh, Ros };

        private readonly int _x, _y, _z;
        private readonly float _sx, _sy, _sz, _hand;

        private Frame(string name, string columns, float unit)
        {
            (Name, Unit) = (name, unit);
            var parts = columns.Split(' ');
            (_x, _sx) = Column(parts[0]);
            (_y, _sy) = Column(parts[1]);
            (_z, _sz) = Column(parts[2]);
            var even = (_y - _x + 3) % 3 == 1;
            _hand = _sx * _sy * _sz * (even ? 1 : -1);
        }

        /// <summary>Public name.</summary>
        public string Name { get; }

        /// <summary>Units per metre.</summary>
        public float Unit { get; }

        /// <summary>+1 if it is right-handed, -1 if it is left-handed.</summary>
        public int Determinant => (int)_hand;

        /// <summary>
        /// A point, an offset or a velocity of the SDK's frame, in metres, in this frame and its unit.
        /// </summary>
        public Float3 Point(Float3 p) =>
            new Float3(Unit * _sx * Pick(p, _x), Unit * _sy * Pick(p, _y), Unit * _sz * Pick(p, _z));

        /// <summary>A rotation of the SDK's frame in this one.</summary>
        public Quat Rotation(Quat q)
        {
            // An axis is a pseudovector: where the hand changes, its sign changes once more.
            var v = new Float3(q.X, q.Y, q.Z);
            return new Quat(_hand * _sx * Pick(v, _x), _hand * _sy * Pick(v, _y), _hand * _sz * Pick(v, _z), q.W);
        }

        /// <summary>The other way: a point of this frame and its unit in the SDK's, in metres.</summary>
        public Float3 ToSdk(Float3 p)
        {
            var v = new float[3];
            (v[_x], v[_y], v[_z]) = (_sx * p.X / Unit, _sy * p.Y / Unit, _sz * p.Z / Unit);
            return new Float3(v[0], v[1], v[2]);
        }

        /// <summary>The other way: a rotation of this frame in the SDK's.</summary>
        public Quat ToSdk(Quat q)
        {
            var v = new float[3];
            (v[_x], v[_y], v[_z]) = (_hand * _sx * q.X, _hand * _sy * q.Y, _hand * _sz * q.Z);
            return new Quat(v[0], v[1], v[2], q.W);
        }

        /// <inheritdoc/>
        public override string ToString() => Name;

        private static (int, float) Column(string text) =>
            ("xyz".IndexOf(text[text.Length - 1]), text[0] == '-' ? -1f : 1f);

        private static float Pick(Float3 v, int axis) => axis == 0 ? v.X : axis == 1 ? v.Y : v.Z;
    }
}
