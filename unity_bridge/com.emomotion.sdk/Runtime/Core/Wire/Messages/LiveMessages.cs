// Made by tools/generate_csharp.py from protos/emomotion/v1/live.proto. Change that, not this.

namespace EmoMotion.Wire
{
    /// <summary>Where a frame comes from.</summary>
    public enum FrameSource
    {
        /// <summary>Not said; no server sends it.</summary>
        Unspecified = 0,
        /// <summary>The generator.</summary>
        Generated = 1,
        /// <summary>Standing about, because nothing was ready in time.</summary>
        Idle = 2,
    }

    /// <summary>One message of the client.</summary>
    public sealed partial class DriveRequest : WireMessage
    {
        /// <summary>What part may be.</summary>
        public enum PartCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>First message.</summary>
            Start = 1,
            /// <summary>Another wish, from the next frame on.</summary>
            Change = 2,
            /// <summary>No more is wanted.</summary>
            End = 3,
        }

        /// <summary>Which part this is; exactly one is set.</summary>
        public PartCase Part { get; private set; }

        private DriveStart _start, _startSpare;

        /// <summary>First message. Range: once. Default: none, it must be sent.</summary>
        public DriveStart Start
        {
            get => Part == PartCase.Start ? _start : null;
            set { _start = value; Part = value == null ? PartCase.None : PartCase.Start; }
        }

        private DriveChange _change, _changeSpare;

        /// <summary>Another wish, from the next frame on. Range: after the start. Unset: as before.</summary>
        public DriveChange Change
        {
            get => Part == PartCase.Change ? _change : null;
            set { _change = value; Part = value == null ? PartCase.None : PartCase.Change; }
        }

        private DriveEnd _end, _endSpare;

