using System;
using EmoMotion.Wire;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class CodecTests
    {
        [Test]
        public void WhatIsWrittenIsReadAgain()
        {
            var bytes = Sample().ToBytes();
            var read = new DriveRequest();
            read.ParseFrom(bytes, 0, bytes.Length);
            Assert.AreEqual(DriveRequest.PartCase.Start, read.Part);
            Assert.AreEqual("ein Mensch läuft 🚶", read.Start.Wish.Text);
            Assert.AreEqual(ulong.MaxValue, read.Start.Seed.Value);
            Assert.AreEqual(DriveChange.WayCase.Path, read.Start.Wish.Way);
            Assert.AreEqual(new[] { 1f, -2f, 3.5f, 0f }, read.Start.Wish.Path.Points.ToArray());
            Assert.AreEqual(0.25, read.Start.Wish.Affect.Intensity.Value);
            Assert.AreEqual(Emotion.Fear, read.Start.Wish.Affect.Weights[1].Emotion);
            Assert.IsNull(read.Start.Wish.Speed);
            Assert.AreEqual(bytes, read.ToBytes());
        }

        [Test]
        public void AZeroThatIsSetIsNotAZeroThatIsUnset()
        {
            var change = new DriveChange { Speed = 0, Free = false, Text = "" };
            var read = new DriveChange();
            var bytes = change.ToBytes();
            read.ParseFrom(bytes, 0, bytes.Length);
            Assert.AreEqual(0.0, read.Speed.Value);
            Assert.AreEqual("", read.Text);
            Assert.AreEqual(DriveChange.WayCase.Free, read.Way);
        }

        [Test]
        public void AUsedMessageForgetsWhatItHeld()
        {
            var read = new DriveRequest();
            var bytes = Sample().ToBytes();
            read.ParseFrom(bytes, 0, bytes.Length);
            var change = new DriveRequest { Change = new DriveChange { Heading = 1 } }.ToBytes();
            read.ParseFrom(change, 0, change.Length);
            Assert.IsNull(read.Start);
            Assert.IsNull(read.Change.Text);
            Assert.IsNull(read.Change.Affect);
            Assert.IsNull(read.Change.Path);
            read.ParseFrom(bytes, 0, bytes.Length);
            Assert.AreEqual(bytes, read.ToBytes());
        }

        [Test]
        public void FieldsFromTheFutureArePassedOver()
        {
            // Number 100: a varint, eight bytes, a text, four bytes.
            byte[] unknown = { 0xA0, 6, 0x96, 1, 0xA1, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xA2, 6, 2, 65, 66, 0xA5, 6, 1, 2, 3,
                4 };
            var known = new AffectKey { Seconds = 2 }.ToBytes();
            var all = new byte[unknown.Length + known.Length];
            unknown.CopyTo(all, 0);
            known.CopyTo(all, unknown.Length);
            var read = new AffectKey();
            read.ParseFrom(all, 0, all.Length);
            Assert.AreEqual(2.0, read.Seconds);
        }

        [Test]
        public void AListMayComeUnpackedAndInPieces()
        {
            byte[] bytes = { 0x12, 4, 0, 0, 0x80, 0x3F, 0x15, 0, 0, 0, 0x40, 0x12, 4, 0, 0, 0x40, 0x40 };
            var pose = new Wire.Pose();
            pose.ParseFrom(bytes, 0, bytes.Length);
            Assert.AreEqual(new[] { 1f, 2f, 3f }, pose.Root.ToArray());
        }

        [Test]
        public void APartThatComesTwiceIsMerged()
        {
            var a = new DriveRequest { Change = new DriveChange { Text = "walk", Speed = 1 } }.ToBytes();
            var b = new DriveRequest { Change = new DriveChange { Text = "run" } }.ToBytes();
            var both = new byte[a.Length + b.Length];
            a.CopyTo(both, 0);
            b.CopyTo(both, a.Length);
            var read = new DriveRequest();
            read.ParseFrom(both, 0, both.Length);
            Assert.AreEqual("run", read.Change.Text);
            Assert.AreEqual(1.0, read.Change.Speed.Value);
        }

        [Test]
        public void BytesThatEndTooEarlyAreRefusedOrAreAShorterMessage()
        {
            var bytes = Sample().ToBytes();
            var read = new DriveRequest();
            var refused = 0;
            for (var count = 0; count < bytes.Length; count++)
            {
                try
                {
                    read.ParseFrom(bytes, 0, count);
                }
                catch (WireException error)
                {
                    StringAssert.Contains("DriveRequest", error.Message);
                    refused++;
                }
            }
            Assert.AreEqual(bytes.Length - 1, refused, "only nothing at all is a message, too");
        }

        [Test]
        public void NoiseNeverThrowsAnythingElse()
        {
            var random = new Random(3);
            var read = new DriveReply();
            var bytes = new byte[64];
            for (var i = 0; i < 20000; i++)
            {
                random.NextBytes(bytes);
                bytes[0] = (byte)(i % 3 == 0 ? 0x0A : i % 3 == 1 ? 0x12 : 0x1A);
                bytes[1] = (byte)random.Next(63);
                try
                {
                    read.ParseFrom(bytes, 0, random.Next(65));
                }
                catch (WireException)
                {
                }
            }
        }

        [Test]
        public void SharesSumToOneAndNothingIsNeutral()
        {
            var shares = new float[BodyPose.Emotions];
            Affect.Mix(1, (Emotion.Joy, 3), (Emotion.Anger, 1)).Shares(shares);
            Assert.AreEqual(0.75f, shares[(int)Emotion.Joy]);
            Assert.AreEqual(0.25f, shares[(int)Emotion.Anger]);
            new Affect().Shares(shares);
            Assert.AreEqual(1f, shares[(int)Emotion.Neutral]);
            Assert.AreEqual(0f, shares[(int)Emotion.Joy]);
        }

        [Test]
        public void EveryEmotionHasAName()
        {
            for (var i = 1; i < BodyPose.Emotions; i++)
            {
                Assert.IsTrue(EmotionNames.TryParse(EmotionNames.Name((Emotion)i).ToUpperInvariant(), out var emotion));
                Assert.AreEqual(i, (int)emotion);
            }
            Assert.IsFalse(EmotionNames.TryParse("", out _));
            Assert.IsFalse(EmotionNames.TryParse("hunger", out _));
        }

        private static DriveRequest Sample()
        {
            var start = new DriveStart { Seed = ulong.MaxValue, Plan = "fast", Wish = new DriveChange() };
            start.Wish.Text = "ein Mensch läuft 🚶";
            start.Wish.Affect = Affect.Mix(0.25, (Emotion.Joy, 1), (Emotion.Fear, 0.5));
            start.Wish.Path = new Path();
            start.Wish.Path.Points.AddRange(new[] { 1f, -2f, 3.5f, 0f });
            var before = start.Before.Add();
            before.Root.AddRange(new[] { 0f, 1f, 0f });
            return new DriveRequest { Start = start };
        }
    }
}
