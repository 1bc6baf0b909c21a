// Made by tools/generate_csharp.py from protos/emomotion/v1/info.proto. Change that, not this.

namespace EmoMotion.Wire
{
    /// <summary>The evidence behind an emotion: what the loaded weights learned it from.</summary>
    public enum Evidence
    {
        /// <summary>Not stated by the bundle.</summary>
        Unspecified = 0,
        /// <summary>Nothing: the bundle has never seen this emotion, and its effect is undefined.</summary>
        None = 1,
        /// <summary>Motion capture of performers who were asked for this emotion.</summary>
        Mocap = 2,
        /// <summary>Motion capture of a style that stands in for the emotion.</summary>
        Proxy = 3,
        /// <summary>Motion made by rules or by another model.</summary>
        Synthetic = 4,
        /// <summary>Motion capture whose captions hold a word of the emotion; nobody was asked for it.</summary>
        TextMined = 5,
    }

    /// <summary>
    /// Joints, their hierarchy and the T-pose. Right-handed, Y up, the character faces +Z and its left is +X. In the
    /// T-pose every joint's local frame is parallel to the world's, so all rotations are identity.
    /// </summary>
    public sealed partial class Skeleton : WireMessage
    {
        /// <summary>Name of each joint. Range: 22 names of SMPL body joints, "pelvis" first.</summary>
        public WireList<string> JointNames { get; } = new WireList<string>();

        /// <summary>
        /// Index of each joint's parent in joint_names. Range: [-1, 21], always below the joint's own index. Unit:
        /// none. At -1 the joint is the root and moves with MotionChunk.root.
        /// </summary>
        public WireList<int> Parents { get; } = new WireList<int>();

        /// <summary>
        /// Offset of each joint from its parent in the T-pose, three floats x, y, z per joint. Range: [-2, 2]. Unit:
        /// metres. The root's is 0, 0, 0.
        /// </summary>
        public WireList<float> RestOffsets { get; } = new WireList<float>();

        /// <summary>
        /// Height of the ankle joints over the ground when the sole is flat on it. Range: [0, 1]. Unit: metres.
        /// </summary>
        public double AnkleHeight { get; set; }