        /// <summary>No more is wanted. Range: once, last. Unset: the character goes on.</summary>
        public DriveEnd End
        {
            get => Part == PartCase.End ? _end : null;
            set { _end = value; Part = value == null ? PartCase.None : PartCase.End; }
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
            if (Part == PartCase.Start) size += 1 + Size.Prefixed(Start.ByteSize());
            if (Part == PartCase.Change) size += 1 + Size.Prefixed(Change.ByteSize());
            if (Part == PartCase.End) size += 1 + Size.Prefixed(End.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Part == PartCase.Start) { writer.Tag(10); writer.Message(Start); }
            if (Part == PartCase.Change) { writer.Tag(18); writer.Message(Change); }
            if (Part == PartCase.End) { writer.Tag(26); writer.Message(End); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Start = reader.Message(Start, _startSpare ??= new DriveStart()); break;
                    case 18: Change = reader.Message(Change, _changeSpare ??= new DriveChange()); break;
                    case 26: End = reader.Message(End, _endSpare ??= new DriveEnd()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>How a character begins.</summary>
    public sealed partial class DriveStart : WireMessage
    {
        private DriveChange _wishSpare;

        /// <summary>
        /// What it does first. Its text must be set. Range: see DriveChange. Default: none, it must be set.
        /// </summary>
        public DriveChange Wish { get; set; }

        /// <summary>
        /// Start of the random numbers. Range: [0, 18446744073709551615]. Unit: none. Unset: the server draws one; the
        /// header echoes it. Both ends are ordinary seeds.
        /// </summary>
        public ulong? Seed { get; set; }

        private string _plan = "";

        /// <summary>
        /// Best way to decode, by the name GetInfo lists; cheaper ones of its generator are used when time is short.
        /// Range: a listed name. Default: empty, which is the best of the generator.
        /// </summary>
        public string Plan { get => _plan; set => _plan = value ?? ""; }

        private string _generator = "";

        /// <summary>
        /// Generator, by the name GetInfo lists. Range: a listed name. Default: empty, which is the plan's.
        /// </summary>
        public string Generator { get => _generator; set => _generator = value ?? ""; }

        private Pose _resumeSpare;

        /// <summary>
        /// Pose to go on from, such as the last one of a stream that was lost. Range: see Pose. Unset: over the origin.
        /// </summary>
        public Pose Resume { get; set; }

        /// <summary>
        /// Poses that were played before `resume`, oldest first, one a frame: with them the motion goes on as it was,
        /// without them it begins from rest. Range: [0, 63] poses, none without resume. Default: none.
        /// </summary>
        public MessageList<Pose> Before { get; } = new MessageList<Pose>(() => new Pose());

        /// <inheritdoc/>
        public override void Clear()
        {
            Wish = null;
            Seed = null;
            Plan = "";
            Generator = "";
            Resume = null;
            Before.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Wish != null) size += 1 + Size.Prefixed(Wish.ByteSize());
            if (Seed != null) size += 1 + Size.Varint(Seed.Value);
            if (Plan.Length > 0) size += 1 + Size.Text(Plan);
            if (Generator.Length > 0) size += 1 + Size.Text(Generator);
            if (Resume != null) size += 1 + Size.Prefixed(Resume.ByteSize());
            for (var i = 0; i < Before.Count; i++) size += 1 + Size.Prefixed(Before[i].ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Wish != null) { writer.Tag(10); writer.Message(Wish); }
            if (Seed != null) { writer.Tag(16); writer.Varint(Seed.Value); }
            if (Plan.Length > 0) { writer.Tag(26); writer.Text(Plan); }
            if (Generator.Length > 0) { writer.Tag(34); writer.Text(Generator); }
            if (Resume != null) { writer.Tag(42); writer.Message(Resume); }
            for (var i = 0; i < Before.Count; i++) { writer.Tag(50); writer.Message(Before[i]); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Wish = reader.Message(Wish, _wishSpare ??= new DriveChange()); break;
                    case 16: Seed = reader.Varint(); break;
                    case 26: Plan = reader.Text(); break;
                    case 34: Generator = reader.Text(); break;
                    case 42: Resume = reader.Message(Resume, _resumeSpare ??= new Pose()); break;
                    case 50: reader.Message(Before.Add()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A body at a moment.</summary>
    public sealed partial class Pose : WireMessage
    {
        /// <summary>
        /// Local rotations relative to the T-pose, for each joint x, y, z, w; the root's is the body's in the world.
        /// Range: [-1, 1], unit length, 88 floats. Unit: none. Default: none, it must be set.
        /// </summary>
        public WireList<float> Rotations { get; } = new WireList<float>();

        /// <summary>
        /// Position of the root joint in the world: x, y, z. Range: [-1000, 1000], 3 floats. Unit: metres. Default:
        /// none, it must be set.
        /// </summary>
        public WireList<float> Root { get; } = new WireList<float>();

        /// <inheritdoc/>
        public override void Clear()
        {
            Rotations.Clear();
            Root.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Rotations.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Rotations));
            if (Root.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Root));
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Rotations.Count > 0) { writer.Tag(10); writer.Floats(Rotations); }
            if (Root.Count > 0) { writer.Tag(18); writer.Floats(Root); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: reader.Floats(Rotations); break;
                    case 13: Rotations.Add(reader.Float()); break;
                    case 18: reader.Floats(Root); break;
                    case 21: Root.Add(reader.Float()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What a character is to do from now on. What is unset stays as it was.</summary>
    public sealed partial class DriveChange : WireMessage
    {
        /// <summary>What way may be.</summary>
        public enum WayCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>Direction to walk in and to face.</summary>
            Heading = 5,
            /// <summary>Points to walk along.</summary>
            Path = 6,
            /// <summary>No longer steered.</summary>
            Free = 7,
        }

        /// <summary>Where it goes. Unset: as before, at first where the motion leads.</summary>
        public WayCase Way { get; private set; }

        /// <summary>
        /// What it does, in English. Range: [1, 1000] characters, not only white space. Unset: as before.
        /// </summary>
        public string Text { get; set; }

        private Affect _affectSpare;

        /// <summary>How it feels. Range: see Affect. Unset: as before.</summary>
        public Affect Affect { get; set; }

        private AffectTrack _trackSpare;

        /// <summary>
        /// How it feels over time, instead of affect; both: INVALID_ARGUMENT. Range: see AffectTrack. Unset: as before.
        /// </summary>
        public AffectTrack Track { get; set; }

        /// <summary>
        /// Pace of the motion. Range: [0.5, 1.5]. Unit: none. Unset: as before, at first 1. At 0.5 half as fast as
        /// generated, at 1.5 half as fast again.
        /// </summary>
        public double? Speed { get; set; }

        private double _heading;

        /// <summary>
        /// Direction to walk in and to face. Range: [-6.2832, 6.2832]. Unit: radians. Unset: see way. At 0 towards +Z,
        /// growing to the left, to +X.
        /// </summary>
        public double Heading
        {
            get => Way == WayCase.Heading ? _heading : 0;
            set { _heading = value; Way = WayCase.Heading; }
        }

        private Path _path, _pathSpare;

        /// <summary>Points to walk along. Range: see Path. Unset: see way.</summary>
        public Path Path
        {
            get => Way == WayCase.Path ? _path : null;
            set { _path = value; Way = value == null ? WayCase.None : WayCase.Path; }
        }

        private bool _free;

        /// <summary>No longer steered. Range: true. Unset: see way.</summary>
        public bool Free
        {
            get => Way == WayCase.Free ? _free : false;
            set { _free = value; Way = WayCase.Free; }
        }

        /// <inheritdoc/>
        public override void Clear()
        {
            Way = WayCase.None;
            Text = null;
            Affect = null;
            Track = null;
            Speed = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Text != null) size += 1 + Size.Text(Text);
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Track != null) size += 1 + Size.Prefixed(Track.ByteSize());
            if (Speed != null) size += 1 + 8;
            if (Way == WayCase.Heading) size += 1 + 8;
            if (Way == WayCase.Path) size += 1 + Size.Prefixed(Path.ByteSize());
            if (Way == WayCase.Free) size += 1 + 1;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Text != null) { writer.Tag(10); writer.Text(Text); }
            if (Affect != null) { writer.Tag(18); writer.Message(Affect); }
            if (Track != null) { writer.Tag(26); writer.Message(Track); }
            if (Speed != null) { writer.Tag(33); writer.Double(Speed.Value); }
            if (Way == WayCase.Heading) { writer.Tag(41); writer.Double(Heading); }
            if (Way == WayCase.Path) { writer.Tag(50); writer.Message(Path); }
            if (Way == WayCase.Free) { writer.Tag(56); writer.Bool(Free); }
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
                    case 26: Track = reader.Message(Track, _trackSpare ??= new AffectTrack()); break;
                    case 33: Speed = reader.Double(); break;
                    case 41: Heading = reader.Double(); break;
                    case 50: Path = reader.Message(Path, _pathSpare ??= new Path()); break;
                    case 56: Free = reader.Bool(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A way over the ground; behind its last point a character goes straight on.</summary>
    public sealed partial class Path : WireMessage
    {
        /// <summary>
        /// Points, for each x and z. Range: [-1000, 1000], 4 to 1024 floats. Unit: metres. Default: none, they must be
        /// set.
        /// </summary>
        public WireList<float> Points { get; } = new WireList<float>();

        /// <inheritdoc/>
        public override void Clear()
        {
            Points.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Points.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Points));
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Points.Count > 0) { writer.Tag(10); writer.Floats(Points); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: reader.Floats(Points); break;
                    case 13: Points.Add(reader.Float()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// A feeling that changes over time; between two keys it is blended, before the first and behind the last it holds.
    /// </summary>
    public sealed partial class AffectTrack : WireMessage
    {
        /// <summary>
        /// Key moments. Range: 1 to 256 keys, their times strictly rising. Default: none, they must be set.
        /// </summary>
        public MessageList<AffectKey> Keys { get; } = new MessageList<AffectKey>(() => new AffectKey());

        /// <inheritdoc/>
        public override void Clear()
        {
            Keys.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            for (var i = 0; i < Keys.Count; i++) size += 1 + Size.Prefixed(Keys[i].ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            for (var i = 0; i < Keys.Count; i++) { writer.Tag(10); writer.Message(Keys[i]); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: reader.Message(Keys.Add()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>One moment of a track.</summary>
    public sealed partial class AffectKey : WireMessage
    {
        /// <summary>
        /// When. Range: [0, 3600]. Unit: seconds from the frame in which the change takes effect. Default: 0. At 0 at
        /// once.
        /// </summary>
        public double Seconds { get; set; }

        private Affect _affectSpare;

        /// <summary>What is felt then. Range: see Affect. Unset: EMOTION_NEUTRAL alone.</summary>
        public Affect Affect { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Seconds = 0;
            Affect = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Seconds != 0) size += 1 + 8;
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Seconds != 0) { writer.Tag(9); writer.Double(Seconds); }
            if (Affect != null) { writer.Tag(18); writer.Message(Affect); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: Seconds = reader.Double(); break;
                    case 18: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>No more is wanted; there is nothing to set.</summary>
    public sealed partial class DriveEnd : WireMessage
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

    /// <summary>One message of the server.</summary>
    public sealed partial class DriveReply : WireMessage
    {
        /// <summary>What part may be.</summary>
        public enum PartCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>First message: what all frames have in common.</summary>
            Header = 1,
            /// <summary>A frame.</summary>
            Frame = 2,
            /// <summary>Last message, after the client's end.</summary>
            Ended = 3,
        }

        /// <summary>Which part this is; exactly one is set.</summary>
        public PartCase Part { get; private set; }

        private DriveHeader _header, _headerSpare;

        /// <summary>First message: what all frames have in common. Range: once.</summary>
        public DriveHeader Header
        {
            get => Part == PartCase.Header ? _header : null;
            set { _header = value; Part = value == null ? PartCase.None : PartCase.Header; }
        }

        private DriveFrame _frame, _frameSpare;

        /// <summary>A frame. Range: any number, after the header.</summary>
        public DriveFrame Frame
        {
            get => Part == PartCase.Frame ? _frame : null;
            set { _frame = value; Part = value == null ? PartCase.None : PartCase.Frame; }
        }

        private DriveEnded _ended, _endedSpare;

        /// <summary>Last message, after the client's end. Range: once.</summary>
        public DriveEnded Ended
        {
            get => Part == PartCase.Ended ? _ended : null;
            set { _ended = value; Part = value == null ? PartCase.None : PartCase.Ended; }
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
            if (Part == PartCase.Frame) size += 1 + Size.Prefixed(Frame.ByteSize());
            if (Part == PartCase.Ended) size += 1 + Size.Prefixed(Ended.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Part == PartCase.Header) { writer.Tag(10); writer.Message(Header); }
            if (Part == PartCase.Frame) { writer.Tag(18); writer.Message(Frame); }
            if (Part == PartCase.Ended) { writer.Tag(26); writer.Message(Ended); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Header = reader.Message(Header, _headerSpare ??= new DriveHeader()); break;
                    case 18: Frame = reader.Message(Frame, _frameSpare ??= new DriveFrame()); break;
                    case 26: Ended = reader.Message(Ended, _endedSpare ??= new DriveEnded()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What all frames have in common. Always complete.</summary>
    public sealed partial class DriveHeader : WireMessage
    {
        private Skeleton _skeletonSpare;

        /// <summary>The body. Joints of every frame come in the order of its names.</summary>
        public Skeleton Skeleton { get; set; }

        /// <summary>Frame rate, the bundle's own. Range: [10, 120]. Unit: frames per second.</summary>
        public double Fps { get; set; }

        /// <summary>Really used. Range: [0, 18446744073709551615]. Unit: none.</summary>
        public ulong Seed { get; set; }

        private string _bundleSha256 = "";

        /// <summary>
        /// Hash of the bundle that makes the motion, as in BundleInfo. Range: 64 lower-case hexadecimal digits.
        /// </summary>
        public string BundleSha256 { get => _bundleSha256; set => _bundleSha256 = value ?? ""; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Skeleton = null;
            Fps = 0;
            Seed = 0;
            BundleSha256 = "";
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Skeleton != null) size += 1 + Size.Prefixed(Skeleton.ByteSize());
            if (Fps != 0) size += 1 + 8;
            if (Seed != 0) size += 1 + Size.Varint(Seed);
            if (BundleSha256.Length > 0) size += 1 + Size.Text(BundleSha256);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Skeleton != null) { writer.Tag(10); writer.Message(Skeleton); }
            if (Fps != 0) { writer.Tag(17); writer.Double(Fps); }
            if (Seed != 0) { writer.Tag(24); writer.Varint(Seed); }
            if (BundleSha256.Length > 0) { writer.Tag(34); writer.Text(BundleSha256); }
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
                    case 24: Seed = reader.Varint(); break;
                    case 34: BundleSha256 = reader.Text(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>One frame of a character.</summary>
    public sealed partial class DriveFrame : WireMessage
    {
        /// <summary>
        /// Number of the frame, one more than that of the message before; more than that if frames were left out
        /// because the client read too slowly. Range: [0, 18446744073709551615]. Unit: frames. At 0 the stream begins.
        /// </summary>
        public ulong Number { get; set; }

        /// <summary>Local rotations, as in Pose. Range: [-1, 1], unit length, 88 floats. Unit: none.</summary>
        public WireList<float> Rotations { get; } = new WireList<float>();

        /// <summary>
        /// Position of the root joint, as in Pose. Range: [-1000000, 1000000], 3 floats. Unit: metres.
        /// </summary>
        public WireList<float> Root { get; } = new WireList<float>();

        /// <summary>
        /// Whether left ankle, left foot, right ankle, right foot touch the ground. Range: 4 values, true on the
        /// ground.
        /// </summary>
        public WireList<bool> Contacts { get; } = new WireList<bool>();

        private Affect _affectSpare;

        /// <summary>What is felt in this frame, as applied.</summary>
        public Affect Affect { get; set; }

        /// <summary>
        /// Which wish the motion serves. Range: [0, 4294967295]. Unit: none. At 0 the start's, at n that of the n-th
        /// change.
        /// </summary>
        public uint Wish { get; set; }

        /// <summary>Where the motion comes from. Range: any value but FRAME_SOURCE_UNSPECIFIED.</summary>
        public FrameSource Source { get; set; }

        /// <summary>
        /// Whether a posture of the feeling is laid over a motion that does not show it yet. Range: true while it is.
        /// </summary>
        public bool Reacting { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Number = 0;
            Rotations.Clear();
            Root.Clear();
            Contacts.Clear();
            Affect = null;
            Wish = 0;
            Source = 0;
            Reacting = false;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Number != 0) size += 1 + Size.Varint(Number);
            if (Rotations.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Rotations));
            if (Root.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Root));
            if (Contacts.Count > 0) size += 1 + Size.Prefixed(Size.Bools(Contacts));
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Wish != 0) size += 1 + Size.Varint(Wish);
            if (Source != 0) size += 1 + Size.Varint((ulong)Source);
            if (Reacting) size += 1 + 1;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Number != 0) { writer.Tag(8); writer.Varint(Number); }
            if (Rotations.Count > 0) { writer.Tag(18); writer.Floats(Rotations); }
            if (Root.Count > 0) { writer.Tag(26); writer.Floats(Root); }
            if (Contacts.Count > 0) { writer.Tag(34); writer.Bools(Contacts); }
            if (Affect != null) { writer.Tag(42); writer.Message(Affect); }
            if (Wish != 0) { writer.Tag(48); writer.Varint(Wish); }
            if (Source != 0) { writer.Tag(56); writer.Varint((ulong)Source); }
            if (Reacting) { writer.Tag(64); writer.Bool(Reacting); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Number = reader.Varint(); break;
                    case 18: reader.Floats(Rotations); break;
                    case 21: Rotations.Add(reader.Float()); break;
                    case 26: reader.Floats(Root); break;
                    case 29: Root.Add(reader.Float()); break;
                    case 34: reader.Bools(Contacts); break;
                    case 32: Contacts.Add(reader.Bool()); break;
                    case 42: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    case 48: Wish = (uint)reader.Varint(); break;
                    case 56: Source = (FrameSource)(int)reader.Varint(); break;
                    case 64: Reacting = reader.Bool(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>How a character's stream ended.</summary>
    public sealed partial class DriveEnded : WireMessage
    {
        /// <summary>
        /// Frames that were sent. Range: [0, 18446744073709551615]. Unit: frames. At 0 it ended before it began.
        /// </summary>
        public ulong FrameCount { get; set; }

        /// <summary>
        /// Frames that were left out because the client read too slowly. Range: [0, 18446744073709551615]. Unit:
        /// frames. At 0 none.
        /// </summary>
        public ulong FramesLeftOut { get; set; }

        /// <summary>
        /// Frames without a generated motion. Range: [0, 18446744073709551615]. Unit: frames. At 0 there was always
        /// one.
        /// </summary>
        public ulong FramesIdle { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            FrameCount = 0;
            FramesLeftOut = 0;
            FramesIdle = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (FrameCount != 0) size += 1 + Size.Varint(FrameCount);
            if (FramesLeftOut != 0) size += 1 + Size.Varint(FramesLeftOut);
            if (FramesIdle != 0) size += 1 + Size.Varint(FramesIdle);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (FrameCount != 0) { writer.Tag(8); writer.Varint(FrameCount); }
            if (FramesLeftOut != 0) { writer.Tag(16); writer.Varint(FramesLeftOut); }
            if (FramesIdle != 0) { writer.Tag(24); writer.Varint(FramesIdle); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: FrameCount = reader.Varint(); break;
                    case 16: FramesLeftOut = reader.Varint(); break;
                    case 24: FramesIdle = reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Drives characters. Errors are as in MotionService.</summary>
    public static class LiveService
    {
        /// <summary>DriveRequest to DriveReply, many to many.</summary>
        public const string Drive = "/emomotion.v1.LiveService/Drive";
    }
}
