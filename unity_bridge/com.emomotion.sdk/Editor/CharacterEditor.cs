using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>The inspector of a character: its fields, and while it plays what comes from the server.</summary>
    [CustomEditor(typeof(EmoMotionCharacter))]
    internal sealed class CharacterEditor : UnityEditor.Editor
    {
        private const string NoConnection =
            "Make a connection by Assets > Create > EmoMotion > Connection and drop it above.";
        private const double MeterS = 0.5;
        private long _frames;
        private double _since, _rate;

        /// <inheritdoc/>
        public override bool RequiresConstantRepaint() => Application.isPlaying;

        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var character = (EmoMotionCharacter)target;
            EditorGUILayout.Space();
            if (!Application.isPlaying)
            {
                if (character.Connection == null)
                    EditorGUILayout.HelpBox(NoConnection, MessageType.Info);
                if (GUILayout.Button("Bake to a clip ...")) BakeWindow.Open(character);
                return;
            }
            Buttons(character);
            if (character.Stream != null) Meters(character, character.Stream);
        }

        private static void Buttons(EmoMotionCharacter character)
        {
            EditorGUILayout.BeginHorizontal();
            if (GUILayout.Button(character.Stream == null ? "Play" : "Play anew")) character.Play();
            EditorGUI.BeginDisabledGroup(character.Stream == null);
            if (GUILayout.Button("Stop")) character.Stop();
            EditorGUI.EndDisabledGroup();
            EditorGUILayout.EndHorizontal();
        }

        private void Meters(EmoMotionCharacter character, LiveStream stream)
        {
            var error = stream.Error;
            if (error != null)
                EditorGUILayout.HelpBox(error.Message,
                    stream.State == StreamState.Failed ? MessageType.Error : MessageType.Warning);
            Count(stream);
            EditorGUILayout.LabelField("State", stream.State.ToString());
            EditorGUILayout.LabelField("Frames", $"{stream.Frames}, {_rate:0} a second");
            EditorGUILayout.LabelField("Without motion in time", stream.IdleFrames.ToString());
            var buffer = stream.Buffer;
            if (buffer != null)
            {
                EditorGUILayout.LabelField("Behind arrival", $"{1000 * buffer.DelayS:0} ms");
                EditorGUILayout.LabelField("Waited for frames",
                    $"{buffer.HeldS:0.0} s, {buffer.Skips} skips, {buffer.Dropped} dropped");
            }
            EditorGUILayout.LabelField("Lost", stream.Lost.ToString());
            EditorGUILayout.LabelField("Seed", stream.Seed.ToString());
            if (!character.HasPose) return;
            var pose = character.Pose;
            var how = pose.Idle ? ", standing" : pose.Reacting ? ", reacting" : "";
            EditorGUILayout.LabelField("Wish", $"{pose.Wish} of {stream.Wishes}{how}");
            for (var i = (int)Emotion.Neutral; i < BodyPose.Emotions; i++)
            {
                if (pose.Weights[i] > 0.005f) Bar(EmotionNames.Name((Emotion)i), pose.Weights[i]);
            }
            Bar("intensity", pose.Intensity);
        }

        private void Count(LiveStream stream)
        {
            var now = EditorApplication.timeSinceStartup;
            if (now - _since < MeterS) return;
            _rate = stream.Frames >= _frames && _since > 0 ? (stream.Frames - _frames) / (now - _since) : 0;
            (_frames, _since) = (stream.Frames, now);
        }

        private static void Bar(string label, float value) =>
            EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), value, $"{label} {value:0.00}");
    }
}
