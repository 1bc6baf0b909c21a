using EmoMotion.Wire;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class ComposeTests
    {
        [Test]
        public void AKeyframeHoldsItsPose()
        {
            var body = new BodyPose();
            Made.Walk(body, 0.4);
            var key = Keyframe.Of(1.5, body, place: true);
            Assert.AreEqual(88, key.Pose.Rotations.Count);
            Assert.AreEqual(body.Rotations[21].W, key.Pose.Rotations[87], 0);
            Assert.AreEqual(body.Root.Z, key.Pose.Root[2], 0);
            Assert.IsTrue(key.Place);
            body.Reset();
            Assert.Greater(key.Pose.Root[2], body.Root.Z, "the message is no view of it");
        }

        [Test]
        public void ASpanThatIsMadeAnewKeepsTheRest()
        {
            var clip = Clip(121);
            var request = ComposeRequest.Redo(clip, 1, 2.5);
            Assert.AreEqual(121 * 88, request.Source.Rotations.Count);
            Assert.AreEqual(121 * 3, request.Source.Root.Count);
            Assert.AreEqual(2, request.Keep.Count);
            Assert.AreEqual(1, request.Keep[0].EndS, 0);
            Assert.AreEqual(2.5, request.Keep[1].StartS, 0);
            Assert.AreEqual(4, request.Keep[1].EndS, 1e-9);
            Assert.AreEqual("a person walks", request.Beats[0].Text);
            Assert.AreEqual(0.8, request.Beats[0].Affect.Intensity ?? 0, 0);
            Assert.AreEqual(1, ComposeRequest.Redo(clip, 0, 2).Keep.Count, "nothing is before it");
            Assert.AreEqual(1, ComposeRequest.Redo(clip, 2, 4).Keep.Count, "nothing is behind it");
            Assert.AreEqual("jump", ComposeRequest.Redo(clip, 1, 2, "jump").Beats[0].Text);
        }

        [TestCase(-0.1, 1.0)]
        [TestCase(1.0, 1.0)]
        [TestCase(2.0, 4.1)]
        public void ASpanOutsideOfTheClipIsRefused(double start, double end)
        {
            var error = Assert.Throws<EmoMotionException>(() => ComposeRequest.Redo(Clip(121), start, end));
            Assert.AreEqual(StatusCode.InvalidArgument, error.Status);
        }

        [Test]
        public void ALongClipIsMadeAnewInBeatsThatAServerTakes()
        {
            var request = ComposeRequest.Redo(Clip(30 * 70 + 1), 1, 2);
            Assert.AreEqual(3, request.Beats.Count);
            double sum = 0;
            foreach (var beat in request.Beats) sum += beat.Seconds;
            Assert.AreEqual(70, sum, 1e-9);
        }

        [Test]
        public void TracksAndRoutesAreWrittenInOneLine()
        {
            var track = AffectTrack.Of((0, Affect.Of(Emotion.Joy)), (2, Affect.Of(Emotion.Fear, 0.9)));
            Assert.AreEqual(2, track.Keys.Count);
            Assert.AreEqual(0.9, track.Keys[1].Affect.Intensity ?? 0, 0);
            var route = Route.Of((0, 0, 0), (2, 1, 3));
            Assert.AreEqual(3, route.Points[1].Z, 0);
        }

        private static MotionClip Clip(int frames)
        {
            var header = new MotionHeader { Skeleton = Made.Skeleton(), Fps = 30, FrameCount = (uint)frames };
            var clip = new MotionClip(header);
            var chunk = new MotionChunk { FrameCount = (uint)frames };
            var pose = new BodyPose();
            for (var i = 0; i < frames; i++)
            {
                Made.Walk(pose, i / 30.0);
                foreach (var q in pose.Rotations) chunk.Rotations.AddRange(new[] { q.X, q.Y, q.Z, q.W });
                chunk.Root.AddRange(new[] { pose.Root.X, pose.Root.Y, pose.Root.Z });
                for (var k = 0; k < 4; k++) chunk.Contacts.Add(false);
            }
            clip.Take(chunk);
            clip.End(new GenerateStatus
            {
                Used = new SettingsUsed { Text = "a person walks", Affect = Affect.Of(Emotion.Joy, 0.8) },
            });
            return clip;
        }
    }
}
