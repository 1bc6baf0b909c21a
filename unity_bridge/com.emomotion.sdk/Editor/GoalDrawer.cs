using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>A goal with those fields alone that count for it.</summary>
    [CustomPropertyDrawer(typeof(BakeGoal))]
    internal sealed class GoalDrawer : PropertyDrawer
    {
        private const float ButtonWidth = 60;

        // A goal that was taken is of one limb and one place; a target outweighs the point.
        private static readonly string[] Taken =
        {
            nameof(BakeGoal.seconds), nameof(BakeGoal.hold), nameof(BakeGoal.ease), nameof(BakeGoal.turned),
            nameof(BakeGoal.onBody),
        };
        private static readonly string[] AtTarget =
        {
            nameof(BakeGoal.limb), nameof(BakeGoal.seconds), nameof(BakeGoal.hold), nameof(BakeGoal.ease),
            nameof(BakeGoal.target), nameof(BakeGoal.turned), nameof(BakeGoal.onBody),
        };
        private static readonly string[] AtPoint =
        {
            nameof(BakeGoal.limb), nameof(BakeGoal.seconds), nameof(BakeGoal.hold), nameof(BakeGoal.ease),
            nameof(BakeGoal.target), nameof(BakeGoal.point), nameof(BakeGoal.onBody),
        };

        private static readonly string[] Names = { "left hand", "right hand", "left foot", "right foot" };

        private static float Gap => EditorGUIUtility.standardVerticalSpacing;

        /// <inheritdoc/>
        public override float GetPropertyHeight(SerializedProperty property, GUIContent label)
        {
            var height = IsTaken(property) ? EditorGUIUtility.singleLineHeight + Gap : 0;
            foreach (var name in Shown(property))
                height += EditorGUI.GetPropertyHeight(property.FindPropertyRelative(name), true) + Gap;
            return height;
        }

        /// <inheritdoc/>
        public override void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
            EditorGUI.BeginProperty(position, label, property);
            var names = Shown(property);
            var line = new Rect(position.x, position.y, position.width, EditorGUIUtility.singleLineHeight);
            if (IsTaken(property))
            {
                var from = property.FindPropertyRelative(nameof(BakeGoal.takenFrom));
                var limb = Names[property.FindPropertyRelative(nameof(BakeGoal.limb)).intValue];
                EditorGUI.LabelField(new Rect(line.x, line.y, line.width - ButtonWidth, line.height),
                    $"{limb}, taken from {from.stringValue}");
                var button = new Rect(line.x + line.width - ButtonWidth, line.y, ButtonWidth, line.height);
                if (GUI.Button(button, "Forget")) from.stringValue = "";
                line.y += line.height + Gap;
            }
            foreach (var name in names)
            {
                var field = property.FindPropertyRelative(name);
                line.height = EditorGUI.GetPropertyHeight(field, true);
                EditorGUI.PropertyField(line, field, true);
                line.y += line.height + Gap;
            }
            EditorGUI.EndProperty();
        }

        private static bool IsTaken(SerializedProperty property) =>
            property.FindPropertyRelative(nameof(BakeGoal.takenFrom)).stringValue.Length > 0;

        private static string[] Shown(SerializedProperty property)
        {
            if (IsTaken(property)) return Taken;
            var target = property.FindPropertyRelative(nameof(BakeGoal.target)).objectReferenceValue;
            return target != null ? AtTarget : AtPoint;
        }
    }
}
