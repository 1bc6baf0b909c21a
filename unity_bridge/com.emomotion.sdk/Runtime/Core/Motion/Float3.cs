using System;

namespace EmoMotion
{
    /// <summary>A point or a direction.</summary>
    public struct Float3
    {
        /// <summary>Along the axes; units and frame are those of what it belongs to.</summary>
        public float X, Y, Z;

        /// <summary>Of three numbers.</summary>
        public Float3(float x, float y, float z) => (X, Y, Z) = (x, y, z);

        /// <summary>Length.</summary>
        public float Length => (float)Math.Sqrt(Dot(this, this));

        /// <summary>Of length 1; one without a length stays as it is.</summary>
        public Float3 Normalized
        {
            get
            {
                var length = Length;
                return length > 1e-12f ? this * (1 / length) : this;
            }
        }

        /// <summary>Sum.</summary>
        public static Float3 operator +(Float3 a, Float3 b) => new Float3(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

        /// <summary>Difference.</summary>
        public static Float3 operator -(Float3 a, Float3 b) => new Float3(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

        /// <summary>Scaled.</summary>
        public static Float3 operator *(Float3 a, float s) => new Float3(a.X * s, a.Y * s, a.Z * s);

        /// <summary>Scalar product.</summary>
        public static float Dot(Float3 a, Float3 b) => a.X * b.X + a.Y * b.Y + a.Z * b.Z;

        /// <summary>Vector product, by the formula; whose right or left hand it follows depends on the frame.</summary>
        public static Float3 Cross(Float3 a, Float3 b) =>
            new Float3(a.Y * b.Z - a.Z * b.Y, a.Z * b.X - a.X * b.Z, a.X * b.Y - a.Y * b.X);

        /// <summary>From a at 0 to b at 1.</summary>
        public static Float3 Lerp(Float3 a, Float3 b, float t) => a + (b - a) * t;

        /// <inheritdoc/>
        public override string ToString() => $"({X:0.####}, {Y:0.####}, {Z:0.####})";
    }
}
