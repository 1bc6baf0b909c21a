using System;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class QuatTests
    {
        private static readonly Float3 V = new Float3(0.3f, -1.2f, 2);

        [Test]
        public void AQuarterTurnAboutYCarriesAheadToTheLeft()
        {
            var turned = Quat.About(new Float3(0, 1, 0), (float)(Math.PI / 2)).Rotate(new Float3(0, 0, 1));
            Assert.Less((turned - new Float3(1, 0, 0)).Length, 1e-6);
        }

        [Test]
        public void AProductTurnsByTheRightFactorFirst()
        {
            var random = new Random(1);
            for (var i = 0; i < 100; i++)
            {
                Quat a = Made.Rotation(random), b = Made.Rotation(random);
                Assert.Less(((a * b).Rotate(V) - a.Rotate(b.Rotate(V))).Length, 1e-5);
                Assert.Less((a.Inverse.Rotate(a.Rotate(V)) - V).Length, 1e-5);
            }
        }

        [TestCase(0.0)]
        [TestCase(1e-5)]
        [TestCase(1.0)]
        [TestCase(3.14159)]
        public void AnglesAndRotationVectorsAgree(double angle)
        {
            var axis = new Float3(1, 2, -2).Normalized;
            var q = Quat.About(axis, (float)angle);
            Assert.AreEqual(angle, Quat.Angle(Quat.Identity, q), 1e-6);
            Assert.AreEqual(angle, Quat.Angle(new Quat(-q.X, -q.Y, -q.Z, -q.W), Quat.Identity), 1e-6);
            Assert.Less(Quat.Angle(Quat.FromRotationVector(q.ToRotationVector()), q), 1e-5);
            Assert.AreEqual(angle, q.ToRotationVector().Length, 1e-5);
        }

        [Test]
        public void BetweenIsTheShortestTurn()
        {
            Float3 a = new Float3(1, 2, 3), b = new Float3(-2, 0.5f, 1);
            Assert.Less((Quat.Between(a, b).Rotate(a.Normalized) - b.Normalized).Length, 1e-6);
            Assert.Less((Quat.Between(a, a * -2).Rotate(a.Normalized) - a.Normalized * -1).Length, 1e-5);
            Assert.Less(Quat.Angle(Quat.Between(a, a * 3), Quat.Identity), 1e-6);
        }

        [Test]
        public void SlerpKeepsToTheShorterWayAtEvenSpeed()
        {
            Quat a = Quat.About(new Float3(0, 1, 0), 0.2f), b = Quat.About(new Float3(0, 1, 0), 1.4f);
            var away = new Quat(-b.X, -b.Y, -b.Z, -b.W);
            Assert.Less(Quat.Angle(Quat.Slerp(a, away, 0.25f), Quat.About(new Float3(0, 1, 0), 0.5f)), 1e-6);
            Assert.Less(Quat.Angle(Quat.Slerp(a, b, 0), a), 1e-6);
            Assert.Less(Quat.Angle(Quat.Slerp(a, b, 1), b), 1e-6);
        }
    }
}
