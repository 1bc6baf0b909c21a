using System;
using System.Collections.Generic;
using EmoMotion.Wire;
using UnityEngine;
using UnityEngine.Events;
using Path = EmoMotion.Wire.Path;

namespace EmoMotion.Unity
{
    /// <summary>
    /// A live character: put it on a Humanoid, name a connection, press play. What it does and feels may be changed in
    /// the inspector or from code while it plays. Without an Animator it moves nothing and only offers <see
    /// cref="Pose"/>. All members are for the main thread.
    /// </summary>
    [AddComponentMenu("EmoMotion/EmoMotion Character")]
    [DisallowMultipleComponent]
    public sealed class EmoMotionCharacter : MonoBehaviour
    {
        [Header("Who")]
        [SerializeField] private EmoMotionConnection connection;
        [Tooltip("Animator with a Humanoid avatar. Empty: the one on this object or below it.")]
        [SerializeField] private Animator animator;

        [Header("What it does and feels")]
        [TextArea] [SerializeField] private string prompt = "a person walks forward";
        [SerializeField] private Feeling feeling = new Feeling(Emotion.Neutral);
        [Tooltip("Pace; 1 is as generated.")]
        [Range(0.5f, 1.5f)] [SerializeField] private float speed = 1;

        [Header("How it is made")]
        [Tooltip("The same seed and wishes give the same motion. Below 0 the server draws one.")]
        [SerializeField] private long seed = -1;
        [Tooltip("Best way to decode, by the name the server lists; empty for the best.")]
        [SerializeField] private string plan = "";

        [Header("How it is shown")]
        [SerializeField] private RootMotion rootMotion = RootMotion.Travel;
        [Tooltip("With Travel: the transform turns where the body looks.")]
        [SerializeField] private bool turnWithBody = true;
        [Tooltip("How firmly a foot on the ground is held.")]
        [Range(0, 1)] [SerializeField] private float footLock = 1;
        [Tooltip("Keep within the muscle ranges of the avatar. Costs a little time; stylised avatars may move less.")]
        [SerializeField] private bool limitToAvatar;
        [Tooltip("0 leaves the pose to the Animator, 1 replaces it.")]
        [Range(0, 1)] [SerializeField] private float weight = 1;
        [SerializeField] private bool playOnEnable = true;

        [Header("Events")]
        [SerializeField] private UnityEvent connected = new UnityEvent();
        [SerializeField] private UnityEvent lost = new UnityEvent();
        [SerializeField] private StringEvent failed = new StringEvent();
        [Tooltip("The motion now serves this wish: 0 the first, n the n-th change.")]
        [SerializeField] private IntEvent wishReached = new IntEvent();
        [Tooltip("Another emotion is now the strongest in the pose.")]
        [SerializeField] private EmotionEvent emotionChanged = new EmotionEvent();

        private readonly DriveChange _change = new DriveChange();
        private readonly Affect _affect = new Affect();
        private readonly Path _path = new Path();
        private PoseWriter _writer;
        private StreamState _state;
        private Feeling _sentFeeling;
        private string _sentPrompt;
        private float _sentSpeed;
        private uint _wish;
        private Emotion _strongest;

        /// <summary>A UnityEvent with words.</summary>
        [Serializable]
        public sealed class StringEvent : UnityEvent<string>
        {
        }

        /// <summary>A UnityEvent with a number.</summary>
        [Serializable]
        public sealed class IntEvent : UnityEvent<int>
        {
        }

        /// <summary>A UnityEvent with an emotion.</summary>
        [Serializable]
        public sealed class EmotionEvent : UnityEvent<Emotion>
        {
        }

        /// <summary>Told every step over the ground, world space, with <see cref="RootMotion.Script"/>.</summary>
        public event Action<Vector3> Moved;

        /// <summary>The stream; null while it is stopped. Its figures are for meters.</summary>
        public LiveStream Stream { get; private set; }

