using System;
using System.Collections.Generic;
using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>
    /// Window > EmoMotion > Connections: every connection of the project, whether its server answers, what it has
    /// loaded.
    /// </summary>
    internal sealed class ConnectionWindow : EditorWindow
    {
        private sealed class Answer
        {
            public GetInfoReply Info;
            public string Text = "not asked yet";
            public bool Asking;
        }

        private readonly Dictionary<EmoMotionConnection, Answer> _answers =
            new Dictionary<EmoMotionConnection, Answer>();
        private EmoMotionConnection[] _connections = new EmoMotionConnection[0];
        private Vector2 _scroll;

        [MenuItem("Window/EmoMotion/Connections")]
        private static void Open() => GetWindow<ConnectionWindow>("EmoMotion");

        private void OnEnable() => Find();

        private void OnFocus() => Find();

        private void OnGUI()
        {
            _scroll = EditorGUILayout.BeginScrollView(_scroll);
            ServerProcess.Draw();
            if (_connections.Length == 0)
                EditorGUILayout.HelpBox("No connection in this project: Assets > Create > EmoMotion > Connection.",
                    MessageType.Info);
            foreach (var connection in _connections)
            {
                if (connection != null) Draw(connection);
            }
            EditorGUILayout.EndScrollView();
        }

        private void Find()
        {
            var found = new List<EmoMotionConnection>();
            foreach (var guid in AssetDatabase.FindAssets("t:" + nameof(EmoMotionConnection)))
                found.Add(AssetDatabase.LoadAssetAtPath<EmoMotionConnection>(AssetDatabase.GUIDToAssetPath(guid)));
            _connections = found.ToArray();
        }

        private void Draw(EmoMotionConnection connection)
        {
            if (!_answers.TryGetValue(connection, out var answer)) _answers[connection] = answer = new Answer();
            EditorGUILayout.Space();
            EditorGUILayout.BeginHorizontal();
            var open = connection.IsOpen ? ", open" : "";
            EditorGUILayout.LabelField($"{connection.name}  ({connection.Address}{open})", EditorStyles.boldLabel);
            if (GUILayout.Button("Select", GUILayout.Width(60))) Selection.activeObject = connection;
            EditorGUI.BeginDisabledGroup(!connection.IsOpen);
            if (GUILayout.Button("Close", GUILayout.Width(60))) connection.Close();
            EditorGUI.EndDisabledGroup();
            EditorGUI.BeginDisabledGroup(answer.Asking);
            if (GUILayout.Button("Ask", GUILayout.Width(60))) Ask(connection, answer);
            EditorGUI.EndDisabledGroup();
            EditorGUILayout.EndHorizontal();
            EditorGUILayout.LabelField(answer.Text, EditorStyles.wordWrappedLabel);
            if (answer.Info != null) Facts(answer.Info);
        }

        private async void Ask(EmoMotionConnection connection, Answer answer)
        {
            (answer.Asking, answer.Text, answer.Info) = (true, "asking ...", null);
            var wasOpen = connection.IsOpen;
            try
            {
                answer.Info = await connection.Client.GetInfoAsync();
                answer.Text = "answers";
            }
            catch (Exception error) when (error is EmoMotionException || error is OperationCanceledException)
            {
                answer.Text = error.Message;
            }
            if (!wasOpen && !Application.isPlaying) connection.Close();
            answer.Asking = false;
            Repaint();
        }

        private static void Facts(GetInfoReply info)
        {
            EditorGUILayout.LabelField("Bundle",
                $"{info.Bundle.Name} {info.Bundle.Version}, {info.Bundle.Fps:0} frames a second");
            EditorGUILayout.LabelField("Licence", info.Bundle.Licence, EditorStyles.wordWrappedLabel);
            if (info.Bundle.Attribution.Length > 0)
                EditorGUILayout.LabelField("Data", info.Bundle.Attribution, EditorStyles.wordWrappedLabel);
            foreach (var plan in info.Plans)
                EditorGUILayout.LabelField(plan.IsDefault ? "Plan (default)" : "Plan",
                    $"{plan.Name}: {plan.Generator}, 4 s of motion in {plan.ExpectedMs:0} ms");
            foreach (var emotion in info.Emotions)
                EditorGUILayout.LabelField(EmotionNames.Name(emotion.Emotion),
                    $"learned from {emotion.Evidence}, {emotion.Minutes:0} minutes");
        }
    }
}
