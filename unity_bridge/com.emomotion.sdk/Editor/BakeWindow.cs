using System;
using System.Threading;
using EmoMotion.Unity;
using EmoMotion.Wire;
using Path = System.IO.Path;
using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>
    /// Window > EmoMotion > Bake: words and a feeling in, an .anim for any Humanoid out. The scene is not touched.
    /// </summary>
    internal sealed class BakeWindow : EditorWindow
    {
        private static readonly string[] Fields =
        {
            nameof(connection), nameof(model), nameof(prompt), nameof(feeling), nameof(seconds), nameof(seed),
            nameof(inPlace), nameof(loop), nameof(footLock), nameof(folder),
        };

        [SerializeField] private EmoMotionConnection connection;
        [SerializeField] private Animator model;
        [SerializeField] private string prompt = "a person walks forward";
        [SerializeField] private Feeling feeling = new Feeling(Emotion.Joy);
        [SerializeField] private float seconds = 4;
        [SerializeField] private long seed = -1;
        [SerializeField] private bool inPlace;
        [SerializeField] private bool loop;
        [SerializeField] private float footLock = 1;
        [SerializeField] private string folder = "Assets";

        private SerializedObject _fields;
        private CancellationTokenSource _cancel;
        private string _said = "";
        private float _progress;

        /// <summary>Open it with what a character does and feels.</summary>
        public static void Open(EmoMotionCharacter character)
        {
            var window = GetWindow<BakeWindow>("EmoMotion Bake");
            (window.connection, window.prompt, window.feeling) = (character.Connection, character.Prompt,
                character.Feeling);
            window.model = character.GetComponentInChildren<Animator>();
        }

        [MenuItem("Window/EmoMotion/Bake")]
        private static void Open() => GetWindow<BakeWindow>("EmoMotion Bake");

        private void OnEnable() => _fields = new SerializedObject(this);

        private void OnDisable() => _cancel?.Cancel();

        private void OnGUI()
        {
            _fields.Update();
            foreach (var name in Fields)
                EditorGUILayout.PropertyField(_fields.FindProperty(name), true);
            _fields.ApplyModifiedProperties();
            if (_cancel == null)
            {
                EditorGUI.BeginDisabledGroup(connection == null || model == null || string.IsNullOrWhiteSpace(prompt));
                if (GUILayout.Button("Generate and bake")) Bake();
                EditorGUI.EndDisabledGroup();
            }
            else
            {
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), _progress, "generating");
                if (GUILayout.Button("Cancel")) _cancel.Cancel();
            }
            if (_said.Length > 0) EditorGUILayout.HelpBox(_said, MessageType.None);
        }

        private async void Bake()
        {
            _cancel = new CancellationTokenSource();
            var wasOpen = connection.IsOpen;
            try
            {
                var affect = new Affect();
                feeling.Fill(affect);
                var request = new GenerateRequest { Text = prompt, Affect = affect, Seconds = seconds };
                if (seed >= 0) request.Seed = (ulong)seed;
                _progress = 0;
                var motion = await connection.Client.GenerateAsync(request, share => _progress = share,
                    cancel: _cancel.Token);
                var clip = ClipBaker.Bake(motion, model, inPlace, loop, footLock);
                var file = FileName(prompt, feeling.Emotion) + ".anim";
                var path = AssetDatabase.GenerateUniqueAssetPath(Path.Combine(folder, file));
                AssetDatabase.CreateAsset(clip, path);
                AssetDatabase.SaveAssets();
                EditorGUIUtility.PingObject(clip);
                var used = motion.Status.Used;
                var lowered = motion.Status.Degraded ? ", quality was lowered" : "";
                _said = $"{path}: {motion.Seconds:0.0} s, seed {used.Seed}, plan {used.Plan}{lowered}";
            }
            catch (OperationCanceledException)
            {
                _said = "cancelled";
            }
            catch (Exception error)
            {
                _said = error.Message;
                Debug.LogError($"EmoMotion: {error.Message}");
            }
            if (!wasOpen && connection != null && !Application.isPlaying) connection.Close();
            _cancel = null;
            Repaint();
        }

        private void Update()
        {
            if (_cancel != null) Repaint();
        }

        private static string FileName(string text, Emotion emotion)
        {
            var name = text.Trim();
            foreach (var c in Path.GetInvalidFileNameChars()) name = name.Replace(c, ' ');
            if (name.Length > 40) name = name.Substring(0, 40).TrimEnd();
            return $"{name.Replace(' ', '_')}_{EmotionNames.Name(emotion)}";
        }
    }
}
