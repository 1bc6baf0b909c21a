// Made by tools/generate_csharp.py from protos/emomotion/v1/motion.proto. Change that, not this.

namespace EmoMotion.Wire
{
    /// <summary>
    /// What to generate. The same request with the same seed on the same bundle gives the same motion, unless a budget
    /// chooses another plan.
    /// </summary>
    public sealed partial class GenerateRequest : WireMessage
    {
        private string _text = "";

        /// <summary>
        /// What the character does, in English, e.g. "a person walks forward". Range: [1, 1000] characters, not only
        /// white space. Default: none, it must be set.
        /// </summary>
        public string Text { get => _text; set => _text = value ?? ""; }

        private Affect _affectSpare;

        /// <summary>How the character feels. Range: see Affect. Unset: EMOTION_NEUTRAL alone.</summary>
        public Affect Affect { get; set; }

        /// <summary>
        /// Length of the clip. Range: [0.5, 30]. Unit: seconds. Unset: 4. At 0.5 there is time for half a step; 30 is
        /// the longest clip. The reply keeps to it within one frame of the bundle.
        /// </summary>
        public double? Seconds { get; set; }

        /// <summary>
        /// Start of the random numbers. Range: [0, 18446744073709551615]. Unit: none. Unset: the server draws one; the
        /// reply echoes it. Both ends are ordinary seeds.
        /// </summary>
        public ulong? Seed { get; set; }

        private string _plan = "";

        /// <summary>
        /// Way to decode, by the name GetInfo lists. Range: a listed name. Default: empty, which is the bundle's
        /// default plan.
        /// </summary>
        public string Plan { get => _plan; set => _plan = value ?? ""; }

        /// <summary>
        /// Frame rate of the reply. Range: [10, 120]. Unit: frames per second. Unset: the bundle's own, which is never
        /// resampled. At 10 quick gestures blur; 120 adds frames but no detail.
        /// </summary>
        public double? Fps { get; set; }

        /// <summary>
        /// Time the server may take, from the arrival of the request to the first chunk. Range: [1, 600000]. Unit:
        /// milliseconds. Unset: as long as the plan takes. At 1 nearly everything is refused. The best plan that fits
        /// is used: of those behind `plan`, where that is set, or else of all of the generator. The client's own
        /// deadline counts, if it is earlier.
        /// </summary>
        public double? BudgetMs { get; set; }

        private string _generator = "";

