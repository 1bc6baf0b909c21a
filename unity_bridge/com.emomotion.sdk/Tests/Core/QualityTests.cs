using System;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class QualityTests
    {
        private const double Fps = 30;
        private static readonly float[] Heights = { 0.1f, 0.025f, 0.1f, 0.025f };

        [Test]
        public void SomebodyWhoStandsIsWithoutFault()
        {
            var quality = Of(30, (i, pose) => { }, i => true);
            Assert.AreEqual(4, quality.Contacts.Count);
            Assert.AreEqual(29 / 30f, quality.Contacts[0].EndS, 1e-5);
            Assert.Less(quality.WorstSlideM + quality.DeepestM + quality.HighestM + quality.SeamM + quality.SeamMps,
                1e-4);
            Assert.AreEqual(0, quality.Remarks(true, false).Count);
        }

        [Test]
        public void AFootThatSlidesIsFoundWithItsTime()
        {
            // On the ground in the second half alone, and a meter a second.
            var quality = Of(31, (i, pose) => pose.Root.Z = i / 30f, i => i >= 15);
            Assert.AreEqual(4, quality.Contacts.Count);
            Assert.AreEqual(0.5f, quality.WorstSlideM, 1e-4);
            Assert.AreEqual(0.5f, quality.Contacts[0].StartS, 1e-4);
            var remarks = quality.Remarks(false, false);
            Assert.AreEqual(4, remarks.Count);
            Assert.AreEqual("left heel slides 50.0 cm from 0.50 to 1.00 s", remarks[0]);
            Assert.AreEqual(0, quality.Remarks(true, true).Count, "in place feet slide by intent");
        }

        [Test]
        public void ContactsThatAreApartAreTwo()
        {
            var quality = Of(30, (i, pose) => pose.Root.X = i < 15 ? 0 : 1, i => i < 10 || i >= 20);
            Assert.AreEqual(8, quality.Contacts.Count);
            Assert.Less(quality.WorstSlideM, 1e-5);
        }

        [TestCase(-0.05f, 0.05f, 0f, "a foot sinks 5.0 cm into the ground")]
        [TestCase(0.06f, 0f, 0.06f, "a foot that should stand hovers 6.0 cm over the ground")]
        public void TheFloorIsMeasured(float shift, float deep, float high, string remark)
        {
            var quality = Of(10, (i, pose) => pose.Root.Y += shift, i => true);
            Assert.AreEqual(deep, quality.DeepestM, 1e-4);
            Assert.AreEqual(high, quality.HighestM, 1e-4);
            Assert.AreEqual(remark, quality.Remarks(false, false)[0]);
        }

        [Test]
        public void AFootInTheAirMayBeAnywhereAboveTheGround()
        {
            var quality = Of(10, (i, pose) => pose.Root.Y += 0.5f, i => false);
            Assert.AreEqual(0, quality.Remarks(false, false).Count);
            Assert.AreEqual(0, quality.Contacts.Count);
        }

        [Test]
        public void ASeamIsPostureAloneWhereverItLeads()
        {
            // Round the corner while walking: the posture is that of the beginning.
            var turned = Of(31, (i, pose) =>
            {
                pose.Rotations[0] = Quat.About(new Float3(0, 1, 0), i * 0.05f);
                pose.Root.X = i * 0.1f;
                var swing = (float)Math.Sin(2 * Math.PI * i / 30);
                pose.Rotations[(int)BodyJoint.LeftShoulder] = Quat.About(new Float3(1, 0, 0), swing);
            }, i => false);
            Assert.Less(turned.SeamM, 1e-3);
            Assert.Less(turned.SeamMps, 0.05);
            Assert.AreEqual(0, turned.Remarks(true, true).Count);
        }

        [Test]
        public void AJumpAndAJerkAreSeams()
        {
            var raised = Of(31, (i, pose) => Raise(pose, i / 30f), i => false);
            Assert.Greater(raised.SeamM, 0.4);
            StringAssert.Contains("the loop jumps", raised.Remarks(true, true)[0]);
            Assert.AreEqual(0, raised.Remarks(false, true).Count, "it need not loop");
            // Softly up and down, and then at once from there: it meets the beginning, but not its speed.
            var bounced = Of(31, (i, pose) => Raise(pose, (float)Math.Sin(Math.PI * i / 30)), i => false);
            Assert.Less(bounced.SeamM, 1e-3);
            StringAssert.Contains("the loop jerks", bounced.Remarks(true, true)[0]);
        }

        [Test]
        public void AClipThatIsBriskEverywhereMayBeBriskAtItsSeam()
        {
            // To and fro in every frame: what happens at the seam happens everywhere.
            var brisk = Of(31, (i, pose) => Raise(pose, i % 2 * 0.1f), i => false);
            Assert.Greater(brisk.SeamMps, ClipQuality.SeamLimitMps);
            Assert.AreEqual(brisk.OwnMps, brisk.SeamMps, 1e-3);
            Assert.AreEqual(0, brisk.Remarks(true, true).Count);
        }

        [Test]
        public void WhatACharacterLacksIsLeftOut()
        {
            var positions = new Float3[2 * Body.Joints];
            for (var i = 0; i < positions.Length; i++) positions[i] = new Float3(0, 0.1f, i % Body.Joints * 0.01f);
            foreach (var toe in new[] { BodyJoint.LeftFoot, BodyJoint.RightFoot })
            {
                positions[(int)toe] = new Float3(float.NaN, float.NaN, float.NaN);
                positions[Body.Joints + (int)toe] = new Float3(float.NaN, float.NaN, float.NaN);
            }
            var contacts = new[] { true, true, true, true, true, true, true, true };
            var quality = ClipQuality.Of(Fps, positions, contacts, new[] { 0.1f, float.NaN, 0.1f, float.NaN });
            Assert.AreEqual(2, quality.Contacts.Count);
            Assert.IsFalse(float.IsNaN(quality.SeamM + quality.DeepestM + quality.HighestM + quality.WorstSlideM));
        }

        [Test]
        public void OneFrameIsNoClip() =>
            Assert.Throws<ArgumentException>(() => ClipQuality.Of(Fps, new Float3[Body.Joints], new bool[4], Heights));

        private static void Raise(BodyPose pose, float angle) =>
            pose.Rotations[(int)BodyJoint.RightShoulder] = Quat.About(new Float3(0, 0, 1), angle);

        private static ClipQuality Of(int frames, Action<int, BodyPose> move, Func<int, bool> stands)
        {
            var positions = new Float3[frames * Body.Joints];
            var contacts = new bool[4 * frames];
            var pose = new BodyPose();
            var at = new Float3[Body.Joints];
            for (var i = 0; i < frames; i++)
            {
                pose.Reset();
                move(i, pose);
                Body.Default.Positions(pose, at, new Quat[Body.Joints]);
                Array.Copy(at, 0, positions, i * Body.Joints, Body.Joints);
                for (var k = 0; k < 4; k++) contacts[4 * i + k] = stands(i);
            }
            return ClipQuality.Of(Fps, positions, contacts, Heights);
        }
    }
}
