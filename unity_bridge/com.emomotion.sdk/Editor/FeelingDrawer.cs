using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>A feeling in two lines: an emotion with its strength, and one that is mixed in.</summary>
    [CustomPropertyDrawer(typeof(Feeling))]
    internal sealed class FeelingDrawer : PropertyDrawer
    {
        private static readonly string[] Names = Labels(1), MixedNames = Labels(0);

        /// <inheritdoc/>
        public override float GetPropertyHeight(SerializedProperty property, GUIContent label) =>
            2 * EditorGUIUtility.singleLineHeight + EditorGUIUtility.standardVerticalSpacing;

        /// <inheritdoc/>
        public override void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
            EditorGUI.BeginProperty(position, label, property);
            var line = EditorGUIUtility.singleLineHeight;
            var rest = EditorGUI.PrefixLabel(new Rect(position.x, position.y, position.width, line), label);
            Row(rest, property.FindPropertyRelative("emotion"), property.FindPropertyRelative("intensity"), Names, 1);
            rest.y += line + EditorGUIUtility.standardVerticalSpacing;
            Row(rest, property.FindPropertyRelative("mixedWith"), property.FindPropertyRelative("share"), MixedNames,
                0);
            EditorGUI.EndProperty();
        }

        private static void Row(Rect place, SerializedProperty emotion, SerializedProperty amount, string[] names,
            int first)
        {
            var half = place.width * 0.4f;
            var index = Mathf.Max(emotion.intValue - first, 0);
            emotion.intValue = first + EditorGUI.Popup(new Rect(place.x, place.y, half - 4, place.height), index,
                names);
            amount.floatValue = EditorGUI.Slider(new Rect(place.x + half, place.y, place.width - half, place.height),
                amount.floatValue, 0, 1);
        }

        private static string[] Labels(int first)
        {
            var names = new string[BodyPose.Emotions - first];
            for (var i = 0; i < names.Length; i++)
                names[i] = i + first == 0 ? "(no second)" : EmotionNames.Name((Emotion)(i + first));
            return names;
        }
    }
}