        /// <summary>The latest pose, in the SDK's frame.</summary>
        public BodyPose Pose { get; } = new BodyPose();

        /// <summary>Whether a pose came since it began to play.</summary>
        public bool HasPose { get; private set; }

        /// <summary>The connection; another one begins a new stream.</summary>
        public EmoMotionConnection Connection
        {
            get => connection;
            set
            {
                connection = value;
                if (Stream != null) Play();
            }
        }

        /// <summary>What it does, in English.</summary>
        public string Prompt { get => prompt; set => prompt = value; }

        /// <summary>How it feels. A mixture of more than two emotions can be told with <see cref="Tell"/>.</summary>
        public Feeling Feeling { get => feeling; set => feeling = value; }

        /// <summary>Pace, 0.5..1.5.</summary>
        public float Speed { get => speed; set => speed = Mathf.Clamp(value, 0.5f, 1.5f); }

        /// <summary>Weight over what an Animator made, 0..1.</summary>
        public float Weight { get => weight; set => weight = Mathf.Clamp01(value); }

        /// <summary>Fired when frames come, first or again.</summary>
        public UnityEvent Connected => connected;

        /// <summary>Fired when the server went away; the last pose holds.</summary>
        public UnityEvent Lost => lost;

        /// <summary>Fired when the stream failed for good, with the reason.</summary>
        public StringEvent Failed => failed;

        /// <summary>Fired when the motion begins to serve a wish.</summary>
        public IntEvent WishReached => wishReached;

        /// <summary>Fired when another emotion is the strongest.</summary>
        public EmotionEvent EmotionChanged => emotionChanged;

        /// <summary>Begin, or begin anew, where the character stands.</summary>
        public void Play()
        {
            Stop();
            if (connection == null)
            {
                Fail("has no connection: make one by Assets > Create > EmoMotion > Connection and drop it on it");
                return;
            }
            try
            {
                if (animator == null) animator = GetComponentInChildren<Animator>();
                if (animator != null) _writer = new PoseWriter(animator, transform);
                Fill(_change);
                var options = new LiveOptions { Plan = plan, ReconnectS = connection.ReconnectSeconds };
                if (seed >= 0) options.Seed = (ulong)seed;
                Stream = connection.Client.Drive(_change, options);
                _state = StreamState.Connecting;
            }
            catch (Exception error) when (error is EmoMotionException || error is ArgumentException)
            {
                Fail(error.Message);
            }
        }

        /// <summary>Leave the stream; the character keeps its last pose.</summary>
        public void Stop()
        {
            Stream?.Dispose();
            Stream = null;
            _writer?.Dispose();
            _writer = null;
            (HasPose, _wish, _strongest) = (false, 0, Emotion.Unspecified);
        }

        /// <summary>Feel an emotion from now on.</summary>
        public void Feel(Emotion emotion, float intensity = 0.7f) => feeling = new Feeling(emotion, intensity);

        /// <summary>Do something else from now on; may be wired to a UnityEvent.</summary>
        public void Do(string what) => prompt = what;

        /// <summary>
        /// Tell anything that the wire can say, such as a track of affects; not shown in the inspector.
        /// </summary>
        public void Tell(DriveChange change) => Stream?.Change(change);

        /// <summary>Walk in a direction of the world and look there.</summary>
        public void Walk(Vector3 direction)
        {
            var local = ToMotion(direction);
            if (local.sqrMagnitude < 1e-8f) return;
            _change.Clear();
            _change.Heading = Mathf.Atan2(local.x, local.y);
            Tell(_change);
        }

        /// <summary>Walk along 2 to 512 points of the world; behind the last one it goes straight on.</summary>
        public void Walk(IReadOnlyList<Vector3> points)
        {
            _path.Clear();
            foreach (var point in points)
            {
                var local = ToMotion(point - Origin);
                _path.Points.Add(local.x);
                _path.Points.Add(local.y);
            }
            _change.Clear();
            _change.Path = _path;
            Tell(_change);
        }

#if EMOMOTION_NAVMESH
        /// <summary>Walk along a way that was found on the NavMesh; false where there is none.</summary>
        public bool Walk(UnityEngine.AI.NavMeshPath path)
        {
            if (path.status == UnityEngine.AI.NavMeshPathStatus.PathInvalid || path.corners.Length < 2) return false;
            Walk(path.corners);
            return true;
        }
#endif

