// Made by tools/generate_csharp.py from protos/emomotion/v1/affect.proto. Change that, not this.

namespace EmoMotion.Wire
{
    /// <summary>
    /// Neutral and the eight basic emotions of Plutchik (1980). A number that is not listed here is refused, never
    /// dropped.
    /// </summary>
    public enum Emotion
    {
        /// <summary>Not an emotion: what a forgotten field holds. Refused with INVALID_ARGUMENT.</summary>
        Unspecified = 0,
        /// <summary>No emotion shown. A class of its own, learned from neutral performances.</summary>
        Neutral = 1,
        /// <summary>Serenity (mild), joy, ecstasy (strong).</summary>
        Joy = 2,
        /// <summary>Acceptance (mild), trust, admiration (strong).</summary>
        Trust = 3,
        /// <summary>Apprehension (mild), fear, terror (strong).</summary>
        Fear = 4,
        /// <summary>Distraction (mild), surprise, amazement (strong).</summary>
        Surprise = 5,
        /// <summary>Pensiveness (mild), sadness, grief (strong).</summary>
        Sadness = 6,
        /// <summary>Boredom (mild), disgust, loathing (strong).</summary>
        Disgust = 7,
        /// <summary>Annoyance (mild), anger, rage (strong).</summary>
        Anger = 8,
        /// <summary>Interest (mild), anticipation, vigilance (strong).</summary>
        Anticipation = 9,
    }

    /// <summary>The share of one emotion in a mixture.</summary>
    public sealed partial class EmotionWeight : WireMessage
    {
        /// <summary>
        /// Which emotion. Range: any value of Emotion but EMOTION_UNSPECIFIED. Default: none, it must be set.
        /// </summary>
        public Emotion Emotion { get; set; }

        /// <summary>
        /// Its share. Range: [0, inf), finite. Unit: none, only ratios count: the server divides by the sum over the
        /// mixture. Default: 0. At 0 the emotion takes no part; at least one weight of a mixture must be &gt; 0.
        /// </summary>
        public double Weight { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Emotion = 0;
            Weight = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Emotion != 0) size += 1 + Size.Varint((ulong)Emotion);
            if (Weight != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Emotion != 0) { writer.Tag(8); writer.Varint((ulong)Emotion); }
            if (Weight != 0) { writer.Tag(17); writer.Double(Weight); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Emotion = (Emotion)(int)reader.Varint(); break;
                    case 17: Weight = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// A point of the plane of valence and arousal, for callers that have no named emotions. The plane cannot tell fear
    /// from anger; use weights where that matters.
    /// </summary>
    public sealed partial class ValenceArousal : WireMessage
    {
        /// <summary>
        /// How pleasant. Range: [-1, 1]. Unit: none. Default: 0. At -1 most unpleasant, at 0 neutral, at 1 most
        /// pleasant.
        /// </summary>
        public double Valence { get; set; }

        /// <summary>
        /// How excited. Range: [-1, 1]. Unit: none. Default: 0. At -1 drowsy, at 0 neutral, at 1 most excited.
        /// </summary>
        public double Arousal { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Valence = 0;
            Arousal = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Valence != 0) size += 1 + 8;
            if (Arousal != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Valence != 0) { writer.Tag(9); writer.Double(Valence); }
            if (Arousal != 0) { writer.Tag(17); writer.Double(Arousal); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: Valence = reader.Double(); break;
                    case 17: Arousal = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A mixture of emotions and how strongly it is felt. An empty message is EMOTION_NEUTRAL alone.</summary>
    public sealed partial class Affect : WireMessage
    {
        /// <summary>
        /// The mixture. Range: 0 to 9 entries, each emotion at most once. Unset: EMOTION_NEUTRAL alone. Together with
        /// valence_arousal: INVALID_ARGUMENT.
        /// </summary>
        public MessageList<EmotionWeight> Weights { get; } = new MessageList<EmotionWeight>(() => new EmotionWeight());

        /// <summary>
        /// Strength of the mixture. Range: [0, 1]. Unit: none. Unset: 0.7 with weights, 1 without any, and with
        /// valence_arousal the distance of the point from the origin. At 0 the character is neutral whatever the
        /// weights; at 1 the mixture shows in full.
        /// </summary>
        public double? Intensity { get; set; }

        private ValenceArousal _valenceArousalSpare;

        /// <summary>
        /// Instead of weights: the server turns it into the nearest mixture, which the reply echoes. Range: see its
        /// fields. Unset: weights decide.
        /// </summary>
        public ValenceArousal ValenceArousal { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Weights.Clear();
            Intensity = null;
            ValenceArousal = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            for (var i = 0; i < Weights.Count; i++) size += 1 + Size.Prefixed(Weights[i].ByteSize());
            if (Intensity != null) size += 1 + 8;
            if (ValenceArousal != null) size += 1 + Size.Prefixed(ValenceArousal.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            for (var i = 0; i < Weights.Count; i++) { writer.Tag(10); writer.Message(Weights[i]); }
            if (Intensity != null) { writer.Tag(17); writer.Double(Intensity.Value); }
            if (ValenceArousal != null) { writer.Tag(26); writer.Message(ValenceArousal); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: reader.Message(Weights.Add()); break;
                    case 17: Intensity = reader.Double(); break;
                    case 26: ValenceArousal = reader.Message(ValenceArousal, _valenceArousalSpare ??= new ValenceArousal()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }
}
