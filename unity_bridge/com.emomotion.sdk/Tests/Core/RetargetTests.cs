using System;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class RetargetTests
    {
        private static readonly (BodyJoint From, BodyJoint To)[] Limbs =
        {
            (BodyJoint.LeftShoulder, BodyJoint.LeftElbow), (BodyJoint.LeftElbow, BodyJoint.LeftWrist),
            (BodyJoint.RightShoulder, BodyJoint.RightElbow), (BodyJoint.RightElbow, BodyJoint.RightWrist),
            (BodyJoint.LeftHip, BodyJoint.LeftKnee), (BodyJoint.LeftKnee, BodyJoint.LeftAnkle),
            (BodyJoint.RightHip, BodyJoint.RightKnee), (BodyJoint.RightKnee, BodyJoint.RightAnkle),
        };

        private const double Degree = Math.PI / 180;

        [TestCase("tall")]
        [TestCase("biped")]
        [TestCase("small")]
        public void LimbsPointWhereTheBodysDo(string name)
        {
            var (rig, made) = Character(name);
            made.FootLock = 0;
            var worst = Worst(rig, made);
            Assert.Less(worst / Degree, 0.1, "degrees");
        }

        [TestCase("tall")]
        [TestCase("biped")]
        [TestCase("small")]
        public void TrunkHeadAndFeetTurnAsTheBodysDo(string name)
        {
            var (rig, made) = Character(name);
            made.FootLock = 0;
            Each((pose, world) =>
            {
                made.Apply(pose, 0);
                rig.Show(made);
                foreach (var joint in new[] { BodyJoint.Pelvis, BodyJoint.Spine1, BodyJoint.Head, BodyJoint.LeftAnkle,
                    BodyJoint.RightAnkle })
                    Assert.Less(Quat.Angle(rig.TurnSinceRest(joint), Frame.Unity.Rotation(world[(int)joint])) / Degree,
                        0.1, joint.ToString());
            });
        }

        [TestCase("tall")]
        [TestCase("small")]
        [TestCase("biped")]
        public void APoseIsReadBackFromTheCharacter(string name)
        {
            var (rig, made) = Character(name);
            made.FootLock = 0;
            var read = new BodyPose();
            var (positions, back, turns) = (new Float3[Body.Joints], new Float3[Body.Joints], new Quat[Body.Joints]);
            var worst = 0.0;
            Each((pose, world) =>
            {
                made.Apply(pose, 0);
                rig.Show(made);
                made.Read(rig.Turned(), made.Hips, read);
                Assert.Less((read.Root - pose.Root).Length, 1e-4);
                Body.Default.Positions(read, back, turns);
                Body.Default.Positions(pose, positions, world);
                foreach (var (from, to) in Limbs)
                {
                    var one = (positions[(int)to] - positions[(int)from]).Normalized;
                    var other = (back[(int)to] - back[(int)from]).Normalized;
                    Assert.Less((one - other).Length, 2e-3, $"{from} points where it did");
                }
                worst = Math.Max(worst, Made.Turn(read, pose));
            });
            // What a missing bone would turn is turned by the next one, so that joints may differ where limbs do not.
            if (name == "tall") Assert.Less(worst / Degree, 0.1, "degrees");
        }

        [Test]
        public void TheTPoseOfTheBodyIsTheTPoseOfTheCharacter()
        {
            var (rig, made) = Character("biped");
            made.Apply(new BodyPose(), 0);
            rig.Show(made);
            var left = rig.At(BodyJoint.LeftWrist) - rig.At(BodyJoint.LeftShoulder);
            Assert.Less((left.Normalized - new Float3(-1, 0, 0)).Length, 1e-4, "Unity's left is -X");
            Assert.AreEqual(rig.At(BodyJoint.LeftAnkle).Y, rig.At(BodyJoint.RightAnkle).Y, 1e-5);
        }

        [Test]
        public void TheLeftHandStaysTheLeftHand()
        {
            var (rig, made) = Character("tall");
            var pose = new BodyPose();
            // Up, seen from the front.
            pose.Rotations[(int)BodyJoint.LeftShoulder] = Quat.About(new Float3(0, 0, 1), 1.2f);
            made.Apply(pose, 0);
            rig.Show(made);
            Assert.Greater(rig.At(BodyJoint.LeftWrist).Y, rig.At(BodyJoint.RightWrist).Y + 0.3);
            Assert.Less(rig.At(BodyJoint.LeftWrist).X, 0);
        }

        [Test]
        public void ThePathIsScaledByTheHeightOfTheHips()
        {
            var (_, made) = Character("small");
            var pose = new BodyPose();
            made.Apply(pose, 0);
            var rest = made.Hips;
            pose.Root += new Float3(1, 0.1f, 2);
            made.Apply(pose, 0);
            var moved = made.Hips - rest;
            Assert.Less((moved - new Float3(-1, 0.1f, 2) * made.Scale).Length, 1e-5);
            Assert.AreEqual(rest.Y / Body.Default.RestHeight, made.Scale, 1e-5);
        }

        [TestCase("tall")]
        [TestCase("biped")]
        [TestCase("small")]
        public void HandsAndFeetThatReachAreWhereTheBodysAre(string name)
        {
            var (rig, made) = Character(name);
            made.FootLock = 0;
            var ends = new[] { BodyJoint.LeftWrist, BodyJoint.RightWrist, BodyJoint.LeftAnkle, BodyJoint.RightAnkle };
            var positions = new Float3[Body.Joints];
            float Away(BodyPose pose, int k)
            {
                made.Apply(pose, 0);
                rig.Show(made);
                return (rig.At(ends[k]) - made.ToCharacter(positions[(int)ends[k]])).Length / made.Scale;
            }
            double free = 0, firm = 0;
            Bent((pose, world) =>
            {
                Body.Default.Positions(pose, positions, world);
                for (var k = 0; k < ends.Length; k++)
                {
                    made.Reach[k] = 0;
                    var before = Away(pose, k);
                    var turned = rig.Turned()[(int)ends[k]];
                    made.Reach[k] = 0.5f;
                    var half = Away(pose, k);
                    made.Reach[k] = 1;
                    var after = Away(pose, k);
                    made.Reach[k] = 0;
                    (free, firm) = (Math.Max(free, before), Math.Max(firm, after));
                    Assert.AreEqual(before / 2, half, 2e-3, $"{ends[k]} half way");
                    Assert.Less(Quat.Angle(turned, rig.Turned()[(int)ends[k]]) / Degree, 0.1, "its own turn stays");
                }
            });
            Assert.Greater(free, 0.01, "metres without");
            Assert.Less(firm, 2e-3, "metres with");
        }

        [TestCase("tall")]
        [TestCase("biped")]
        [TestCase("small")]
        public void HowAHandIsTurnedIsReadFromTheCharacter(string name)
        {
            var (rig, made) = Character(name);
            made.FootLock = 0;
            var read = new BodyPose();
            Each((pose, world) =>
            {
                made.Apply(pose, 0);
                rig.Show(made);
                made.Read(rig.Turned(), made.Hips, read);
                foreach (var joint in new[] { BodyJoint.LeftWrist, BodyJoint.RightWrist, BodyJoint.LeftAnkle })
                {
                    var turn = Frame.Unity.ToSdk(made.Turns[(int)joint]);
                    Assert.Less(Quat.Angle(turn, world[(int)joint]) / Degree, 0.1, joint.ToString());
                }
            });
        }

        [TestCase("tall")]
        [TestCase("small")]
        public void APointOfTheBodyIsFoundOnTheCharacterAndBack(string name)
        {
            var (_, made) = Character(name);
            var point = new Float3(0.3f, 1.2f, -0.4f);
            var there = made.ToCharacter(point);
            Assert.Less((there - new Float3(-0.3f, 1.2f, -0.4f) * made.Scale).Length, 1e-5, "from the ground on");
            Assert.Less((made.ToBody(there) - point).Length, 1e-5);
        }

        [Test]
        public void ACharacterWithoutNeededBonesIsRefusedByTheirNames()
        {
            var rig = new HumanoidRig(Frame.Unity);
            rig.Set(BodyJoint.Pelvis, new Float3(0, 1, 0), Quat.Identity, Quat.Identity);
            rig.Set(BodyJoint.Head, new Float3(0, 1.6f, 0), Quat.Identity, Quat.Identity);
            var error = Assert.Throws<EmoMotionException>(() => new Retargeter(rig));
            StringAssert.Contains("LeftElbow, LeftWrist", error.Message);
            Assert.IsFalse(error.Message.Contains("Head"), "what is there is not named");
            Assert.IsFalse(error.Message.Contains("Neck"), "what may be missing is not named");
        }

        [Test]
        public void HipsOnTheGroundAreRefused()
        {
            var rig = TestRig.Tall().Describe();
            rig.Set(BodyJoint.Pelvis, default, Quat.Identity, Quat.Identity);
            StringAssert.Contains("hips", Assert.Throws<EmoMotionException>(() => new Retargeter(rig)).Message);
        }

        [TestCase("tall")]
        [TestCase("biped")]
        [TestCase("small")]
        public void AFootOnTheGroundStaysWhereItIs(string name)
        {
            double Slides(float hold)
            {
                var (rig, made) = Character(name);
                made.FootLock = hold;
                var pose = new BodyPose();
                Float3 first = default;
                double far = 0;
                for (var i = 0; i <= 20; i++)
                {
                    // The body leans over its left foot: the hips go ahead and down, hip and knee bend unevenly.
                    var t = i / 20f;
                    pose.Contacts[0] = pose.Contacts[1] = 1;
                    pose.Root = new Float3(0.03f * t, Body.Default.RestHeight - 0.02f - 0.03f * t, 0.1f * t);
                    pose.Rotations[(int)BodyJoint.LeftHip] = Quat.About(new Float3(1, 0, 0), -0.2f + 0.2f * t);
                    pose.Rotations[(int)BodyJoint.LeftKnee] = Quat.About(new Float3(1, 0, 0), 0.5f - 0.1f * t);
                    made.Apply(pose, 1 / 30f);
                    rig.Show(made);
                    if (i == 0) first = rig.At(BodyJoint.LeftAnkle);
                    far = Math.Max(far, (rig.At(BodyJoint.LeftAnkle) - first).Length / made.Scale);
                }
                return far;
            }
            Assert.Greater(Slides(0), 0.02, "metres without the hold");
            Assert.Less(Slides(1), 1e-3, "metres with it");
        }

        [Test]
        public void AFootThatIsLetGoComesBackWithoutASnap()
        {
            var (rig, made) = Character("tall");
            var pose = new BodyPose();
            pose.Contacts[0] = 1;
            pose.Root += new Float3(0, -0.05f, 0);
            pose.Rotations[(int)BodyJoint.LeftHip] = Quat.About(new Float3(1, 0, 0), -0.3f);
            pose.Rotations[(int)BodyJoint.LeftKnee] = Quat.About(new Float3(1, 0, 0), 0.6f);
            made.Apply(pose, 1 / 30f);
            pose.Root += new Float3(0, 0, 0.1f);
            made.Apply(pose, 1 / 30f);
            rig.Show(made);
            var last = rig.At(BodyJoint.LeftAnkle);
            pose.Contacts[0] = 0;
            double snap = 0;
            for (var i = 0; i < 30; i++)
            {
                made.Apply(pose, 1 / 60f);
                rig.Show(made);
                snap = Math.Max(snap, (rig.At(BodyJoint.LeftAnkle) - last).Length);
                last = rig.At(BodyJoint.LeftAnkle);
            }
            Assert.Less(snap, 0.035, "metres from one picture to the next, of 0.11 in all");
            var free = made.Positions[(int)BodyJoint.LeftAnkle];
            made.Release();
            made.Apply(pose, 1 / 60f);
            Assert.Less((made.Positions[(int)BodyJoint.LeftAnkle] - free).Length, 1e-3,
                "it is where the motion has it");
        }

        /// <summary>The largest angle between a limb of the character and of the body, radians.</summary>
        internal static double Worst(TestRig rig, Retargeter made)
        {
            double worst = 0;
            var positions = new Float3[Body.Joints];
            Each((pose, world) =>
            {
                made.Apply(pose, 0);
                rig.Show(made);
                Body.Default.Positions(pose, positions, world);
                foreach (var (from, to) in Limbs)
                {
                    var own = (rig.At(to) - rig.At(from)).Normalized;
                    var bodys = Frame.Unity.Point(positions[(int)to] - positions[(int)from]).Normalized;
                    worst = Math.Max(worst, 2 * Math.Asin(Math.Min(1, (own - bodys).Length / 2)));
                }
            });
            return worst;
        }

        internal static (TestRig, Retargeter) Character(string name)
        {
            var rig = name == "tall" ? TestRig.Tall() : name == "biped" ? TestRig.Biped() : TestRig.Small();
            return (rig, new Retargeter(rig.Describe()));
        }

        /// <summary>Postures with bent limbs, as when hands and feet are put somewhere.</summary>
        private static void Bent(Action<BodyPose, Quat[]> look)
        {
            var side = new Float3(1, 0, 0);
            var up = new Float3(0, 1, 0);
            Each((pose, world) =>
            {
                var t = pose.Root.Z;  // a number that differs from one to the next
                for (var k = 0; k < 2; k++)
                {
                    var outward = k == 0 ? 1 : -1;
                    var (shoulder, elbow) = (0.9f + 0.3f * Sine(t), 1.2f + 0.3f * Sine(2 * t));
                    pose.Rotations[(int)BodyJoint.LeftShoulder + k] = Quat.About(up, -outward * shoulder);
                    pose.Rotations[(int)BodyJoint.LeftElbow + k] = Quat.About(up, -outward * elbow);
                    pose.Rotations[(int)BodyJoint.LeftHip + k] = Quat.About(side, -0.6f + 0.3f * Sine(3 * t));
                    pose.Rotations[(int)BodyJoint.LeftKnee + k] = Quat.About(side, 1.2f + 0.2f * Sine(t));
                }
                foreach (var joint in new[] { BodyJoint.Pelvis, BodyJoint.Spine1, BodyJoint.Spine2, BodyJoint.Spine3,
                    BodyJoint.LeftCollar, BodyJoint.RightCollar })
                    pose.Rotations[(int)joint] = Quat.About(up, 0.1f * Sine(t));
                look(pose, world);
            });
        }

        private static float Sine(float t) => (float)Math.Sin(t);

        private static void Each(Action<BodyPose, Quat[]> look)
        {
            var pose = new BodyPose();
            var positions = new Float3[Body.Joints];
            var world = new Quat[Body.Joints];
            for (var i = 0; i < 200; i++)
            {
                Made.Walk(pose, i * 0.173);
                Body.Default.Positions(pose, positions, world);
                look(pose, world);
            }
        }
    }
}
