using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Between the SDK's numbers and Unity's. Rotations and points here are both in Unity's frame already.
    /// </summary>
    internal static class Convert
    {
        public static Quaternion ToUnity(this Quat q) => new Quaternion(q.X, q.Y, q.Z, q.W);

        public static Vector3 ToUnity(this Float3 p) => new Vector3(p.X, p.Y, p.Z);

        public static Quat ToCore(this Quaternion q) => new Quat(q.x, q.y, q.z, q.w);

        public static Float3 ToCore(this Vector3 p) => new Float3(p.x, p.y, p.z);
    }
}
