using System;
using System.Collections.Generic;
using System.Text;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>A span of a clip and what is felt in it.</summary>
    public struct ClipSegment
    {
        /// <summary>From here to there, seconds from the first frame.</summary>
        public float StartS, EndS;

        /// <summary>Share of each emotion, by its number on the wire.</summary>
        public float[] Weights;

        /// <summary>How strongly, 0..1.</summary>
        public float Intensity;
    }

    /// <summary>
    /// What a generated clip says about itself, by the schema "sdk.emotion/1": read from the sidecar that lies beside
    /// every clip, or from inside a GLB.
    /// </summary>
    public sealed class ClipTags
    {
        /// <summary>What is behind a clip's file name in the name of its sidecar.</summary>
        public const string SidecarSuffix = ".emotion.json";

        private const string Schema = "sdk.emotion/1";
        private const uint GlbMagic = 0x46546C67, JsonChunk = 0x4E4F534A;

        private ClipTags(Dictionary<string, object> tags)
        {
            Label = Optional(tags, "label") as string ?? "";
            Weights = WeightsOf(tags, out var intensity);
            Intensity = intensity;
            Prompt = Needed<string>(tags, "prompt");
            Seed = Optional(tags, "seed") is ulong large ? large : (ulong)Needed<double>(tags, "seed");
            Licence = Needed<string>(tags, "licence");
            Plan = Needed<string>(tags, "plan");
            Generator = Needed<string>(tags, "generator");
            Loop = Needed<bool>(tags, "loop");
            InPlace = Needed<string>(tags, "root_motion") == "in_place";
            Synthetic = Needed<bool>(tags, "synthetic");
            var model = Needed<Dictionary<string, object>>(tags, "model");
            BundleSha256 = Optional(model, "sha256") as string ?? "";
            var clip = Needed<Dictionary<string, object>>(tags, "clip");
            File = Optional(clip, "file") as string ?? "";
            DurationS = (float)Needed<double>(clip, "duration_s");
            var segments = new List<ClipSegment>();
            foreach (var entry in Needed<List<object>>(tags, "segments"))
            {
                var segment = entry as Dictionary<string, object> ?? throw Wrong("segments", "an entry is no object");
                segments.Add(new ClipSegment
                {
                    StartS = (float)Needed<double>(segment, "start_s"),
                    EndS = (float)Needed<double>(segment, "end_s"),
                    Weights = WeightsOf(segment, out var strength),
                    Intensity = strength,
                });
            }
            Segments = segments;
        }

        /// <summary>Name of the strongest emotion, such as "joy"; empty where none is.</summary>
        public string Label { get; }

        /// <summary>Share of each emotion, by its number on the wire.</summary>
        public float[] Weights { get; }

        /// <summary>How strongly, 0..1.</summary>
        public float Intensity { get; }

        /// <summary>The words it was made from.</summary>
        public string Prompt { get; }

        /// <summary>Start of its random numbers.</summary>
        public ulong Seed { get; }

        /// <summary>Terms under which it may be used.</summary>
        public string Licence { get; }

        /// <summary>How it was decoded.</summary>
        public string Plan { get; }

        /// <summary>By which generator.</summary>
        public string Generator { get; }

        /// <summary>Whether its end meets its beginning.</summary>
        public bool Loop { get; }

        /// <summary>Whether the character stays where it is.</summary>
        public bool InPlace { get; }

        /// <summary>Whether it was generated; true for every clip of the SDK.</summary>
        public bool Synthetic { get; }

        /// <summary>Hash of the bundle that made it; empty if unknown.</summary>
        public string BundleSha256 { get; }

        /// <summary>Name of the clip's file; empty in tags from inside it.</summary>
        public string File { get; }

        /// <summary>Length of the clip, seconds.</summary>
        public float DurationS { get; }

        /// <summary>Spans of the clip in order; one for the whole of it where the feeling does not change.</summary>
        public IReadOnlyList<ClipSegment> Segments { get; }

        /// <summary>Tags of a sidecar's or a property's text.</summary>
        /// <exception cref="FormatException">It is no such object; names the field.</exception>
        public static ClipTags Parse(string json)
        {
            if (!(Json.Parse(json) is Dictionary<string, object> tags)) throw Wrong("object", "there is none");
            var schema = Optional(tags, "schema") as string ?? "";
            if (schema != Schema && !schema.StartsWith(Schema + ".", StringComparison.Ordinal))
                throw new FormatException($"schema is \"{schema}\"; this version reads {Schema}");
            return new ClipTags(tags);
        }

        /// <summary>Tags from inside a GLB; null where it has none.</summary>
        /// <exception cref="FormatException">It is no GLB, or the tags are no tags.</exception>
        public static ClipTags FromGlb(byte[] glb)
        {
            uint Word(int at) => BitConverter.ToUInt32(glb, at);
            if (glb.Length < 20 || Word(0) != GlbMagic || Word(16) != JsonChunk) throw new FormatException("no GLB");
            var length = Word(12);
            if (length > glb.Length - 20) throw new FormatException("the GLB is cut off");
            var root = Json.Parse(Encoding.UTF8.GetString(glb, 20, (int)length)) as Dictionary<string, object>;
            var extras = root == null ? null : Table(Table(root, "asset"), "extras");
            return extras != null && Optional(extras, "emotion_json") is string text ? Parse(text) : null;
        }

        /// <summary>
        /// What is felt at a moment of the clip: shares into an array by the emotions' numbers, and how strongly.
        /// </summary>
        public float At(double seconds, float[] weights)
        {
            for (var i = Segments.Count - 1; i >= 0; i--)
            {
                if (seconds < Segments[i].StartS && i > 0) continue;
                Array.Copy(Segments[i].Weights, weights, weights.Length);
                return Segments[i].Intensity;
            }
            Array.Copy(Weights, weights, weights.Length);
            return Intensity;
        }

        private static float[] WeightsOf(Dictionary<string, object> table, out float intensity)
        {
            var weights = new float[BodyPose.Emotions];
            var sum = 0f;
            if (Optional(table, "weights") is Dictionary<string, object> shares)
            {
                foreach (var share in shares)
                {
                    if (!EmotionNames.TryParse(share.Key, out var emotion))
                        throw Wrong("weights", $"emotion \"{share.Key}\" is unknown");
                    var weight = share.Value is double value ? (float)value
                        : throw Wrong("weights", "a share is no number");
                    weights[(int)emotion] = weight;
                    sum += weight;
                }
            }
            if (!(sum > 0)) (weights[(int)Emotion.Neutral], sum) = (1, 1);
            for (var i = 0; i < weights.Length; i++) weights[i] /= sum;
            intensity = Optional(table, "intensity") is double strength ? (float)strength
                : (float)Affect.DefaultIntensity;
            return weights;
        }

        private static Dictionary<string, object> Table(Dictionary<string, object> table, string name) =>
            table != null && Optional(table, name) is Dictionary<string, object> found ? found : null;

        private static object Optional(Dictionary<string, object> table, string name) =>
            table.TryGetValue(name, out var value) ? value : null;

        private static T Needed<T>(Dictionary<string, object> table, string name) =>
            Optional(table, name) is T value ? value : throw Wrong(name, "it is missing or of another kind");

        private static FormatException Wrong(string field, string what) =>
            new FormatException($"tags: {field}: {what}");
    }
}
