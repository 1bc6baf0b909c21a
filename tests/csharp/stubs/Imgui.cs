// What an editor window draws with, as far as the package uses it.

namespace UnityEngine
{
    public enum EventType
    {
        MouseDown, MouseUp, MouseMove, MouseDrag, KeyDown, KeyUp, ScrollWheel, Repaint,
    }

    public sealed class Event
    {
        public static Event current => throw null;
        public EventType type => throw null;
        public Vector2 mousePosition => throw null;
        public Vector2 delta => throw null;
        public void Use() => throw null;
    }

    public class GUIContent
    {
        public GUIContent(string text, string tooltip) => throw null;
    }

    public class GUIStyle
    {
        public static GUIStyle none => throw null;
    }

    public static class GUI
    {
        public static bool Button(Rect position, string text) => throw null;
        public static void DrawTexture(Rect position, Texture image) => throw null;
    }

    public static class GUILayoutUtility
    {
        public static Rect GetRect(float width, float height) => throw null;
    }

    public class GUILayoutOption
    {
    }

    public static class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options) => throw null;
        public static void Label(string text, params GUILayoutOption[] options) => throw null;
        public static string TextField(string text, params GUILayoutOption[] options) => throw null;
        public static void BeginArea(Rect screenRect) => throw null;
        public static void EndArea() => throw null;
        public static GUILayoutOption Width(float width) => throw null;
    }
}
