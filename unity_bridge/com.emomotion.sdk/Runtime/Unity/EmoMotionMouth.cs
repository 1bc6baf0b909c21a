using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Opens a mouth as loudly as a voice speaks. This is no lip sync: it hears how loud a voice is, not what it says,
    /// and the mouth follows later by the way to the server and back. Visemes of a speech program belong in <see
    /// cref="EmoMotionFace.Speak(Viseme, float)"/>.
    /// </summary>
    [AddComponentMenu("EmoMotion/EmoMotion Mouth (by loudness)")]
    [RequireComponent(typeof(EmoMotionFace))]
    public sealed class EmoMotionMouth : MonoBehaviour
    {
        private const int Heard = 512;

        [Tooltip("Whose loudness opens the mouth.")]
        [SerializeField] private AudioSource voice;
        [Tooltip("The shape of the open mouth.")]
        [SerializeField] private Viseme shape = Viseme.A;
        [Tooltip("How far the loudest voice opens it.")]
        [Range(0, 1)] [SerializeField] private float most = 0.8f;

        private readonly float[] _samples = new float[Heard];
        private readonly Loudness _loudness = new Loudness();
        private EmoMotionFace _face;

        /// <summary>Whose loudness opens the mouth.</summary>
        public AudioSource Voice { get => voice; set => voice = value; }

        private void OnEnable() => _face = GetComponent<EmoMotionFace>();

        private void OnDisable() => _face.Silence();

        private void Update()
        {
            var heard = voice != null && voice.isPlaying ? Heard : 0;
            if (heard > 0) voice.GetOutputData(_samples, 0);
            var open = most * _loudness.Hear(_samples, heard, Time.unscaledDeltaTime);
            if (open > 0.02f) _face.Speak(shape, open);
            else _face.Silence();
        }
    }
}
