using System;
using System.Collections.Generic;
using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Moves blendshapes of a face: those the server sends by the names of ARKit, or, where it has no faces, those that
    /// are listed here for an emotion.
    /// </summary>
    [AddComponentMenu("EmoMotion/EmoMotion Face")]
    public sealed class EmoMotionFace : MonoBehaviour
    {
        /// <summary>A share or an intensity that changed by less is not worth a message.</summary>
        private const float Step = 0.05f;
        /// <summary>Visemes of the wire with the one that is none.</summary>
        private const int Visemes = (int)Viseme.U + 1;

        /// <summary>Where the face comes from.</summary>
        public enum Source
        {
            /// <summary>The server's faces; expressions where it has none.</summary>
            Automatic,
            /// <summary>The list of expressions, by what the character feels.</summary>
            Expressions,
        }

        /// <summary>A blendshape that shows an emotion, such as VRM's "Joy".</summary>
        [Serializable]
        public struct Expression
        {
            /// <summary>The emotion.</summary>
            public Emotion emotion;

            /// <summary>Name of the blendshape.</summary>
            public string blendShape;

            /// <summary>Its weight at full intensity, 0..100.</summary>
            [Range(0, 100)] public float weight;
        }

        /// <summary>A shape of the mouth and how much of it.</summary>
        [Serializable]
        public struct MouthShape
        {
            /// <summary>Which sound.</summary>
            public Viseme viseme;

            /// <summary>Its share; at 1 the mouth says this alone.</summary>
            [Range(0, 1)] public float share;
        }

        /// <summary>How strongly a blendshape answers.</summary>
        [Serializable]
        public struct Adjustment
        {
            /// <summary>Name of ARKit.</summary>
            public string name;

            /// <summary>What its value is multiplied with.</summary>
            public float multiplier;

            /// <summary>What is added then.</summary>
            public float offset;
        }

        [Tooltip("Whose feeling is shown, as the body shows it. Empty: the one on this object or above it.")]
        [SerializeField] private EmoMotionCharacter character;
        [Tooltip("Meshes with blendshapes. Empty: all below this object.")]
        [SerializeField] private SkinnedMeshRenderer[] meshes = new SkinnedMeshRenderer[0];
        [SerializeField] private Source source = Source.Automatic;
        [Tooltip("Frames a second that are asked of the server.")]
        [Range(10, 120)] [SerializeField] private float framesPerSecond = 60;
        [Tooltip("Strength of the whole face.")]
        [Range(0, 2)] [SerializeField] private float strength = 1;
        [Tooltip("Names that are not listed are multiplied with 1.")]
        [SerializeField] private List<Adjustment> adjustments = new List<Adjustment>();
        [SerializeField] private List<Expression> expressions = new List<Expression>();
        [Tooltip("What the mouth says now, for faces of the server; empty: it is silent. May be changed at any time.")]
        [SerializeField] private List<MouthShape> mouth = new List<MouthShape>();

        private readonly ExpressChange _change = new ExpressChange();
        private readonly Affect _affect = new Affect();
        private FaceStream _stream;
        private readonly float[] _sent = new float[BodyPose.Emotions];
        private readonly float[] _said = new float[Visemes], _says = new float[Visemes];
        private float _sentIntensity;
        private double? _left, _up;
        private bool _looks;
        private string[] _names;
        private float[] _values, _multipliers, _offsets;
        private int[][] _places, _expressionPlaces;
        private bool _none;

        /// <summary>The stream; null where expressions are shown or nothing plays.</summary>
        public FaceStream Stream => _stream;

        /// <summary>Strength of the whole face, 0..2.</summary>
        public float Strength { get => strength; set => strength = value; }

        /// <summary>
        /// Say a sound from now on; speech takes weight from the expression. Call it as your speech program or lip sync
        /// names visemes; it shows after the way to the server and back. Faces of <see cref="Source.Expressions"/> do
        /// not speak.
        /// </summary>
        public void Speak(Viseme viseme, float share = 1)
        {
            mouth.Clear();
            Say(viseme, share);
        }

        /// <summary>Say a mixture: the share of each viseme by its number on the wire; [0] is unused.</summary>
        public void Speak(IReadOnlyList<float> shares)
        {
            mouth.Clear();
            for (var i = 1; i < Visemes && i < shares.Count; i++)
            {
                if (shares[i] > 0) Say((Viseme)i, shares[i]);
            }
        }

        /// <summary>Say nothing.</summary>
        public void Silence() => mouth.Clear();

        /// <summary>Look relative to the head: to its own left (-60..60) and up (-40..40), degrees.</summary>
        public void Look(float left, float up) =>
            (_left, _up, _looks) = (Mathf.Clamp(left, -60, 60), Mathf.Clamp(up, -40, 40), true);

        /// <summary>Let the eyes wander again.</summary>
        public void LookFreely() => (_left, _up, _looks) = (null, null, true);

        private void Say(Viseme viseme, float share) =>
            mouth.Add(new MouthShape { viseme = viseme, share = Mathf.Clamp01(share) });

        private void OnEnable()
        {
            if (character == null) character = GetComponentInParent<EmoMotionCharacter>();
            if (character == null)
                Debug.LogError($"EmoMotion: \"{name}\": the face needs an EmoMotion Character on it or above it", this);
            if (meshes.Length == 0) meshes = GetComponentsInChildren<SkinnedMeshRenderer>();
            _none = source == Source.Expressions;
            _expressionPlaces = Match(ExpressionNames());
        }

        private void OnValidate()
        {
            // What the inspector adds holds zeros, which would silence a blendshape.
            for (var i = 0; i < adjustments.Count; i++)
            {
                if (string.IsNullOrEmpty(adjustments[i].name)) adjustments[i] = new Adjustment { multiplier = 1 };
            }
        }

        private void OnDisable()
        {
            _stream?.Dispose();
            _stream = null;
            _names = null;
            Array.Clear(_said, 0, Visemes);
            _looks |= _left != null;
        }

        private void LateUpdate()
        {
            if (character == null || character.Stream == null) return;
            if (_none) ShowExpressions();
            else ShowStream();
        }

        private void ShowStream()
        {
            if (_stream == null)
            {
                if (!character.HasPose) return;
                Take(_affect);
                _stream = character.Connection.Client.Express(framesPerSecond, _affect,
                    new LiveOptions { ReconnectS = character.Connection.ReconnectSeconds });
            }
            if (_stream.State == StreamState.Failed)
            {
                // A server without faces is no fault; everything else is.
                if (_stream.Error?.Status == StatusCode.Unimplemented)
                    Debug.Log($"EmoMotion: \"{name}\": the server has no faces; expressions of the list are shown",
                        this);
                else Debug.LogError($"EmoMotion: \"{name}\": {_stream.Error?.Message}", this);
                _none = true;
                return;
            }
            var speaks = Speaks();
            if (speaks || _looks || Differs()) Tell();
            if (!_stream.Read(LiveStream.Now, ref _values)) return;
            if (!ReferenceEquals(_names, _stream.Names)) Prepare(_stream.Names);
            for (var i = 0; i < _values.Length; i++)
            {
                var value = Mathf.Clamp01((_values[i] * _multipliers[i] + _offsets[i]) * strength);
                Set(_places, i, 100 * value);
            }
        }

        /// <summary>All that is wanted now: a change that says nothing of the mouth would silence it.</summary>
        private void Tell()
        {
            Take(_affect);
            _change.Clear();
            _change.Affect = _affect;
            for (var i = 1; i < Visemes; i++)
            {
                _said[i] = _says[i];
                if (!(_says[i] > 0)) continue;
                var entry = _change.Visemes.Add();
                (entry.Viseme, entry.Weight) = ((Viseme)i, _says[i]);
            }
            if (_looks)
            {
                (_change.LookLeft, _change.LookUp) = (_left, _up);
                _change.LookFreely = _left == null;
                _looks = false;
            }
            _stream.Change(_change);
        }

        /// <summary>Whether the mouth is to say something else than the face was told; fills in what.</summary>
        private bool Speaks()
        {
            Array.Clear(_says, 0, Visemes);
            for (var i = 0; i < mouth.Count; i++)
            {
                var sound = (int)mouth[i].viseme;
                if (sound > 0 && sound < Visemes) _says[sound] = Mathf.Clamp01(_says[sound] + mouth[i].share);
            }
            var differs = false;
            for (var i = 1; i < Visemes; i++)
            {
                var closes = !(_says[i] > 0) && _said[i] > 0;
                differs |= closes || Mathf.Abs(_says[i] - _said[i]) >= Step;
            }
            return differs;
        }

        /// <summary>Whether the body feels something else than the face was told.</summary>
        private bool Differs()
        {
            var differs = Mathf.Abs(character.Pose.Intensity - _sentIntensity) >= Step;
            for (var i = 0; i < _sent.Length; i++) differs |= Mathf.Abs(character.Pose.Weights[i] - _sent[i]) >= Step;
            return differs;
        }

        private void Take(Affect affect)
        {
            affect.Clear();
            affect.Intensity = _sentIntensity = Mathf.Clamp01(character.Pose.Intensity);
            for (var i = 0; i < _sent.Length; i++)
            {
                _sent[i] = character.Pose.Weights[i];
                if (_sent[i] > 0) affect.Put((Emotion)i, _sent[i]);
            }
        }

        private void ShowExpressions()
        {
            if (!character.HasPose) return;
            for (var i = 0; i < expressions.Count; i++)
            {
                var one = expressions[i];
                var share = character.Pose.Weights[(int)one.emotion] * character.Pose.Intensity;
                Set(_expressionPlaces, i, Mathf.Clamp(one.weight * share * strength, 0, 100));
            }
        }

        private void Set(int[][] places, int index, float value)
        {
            for (var m = 0; m < meshes.Length; m++)
            {
                var place = places[m][index];
                if (place != BlendShapes.Absent) meshes[m].SetBlendShapeWeight(place, value);
            }
        }

        private void Prepare(string[] names)
        {
            _names = names;
            _places = Match(names);
            (_multipliers, _offsets) = (new float[names.Length], new float[names.Length]);
            var found = BlendShapes.Match(adjustments.ConvertAll(one => one.name), names);
            for (var i = 0; i < names.Length; i++) _multipliers[i] = 1;
            for (var i = 0; i < found.Length; i++)
            {
                if (found[i] == BlendShapes.Absent)
                    Debug.LogWarning($"EmoMotion: \"{name}\": the server knows no blendshape \"{adjustments[i].name}\"",
                        this);
                else (_multipliers[found[i]], _offsets[found[i]]) = (adjustments[i].multiplier, adjustments[i].offset);
            }
        }

        private string[] ExpressionNames()
        {
            var names = new string[expressions.Count];
            for (var i = 0; i < names.Length; i++) names[i] = expressions[i].blendShape ?? "";
            return names;
        }

        private int[][] Match(string[] names)
        {
            var places = new int[meshes.Length][];
            for (var m = 0; m < meshes.Length; m++)
            {
                var mesh = meshes[m].sharedMesh;
                var own = new string[mesh == null ? 0 : mesh.blendShapeCount];
                for (var i = 0; i < own.Length; i++) own[i] = mesh.GetBlendShapeName(i);
                places[m] = BlendShapes.Match(names, own);
            }
            return places;
        }
    }
}
