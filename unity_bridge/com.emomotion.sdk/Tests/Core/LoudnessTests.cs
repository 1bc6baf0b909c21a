using System;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class LoudnessTests
    {
        private const float Dt = 1 / 60f;

        [Test]
        public void SilenceShutsTheMouthAndAVoiceOpensIt()
        {
            var mouth = new Loudness();
            Assert.AreEqual(0, Hear(mouth, 0, 60), 1e-6);
            Assert.Greater(Hear(mouth, 0.3f, 12), 0.9);
            Assert.Greater(Hear(mouth, 0, 1), 0.5, "it does not snap");
            Assert.Less(Hear(mouth, 0, 60), 0.01);
            Assert.Less(Hear(mouth, 0.003f, 60), 0.01, "noise is silence");
        }

        [Test]
        public void ASoftVoiceOpensAsWideAsALoudOneAfterAWhile()
        {
            var mouth = new Loudness();
            Hear(mouth, 0.8f, 30);
            var atFirst = Hear(mouth, 0.06f, 30);
            var later = Hear(mouth, 0.06f, 60 * 20);
            Assert.Less(atFirst, 0.8);
            Assert.Greater(later, 0.95);
        }

        [Test]
        public void NothingHeardIsSilence() => Assert.AreEqual(0, new Loudness().Hear(Array.Empty<float>(), 0, Dt), 0);

        private static float Hear(Loudness mouth, float loud, int times)
        {
            var samples = new float[256];
            for (var i = 0; i < samples.Length; i++) samples[i] = i % 2 == 0 ? loud : -loud;
            for (var i = 0; i < times; i++) mouth.Hear(samples, samples.Length, Dt);
            return mouth.Open;
        }
    }
}