        /// <summary>
        /// Height of the foot joints (ball of the foot) over the ground when the sole is flat on it. Range: [0, 1].
        /// Unit: metres.
        /// </summary>
        public double ToeHeight { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            JointNames.Clear();
            Parents.Clear();
            RestOffsets.Clear();
            AnkleHeight = 0;
            ToeHeight = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            for (var i = 0; i < JointNames.Count; i++) size += 1 + Size.Text(JointNames[i]);
            if (Parents.Count > 0) size += 1 + Size.Prefixed(Size.ZigZags(Parents));
            if (RestOffsets.Count > 0) size += 1 + Size.Prefixed(Size.Floats(RestOffsets));
            if (AnkleHeight != 0) size += 1 + 8;
            if (ToeHeight != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            for (var i = 0; i < JointNames.Count; i++) { writer.Tag(10); writer.Text(JointNames[i]); }
            if (Parents.Count > 0) { writer.Tag(18); writer.ZigZags(Parents); }
            if (RestOffsets.Count > 0) { writer.Tag(26); writer.Floats(RestOffsets); }
            if (AnkleHeight != 0) { writer.Tag(33); writer.Double(AnkleHeight); }
            if (ToeHeight != 0) { writer.Tag(41); writer.Double(ToeHeight); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: JointNames.Add(reader.Text()); break;
                    case 18: reader.ZigZags(Parents); break;
                    case 16: Parents.Add(reader.ZigZag()); break;
                    case 26: reader.Floats(RestOffsets); break;
                    case 29: RestOffsets.Add(reader.Float()); break;
                    case 33: AnkleHeight = reader.Double(); break;
                    case 41: ToeHeight = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>One emotion and what stands behind it.</summary>
    public sealed partial class EmotionInfo : WireMessage
    {
        /// <summary>Which emotion. Range: any value of Emotion but EMOTION_UNSPECIFIED.</summary>
        public Emotion Emotion { get; set; }

        /// <summary>What it was learned from. Range: any value of Evidence.</summary>
        public Evidence Evidence { get; set; }

        /// <summary>
        /// How much of such motion the bundle was trained on. Range: [0, inf). Unit: minutes. At 0 there was none.
        /// </summary>
        public double Minutes { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Emotion = 0;
            Evidence = 0;
            Minutes = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Emotion != 0) size += 1 + Size.Varint((ulong)Emotion);
            if (Evidence != 0) size += 1 + Size.Varint((ulong)Evidence);
            if (Minutes != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Emotion != 0) { writer.Tag(8); writer.Varint((ulong)Emotion); }
            if (Evidence != 0) { writer.Tag(16); writer.Varint((ulong)Evidence); }
            if (Minutes != 0) { writer.Tag(25); writer.Double(Minutes); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Emotion = (Emotion)(int)reader.Varint(); break;
                    case 16: Evidence = (Evidence)(int)reader.Varint(); break;
                    case 25: Minutes = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// What was measured of a plan's motion, on the final pose. Every field of a plan that was measured is set.
    /// </summary>
    public sealed partial class PlanQuality : WireMessage
    {
        /// <summary>
        /// Share of clips in which a judge that was trained on real clips sees the emotion asked for. Range: [0, 1].
        /// Unit: none.
        /// </summary>
        public double? EmotionAccuracy { get; set; }

        /// <summary>
        /// The same for pairs of content and emotion that no training clip shows. Range: [0, 1]. Unit: none.
        /// </summary>
        public double? EmotionAccuracyUnseen { get; set; }

        /// <summary>
        /// Frechet distance to held-out real clips in the judge's space. Range: [0, inf). Unit: none. At 0 they cannot
        /// be told apart.
        /// </summary>
        public double? Fid { get; set; }

        /// <summary>Share of clips whose text is among the three nearest of 32. Range: [0, 1]. Unit: none.</summary>
        public double? RPrecision3 { get; set; }

        /// <summary>
        /// Share of frames in which a foot on the ground slides. Range: [0, 1]. Unit: none. Real feet slide too; see
        /// the bundle's quality.
        /// </summary>
        public double? FootSkate { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            EmotionAccuracy = null;
            EmotionAccuracyUnseen = null;
            Fid = null;
            RPrecision3 = null;
            FootSkate = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (EmotionAccuracy != null) size += 1 + 8;
            if (EmotionAccuracyUnseen != null) size += 1 + 8;
            if (Fid != null) size += 1 + 8;
            if (RPrecision3 != null) size += 1 + 8;
            if (FootSkate != null) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (EmotionAccuracy != null) { writer.Tag(9); writer.Double(EmotionAccuracy.Value); }
            if (EmotionAccuracyUnseen != null) { writer.Tag(17); writer.Double(EmotionAccuracyUnseen.Value); }
            if (Fid != null) { writer.Tag(25); writer.Double(Fid.Value); }
            if (RPrecision3 != null) { writer.Tag(33); writer.Double(RPrecision3.Value); }
            if (FootSkate != null) { writer.Tag(41); writer.Double(FootSkate.Value); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: EmotionAccuracy = reader.Double(); break;
                    case 17: EmotionAccuracyUnseen = reader.Double(); break;
                    case 25: Fid = reader.Double(); break;
                    case 33: RPrecision3 = reader.Double(); break;
                    case 41: FootSkate = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// One way to decode: its price grows with iterations and residual_layers. The plans of a generator stand in the
    /// order in which a budget tries them: from the best to the cheapest.
    /// </summary>
    public sealed partial class Plan : WireMessage
    {
        private string _name = "";

        /// <summary>Name, as GenerateRequest.plan takes it. Range: 1 to 64 characters.</summary>
        public string Name { get => _name; set => _name = value ?? ""; }

        /// <summary>
        /// Passes of the masked transformer, or steps of the diffusion. Range: [1, 1000]. Unit: passes. At 1 all tokens
        /// are drawn at once.
        /// </summary>
        public uint Iterations { get; set; }

        /// <summary>
        /// Layers added by the residual transformer. Range: [0, 16]. Unit: layers. At 0 the base layer alone is
        /// decoded.
        /// </summary>
        public uint ResidualLayers { get; set; }

        /// <summary>
        /// Scale of classifier-free guidance by the text. Range: [0, 20]. Unit: none. At 0 the text has no effect; at 1
        /// there is no guidance and less work.
        /// </summary>
        public double TextGuidance { get; set; }

        /// <summary>
        /// Scale of classifier-free guidance by the emotion. Range: [0, 20]. Unit: none. At 0 the emotion has no
        /// effect; at 1 there is no guidance and less work. It is that of an emotion at full intensity: a neutral
        /// character gets text_guidance instead, and what lies between is in proportion.
        /// </summary>
        public double EmotionGuidance { get; set; }

        /// <summary>
        /// Scale of guidance in the residual layers, by text and emotion together. Range: [0, 20]. Unit: none. At 0
        /// neither has an effect there; at 1 there is no guidance.
        /// </summary>
        public double ResidualGuidance { get; set; }

        /// <summary>
        /// Temperature of the draws in the masked passes. Range: [0, 10]. Unit: none. At 0 the likeliest token is
        /// always taken.
        /// </summary>
        public double Temperature { get; set; }

        /// <summary>Whether requests that name no plan get this one. Range: true for exactly one plan.</summary>
        public bool IsDefault { get; set; }

        /// <summary>
        /// Chance in the order in which drawn tokens are kept. Range: [0, 100]. Unit: none. At 0 the surest are kept
        /// first; large values keep them in a random order.
        /// </summary>
        public double ChoiceTemperature { get; set; }

        private string _generator = "";

        /// <summary>Name of the generator whose plan this is. Range: one of GetInfoReply.generators.</summary>
        public string Generator { get => _generator; set => _generator = value ?? ""; }

        private PlanQuality _qualitySpare;

        /// <summary>What was measured of it. Unset: nothing was.</summary>
        public PlanQuality Quality { get; set; }

        /// <summary>
        /// What a clip of 4 seconds is foreseen to take on this machine as it is loaded now. Range: [0, inf). Unit:
        /// milliseconds. At 0 nothing is known yet.
        /// </summary>
        public double ExpectedMs { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Name = "";
            Iterations = 0;
            ResidualLayers = 0;
            TextGuidance = 0;
            EmotionGuidance = 0;
            ResidualGuidance = 0;
            Temperature = 0;
            IsDefault = false;
            ChoiceTemperature = 0;
            Generator = "";
            Quality = null;
            ExpectedMs = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Name.Length > 0) size += 1 + Size.Text(Name);
            if (Iterations != 0) size += 1 + Size.Varint(Iterations);
            if (ResidualLayers != 0) size += 1 + Size.Varint(ResidualLayers);
            if (TextGuidance != 0) size += 1 + 8;
            if (EmotionGuidance != 0) size += 1 + 8;
            if (ResidualGuidance != 0) size += 1 + 8;
            if (Temperature != 0) size += 1 + 8;
            if (IsDefault) size += 1 + 1;
            if (ChoiceTemperature != 0) size += 1 + 8;
            if (Generator.Length > 0) size += 1 + Size.Text(Generator);
            if (Quality != null) size += 1 + Size.Prefixed(Quality.ByteSize());
            if (ExpectedMs != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Name.Length > 0) { writer.Tag(10); writer.Text(Name); }
            if (Iterations != 0) { writer.Tag(16); writer.Varint(Iterations); }
            if (ResidualLayers != 0) { writer.Tag(24); writer.Varint(ResidualLayers); }
            if (TextGuidance != 0) { writer.Tag(33); writer.Double(TextGuidance); }
            if (EmotionGuidance != 0) { writer.Tag(41); writer.Double(EmotionGuidance); }
            if (ResidualGuidance != 0) { writer.Tag(49); writer.Double(ResidualGuidance); }
            if (Temperature != 0) { writer.Tag(57); writer.Double(Temperature); }
            if (IsDefault) { writer.Tag(64); writer.Bool(IsDefault); }
            if (ChoiceTemperature != 0) { writer.Tag(73); writer.Double(ChoiceTemperature); }
            if (Generator.Length > 0) { writer.Tag(82); writer.Text(Generator); }
            if (Quality != null) { writer.Tag(90); writer.Message(Quality); }
            if (ExpectedMs != 0) { writer.Tag(97); writer.Double(ExpectedMs); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Name = reader.Text(); break;
                    case 16: Iterations = (uint)reader.Varint(); break;
                    case 24: ResidualLayers = (uint)reader.Varint(); break;
                    case 33: TextGuidance = reader.Double(); break;
                    case 41: EmotionGuidance = reader.Double(); break;
                    case 49: ResidualGuidance = reader.Double(); break;
                    case 57: Temperature = reader.Double(); break;
                    case 64: IsDefault = reader.Bool(); break;
                    case 73: ChoiceTemperature = reader.Double(); break;
                    case 82: Generator = reader.Text(); break;
                    case 90: Quality = reader.Message(Quality, _qualitySpare ??= new PlanQuality()); break;
                    case 97: ExpectedMs = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>The loaded bundle.</summary>
    public sealed partial class BundleInfo : WireMessage
    {
        private string _name = "";

        /// <summary>Name. Range: 1 to 64 characters.</summary>
        public string Name { get => _name; set => _name = value ?? ""; }

        private string _version = "";

        /// <summary>Version of the weights. Range: 1 to 64 characters.</summary>
        public string Version { get => _version; set => _version = value ?? ""; }

        private string _sha256 = "";

        /// <summary>
        /// Hash of the manifest, which holds the hash of every graph. Range: 64 lower-case hexadecimal digits.
        /// </summary>
        public string Sha256 { get => _sha256; set => _sha256 = value ?? ""; }

        private string _licence = "";

        /// <summary>
        /// Terms under which the weights, and so the motion, may be used. Range: 1 to 1000 characters.
        /// </summary>
        public string Licence { get => _licence; set => _licence = value ?? ""; }

        private string _attribution = "";

        /// <summary>
        /// Whose data the weights were learned from, in words to be shown with the motion. Range: 0 to 1000 characters.
        /// </summary>
        public string Attribution { get => _attribution; set => _attribution = value ?? ""; }

        private string _representation = "";

        /// <summary>
        /// What the graphs compute on. Range: "rot272" (30 fps, true rotations) or "hml263" (20 fps, as HumanML3D).
        /// </summary>
        public string Representation { get => _representation; set => _representation = value ?? ""; }

        /// <summary>
        /// Rate at which motion is generated; other rates are interpolated. Range: [10, 120]. Unit: frames per second.
        /// </summary>
        public double Fps { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Name = "";
            Version = "";
            Sha256 = "";
            Licence = "";
            Attribution = "";
            Representation = "";
            Fps = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Name.Length > 0) size += 1 + Size.Text(Name);
            if (Version.Length > 0) size += 1 + Size.Text(Version);
            if (Sha256.Length > 0) size += 1 + Size.Text(Sha256);
            if (Licence.Length > 0) size += 1 + Size.Text(Licence);
            if (Attribution.Length > 0) size += 1 + Size.Text(Attribution);
            if (Representation.Length > 0) size += 1 + Size.Text(Representation);
            if (Fps != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Name.Length > 0) { writer.Tag(10); writer.Text(Name); }
            if (Version.Length > 0) { writer.Tag(18); writer.Text(Version); }
            if (Sha256.Length > 0) { writer.Tag(26); writer.Text(Sha256); }
            if (Licence.Length > 0) { writer.Tag(34); writer.Text(Licence); }
            if (Attribution.Length > 0) { writer.Tag(42); writer.Text(Attribution); }
            if (Representation.Length > 0) { writer.Tag(50); writer.Text(Representation); }
            if (Fps != 0) { writer.Tag(57); writer.Double(Fps); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Name = reader.Text(); break;
                    case 18: Version = reader.Text(); break;
                    case 26: Sha256 = reader.Text(); break;
                    case 34: Licence = reader.Text(); break;
                    case 42: Attribution = reader.Text(); break;
                    case 50: Representation = reader.Text(); break;
                    case 57: Fps = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What a request may ask for. The same table stands in the comments of GenerateRequest.</summary>
    public sealed partial class Limits : WireMessage
    {
        /// <summary>Longest text. Range: [1, 1000]. Unit: characters (Unicode code points).</summary>
        public uint MaxTextChars { get; set; }

        /// <summary>Shortest clip. Range: [0.5, 30]. Unit: seconds.</summary>
        public double MinSeconds { get; set; }

        /// <summary>Longest clip. Range: [0.5, 30]. Unit: seconds.</summary>
        public double MaxSeconds { get; set; }

        /// <summary>Lowest frame rate. Range: [10, 120]. Unit: frames per second.</summary>
        public double MinFps { get; set; }

        /// <summary>Highest frame rate. Range: [10, 120]. Unit: frames per second.</summary>
        public double MaxFps { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            MaxTextChars = 0;
            MinSeconds = 0;
            MaxSeconds = 0;
            MinFps = 0;
            MaxFps = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (MaxTextChars != 0) size += 1 + Size.Varint(MaxTextChars);
            if (MinSeconds != 0) size += 1 + 8;
            if (MaxSeconds != 0) size += 1 + 8;
            if (MinFps != 0) size += 1 + 8;
            if (MaxFps != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (MaxTextChars != 0) { writer.Tag(8); writer.Varint(MaxTextChars); }
            if (MinSeconds != 0) { writer.Tag(17); writer.Double(MinSeconds); }
            if (MaxSeconds != 0) { writer.Tag(25); writer.Double(MaxSeconds); }
            if (MinFps != 0) { writer.Tag(33); writer.Double(MinFps); }
            if (MaxFps != 0) { writer.Tag(41); writer.Double(MaxFps); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: MaxTextChars = (uint)reader.Varint(); break;
                    case 17: MinSeconds = reader.Double(); break;
                    case 25: MaxSeconds = reader.Double(); break;
                    case 33: MinFps = reader.Double(); break;
                    case 41: MaxFps = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Asks what the server has loaded; there is nothing to set.</summary>
    public sealed partial class GetInfoRequest : WireMessage
    {
        /// <inheritdoc/>
        public override void Clear()
        {
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What the server has loaded.</summary>
    public sealed partial class GetInfoReply : WireMessage
    {
        private BundleInfo _bundleSpare;

        /// <summary>The loaded bundle.</summary>
        public BundleInfo Bundle { get; set; }

        /// <summary>Names of the generators the bundle holds. Range: one or more, such as "emo-mask".</summary>
        public WireList<string> Generators { get; } = new WireList<string>();

        /// <summary>Ways to decode. Range: one or more; one of them is the default.</summary>
        public MessageList<Plan> Plans { get; } = new MessageList<Plan>(() => new Plan());

        /// <summary>
        /// The emotions the bundle knows, with the evidence behind each. Range: 1 to 9 entries, each emotion at most
        /// once.
        /// </summary>
        public MessageList<EmotionInfo> Emotions { get; } = new MessageList<EmotionInfo>(() => new EmotionInfo());

        private Skeleton _skeletonSpare;

        /// <summary>The body on which motion is posed.</summary>
        public Skeleton Skeleton { get; set; }

        private Limits _limitsSpare;

        /// <summary>What a request may ask for.</summary>
        public Limits Limits { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Bundle = null;
            Generators.Clear();
            Plans.Clear();
            Emotions.Clear();
            Skeleton = null;
            Limits = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Bundle != null) size += 1 + Size.Prefixed(Bundle.ByteSize());
            for (var i = 0; i < Generators.Count; i++) size += 1 + Size.Text(Generators[i]);
            for (var i = 0; i < Plans.Count; i++) size += 1 + Size.Prefixed(Plans[i].ByteSize());
            for (var i = 0; i < Emotions.Count; i++) size += 1 + Size.Prefixed(Emotions[i].ByteSize());
            if (Skeleton != null) size += 1 + Size.Prefixed(Skeleton.ByteSize());
            if (Limits != null) size += 1 + Size.Prefixed(Limits.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Bundle != null) { writer.Tag(10); writer.Message(Bundle); }
            for (var i = 0; i < Generators.Count; i++) { writer.Tag(18); writer.Text(Generators[i]); }
            for (var i = 0; i < Plans.Count; i++) { writer.Tag(26); writer.Message(Plans[i]); }
            for (var i = 0; i < Emotions.Count; i++) { writer.Tag(34); writer.Message(Emotions[i]); }
            if (Skeleton != null) { writer.Tag(42); writer.Message(Skeleton); }
            if (Limits != null) { writer.Tag(50); writer.Message(Limits); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Bundle = reader.Message(Bundle, _bundleSpare ??= new BundleInfo()); break;
                    case 18: Generators.Add(reader.Text()); break;
                    case 26: reader.Message(Plans.Add()); break;
                    case 34: reader.Message(Emotions.Add()); break;
                    case 42: Skeleton = reader.Message(Skeleton, _skeletonSpare ??= new Skeleton()); break;
                    case 50: Limits = reader.Message(Limits, _limitsSpare ??= new Limits()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }
}
