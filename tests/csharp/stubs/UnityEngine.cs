// The part of Unity's API that the package uses, written by hand from its documentation: signatures without a body.
// It is there for the type checker alone, and proves nothing about how Unity behaves.

using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public class Object
    {
        public string name { get; set; }
        public HideFlags hideFlags { get; set; }
        public static void Destroy(Object obj) => throw null;
        public static void DestroyImmediate(Object obj) => throw null;
        public static void DontDestroyOnLoad(Object target) => throw null;
        public static T Instantiate<T>(T original) where T : Object => throw null;
        public static bool operator ==(Object a, Object b) => throw null;
        public static bool operator !=(Object a, Object b) => throw null;
        public override bool Equals(object other) => throw null;
        public override int GetHashCode() => throw null;
        public static implicit operator bool(Object exists) => throw null;
    }

    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>() where T : ScriptableObject => throw null;
    }

    public class Component : Object
    {
        public GameObject gameObject => throw null;
        public Transform transform => throw null;
        public T GetComponent<T>() => throw null;
        public T GetComponentInChildren<T>() => throw null;
        public T GetComponentInParent<T>() => throw null;
        public T[] GetComponentsInChildren<T>() => throw null;
    }

    public class Behaviour : Component
    {
        public bool enabled { get; set; }
    }

    public class MonoBehaviour : Behaviour
    {
    }

    public sealed class GameObject : Object
    {
        public T[] GetComponentsInChildren<T>() => throw null;
        public GameObject() => throw null;
        public GameObject(string name) => throw null;
        public Transform transform => throw null;
        public T AddComponent<T>() where T : Component => throw null;
        public T GetComponent<T>() => throw null;
        public void SetActive(bool value) => throw null;
        public static GameObject CreatePrimitive(PrimitiveType type) => throw null;
    }

    public class Transform : Component
    {
        public Vector3 position { get; set; }
        public Quaternion rotation { get; set; }
        public Vector3 eulerAngles { get; set; }
        public Vector3 localPosition { get; set; }
        public Quaternion localRotation { get; set; }
        public Vector3 localScale { get; set; }
        public Vector3 lossyScale => throw null;
        public Transform parent { get; set; }
        public void SetPositionAndRotation(Vector3 position, Quaternion rotation) => throw null;
        public void LookAt(Vector3 worldPosition) => throw null;
    }

    public struct Vector2
    {
        public float x, y;
        public Vector2(float x, float y) => throw null;
        public float sqrMagnitude => throw null;
        public static Vector2 operator /(Vector2 a, float d) => throw null;
    }

    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) => throw null;
        public static Vector3 zero => throw null;
        public static Vector3 up => throw null;
        public static Vector3 forward => throw null;
        public float magnitude => throw null;
        public float sqrMagnitude => throw null;
        public static float Dot(Vector3 lhs, Vector3 rhs) => throw null;
        public static Vector3 Lerp(Vector3 a, Vector3 b, float t) => throw null;
        public static Vector3 operator +(Vector3 a, Vector3 b) => throw null;
        public static Vector3 operator -(Vector3 a, Vector3 b) => throw null;
        public static Vector3 operator *(Vector3 a, float d) => throw null;
        public static Vector3 operator /(Vector3 a, float d) => throw null;
        public static bool operator ==(Vector3 lhs, Vector3 rhs) => throw null;
        public static bool operator !=(Vector3 lhs, Vector3 rhs) => throw null;
        public override bool Equals(object other) => throw null;
        public override int GetHashCode() => throw null;
    }

    public struct Vector4
    {
        public float x, y, z, w;
    }

    public struct Quaternion
    {
        public float x, y, z, w;
        public Quaternion(float x, float y, float z, float w) => throw null;
        public static Quaternion identity => throw null;
        public static Quaternion Euler(float x, float y, float z) => throw null;
        public static Quaternion Inverse(Quaternion rotation) => throw null;
        public static Quaternion Slerp(Quaternion a, Quaternion b, float t) => throw null;
        public static Quaternion LookRotation(Vector3 forward) => throw null;
        public static Quaternion FromToRotation(Vector3 fromDirection, Vector3 toDirection) => throw null;
        public static float Dot(Quaternion a, Quaternion b) => throw null;
        public static Quaternion operator *(Quaternion lhs, Quaternion rhs) => throw null;
        public static Vector3 operator *(Quaternion rotation, Vector3 point) => throw null;
    }

    public struct Matrix4x4
    {
        public static Matrix4x4 identity => throw null;
        public Quaternion rotation => throw null;
        public Vector4 GetColumn(int index) => throw null;
        public static Matrix4x4 TRS(Vector3 pos, Quaternion q, Vector3 s) => throw null;
        public static Matrix4x4 operator *(Matrix4x4 lhs, Matrix4x4 rhs) => throw null;
    }

    public struct Rect
    {
        public Rect(float x, float y, float width, float height) => throw null;
        public float x { get; set; }
        public float y { get; set; }
        public float width { get; set; }
        public float height { get; set; }
        public bool Contains(Vector2 point) => throw null;
    }

    public static class Mathf
    {
        public static float Abs(float f) => throw null;
        public static float Atan2(float y, float x) => throw null;
        public static float Clamp(float value, float min, float max) => throw null;
        public static float Clamp01(float value) => throw null;
        public static int Max(int a, int b) => throw null;
    }

    public class Avatar : Object
    {
        public bool isValid => throw null;
        public bool isHuman => throw null;
        public HumanDescription humanDescription => throw null;
    }

    public struct HumanDescription
    {
        public SkeletonBone[] skeleton;
    }

    public struct SkeletonBone
    {
        public string name;
        public Vector3 position;
        public Quaternion rotation;
        public Vector3 scale;
    }

    public enum HumanBodyBones
    {
        Hips, LeftUpperLeg, RightUpperLeg, LeftLowerLeg, RightLowerLeg, LeftFoot, RightFoot, Spine, Chest,
        UpperChest = 54,
        Neck = 9, Head, LeftShoulder, RightShoulder, LeftUpperArm, RightUpperArm, LeftLowerArm, RightLowerArm, LeftHand,
        RightHand, LeftToes, RightToes,
    }

    public class Animator : Behaviour
    {
        public Avatar avatar { get; set; }
        public Transform GetBoneTransform(HumanBodyBones humanBoneId) => throw null;
    }

    public struct HumanPose
    {
        public Vector3 bodyPosition;
        public Quaternion bodyRotation;
        public float[] muscles;
    }

    public class HumanPoseHandler : IDisposable
    {
        public HumanPoseHandler(Avatar avatar, Transform root) => throw null;
        public void GetHumanPose(ref HumanPose humanPose) => throw null;
        public void SetHumanPose(ref HumanPose humanPose) => throw null;
        public void Dispose() => throw null;
    }

    public static class HumanTrait
    {
        public static string[] MuscleName => throw null;
    }

    public class Mesh : Object
    {
        public int blendShapeCount => throw null;
        public string GetBlendShapeName(int shapeIndex) => throw null;
    }

    public class Renderer : Component
    {
    }

    public class SkinnedMeshRenderer : Renderer
    {
        public Mesh sharedMesh { get; set; }
        public void SetBlendShapeWeight(int index, float value) => throw null;
    }

    public class AudioSource : Behaviour
    {
        public bool isPlaying => throw null;
        public void GetOutputData(float[] samples, int channel) => throw null;
    }

    public class Collider : Component
    {
    }

    public class CharacterController : Collider
    {
        public CollisionFlags Move(Vector3 motion) => throw null;
    }

    public enum CollisionFlags
    {
        None,
    }

    public static class Physics
    {
        public static Vector3 gravity { get; set; }
    }

    public static class Input
    {
        public static float GetAxisRaw(string axisName) => throw null;
    }

    public class Texture : Object
    {
    }

    public class Light : Behaviour
    {
    }

    public class Camera : Behaviour
    {
        public float nearClipPlane { get; set; }
        public float farClipPlane { get; set; }
        public float fieldOfView { get; set; }
        public static Camera main => throw null;
    }

    public class AnimationClip : Object
    {
        public AnimationClip() => throw null;
        public float frameRate { get; set; }
        public bool legacy { get; set; }
        public float length => throw null;
        public void SetCurve(string relativePath, Type type, string propertyName, AnimationCurve curve) => throw null;
        public void SampleAnimation(GameObject go, float time) => throw null;
    }

    public class AnimationCurve
    {
        public Keyframe[] keys { get; set; }
        public int AddKey(float time, float value) => throw null;
    }

    public struct Keyframe
    {
        public float time { get; set; }
        public float value { get; set; }
        public float inTangent { get; set; }
        public float outTangent { get; set; }
    }

    public static class Time
    {
        public static float deltaTime => throw null;
        public static float unscaledDeltaTime => throw null;
        public static float timeScale { get; set; }
    }

    public static class Debug
    {
        public static void Log(object message, Object context) => throw null;
        public static void LogWarning(object message) => throw null;
        public static void LogWarning(object message, Object context) => throw null;
        public static void LogError(object message) => throw null;
        public static void LogError(object message, Object context) => throw null;
        public static void LogException(Exception exception) => throw null;
    }

    public static class Application
    {
        public static bool isPlaying => throw null;
        public static RuntimePlatform platform => throw null;
    }

    public enum RuntimePlatform
    {
        OSXEditor, WindowsEditor = 7, LinuxEditor = 16,
    }

    public enum PrimitiveType
    {
        Sphere, Capsule, Cylinder, Cube, Plane, Quad,
    }

    [Flags]
    public enum HideFlags
    {
        None = 0, HideInHierarchy = 1, HideAndDontSave = 61,
    }

    [AttributeUsage(AttributeTargets.Field)]
    public sealed class SerializeField : Attribute
    {
    }

    public abstract class PropertyAttribute : Attribute
    {
    }

    public sealed class HideInInspector : Attribute
    {
    }

    public sealed class TooltipAttribute : PropertyAttribute
    {
        public TooltipAttribute(string tooltip) => throw null;
    }

    public sealed class HeaderAttribute : PropertyAttribute
    {
        public HeaderAttribute(string header) => throw null;
    }

    public sealed class RangeAttribute : PropertyAttribute
    {
        public RangeAttribute(float min, float max) => throw null;
    }

    public sealed class MinAttribute : PropertyAttribute
    {
        public MinAttribute(float min) => throw null;
    }

    public sealed class TextAreaAttribute : PropertyAttribute
    {
    }

    public sealed class AddComponentMenu : Attribute
    {
        public AddComponentMenu(string menuName) => throw null;
    }

    public sealed class DisallowMultipleComponent : Attribute
    {
    }

    public sealed class RequireComponent : Attribute
    {
        public RequireComponent(Type requiredComponent) => throw null;
        public RequireComponent(Type requiredComponent, Type requiredComponent2) => throw null;
    }

    public sealed class CreateAssetMenuAttribute : Attribute
    {
        public string menuName { get; set; }
        public string fileName { get; set; }
    }

    public enum RuntimeInitializeLoadType
    {
        SubsystemRegistration = 4,
    }

    public sealed class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType loadType) => throw null;
    }

    // Not used, but in the way of names that are too common.
    public struct Pose
    {
    }

    public class Joint : Component
    {
    }

    public class Motion : Object
    {
    }

    public class AsyncOperation
    {
        public event Action<AsyncOperation> completed { add => throw null; remove => throw null; }
    }
}

namespace UnityEngine.Events
{
    public abstract class UnityEventBase
    {
    }

    public delegate void UnityAction();

    public delegate void UnityAction<T>(T arg0);

    public class UnityEvent : UnityEventBase
    {
        public void AddListener(UnityAction call) => throw null;
        public void Invoke() => throw null;
    }

    public class UnityEvent<T> : UnityEventBase
    {
        public void AddListener(UnityAction<T> call) => throw null;
        public void Invoke(T arg0) => throw null;
    }
}

namespace AOT
{
    public sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type) => throw null;
    }
}
