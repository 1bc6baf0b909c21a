// UnityEngine.AI, Unity.Mathematics and UnityEngine.Splines, as far as the package uses them.

namespace UnityEngine.AI
{
    public enum NavMeshPathStatus
    {
        PathComplete, PathPartial, PathInvalid,
    }

    public sealed class NavMeshPath
    {
        public Vector3[] corners => throw null;
        public NavMeshPathStatus status => throw null;
    }

    public static class NavMesh
    {
        public const int AllAreas = -1;
        public static bool CalculatePath(Vector3 sourcePosition, Vector3 targetPosition, int areaMask,
            NavMeshPath path) => throw null;
    }
}

namespace Unity.Mathematics
{
    public struct float3
    {
        public static implicit operator UnityEngine.Vector3(float3 v) => throw null;
    }
}

namespace UnityEngine.Splines
{
    public sealed class SplineContainer : Component
    {
        public float CalculateLength() => throw null;
        public global::Unity.Mathematics.float3 EvaluatePosition(float t) => throw null;
    }
}
