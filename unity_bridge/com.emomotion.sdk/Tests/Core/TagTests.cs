using System;
using System.Collections.Generic;
using System.Text;
using EmoMotion.Wire;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    public sealed class TagTests
    {
        private const string Good =
            @"{""schema"": ""sdk.emotion/1"", ""label"": ""joy"", ""weights"": {""joy"": 0.75, ""fear"": 0.25},
            ""intensity"": 0.5, ""valence"": null, ""arousal"": 0.1, ""prompt"": ""l\u00e4uft \""schnell\"""",
                ""seed"": 12, ""plan"": ""fast"",
            ""generator"": ""emo-mask"", ""loop"": false, ""root_motion"": ""in_place"", ""licence"": ""CC0-1.0"",
            ""synthetic"": true,
            ""model"": {""name"": ""m"", ""version"": ""1"", ""sha256"": null}, ""postprocess"": [],
            ""clip"": {""format"": ""glb"", ""fps"": 30, ""frames"": 61, ""duration_s"": 2, ""file"": ""a.glb""},
            ""segments"": [{""start_s"": 0, ""end_s"": 1, ""weights"": {""neutral"": 1}, ""intensity"": 0},
                           {""start_s"": 1, ""end_s"": 2, ""weights"": {""anger"": 1}, ""intensity"": 1}]}";

        [Test]
        public void TagsOfASidecarAreRead()
        {
            var tags = ClipTags.Parse(Good);
            Assert.AreEqual("läuft \"schnell\"", tags.Prompt);
            Assert.AreEqual(0.75f, tags.Weights[(int)Emotion.Joy]);
            Assert.AreEqual(0.5f, tags.Intensity);
            Assert.IsTrue(tags.InPlace);
            Assert.AreEqual("a.glb", tags.File);
            Assert.AreEqual("", tags.BundleSha256);
            var weights = new float[BodyPose.Emotions];
            Assert.AreEqual(0f, tags.At(0.5, weights));
            Assert.AreEqual(1f, tags.At(1.5, weights));
            Assert.AreEqual(1f, weights[(int)Emotion.Anger]);
        }

        [TestCase("sdk.emotion/1", "sdk.emotion/2", "schema")]
        [TestCase("\"prompt\"", "\"promt\"", "prompt")]
        [TestCase("\"fear\"", "\"hunger\"", "hunger")]
        [TestCase("\"seed\": 12", "\"seed\": \"12\"", "seed")]
        [TestCase("{\"start_s\": 0,", "{", "start_s")]
        public void TagsThatAreNoneAreRefusedByTheirField(string old, string other, string named)
        {
            var text = Good.Replace(old, other);
            StringAssert.Contains(named, Assert.Throws<FormatException>(() => ClipTags.Parse(text)).Message);
        }

        [TestCase("")]
        [TestCase("{")]
        [TestCase("[1, 2,]")]
        [TestCase("{\"a\" 1}")]
        [TestCase("\"open")]
        [TestCase("1 2")]
        [TestCase("nul")]
        [TestCase("\"\\q\"")]
        public void TextThatIsNoJsonIsRefused(string text) => Assert.Throws<FormatException>(() => Json.Parse(text));

        [Test]
        public void JsonHoldsWhatItSays()
        {
            var root = (Dictionary<string,
                object>)Json.Parse(" {\"a\": [1, -2.5e1, true, null, \"\\n\\u20ac\"], \"b\": {}} ");
            var list = (List<object>)root["a"];
            Assert.AreEqual(-25.0, list[1]);
            Assert.AreEqual(true, list[2]);
            Assert.IsNull(list[3]);
            Assert.AreEqual("\n€", list[4]);
            Assert.Throws<FormatException>(() => Json.Parse(new string('[', 10000)));
        }

        [Test]
        public void AFileThatIsNoGlbIsRefused()
        {
            Assert.Throws<FormatException>(() =>
                ClipTags.FromGlb(Encoding.ASCII.GetBytes("not a glb, but long enough")));
            Assert.Throws<FormatException>(() => ClipTags.FromGlb(new byte[3]));
        }
    }
}