        /// <summary>Go where the motion leads.</summary>
        public void WalkFreely()
        {
            _change.Clear();
            _change.Free = true;
            Tell(_change);
        }

        /// <summary>The character was put somewhere else: the motion goes on from there.</summary>
        public void PutDown() => _writer?.PutDown();

        private void OnEnable()
        {
            if (playOnEnable) Play();
        }

        private void OnDisable() => Stop();

        private void Update()
        {
            if (Stream == null) return;
            Report(Stream.State);
            if (_state != StreamState.Failed && _state != StreamState.Ended) SendChanges();
        }

        private void LateUpdate()
        {
            // The character lives in real time: a paused game holds it, slow motion does not slow it down.
            var dt = Time.timeScale > 0 ? Time.unscaledDeltaTime : 0;
            if (Stream == null || !Stream.Sample(LiveStream.Now, dt, Pose)) return;
            HasPose = true;
            if (Pose.Wish != _wish) wishReached.Invoke((int)(_wish = Pose.Wish));
            if (Pose.Strongest != _strongest) emotionChanged.Invoke(_strongest = Pose.Strongest);
            if (_writer == null || weight <= 0) return;
            _writer.Retargeter.FootLock = footLock;
            var step = _writer.Show(Pose, dt, weight, rootMotion, turnWithBody, limitToAvatar);
            if (rootMotion == RootMotion.Script) Moved?.Invoke(step);
        }

        private void Report(StreamState state)
        {
            if (state == _state) return;
            _state = state;
            switch (state)
            {
                case StreamState.Playing:
                    connected.Invoke();
                    break;
                case StreamState.Reconnecting:
                    Debug.LogWarning($"EmoMotion: \"{name}\": {Stream.Error?.Message} It is looked for.", this);
                    lost.Invoke();
                    break;
                case StreamState.Failed:
                    Fail(Stream.Error?.Message ?? "the stream failed");
                    break;
            }
        }

        private void Fail(string reason)
        {
            Debug.LogError($"EmoMotion: \"{name}\": {reason}", this);
            failed.Invoke(reason);
        }

        private void SendChanges()
        {
            var what = !string.IsNullOrWhiteSpace(prompt) && prompt != _sentPrompt;
            var how = !feeling.Equals(_sentFeeling);
            var pace = !speed.Equals(_sentSpeed);
            if (!what && !how && !pace) return;
            _change.Clear();
            if (what) _change.Text = _sentPrompt = prompt;
            if (how) Fill(_change, _sentFeeling = feeling);
            if (pace) _change.Speed = _sentSpeed = speed;
            Stream.Change(_change);
        }

        /// <summary>Everything that the inspector says, for a start.</summary>
        private void Fill(DriveChange change)
        {
            change.Clear();
            change.Text = _sentPrompt = prompt;
            Fill(change, _sentFeeling = feeling);
            change.Speed = _sentSpeed = speed;
        }

        private void Fill(DriveChange change, Feeling what)
        {
            what.Fill(_affect);
            change.Affect = _affect;
        }

        private Vector3 Origin => _writer?.Origin ?? transform.position;

        /// <summary>A way over the world's ground as x and z of the motion's frame, metres of its body.</summary>
        private Vector2 ToMotion(Vector3 way)
        {
            var local = Quaternion.Inverse(_writer?.Facing ?? Quaternion.identity) * way;
            var size = _writer == null ? 1 : _writer.Retargeter.Scale * animator.transform.lossyScale.y;
            return new Vector2(-local.x, local.z) / size;
        }
    }
}
