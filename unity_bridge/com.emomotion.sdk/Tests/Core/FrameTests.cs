using System;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class FrameTests
    {
        [Test]
        public void UnityMirrorsOneAxisOfPointsAndTheOtherTwoOfTurns()
        {
            var p = Frame.Unity.Point(new Float3(1, 2, 3));
            Assert.AreEqual(new Float3(-1, 2, 3), p);
            Assert.AreEqual(new Quat(1, -2, -3, 4), Frame.Unity.Rotation(new Quat(1, 2, 3, 4)));
            Assert.AreEqual(-1, Frame.Unity.Determinant);
        }

        [Test]
        public void ConvertingCommutesWithTurning()
        {
            var random = new Random(2);
            foreach (var frame in Frame.All)
            {
                for (var i = 0; i < 50; i++)
                {
                    Quat a = Made.Rotation(random), b = Made.Rotation(random);
                    var v = new Float3(0.5f, -2, 1);
                    var there = frame.Rotation(a).Rotate(frame.Point(v));
                    Assert.Less((there - frame.Point(a.Rotate(v))).Length, 1e-5 * frame.Unit, frame.Name);
                    Assert.Less((frame.ToSdk(frame.Point(v)) - v).Length, 1e-6, frame.Name);
                    Assert.Less(Quat.Angle(frame.ToSdk(frame.Rotation(a)), a), 1e-5, frame.Name);
                    Assert.Less(Quat.Angle(frame.Rotation(a) * frame.Rotation(b), frame.Rotation(a * b)), 1e-5,
                        frame.Name);
                }
            }
        }

        [Test]
        public void NoFrameMirrorsTheBody()
        {
            foreach (var frame in Frame.All)
            {
                Float3 up = frame.Point(new Float3(0, 1, 0)), ahead = frame.Point(new Float3(0, 0, 1));
                var left = Float3.Cross(up, ahead) * (frame.Determinant / (frame.Unit * frame.Unit));
                Assert.Less((left - frame.Point(new Float3(1, 0, 0)) * (1 / frame.Unit)).Length, 1e-6, frame.Name);
            }
        }
    }
}
