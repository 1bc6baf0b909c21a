using System;
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

        [Test]
        public void AGoalIsWrittenInOneLine()
        {
            var goal = Goal.Of(Effector.RightWrist, 2, new Float3(-0.3f, 1.4f, 0.4f), 0.5, new Quat(0, 2, 0, 0));
            Assert.AreEqual(new[] { -0.3f, 1.4f, 0.4f }, goal.Position.ToArray());
            Assert.AreEqual(new[] { 0f, 1, 0, 0 }, goal.Rotation.ToArray(), "of length 1");
            Assert.AreEqual(0.5, goal.HoldS, 0);
            Assert.IsTrue(goal.Place && goal.EaseS == null);
            Assert.AreEqual(0, Goal.Of(Effector.LeftAnkle, 2, new Float3(0, 0.1f, 0)).Rotation.Count);
        }

        [Test]
        public void AGoalIsWhereAPoseHasTheHand()
        {
            var body = Turned();
            var goal = Goal.Of(Effector.LeftWrist, 1, body, turned: true);
            // The left arm of the T-pose is 0.05 + 0.055 + 0.245 + 0.225 m long; who faces the left has it behind.
            Near(new Float3(2, 1.295f, 3 - 0.575f), goal, 1e-4f);
            Assert.Less(Quat.Angle(Quat.About(new Float3(0, 1, 0), 1.5707964f), Rotation(goal)), 1e-5);
            var seen = Goal.Of(Effector.LeftWrist, 1, body, turned: true, place: false);
            Near(new Float3(0.575f, 1.295f, 0), seen, 1e-4f);
            Assert.Less(Quat.Angle(Quat.Identity, Rotation(seen)), 1e-5, "turned as in the T-pose");
            Assert.IsFalse(seen.Place);
            Assert.AreEqual(0, Goal.Of(Effector.LeftWrist, 1, body).Rotation.Count, "turned as the motion has it");
        }

        [TestCase(Effector.LeftAnkle, BodyJoint.LeftAnkle)]
        [TestCase(Effector.RightAnkle, BodyJoint.RightAnkle)]
        [TestCase(Effector.RightWrist, BodyJoint.RightWrist)]
        public void AGoalIsOfTheJointThatItsEffectorNames(Effector effector, BodyJoint joint)
        {
            var body = new BodyPose();
            Made.Walk(body, 0.7);
            var positions = new Float3[Body.Joints];
            Body.Default.Positions(body, positions, new Quat[Body.Joints]);
            Near(positions[(int)joint], Goal.Of(effector, 0, body), 1e-6f);
        }

        [Test]
        public void NeitherHandNorFootIsRefused()
        {
            var error = Assert.Throws<EmoMotionException>(() => Goal.Of(Effector.Unspecified, 0, new BodyPose()));
            StringAssert.Contains("LeftWrist", error.Message);
        }

        [Test]
        public void FingersPointWhereTheyAreTold()
        {
            Float3 left = new Float3(1, 0, 0), up = new Float3(0, 1, 0), ahead = new Float3(0, 0, 1);
            var pointing = Quat.About(up, 0.4f) * Quat.About(left, -1.1f);
            foreach (var (effector, fingers) in new[]
            {
                (Effector.LeftWrist, left), (Effector.RightWrist, left * -1), (Effector.LeftAnkle, ahead),
                (Effector.RightAnkle, ahead),
            })
            {
                var turn = Goal.Turn(effector, pointing);
                Assert.Less((turn.Rotate(fingers) - pointing.Rotate(ahead)).Length, 1e-6, $"{effector}: ahead");
                Assert.Less((turn.Rotate(up) - pointing.Rotate(up)).Length, 1e-6, $"{effector}: its back");
            }
        }

        [Test]
        public void GoalsHoldFirmlyWhileTheyLastAndFadeAround()
        {
            var early = Goal.Of(Effector.LeftWrist, 1, new Float3(0, 1, 1), 0.5);
            var late = Goal.Of(Effector.LeftWrist, 3, new Float3(0, 1, 1));
            late.EaseS = 0.2;
            var goals = new[] { early, late, Goal.Of(Effector.RightAnkle, 1.2, new Float3(0, 0.1f, 1)) };
            var reach = new float[4];
            float Left(double seconds)
            {
                Goal.Hold(goals, seconds, reach);
                return reach[0];
            }
            Assert.AreEqual(0, Left(0.4), 0);
            Assert.AreEqual(0.5, Left(0.75), 1e-6);
            Assert.AreEqual(1, Left(1), 0);
            Assert.AreEqual(1, Left(1.5), 0);
            Assert.AreEqual(0, Left(2.7), 0, "eases as quickly as it says");
            Assert.AreEqual(0.5, Left(3.1), 1e-6);
            Goal.Hold(goals, 1.2, reach);
            Assert.AreEqual(new[] { 1f, 0, 0, 1 }, reach);
        }

        /// <summary>A T-pose at (2, 3) that faces the left.</summary>
        private static BodyPose Turned()
        {
            var body = new BodyPose();
            body.Rotations[0] = Quat.About(new Float3(0, 1, 0), (float)(Math.PI / 2));
            body.Root += new Float3(2, 0, 3);
            return body;
        }

        private static void Near(Float3 expected, Goal goal, float within)
        {
            var at = new Float3(goal.Position[0], goal.Position[1], goal.Position[2]);
            Assert.Less((at - expected).Length, within, $"{at}");
        }

        private static Quat Rotation(Goal goal) =>
            new Quat(goal.Rotation[0], goal.Rotation[1], goal.Rotation[2], goal.Rotation[3]);

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
