using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class BlendShapeTests
    {
        [TestCase("jawOpen")]
        [TestCase("JawOpen")]
        [TestCase("Head.jaw_open")]
        [TestCase("blendShape1.Jaw_Open")]
        [TestCase("JAW OPEN")]
        public void ANameIsFoundHoweverItIsWritten(string name) =>
            Assert.AreEqual(new[] { 1 }, BlendShapes.Match(new[] { "jawOpen" }, new[] { "other", name }));

        [Test]
        public void SidesMayBeShort() => Assert.AreEqual(new[] { 1, 0, BlendShapes.Absent },
            BlendShapes.Match(new[] { "mouthSmileLeft", "mouthSmileRight", "tongueOut" },
                new[] { "mouthSmile_R", "mouthSmile_L" }));

        [Test]
        public void OfTwoAlikeTheFirstCounts() =>
            Assert.AreEqual(new[] { 0 }, BlendShapes.Match(new[] { "eyeBlinkLeft" },
                new[] { "eyeBlinkLeft", "EyeBlink_L" }));
    }
}
