using System;
using EmoMotion.Wire;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class JitterBufferTests
    {
        private const double Fps = 30, Render = 1 / 60.0;

        [TestCase(0.0, 0.0)]
        [TestCase(0.05, 0.0)]
        [TestCase(0.05, 0.02)]
        [TestCase(0.0, 0.02)]
        public void ThePlayedMotionIsNeverFasterThanTheClip(double jitterS, double stalls)
        {
            var played = Way.Play(seconds: 60, jitterS: jitterS, stallShare: stalls, stallS: 0.2, seed: 5);
            Assert.LessOrEqual(played.LargestTurn, played.ClipsOwnTurn * 1.001, "turn of a joint between two pictures");
            Assert.LessOrEqual(played.LargestMove, played.ClipsOwnMove * 1.001,
                "way of the pelvis between two pictures");
            Assert.AreEqual(0, played.Buffer.Skips, "skips");
        }

        [Test]
        public void OnAnEvenWayThePoseIsLessThanTwoFramesBehind()
        {
            var played = Way.Play(seconds: 20, jitterS: 0.001, stallShare: 0, stallS: 0, seed: 1);
            Assert.Less(played.MeanDelayS * Fps, 1.3, "frames behind");
            Assert.Less(played.WorstDelayS * Fps, 2, "frames behind");
            Assert.Less(played.Buffer.HeldS, 0.02, "seconds of waiting");
        }

        [Test]
        public void UnevennessCostsItsOwnLengthAndNoMore()
        {
            var played = Way.Play(seconds: 60, jitterS: 0.05, stallShare: 0, stallS: 0, seed: 2);
            Assert.Less(played.MeanDelayS, 1 / Fps + 0.055);
            Assert.Less(played.Buffer.HeldS, 0.6, "seconds of waiting in a minute");
        }

        [Test]
        public void FramesOfThePastAreDropped()
        {
            var buffer = new JitterBuffer(Fps);
            var frame = new DriveFrame();
            foreach (var number in new long[] { 0, 1, 2, 1, 0, 2, 3 })
            {
                Made.Frame(frame, number, Fps);
                Assert.AreEqual(number > buffer.Newest, buffer.Push(frame, number, number / Fps));
            }
            Assert.AreEqual(3L, buffer.Dropped);
            Assert.AreEqual(3L, buffer.Newest);
        }

        [Test]
        public void WithoutFramesThereIsNoPose()
        {
            var pose = new BodyPose();
            Assert.IsFalse(new JitterBuffer(Fps).Sample(0, Render, pose));
            Assert.AreEqual(0, new JitterBuffer(Fps).Latest(64, new DriveStart().Before, new Wire.Pose()));
        }

        [Test]
        public void WhenNothingComesTheLastPoseHolds()
        {
            var buffer = Filled(30);
            BodyPose pose = new BodyPose(), last = new BodyPose();
            for (var i = 0; i < 600; i++) buffer.Sample(1 + i * Render, Render, pose);
            Made.Walk(last, 29 / Fps);
            Assert.Less(Made.Turn(pose, last), 1e-5);
            Assert.Greater(buffer.HeldS, 8);
        }

        [Test]
        public void AfterALongPauseItGoesToThePresentWithoutALeap()
        {
            var buffer = Filled(15);
            BodyPose pose = new BodyPose(), before = new BodyPose();
            var now = 0.5;
            for (; now < 0.6; now += Render) buffer.Sample(now, Render, before);
            var frame = new DriveFrame();
            for (long number = 15; number < 120; number++)
            {
                Made.Frame(frame, number, Fps);
                buffer.Push(frame, number, number / Fps);
            }
            buffer.Sample(4, Render, pose);
            Assert.AreEqual(1, buffer.Skips);
            Assert.Less(Made.Turn(pose, before), 0.02, "the first picture is still near the last one");
            for (now = 4; now < 4.5; now += Render) buffer.Sample(now, Render, pose);
            Assert.Less(buffer.DelayS, 0.6, "the newest frame is at 4 s");
        }

        [Test]
        public void AGameThatHungForSecondsDoesNotLeap()
        {
            var buffer = Filled(15);
            BodyPose pose = new BodyPose(), before = new BodyPose();
            buffer.Sample(0.5, Render, before);
            var frame = new DriveFrame();
            for (long number = 15; number < 120; number++)
            {
                Made.Frame(frame, number, Fps);
                buffer.Push(frame, number, number / Fps);
            }
            buffer.Sample(4, 3.5, pose);
            Assert.AreEqual(1, buffer.Skips);
            Assert.Less(Made.Turn(pose, before), 0.02);
        }

        [Test]
        public void AGameThatIsPausedShowsTheSamePose()
        {
            var buffer = Filled(30);
            BodyPose a = new BodyPose(), b = new BodyPose();
            buffer.Sample(0.9, Render, a);
            buffer.Sample(0.95, 0, b);
            Assert.AreEqual(0.0, Made.Turn(a, b), 1e-6);
        }

        [Test]
        public void ResumingTakesTheLatestFramesWithoutAGap()
        {
            var buffer = Filled(20);
            var frame = new DriveFrame();
            for (long number = 25; number < 35; number++)
            {
                Made.Frame(frame, number, Fps);
                buffer.Push(frame, number, number / Fps);
            }
            var start = new DriveStart();
            var resume = new Wire.Pose();
            Assert.AreEqual(10, buffer.Latest(64, start.Before, resume));
            Assert.AreEqual(9, start.Before.Count);
            Assert.AreEqual(4, buffer.Latest(4, start.Before, resume));
            Assert.AreEqual(3, start.Before.Count);
            for (var i = 0; i < resume.Rotations.Count; i++)
                Assert.AreEqual(frame.Rotations[i], resume.Rotations[i], 1e-6, "rotations of the last");
        }

        [TestCase("rotations")]
        [TestCase("root")]
        [TestCase("contacts")]
        [TestCase("nan")]
        public void AFrameThatIsNoneIsRefused(string what)
        {
            var frame = new DriveFrame();
            Made.Frame(frame, 7, Fps);
            if (what == "rotations") frame.Rotations.Add(1);
            if (what == "root") frame.Root.Clear();
            if (what == "contacts") frame.Contacts.Add(true);
            if (what == "nan") frame.Rotations.Items[5] = float.NaN;
            var error = Assert.Throws<EmoMotionException>(() => new JitterBuffer(Fps).Push(frame, 7, 0));
            Assert.AreEqual(StatusCode.Internal, error.Status);
            StringAssert.Contains("frame 7", error.Message);
        }

        private static JitterBuffer Filled(int frames)
        {
            var buffer = new JitterBuffer(Fps);
            var frame = new DriveFrame();
            for (long number = 0; number < frames; number++)
            {
                Made.Frame(frame, number, Fps);
                buffer.Push(frame, number, number / Fps);
            }
            return buffer;
        }
    }
}
