using System;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Unity;
using EmoMotion.Wire;
using Path = System.IO.Path;
using UnityEditor;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>
    /// Window > EmoMotion > Bake: words and feelings in, an .anim for any Humanoid out, with a look at it before it is
    /// saved. The scene is not touched.
    /// </summary>
    internal sealed class BakeWindow : EditorWindow
    {
        private const float PictureHeight = 260;
        private static readonly string[] Fields =
        {
            nameof(connection), nameof(model), nameof(plan), nameof(inPlace), nameof(footLock), nameof(folder),
        };

        [SerializeField] private EmoMotionConnection connection;
        [SerializeField] private Animator model;
        [SerializeField] private BakePlan plan = new BakePlan();
        [SerializeField] private bool inPlace;
        [SerializeField] private float footLock = 1;
        [SerializeField] private string folder = "Assets";
        [SerializeField] private Animator poseFrom;
        [SerializeField] private BakeGoal.Limb limb;

        private SerializedObject _fields;
        private CancellationTokenSource _cancel;
        private BakedClip _baked;
        private BakePreview _preview;
        private string _said = "";
        private float _progress, _time, _start, _end;
        private double _playedAt;
        private bool _plays;
        private Vector2 _scroll;

        /// <summary>Open it with what a character does and feels.</summary>
        public static void Open(EmoMotionCharacter character)
        {
            var window = GetWindow<BakeWindow>("EmoMotion Bake");
            window.connection = character.Connection;
            window.model = window.poseFrom = character.GetComponentInChildren<Animator>();
            window.plan.steps.Clear();
            window.plan.steps.Add(Step(character.Prompt, character.Feeling));
        }

        [MenuItem("Window/EmoMotion/Bake")]
        private static void Open() => GetWindow<BakeWindow>("EmoMotion Bake");

        private static BakePlan.Step Step(string prompt, Feeling feeling) =>
            new BakePlan.Step { prompt = prompt, feeling = feeling, seconds = 4 };

        private void OnEnable()
        {
            _fields = new SerializedObject(this);
            if (plan.steps.Count == 0) plan.steps.Add(Step("a person walks forward", new Feeling(Emotion.Joy)));
        }

        private void OnDisable()
        {
            _cancel?.Cancel();
            Forget();
        }

        private void OnGUI()
        {
            _scroll = EditorGUILayout.BeginScrollView(_scroll);
            _fields.Update();
            foreach (var name in Fields)
                EditorGUILayout.PropertyField(_fields.FindProperty(name), true);
            _fields.ApplyModifiedProperties();
            TakeFromScene();
            if (_cancel == null)
            {
                EditorGUI.BeginDisabledGroup(connection == null || model == null || plan.steps.Count == 0);
                if (GUILayout.Button("Generate")) Generate(Ask);
                EditorGUI.EndDisabledGroup();
            }
            else
            {
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), _progress, "generating");
                if (GUILayout.Button("Cancel")) _cancel.Cancel();
            }
            if (_said.Length > 0) EditorGUILayout.HelpBox(_said, MessageType.None);
            if (_baked != null && _preview != null) Look();
            EditorGUILayout.EndScrollView();
        }

        /// <summary>Poses, hands and feet of a character as it stands in the scene.</summary>
        private void TakeFromScene()
        {
            _fields.Update();
            EditorGUILayout.PropertyField(_fields.FindProperty(nameof(poseFrom)), true);
            _fields.ApplyModifiedProperties();
            EditorGUI.BeginDisabledGroup(poseFrom == null || model == null);
            if (GUILayout.Button($"Take pose for {_time:0.00} s"))
                Try(() => plan.Take(poseFrom, model.transform, _time));
            EditorGUILayout.BeginHorizontal();
            limb = (BakeGoal.Limb)EditorGUILayout.EnumPopup(limb);
            if (GUILayout.Button($"Take hand or foot for {_time:0.00} s"))
                Try(() => plan.Take(limb, poseFrom, model.transform, _time));
            EditorGUILayout.EndHorizontal();
            EditorGUI.EndDisabledGroup();
        }

        private void Try(Action take)
        {
            try
            {
                take();
            }
            catch (EmoMotionException error)
            {
                _said = error.Message;
            }
        }

        /// <summary>The clip that is there: picture, time, figures, and what can be done with it.</summary>
        private void Look()
        {
            var seconds = (float)_baked.Motion.Seconds;
            _preview.Draw(GUILayoutUtility.GetRect(position.width, PictureHeight), _time);
            EditorGUILayout.BeginHorizontal();
            if (GUILayout.Button(_plays ? "Pause" : "Play")) _plays = !_plays;
            _time = EditorGUILayout.Slider(_time, 0, seconds);
            EditorGUILayout.EndHorizontal();
            EditorGUILayout.HelpBox(_baked.Report(), MessageType.None);
            EditorGUILayout.MinMaxSlider($"Span {_start:0.00} .. {_end:0.00} s", ref _start, ref _end, 0, seconds);
            EditorGUILayout.BeginHorizontal();
            EditorGUI.BeginDisabledGroup(_cancel != null);
            if (GUILayout.Button("Make span anew"))
                Generate(cancel => connection.Client.ComposeAsync(plan.Again(_baked.Motion, model, _start, _end),
                    Progress, cancel: cancel));
            if (GUILayout.Button("Save .anim")) Save();
            EditorGUI.EndDisabledGroup();
            EditorGUILayout.EndHorizontal();
        }

        private Task<MotionClip> Ask(CancellationToken cancel) => plan.IsPlain
            ? connection.Client.GenerateAsync(plan.Plain(), Progress, cancel: cancel)
            : connection.Client.ComposeAsync(plan.Composed(model), Progress, cancel: cancel);

        private void Progress(float share) => _progress = share;

        private async void Generate(Func<CancellationToken, Task<MotionClip>> ask)
        {
            _cancel = new CancellationTokenSource();
            var wasOpen = connection.IsOpen;
            try
            {
                _progress = 0;
                var goals = plan.Goals(model);
                var motion = await ask(_cancel.Token);
                Forget();
                _baked = new BakedClip(motion, model, inPlace, plan.loop, footLock, goals);
                _preview = new BakePreview(model, _baked.Clip);
                (_time, _start, _end, _plays) = (0, 0, (float)motion.Seconds, true);
                var used = motion.Status.Used;
                var lowered = motion.Status.Degraded ? ", quality was lowered" : "";
                _said = $"{motion.Seconds:0.0} s, seed {used?.Seed}, plan {used?.Plan}{lowered}";
                foreach (var note in motion.Status.Notes.ToArray()) _said += $"\n- {note}";
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

        private void Save()
        {
            var file = FileName(plan.steps[0].prompt, plan.steps[0].feeling.Emotion) + ".anim";
            var path = AssetDatabase.GenerateUniqueAssetPath(Path.Combine(folder, file));
            // A copy: the window goes on with its own, which may be made anew in part.
            var clip = Instantiate(_baked.Clip);
            AssetDatabase.CreateAsset(clip, path);
            AssetDatabase.SaveAssets();
            EditorGUIUtility.PingObject(clip);
            _said = $"saved: {path}";
        }

        private void Update()
        {
            var now = EditorApplication.timeSinceStartup;
            if (_plays && _baked != null)
            {
                var length = Math.Max((float)_baked.Motion.Seconds, 0.01f);
                _time = (_time + (float)(now - _playedAt)) % length;
            }
            _playedAt = now;
            if (_cancel != null || (_plays && _baked != null)) Repaint();
        }

        private void Forget()
        {
            _preview?.Dispose();
            if (_baked != null) DestroyImmediate(_baked.Clip);
            (_preview, _baked) = (null, null);
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
