// UnityEditor, as far as the package uses it.

using System;
using UnityEngine;

namespace UnityEditor
{
    public sealed class InitializeOnLoadAttribute : Attribute
    {
    }

    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName) => throw null;
    }

    public sealed class CustomEditor : Attribute
    {
        public CustomEditor(Type inspectedType) => throw null;
    }

    public sealed class CustomPropertyDrawer : Attribute
    {
        public CustomPropertyDrawer(Type type) => throw null;
    }

    public class Editor : ScriptableObject
    {
        public UnityEngine.Object target { get; set; }
        public virtual void OnInspectorGUI() => throw null;
        public virtual bool RequiresConstantRepaint() => throw null;
        public bool DrawDefaultInspector() => throw null;
    }

    public class EditorWindow : ScriptableObject
    {
        public Rect position { get; set; }
        public static T GetWindow<T>(string title) where T : EditorWindow => throw null;
        public void Repaint() => throw null;
    }

    public abstract class PropertyDrawer
    {
        public virtual void OnGUI(Rect position, SerializedProperty property, GUIContent label) => throw null;
        public virtual float GetPropertyHeight(SerializedProperty property, GUIContent label) => throw null;
    }

    public class SerializedObject
    {
        public SerializedObject(UnityEngine.Object obj) => throw null;
        public void Update() => throw null;
        public bool ApplyModifiedProperties() => throw null;
        public SerializedProperty FindProperty(string propertyPath) => throw null;
    }

    public class SerializedProperty
    {
        public int intValue { get; set; }
        public float floatValue { get; set; }
        public string stringValue { get; set; }
        public UnityEngine.Object objectReferenceValue { get; set; }
        public SerializedProperty FindPropertyRelative(string relativePropertyPath) => throw null;
    }

    public enum MessageType
    {
        None, Info, Warning, Error,
    }

    public static class EditorGUILayout
    {
        public static void Space() => throw null;
        public static void LabelField(string label, GUIStyle style, params GUILayoutOption[] options) => throw null;
        public static void LabelField(string label, string label2, params GUILayoutOption[] options) => throw null;
        public static void LabelField(string label, string label2, GUIStyle style, params GUILayoutOption[] options) =>
            throw null;
        public static void HelpBox(string message, MessageType type) => throw null;
        public static Rect BeginHorizontal(params GUILayoutOption[] options) => throw null;
        public static void EndHorizontal() => throw null;
        public static Vector2 BeginScrollView(Vector2 scrollPosition, params GUILayoutOption[] options) => throw null;
        public static void EndScrollView() => throw null;
        public static string TextField(GUIContent label, string text, params GUILayoutOption[] options) => throw null;
        public static bool PropertyField(SerializedProperty property, bool includeChildren,
            params GUILayoutOption[] options) => throw null;
        public static Enum EnumPopup(Enum selected, params GUILayoutOption[] options) => throw null;
        public static Rect GetControlRect(params GUILayoutOption[] options) => throw null;
        public static float Slider(float value, float leftValue, float rightValue, params GUILayoutOption[] options) =>
            throw null;
        public static void MinMaxSlider(string label, ref float minValue, ref float maxValue, float minLimit,
            float maxLimit, params GUILayoutOption[] options) => throw null;
    }

    public static class EditorGUI
    {
        public static void BeginDisabledGroup(bool disabled) => throw null;
        public static void EndDisabledGroup() => throw null;
        public static void BeginChangeCheck() => throw null;
        public static bool EndChangeCheck() => throw null;
        public static void ProgressBar(Rect position, float value, string text) => throw null;
        public static GUIContent BeginProperty(Rect totalPosition, GUIContent label, SerializedProperty property) =>
            throw null;
        public static void EndProperty() => throw null;
        public static void LabelField(Rect position, string label) => throw null;
        public static bool PropertyField(Rect position, SerializedProperty property, bool includeChildren) =>
            throw null;
        public static float GetPropertyHeight(SerializedProperty property, bool includeChildren) => throw null;
        public static Rect PrefixLabel(Rect totalPosition, GUIContent label) => throw null;
        public static int Popup(Rect position, int selectedIndex, string[] displayedOptions) => throw null;
        public static float Slider(Rect position, float value, float leftValue, float rightValue) => throw null;
    }

    public class PreviewRenderUtility
    {
        public PreviewRenderUtility() => throw null;
        public Camera camera => throw null;
        public Light[] lights => throw null;
        public void AddSingleGO(GameObject go) => throw null;
        public void BeginPreview(Rect r, GUIStyle previewBackground) => throw null;
        public void Render(bool allowScriptableRenderPipeline = false, bool updatefov = true) => throw null;
        public Texture EndPreview() => throw null;
        public void Cleanup() => throw null;
    }

    public static class EditorStyles
    {
        public static GUIStyle boldLabel => throw null;
        public static GUIStyle wordWrappedLabel => throw null;
    }

    public static class EditorGUIUtility
    {
        public static float singleLineHeight => throw null;
        public static float standardVerticalSpacing => throw null;
        public static void PingObject(UnityEngine.Object obj) => throw null;
    }

    public static class EditorUtility
    {
        public static void SetDirty(UnityEngine.Object target) => throw null;
    }

    public static class EditorApplication
    {
        public delegate void CallbackFunction();
        public static CallbackFunction delayCall;
        public static double timeSinceStartup => throw null;
        public static event Action quitting { add => throw null; remove => throw null; }
        public static event Action<PlayModeStateChange> playModeStateChanged { add => throw null; remove =>
            throw null; }
    }

    public enum PlayModeStateChange
    {
        EnteredEditMode, ExitingEditMode, EnteredPlayMode, ExitingPlayMode,
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();
        public static event AssemblyReloadCallback beforeAssemblyReload { add => throw null; remove => throw null; }
    }

    public static class EditorPrefs
    {
        public static string GetString(string key, string defaultValue) => throw null;
        public static void SetString(string key, string value) => throw null;
    }

    public static class SessionState
    {
        public static int GetInt(string key, int defaultValue) => throw null;
        public static void SetInt(string key, int value) => throw null;
        public static void EraseInt(string key) => throw null;
    }

    public static class Selection
    {
        public static UnityEngine.Object activeObject { get; set; }
    }

    public static class AssetDatabase
    {
        public static string[] FindAssets(string filter) => throw null;
        public static string GUIDToAssetPath(string guid) => throw null;
        public static T LoadAssetAtPath<T>(string assetPath) where T : UnityEngine.Object => throw null;
        public static string GenerateUniqueAssetPath(string path) => throw null;
        public static void CreateAsset(UnityEngine.Object asset, string path) => throw null;
        public static void SaveAssets() => throw null;
    }

    public class AssetPostprocessor
    {
        public string assetPath { get; set; }
    }

    public struct EditorCurveBinding
    {
        public static EditorCurveBinding FloatCurve(string inPath, Type inType, string inPropertyName) => throw null;
    }

    public class AnimationClipSettings
    {
        public bool loopTime { get; set; }
    }

    public static class AnimationUtility
    {
        public static AnimationCurve GetEditorCurve(AnimationClip clip, EditorCurveBinding binding) => throw null;
        public static void SetEditorCurve(AnimationClip clip, EditorCurveBinding binding, AnimationCurve curve) =>
            throw null;
        public static AnimationClipSettings GetAnimationClipSettings(AnimationClip clip) => throw null;
        public static void SetAnimationClipSettings(AnimationClip clip, AnimationClipSettings srcClipInfo) =>
            throw null;
    }
}
