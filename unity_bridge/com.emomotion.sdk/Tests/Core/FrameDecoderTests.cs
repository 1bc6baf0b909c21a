using System;
using System.Collections.Generic;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class FrameDecoderTests
    {
        [Test]
        public void HoweverTheBytesAreCutTheFramesAreTheSame()
        {
            var random = new Random(4);
            var bytes = new List<byte>();
            var sizes = new[] { 0, 1, 5, 4000, 70000, 3, 300000, 0, 17 };
            for (var i = 0; i < sizes.Length; i++)
            {
                bytes.AddRange(new byte[] { 0, 0, (byte)(sizes[i] >> 16), (byte)(sizes[i] >> 8), (byte)sizes[i] });
                for (var k = 0; k < sizes[i]; k++) bytes.Add((byte)(i + k));
            }
            var all = bytes.ToArray();
            for (var round = 0; round < 20; round++)
            {
                var decoder = new FrameDecoder();
                var found = 0;
                for (var at = 0; at < all.Length;)
                {
                    var count = Math.Min(random.Next(1, round < 10 ? 20000 : 300), all.Length - at);
                    decoder.Append(all, at, count);
                    at += count;
                    for (; decoder.Next(); found++)
                    {
                        Assert.AreEqual(sizes[found], decoder.Count);
                        for (var k = 0; k < decoder.Count; k++)
                        {
                            if (decoder.Buffer[decoder.Offset + k] != (byte)(found + k))
                                Assert.IsTrue(false, $"byte {k} of frame {found}");
                        }
                    }
                }
                Assert.AreEqual(sizes.Length, found);
                Assert.IsFalse(decoder.Partial);
            }
        }
    }
}
