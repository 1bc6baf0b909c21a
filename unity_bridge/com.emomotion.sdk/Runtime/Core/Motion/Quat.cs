using System;

namespace EmoMotion
{
    /// <summary>
    /// A rotation as a unit quaternion, x y z w. The formulas hold in right- and left-handed frames alike: turning
    /// follows the frame's own hand.
    /// </summary>
    public struct Quat
    {
        /// <summary>The vector part and the scalar.</summary>
        public float X, Y, Z, W;

        /// <summary>Of four numbers.</summary>
        public Quat(float x, float y, float z, float w) => (X, Y, Z, W) = (x, y, z, w);

        /// <summary>No turn.</summary>
        public static Quat Identity => new Quat(0, 0, 0, 1);

        /// <summary>The rotation back.</summary>
        public Quat Inverse => new Quat(-X, -Y, -Z, W);

        /// <summary>Of length 1; one without a length becomes the identity.</summary>
        public Quat Normalized
        {
            get
            {
                var length = (float)Math.Sqrt(Dot(this, this));
                if (!(length > 1e-12f)) return Identity;
                var s = 1 / length;
                return new Quat(X * s, Y * s, Z * s, W * s);
            }
        }

        /// <summary>First b, then a.</summary>
        public static Quat operator *(Quat a, Quat b) => new Quat(
            a.W * b.X + a.X * b.W + a.Y * b.Z - a.Z * b.Y,
            a.W * b.Y - a.X * b.Z + a.Y * b.W + a.Z * b.X,
            a.W * b.Z + a.X * b.Y - a.Y * b.X + a.Z * b.W,
            a.W * b.W - a.X * b.X - a.Y * b.Y - a.Z * b.Z);

        /// <summary>Scalar product; 1 and -1 are the same rotation.</summary>
        public static float Dot(Quat a, Quat b) => a.X * b.X + a.Y * b.Y + a.Z * b.Z + a.W * b.W;

        /// <summary>Turn a vector.</summary>
        public Float3 Rotate(Float3 v)
        {
            var u = new Float3(X, Y, Z);
            var t = Float3.Cross(u, v) * 2;
            return v + t * W + Float3.Cross(u, t);
        }

        /// <summary>Angle between two rotations, radians in 0..pi.</summary>
        public static float Angle(Quat a, Quat b)
        {
            // By the sine, for the arc cosine is blind to small angles.
            var d = a.Inverse * b;
            var sine = Math.Sqrt((double)d.X * d.X + (double)d.Y * d.Y + (double)d.Z * d.Z);
            return (float)(2 * Math.Atan2(sine, Math.Abs(d.W)));
        }

        /// <summary>About an axis of length 1, by radians.</summary>
        public static Quat About(Float3 axis, float angle)
        {
            var (s, c) = ((float)Math.Sin(angle / 2), (float)Math.Cos(angle / 2));
            return new Quat(axis.X * s, axis.Y * s, axis.Z * s, c);
        }

        /// <summary>
        /// The shortest turn that carries one direction to another; opposite ones turn about any axis across.
        /// </summary>
        public static Quat Between(Float3 from, Float3 to)
        {
            Float3 a = from.Normalized, b = to.Normalized;
            var cos = Float3.Dot(a, b);
            if (cos < -0.999999f)
            {
                var across = Float3.Cross(a, Math.Abs(a.X) < 0.9f ? new Float3(1, 0, 0) : new Float3(0, 1, 0));
                return About(across.Normalized, (float)Math.PI);
            }
            var axis = Float3.Cross(a, b);
            return new Quat(axis.X, axis.Y, axis.Z, 1 + cos).Normalized;
        }

        /// <summary>From a at 0 to b at 1 by the shorter way, at even speed.</summary>
        public static Quat Slerp(Quat a, Quat b, float t)
        {
            var cos = Dot(a, b);
            var sign = cos < 0 ? -1f : 1f;
            cos *= sign;
            float wa = 1 - t, wb = t;
            if (cos < 0.9995f)
            {
                var angle = Math.Acos(cos);
                var sin = Math.Sin(angle);
                (wa, wb) = ((float)(Math.Sin(wa * angle) / sin), (float)(Math.Sin(wb * angle) / sin));
            }
            wb *= sign;
            return new Quat(wa * a.X + wb * b.X, wa * a.Y + wb * b.Y, wa * a.Z + wb * b.Z, wa * a.W + wb * b.W)
                .Normalized;
        }

        /// <summary>The turn as axis times angle, by the shorter way.</summary>
        public Float3 ToRotationVector()
        {
            var sine = Math.Sqrt((double)X * X + (double)Y * Y + (double)Z * Z);
            if (sine < 1e-9) return new Float3(2 * X, 2 * Y, 2 * Z) * (W < 0 ? -1 : 1);
            var angle = 2 * Math.Atan2(W < 0 ? -sine : sine, Math.Abs(W));
            return new Float3(X, Y, Z) * (float)(angle / sine);
        }

        /// <summary>Inverse of <see cref="ToRotationVector"/>.</summary>
        public static Quat FromRotationVector(Float3 v)
        {
            var angle = v.Length;
            return angle < 1e-7f ? new Quat(v.X / 2, v.Y / 2, v.Z / 2, 1).Normalized : About(v * (1 / angle), angle);
        }

        /// <inheritdoc/>
        public override string ToString() => $"({X:0.####}, {Y:0.####}, {Z:0.####}, {W:0.####})";
    }
}
