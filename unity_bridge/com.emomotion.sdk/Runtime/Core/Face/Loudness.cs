using System;

namespace EmoMotion
{
    /// <summary>
    /// How far loudness opens a mouth: quick to open, slower to close, shut in silence, and as wide for a soft voice as
    /// for a loud one. It knows nothing of what is said: that takes visemes of a speech program. Not safe for use by
    /// two threads at once; nothing is allocated.
    /// </summary>
    public sealed class Loudness
    {
        /// <summary>Quieter is silence, as a root mean square of samples in -1..1.</summary>
        private const float Silence = 0.004f;
        /// <summary>Half of the way is opened, or shut, in this time, seconds.</summary>
        private const float OpensS = 0.02f, ShutsS = 0.06f;
        /// <summary>The loudest of late is forgotten by half in this time, seconds.</summary>
        private const float ForgetS = 4;

        private float _loudest = 10 * Silence;

        /// <summary>How far the mouth is open, 0..1.</summary>
        public float Open { get; private set; }

        /// <summary>Take what was heard.</summary>
        /// <param name="samples">The latest samples, -1..1.</param>
        /// <param name="count">How many of them.</param>
        /// <param name="dt">Seconds since the last time.</param>
        public float Hear(float[] samples, int count, float dt)
        {
            double sum = 0;
            for (var i = 0; i < count; i++) sum += (double)samples[i] * samples[i];
            var rms = count > 0 ? (float)Math.Sqrt(sum / count) : 0;
            _loudest = Math.Max(Math.Max(rms, 10 * Silence), _loudest * Half(dt / ForgetS));
            // By the ear: halving the voice does not halve the mouth.
            var goal = rms <= Silence ? 0
                : (float)Math.Min(1, Math.Log(rms / Silence) / Math.Log(_loudest / Silence));
            Open = goal + (Open - goal) * Half(dt / (goal > Open ? OpensS : ShutsS));
            return Open;
        }

        private static float Half(float times) => (float)Math.Pow(0.5, times);
    }
}
