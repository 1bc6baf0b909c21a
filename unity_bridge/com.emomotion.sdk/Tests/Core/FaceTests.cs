using EmoMotion.Wire;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class FaceTests
    {
        [Test]
        public void WhatWasSaidBeforeStandsUntilSomethingElseOfItsKindIsSaid()
        {
            var all = new ExpressChange();
            var writer = new WireWriter();
            all.Merge(new ExpressChange { Affect = Affect.Of(Emotion.Joy), LookLeft = 20 }, writer);
            all.Merge(new ExpressChange { LookUp = 5 }, writer);
            Assert.AreEqual(20, all.LookLeft ?? 0, 0);
            Assert.AreEqual(Emotion.Joy, all.Affect.Weights[0].Emotion);
            all.Merge(new ExpressChange { LookFreely = true }, writer);
            Assert.IsTrue(all.LookLeft == null && all.LookUp == null && all.LookFreely);
            all.Merge(new ExpressChange { LookLeft = 1 }, writer);
            Assert.IsFalse(all.LookFreely, "a server would refuse both");
            all.Merge(new ExpressChange { Track = AffectTrack.Of((0, Affect.Of(Emotion.Fear))) }, writer);
            Assert.IsTrue(all.Affect == null && all.Track.Keys.Count == 1);
        }

        [Test]
        public void AMouthIsSilentWhereAChangeSaysNothingOfIt()
        {
            var all = new ExpressChange();
            var writer = new WireWriter();
            var speaks = new ExpressChange();
            speaks.Visemes.Add(new VisemeWeight { Viseme = Viseme.O, Weight = 0.5 });
            all.Merge(speaks, writer);
            all.Merge(speaks, writer);
            Assert.AreEqual(1, all.Visemes.Count, "it is not said twice");
            all.Merge(new ExpressChange(), writer);
            Assert.AreEqual(0, all.Visemes.Count);
        }
    }
}