        /// <summary>
        /// Generator, by the name GetInfo lists. Range: a listed name. Default: empty, which is the plan's generator.
        /// Without a plan it stands for the first plan of this generator; with a plan of another one: INVALID_ARGUMENT.
        /// </summary>
        public string Generator { get => _generator; set => _generator = value ?? ""; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Text = "";
            Affect = null;
            Seconds = null;
            Seed = null;
            Plan = "";
            Fps = null;
            BudgetMs = null;
            Generator = "";
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Text.Length > 0) size += 1 + Size.Text(Text);
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Seconds != null) size += 1 + 8;
            if (Seed != null) size += 1 + Size.Varint(Seed.Value);
            if (Plan.Length > 0) size += 1 + Size.Text(Plan);
            if (Fps != null) size += 1 + 8;
            if (BudgetMs != null) size += 1 + 8;
            if (Generator.Length > 0) size += 1 + Size.Text(Generator);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Text.Length > 0) { writer.Tag(10); writer.Text(Text); }
            if (Affect != null) { writer.Tag(18); writer.Message(Affect); }
            if (Seconds != null) { writer.Tag(25); writer.Double(Seconds.Value); }
            if (Seed != null) { writer.Tag(32); writer.Varint(Seed.Value); }
            if (Plan.Length > 0) { writer.Tag(42); writer.Text(Plan); }
            if (Fps != null) { writer.Tag(49); writer.Double(Fps.Value); }
            if (BudgetMs != null) { writer.Tag(57); writer.Double(BudgetMs.Value); }
            if (Generator.Length > 0) { writer.Tag(66); writer.Text(Generator); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Text = reader.Text(); break;
                    case 18: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    case 25: Seconds = reader.Double(); break;
                    case 32: Seed = reader.Varint(); break;
                    case 42: Plan = reader.Text(); break;
                    case 49: Fps = reader.Double(); break;
                    case 57: BudgetMs = reader.Double(); break;
                    case 66: Generator = reader.Text(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>One part of the reply.</summary>
    public sealed partial class GenerateReply : WireMessage
    {
        /// <summary>What part may be.</summary>
        public enum PartCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>First message: what all frames have in common.</summary>
            Header = 1,
            /// <summary>Frames.</summary>
            Chunk = 2,
            /// <summary>Last message: how it was made.</summary>
            Status = 3,
        }

        /// <summary>Which part this is; exactly one is set.</summary>
        public PartCase Part { get; private set; }

        private MotionHeader _header, _headerSpare;

        /// <summary>First message: what all frames have in common. Range: once.</summary>
        public MotionHeader Header
        {
            get => Part == PartCase.Header ? _header : null;
            set { _header = value; Part = value == null ? PartCase.None : PartCase.Header; }
        }

        private MotionChunk _chunk, _chunkSpare;

        /// <summary>Frames. Range: one or more, after the header.</summary>
        public MotionChunk Chunk
        {
            get => Part == PartCase.Chunk ? _chunk : null;
            set { _chunk = value; Part = value == null ? PartCase.None : PartCase.Chunk; }
        }

        private GenerateStatus _status, _statusSpare;

        /// <summary>Last message: how it was made. Range: once.</summary>
        public GenerateStatus Status
        {
            get => Part == PartCase.Status ? _status : null;
            set { _status = value; Part = value == null ? PartCase.None : PartCase.Status; }
        }

        /// <inheritdoc/>
        public override void Clear()
        {
            Part = PartCase.None;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Part == PartCase.Header) size += 1 + Size.Prefixed(Header.ByteSize());
            if (Part == PartCase.Chunk) size += 1 + Size.Prefixed(Chunk.ByteSize());
            if (Part == PartCase.Status) size += 1 + Size.Prefixed(Status.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Part == PartCase.Header) { writer.Tag(10); writer.Message(Header); }
            if (Part == PartCase.Chunk) { writer.Tag(18); writer.Message(Chunk); }
            if (Part == PartCase.Status) { writer.Tag(26); writer.Message(Status); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Header = reader.Message(Header, _headerSpare ??= new MotionHeader()); break;
                    case 18: Chunk = reader.Message(Chunk, _chunkSpare ??= new MotionChunk()); break;
                    case 26: Status = reader.Message(Status, _statusSpare ??= new GenerateStatus()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What all frames of a clip have in common. Always complete.</summary>
    public sealed partial class MotionHeader : WireMessage
    {
        private Skeleton _skeletonSpare;

        /// <summary>The body. Joints of every frame come in the order of its names.</summary>
        public Skeleton Skeleton { get; set; }

        /// <summary>Frame rate. Range: [10, 120]. Unit: frames per second.</summary>
        public double Fps { get; set; }

        /// <summary>
        /// Number of frames that will follow. Range: [1, 14401]. Unit: frames. The clip lasts (frame_count - 1) / fps
        /// seconds.
        /// </summary>
        public uint FrameCount { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Skeleton = null;
            Fps = 0;
            FrameCount = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Skeleton != null) size += 1 + Size.Prefixed(Skeleton.ByteSize());
            if (Fps != 0) size += 1 + 8;
            if (FrameCount != 0) size += 1 + Size.Varint(FrameCount);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Skeleton != null) { writer.Tag(10); writer.Message(Skeleton); }
            if (Fps != 0) { writer.Tag(17); writer.Double(Fps); }
            if (FrameCount != 0) { writer.Tag(24); writer.Varint(FrameCount); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Skeleton = reader.Message(Skeleton, _skeletonSpare ??= new Skeleton()); break;
                    case 17: Fps = reader.Double(); break;
                    case 24: FrameCount = (uint)reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Some frames. J is the number of joints of the header's skeleton.</summary>
    public sealed partial class MotionChunk : WireMessage
    {
        /// <summary>
        /// Index of the first frame, which is the number of frames sent before. Range: [0, 14400]. Unit: frames.
        /// </summary>
        public uint StartFrame { get; set; }

        /// <summary>Frames in this chunk. Range: [1, 256]. Unit: frames.</summary>
        public uint FrameCount { get; set; }

        /// <summary>
        /// Local rotations relative to the T-pose: for each frame, for each joint, x, y, z, w; the root's is the body's
        /// in the world. Range: [-1, 1], unit length. Unit: none. Holds frame_count * J * 4 floats.
        /// </summary>
        public WireList<float> Rotations { get; } = new WireList<float>();

        /// <summary>
        /// Position of the root joint in the world: for each frame x, y, z. Range: [-1000, 1000]. Unit: metres. Holds
        /// frame_count * 3 floats.
        /// </summary>
        public WireList<float> Root { get; } = new WireList<float>();

        /// <summary>
        /// Whether left ankle, left foot, right ankle, right foot touch the ground, for each frame. Range: true on the
        /// ground. Holds frame_count * 4 values.
        /// </summary>
        public WireList<bool> Contacts { get; } = new WireList<bool>();

        /// <inheritdoc/>
        public override void Clear()
        {
            StartFrame = 0;
            FrameCount = 0;
            Rotations.Clear();
            Root.Clear();
            Contacts.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (StartFrame != 0) size += 1 + Size.Varint(StartFrame);
            if (FrameCount != 0) size += 1 + Size.Varint(FrameCount);
            if (Rotations.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Rotations));
            if (Root.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Root));
            if (Contacts.Count > 0) size += 1 + Size.Prefixed(Size.Bools(Contacts));
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (StartFrame != 0) { writer.Tag(8); writer.Varint(StartFrame); }
            if (FrameCount != 0) { writer.Tag(16); writer.Varint(FrameCount); }
            if (Rotations.Count > 0) { writer.Tag(26); writer.Floats(Rotations); }
            if (Root.Count > 0) { writer.Tag(34); writer.Floats(Root); }
            if (Contacts.Count > 0) { writer.Tag(42); writer.Bools(Contacts); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: StartFrame = (uint)reader.Varint(); break;
                    case 16: FrameCount = (uint)reader.Varint(); break;
                    case 26: reader.Floats(Rotations); break;
                    case 29: Rotations.Add(reader.Float()); break;
                    case 34: reader.Floats(Root); break;
                    case 37: Root.Add(reader.Float()); break;
                    case 42: reader.Bools(Contacts); break;
                    case 40: Contacts.Add(reader.Bool()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// The settings really used, after every default was filled in. Sent back as a request they give the same motion,
    /// unless passes were left out for the budget: the status then says degraded and counts them.
    /// </summary>
    public sealed partial class SettingsUsed : WireMessage
    {
        private string _text = "";

        /// <summary>
        /// As asked; of a composition the sentences of its beats one after the other, cut where they are too long.
        /// Range: [1, 1000] characters.
        /// </summary>
        public string Text { get => _text; set => _text = value ?? ""; }

        private Affect _affectSpare;

        /// <summary>
        /// As applied: weights that sum to 1 and the intensity; never valence_arousal. Of a composition what is felt
        /// longest. Range: see Affect.
        /// </summary>
        public Affect Affect { get; set; }

        /// <summary>As asked, or the default. Range: [0.5, 30], of a composition [0.5, 120]. Unit: seconds.</summary>
        public double Seconds { get; set; }

        /// <summary>As asked, or as drawn by the server. Range: [0, 18446744073709551615]. Unit: none.</summary>
        public ulong Seed { get; set; }

        private string _plan = "";

        /// <summary>Name of the plan. Range: a name GetInfo lists.</summary>
        public string Plan { get => _plan; set => _plan = value ?? ""; }

        /// <summary>Rate of the frames sent. Range: [10, 120]. Unit: frames per second.</summary>
        public double Fps { get; set; }

        private string _generator = "";

        /// <summary>Name of the generator. Range: a name GetInfo lists.</summary>
        public string Generator { get => _generator; set => _generator = value ?? ""; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Text = "";
            Affect = null;
            Seconds = 0;
            Seed = 0;
            Plan = "";
            Fps = 0;
            Generator = "";
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Text.Length > 0) size += 1 + Size.Text(Text);
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Seconds != 0) size += 1 + 8;
            if (Seed != 0) size += 1 + Size.Varint(Seed);
            if (Plan.Length > 0) size += 1 + Size.Text(Plan);
            if (Fps != 0) size += 1 + 8;
            if (Generator.Length > 0) size += 1 + Size.Text(Generator);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Text.Length > 0) { writer.Tag(10); writer.Text(Text); }
            if (Affect != null) { writer.Tag(18); writer.Message(Affect); }
            if (Seconds != 0) { writer.Tag(25); writer.Double(Seconds); }
            if (Seed != 0) { writer.Tag(32); writer.Varint(Seed); }
            if (Plan.Length > 0) { writer.Tag(42); writer.Text(Plan); }
            if (Fps != 0) { writer.Tag(49); writer.Double(Fps); }
            if (Generator.Length > 0) { writer.Tag(58); writer.Text(Generator); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Text = reader.Text(); break;
                    case 18: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    case 25: Seconds = reader.Double(); break;
                    case 32: Seed = reader.Varint(); break;
                    case 42: Plan = reader.Text(); break;
                    case 49: Fps = reader.Double(); break;
                    case 58: Generator = reader.Text(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Time spent in one stage of the work.</summary>
    public sealed partial class StageTime : WireMessage
    {
        private string _stage = "";

        /// <summary>
        /// Name of the stage. Range: such as "queue" (before the work began), "text", "wait" (more urgent work went
        /// first), "masked", "residual", "denoise", "decode", "finish"; "total" is the whole of them.
        /// </summary>
        public string Stage { get => _stage; set => _stage = value ?? ""; }

        /// <summary>Wall-clock time. Range: [0, inf). Unit: milliseconds. At 0 the stage had nothing to do.</summary>
        public double Ms { get; set; }

        /// <summary>
        /// Passes that were made. Range: [0, inf). Unit: passes. At 0 the stage has none, or they were left out for the
        /// budget.
        /// </summary>
        public uint Passes { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Stage = "";
            Ms = 0;
            Passes = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Stage.Length > 0) size += 1 + Size.Text(Stage);
            if (Ms != 0) size += 1 + 8;
            if (Passes != 0) size += 1 + Size.Varint(Passes);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Stage.Length > 0) { writer.Tag(10); writer.Text(Stage); }
            if (Ms != 0) { writer.Tag(17); writer.Double(Ms); }
            if (Passes != 0) { writer.Tag(24); writer.Varint(Passes); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Stage = reader.Text(); break;
                    case 17: Ms = reader.Double(); break;
                    case 24: Passes = (uint)reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Something besides the bundle and the settings on which the last digits of a motion depend.</summary>
    public sealed partial class MadeWith : WireMessage
    {
        private string _name = "";

        /// <summary>Name. Range: such as "onnxruntime", or "processor" for the kind of the machine.</summary>
        public string Name { get => _name; set => _name = value ?? ""; }

        private string _version = "";

        /// <summary>Version or kind. Range: such as "1.24.1" or "x86_64".</summary>
        public string Version { get => _version; set => _version = value ?? ""; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Name = "";
            Version = "";
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Name.Length > 0) size += 1 + Size.Text(Name);
            if (Version.Length > 0) size += 1 + Size.Text(Version);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Name.Length > 0) { writer.Tag(10); writer.Text(Name); }
            if (Version.Length > 0) { writer.Tag(18); writer.Text(Version); }
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
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>How a clip was made. Always complete.</summary>
    public sealed partial class GenerateStatus : WireMessage
    {
        private SettingsUsed _usedSpare;

        /// <summary>The settings really used.</summary>
        public SettingsUsed Used { get; set; }

        /// <summary>
        /// Time spent, stage by stage in the order of work. Range: one entry per stage and one named "total".
        /// </summary>
        public MessageList<StageTime> Stages { get; } = new MessageList<StageTime>(() => new StageTime());

        /// <summary>
        /// Whether a cheaper plan was used than the one asked for, or the default one, or passes were left out for the
        /// budget. Range: false means that quality was not lowered.
        /// </summary>
        public bool Degraded { get; set; }

        private string _bundleSha256 = "";

        /// <summary>
        /// Hash of the bundle that made the motion, as in BundleInfo. Range: 64 lower-case hexadecimal digits.
        /// </summary>
        public string BundleSha256 { get => _bundleSha256; set => _bundleSha256 = value ?? ""; }

        /// <summary>
        /// What was left of the budget, or of the client's deadline, when the first chunk was sent. Range: [-600000,
        /// 600000]. Unit: milliseconds. Unset: there was none. Below 0 it was late.
        /// </summary>
        public double? BudgetLeftMs { get; set; }

        /// <summary>
        /// Of a composition: what had to be bent and by how much, a sentence each. Range: any number.
        /// </summary>
        public WireList<string> Notes { get; } = new WireList<string>();

        /// <summary>
        /// What made the motion: where all of it is the same, the same settings give the same bytes. Range: each name
        /// once.
        /// </summary>
        public MessageList<MadeWith> MadeWith { get; } = new MessageList<MadeWith>(() => new MadeWith());

        private Stretch _stretchSpare;

        /// <summary>Of a composed loop: which seconds of its material it plays. Unset: it is no loop.</summary>
        public Stretch Stretch { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Used = null;
            Stages.Clear();
            Degraded = false;
            BundleSha256 = "";
            BudgetLeftMs = null;
            Notes.Clear();
            MadeWith.Clear();
            Stretch = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Used != null) size += 1 + Size.Prefixed(Used.ByteSize());
            for (var i = 0; i < Stages.Count; i++) size += 1 + Size.Prefixed(Stages[i].ByteSize());
            if (Degraded) size += 1 + 1;
            if (BundleSha256.Length > 0) size += 1 + Size.Text(BundleSha256);
            if (BudgetLeftMs != null) size += 1 + 8;
            for (var i = 0; i < Notes.Count; i++) size += 1 + Size.Text(Notes[i]);
            for (var i = 0; i < MadeWith.Count; i++) size += 1 + Size.Prefixed(MadeWith[i].ByteSize());
            if (Stretch != null) size += 1 + Size.Prefixed(Stretch.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Used != null) { writer.Tag(10); writer.Message(Used); }
            for (var i = 0; i < Stages.Count; i++) { writer.Tag(18); writer.Message(Stages[i]); }
            if (Degraded) { writer.Tag(24); writer.Bool(Degraded); }
            if (BundleSha256.Length > 0) { writer.Tag(34); writer.Text(BundleSha256); }
            if (BudgetLeftMs != null) { writer.Tag(41); writer.Double(BudgetLeftMs.Value); }
            for (var i = 0; i < Notes.Count; i++) { writer.Tag(50); writer.Text(Notes[i]); }
            for (var i = 0; i < MadeWith.Count; i++) { writer.Tag(58); writer.Message(MadeWith[i]); }
            if (Stretch != null) { writer.Tag(66); writer.Message(Stretch); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Used = reader.Message(Used, _usedSpare ??= new SettingsUsed()); break;
                    case 18: reader.Message(Stages.Add()); break;
                    case 24: Degraded = reader.Bool(); break;
                    case 34: BundleSha256 = reader.Text(); break;
                    case 41: BudgetLeftMs = reader.Double(); break;
                    case 50: Notes.Add(reader.Text()); break;
                    case 58: reader.Message(MadeWith.Add()); break;
                    case 66: Stretch = reader.Message(Stretch, _stretchSpare ??= new Stretch()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// Seconds of what a loop was cut from: of the composition's source and what goes on from there, or of what was
    /// made.
    /// </summary>
    public sealed partial class Stretch : WireMessage
    {
        /// <summary>Where it begins. Range: [0, 3600]. Unit: seconds. Default: 0. At 0 with the first frame.</summary>
        public double StartS { get; set; }

        /// <summary>
        /// Where it ends. Range: [0, 3600], after the start. Unit: seconds. Default: none, it is always set.
        /// </summary>
        public double EndS { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            StartS = 0;
            EndS = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (StartS != 0) size += 1 + 8;
            if (EndS != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (StartS != 0) { writer.Tag(9); writer.Double(StartS); }
            if (EndS != 0) { writer.Tag(17); writer.Double(EndS); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: StartS = reader.Double(); break;
                    case 17: EndS = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// Makes motion. Errors are gRPC statuses with one line of text; a value that breaks the range in its comment gets
    /// INVALID_ARGUMENT, and the trailer "emomotion-field" names the field, e.g. "affect.intensity". A budget that no
    /// plan can keep gets FAILED_PRECONDITION, or RESOURCE_EXHAUSTED where only the queue is too full: then the trailer
    /// "grpc-retry-pushback-ms" says when to try again. DEADLINE_EXCEEDED: it was accepted and could not be kept.
    /// </summary>
    public static class MotionService
    {
        /// <summary>GetInfoRequest to GetInfoReply, one to one.</summary>
        public const string GetInfo = "/emomotion.v1.MotionService/GetInfo";
        /// <summary>GenerateRequest to GenerateReply, one to many.</summary>
        public const string Generate = "/emomotion.v1.MotionService/Generate";
    }
}
