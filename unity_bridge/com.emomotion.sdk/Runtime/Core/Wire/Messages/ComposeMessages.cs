// Made by tools/generate_csharp.py from protos/emomotion/v1/compose.proto. Change that, not this.

namespace EmoMotion.Wire
{
    /// <summary>Ends of limbs, by the joint that is led.</summary>
    public enum Effector
    {
        /// <summary>Not said: refused.</summary>
        Unspecified = 0,
        /// <summary>The left hand's.</summary>
        LeftWrist = 1,
        /// <summary>The right hand's.</summary>
        RightWrist = 2,
        /// <summary>The left foot's.</summary>
        LeftAnkle = 3,
        /// <summary>The right foot's.</summary>
        RightAnkle = 4,
    }

    /// <summary>Parts of a body that can be made anew.</summary>
    public enum BodyPart
    {
        /// <summary>Not said: the whole.</summary>
        Unspecified = 0,
        /// <summary>All joints.</summary>
        Whole = 1,
        /// <summary>Spine, neck, head and arms; legs and the way over the ground stay those of the source.</summary>
        Upper = 2,
    }

    /// <summary>
    /// What to compose. The same request with the same seed on the same bundle gives the same motion.
    /// </summary>
    public sealed partial class ComposeRequest : WireMessage
    {
        /// <summary>What way may be.</summary>
        public enum WayCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>A line over the ground, walked along from its first point on.</summary>
            Path = 10,
            /// <summary>Places with times.</summary>
            Route = 11,
        }

        /// <summary>Where it goes. Unset: where the motion leads.</summary>
        public WayCase Way { get; private set; }

        /// <summary>
        /// What is done, one after the other; together they are the clip's length. Range: [1, 32] beats, [0.5, 120]
        /// seconds in all. Default: none, they must be set.
        /// </summary>
        public MessageList<Beat> Beats { get; } = new MessageList<Beat>(() => new Beat());

        private AffectTrack _trackSpare;

        /// <summary>
        /// How it feels over time, instead of the beats' own affects; both: INVALID_ARGUMENT. Range: see AffectTrack.
        /// Unset: each beat's affect.
        /// </summary>
        public AffectTrack Track { get; set; }

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

        private string _generator = "";

        /// <summary>
        /// Generator, by the name GetInfo lists. Range: a listed name. Default: empty, which is the plan's.
        /// </summary>
        public string Generator { get => _generator; set => _generator = value ?? ""; }

        /// <summary>
        /// Frame rate of the reply. Range: [10, 120]. Unit: frames per second. Unset: the bundle's own, or that of
        /// `source`.
        /// </summary>
        public double? Fps { get; set; }

        private SourceMotion _sourceSpare;

        /// <summary>
        /// A motion to change or to go on from. Range: see SourceMotion. Unset: everything is made anew.
        /// </summary>
        public SourceMotion Source { get; set; }

        /// <summary>
        /// Spans of `source` that stay as they are, to the bit at its own frame rate; all else is made anew. Range: [0,
        /// 32] spans, sorted, apart, inside source and clip. Default: none.
        /// </summary>
        public MessageList<Span> Keep { get; } = new MessageList<Span>(() => new Span());

        /// <summary>
        /// Poses that the motion reaches. Range: [0, 64] keyframes, their times strictly rising, inside the clip and
        /// outside `keep`. Default: none.
        /// </summary>
        public MessageList<Keyframe> Keyframes { get; } = new MessageList<Keyframe>(() => new Keyframe());

        private Path _path, _pathSpare;

        /// <summary>
        /// A line over the ground, walked along from its first point on. Range: see Path. Unset: see way.
        /// </summary>
        public Path Path
        {
            get => Way == WayCase.Path ? _path : null;
            set { _path = value; Way = value == null ? WayCase.None : WayCase.Path; }
        }

        private Route _route, _routeSpare;

        /// <summary>Places with times. Range: see Route. Unset: see way.</summary>
        public Route Route
        {
            get => Way == WayCase.Route ? _route : null;
            set { _route = value; Way = value == null ? WayCase.None : WayCase.Route; }
        }

        /// <summary>
        /// Direction to face. Range: [-6.2832, 6.2832]. Unit: radians. Unset: along the way, or as generated. At 0
        /// towards +Z, growing to the left, to +X.
        /// </summary>
        public double? Heading { get; set; }

        /// <summary>
        /// Which part of the body is made anew; the rest comes from `source`. Range: any value. Default:
        /// BODY_PART_UNSPECIFIED, which is BODY_PART_WHOLE.
        /// </summary>
        public BodyPart Part { get; set; }

        /// <summary>
        /// Whether the end meets the beginning, so that the clip can be played round and round. With a source it is
        /// that which is made to loop, without `keep`. Range: true for a loop. Default: false.
        /// </summary>
        public bool Loop { get; set; }

        /// <summary>
        /// Pace. Range: [0.5, 2]. Unit: none. Unset: 1. At 0.5 half as fast as generated, at 2 twice as fast; the
        /// length stays as the beats say.
        /// </summary>
        public double? Speed { get; set; }

        private PostSettings _postSpare;

        /// <summary>What is done to the finished motion. Unset: nothing.</summary>
        public PostSettings Post { get; set; }

        /// <summary>
        /// Hands and feet that are somewhere for a while. Range: [0, 64] goals, those of one effector apart, inside the
        /// clip, outside `keep` and away from keyframes. Default: none.
        /// </summary>
        public MessageList<Goal> Goals { get; } = new MessageList<Goal>(() => new Goal());

        /// <inheritdoc/>
        public override void Clear()
        {
            Way = WayCase.None;
            Beats.Clear();
            Track = null;
            Seed = null;
            Plan = "";
            Generator = "";
            Fps = null;
            Source = null;
            Keep.Clear();
            Keyframes.Clear();
            Heading = null;
            Part = 0;
            Loop = false;
            Speed = null;
            Post = null;
            Goals.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            for (var i = 0; i < Beats.Count; i++) size += 1 + Size.Prefixed(Beats[i].ByteSize());
            if (Track != null) size += 1 + Size.Prefixed(Track.ByteSize());
            if (Seed != null) size += 1 + Size.Varint(Seed.Value);
            if (Plan.Length > 0) size += 1 + Size.Text(Plan);
            if (Generator.Length > 0) size += 1 + Size.Text(Generator);
            if (Fps != null) size += 1 + 8;
            if (Source != null) size += 1 + Size.Prefixed(Source.ByteSize());
            for (var i = 0; i < Keep.Count; i++) size += 1 + Size.Prefixed(Keep[i].ByteSize());
            for (var i = 0; i < Keyframes.Count; i++) size += 1 + Size.Prefixed(Keyframes[i].ByteSize());
            if (Way == WayCase.Path) size += 1 + Size.Prefixed(Path.ByteSize());
            if (Way == WayCase.Route) size += 1 + Size.Prefixed(Route.ByteSize());
            if (Heading != null) size += 1 + 8;
            if (Part != 0) size += 1 + Size.Varint((ulong)Part);
            if (Loop) size += 1 + 1;
            if (Speed != null) size += 1 + 8;
            if (Post != null) size += 2 + Size.Prefixed(Post.ByteSize());
            for (var i = 0; i < Goals.Count; i++) size += 2 + Size.Prefixed(Goals[i].ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            for (var i = 0; i < Beats.Count; i++) { writer.Tag(10); writer.Message(Beats[i]); }
            if (Track != null) { writer.Tag(18); writer.Message(Track); }
            if (Seed != null) { writer.Tag(24); writer.Varint(Seed.Value); }
            if (Plan.Length > 0) { writer.Tag(34); writer.Text(Plan); }
            if (Generator.Length > 0) { writer.Tag(42); writer.Text(Generator); }
            if (Fps != null) { writer.Tag(49); writer.Double(Fps.Value); }
            if (Source != null) { writer.Tag(58); writer.Message(Source); }
            for (var i = 0; i < Keep.Count; i++) { writer.Tag(66); writer.Message(Keep[i]); }
            for (var i = 0; i < Keyframes.Count; i++) { writer.Tag(74); writer.Message(Keyframes[i]); }
            if (Way == WayCase.Path) { writer.Tag(82); writer.Message(Path); }
            if (Way == WayCase.Route) { writer.Tag(90); writer.Message(Route); }
            if (Heading != null) { writer.Tag(97); writer.Double(Heading.Value); }
            if (Part != 0) { writer.Tag(104); writer.Varint((ulong)Part); }
            if (Loop) { writer.Tag(112); writer.Bool(Loop); }
            if (Speed != null) { writer.Tag(121); writer.Double(Speed.Value); }
            if (Post != null) { writer.Tag(130); writer.Message(Post); }
            for (var i = 0; i < Goals.Count; i++) { writer.Tag(138); writer.Message(Goals[i]); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: reader.Message(Beats.Add()); break;
                    case 18: Track = reader.Message(Track, _trackSpare ??= new AffectTrack()); break;
                    case 24: Seed = reader.Varint(); break;
                    case 34: Plan = reader.Text(); break;
                    case 42: Generator = reader.Text(); break;
                    case 49: Fps = reader.Double(); break;
                    case 58: Source = reader.Message(Source, _sourceSpare ??= new SourceMotion()); break;
                    case 66: reader.Message(Keep.Add()); break;
                    case 74: reader.Message(Keyframes.Add()); break;
                    case 82: Path = reader.Message(Path, _pathSpare ??= new Path()); break;
                    case 90: Route = reader.Message(Route, _routeSpare ??= new Route()); break;
                    case 97: Heading = reader.Double(); break;
                    case 104: Part = (BodyPart)(int)reader.Varint(); break;
                    case 112: Loop = reader.Bool(); break;
                    case 121: Speed = reader.Double(); break;
                    case 130: Post = reader.Message(Post, _postSpare ??= new PostSettings()); break;
                    case 138: reader.Message(Goals.Add()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Something that is done for a while.</summary>
    public sealed partial class Beat : WireMessage
    {
        private string _text = "";

        /// <summary>
        /// What the character does, in English. Range: [1, 1000] characters, not only white space. Default: none, it
        /// must be set.
        /// </summary>
        public string Text { get => _text; set => _text = value ?? ""; }

        private Affect _affectSpare;

        /// <summary>How it feels. Range: see Affect. Unset: EMOTION_NEUTRAL alone, or the request's track.</summary>
        public Affect Affect { get; set; }

        /// <summary>
        /// How long. Range: [0.5, 30]. Unit: seconds. Default: none, it must be set. At 0.5 there is time for half a
        /// step, 30 is the longest.
        /// </summary>
        public double Seconds { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Text = "";
            Affect = null;
            Seconds = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Text.Length > 0) size += 1 + Size.Text(Text);
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Seconds != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Text.Length > 0) { writer.Tag(10); writer.Text(Text); }
            if (Affect != null) { writer.Tag(18); writer.Message(Affect); }
            if (Seconds != 0) { writer.Tag(25); writer.Double(Seconds); }
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
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A motion of the SDK's body that the client sends.</summary>
    public sealed partial class SourceMotion : WireMessage
    {
        /// <summary>Frame rate. Range: [10, 120]. Unit: frames per second. Default: none, it must be set.</summary>
        public double Fps { get; set; }

        /// <summary>
        /// Local rotations as in MotionChunk, all frames. Range: [-1, 1], unit length, 88 floats a frame, 2 to 2700
        /// frames: 90 seconds at 30 frames per second. Unit: none. Default: none, they must be set.
        /// </summary>
        public WireList<float> Rotations { get; } = new WireList<float>();

        /// <summary>
        /// Position of the root joint as in MotionChunk. Range: [-1000, 1000], 3 floats a frame. Unit: metres. Default:
        /// none, it must be set.
        /// </summary>
        public WireList<float> Root { get; } = new WireList<float>();

        /// <summary>
        /// What is felt in it. The motion does not depend on it: tags of a clip tell it for the spans that are kept.
        /// Range: [0, 1024] spans, sorted and apart. Default: none, the tags tell what the request asks for.
        /// </summary>
        public MessageList<FeltSpan> Felt { get; } = new MessageList<FeltSpan>(() => new FeltSpan());

        /// <inheritdoc/>
        public override void Clear()
        {
            Fps = 0;
            Rotations.Clear();
            Root.Clear();
            Felt.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Fps != 0) size += 1 + 8;
            if (Rotations.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Rotations));
            if (Root.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Root));
            for (var i = 0; i < Felt.Count; i++) size += 1 + Size.Prefixed(Felt[i].ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Fps != 0) { writer.Tag(9); writer.Double(Fps); }
            if (Rotations.Count > 0) { writer.Tag(18); writer.Floats(Rotations); }
            if (Root.Count > 0) { writer.Tag(26); writer.Floats(Root); }
            for (var i = 0; i < Felt.Count; i++) { writer.Tag(34); writer.Message(Felt[i]); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: Fps = reader.Double(); break;
                    case 18: reader.Floats(Rotations); break;
                    case 21: Rotations.Add(reader.Float()); break;
                    case 26: reader.Floats(Root); break;
                    case 29: Root.Add(reader.Float()); break;
                    case 34: reader.Message(Felt.Add()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What is felt from one moment to another.</summary>
    public sealed partial class FeltSpan : WireMessage
    {
        /// <summary>Where it begins. Range: [0, 3600]. Unit: seconds. Default: 0. At 0 with the first frame.</summary>
        public double StartS { get; set; }

        /// <summary>
        /// Where it ends. Range: [0, 3600], after the start. Unit: seconds. Default: none, it must be set.
        /// </summary>
        public double EndS { get; set; }

        private Affect _affectSpare;

        /// <summary>What is felt. Range: see Affect. Unset: EMOTION_NEUTRAL alone.</summary>
        public Affect Affect { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            StartS = 0;
            EndS = 0;
            Affect = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (StartS != 0) size += 1 + 8;
            if (EndS != 0) size += 1 + 8;
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (StartS != 0) { writer.Tag(9); writer.Double(StartS); }
            if (EndS != 0) { writer.Tag(17); writer.Double(EndS); }
            if (Affect != null) { writer.Tag(26); writer.Message(Affect); }
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
                    case 26: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>From one moment to another.</summary>
    public sealed partial class Span : WireMessage
    {
        /// <summary>Where it begins. Range: [0, 120]. Unit: seconds. Default: 0. At 0 with the first frame.</summary>
        public double StartS { get; set; }

        /// <summary>
        /// Where it ends, that frame included. Range: [0, 120], after the start. Unit: seconds. Default: none, it must
        /// be set.
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

    /// <summary>A pose at a moment.</summary>
    public sealed partial class Keyframe : WireMessage
    {
        /// <summary>When. Range: [0, 120], inside the clip. Unit: seconds. Default: 0. At 0 the first frame.</summary>
        public double Seconds { get; set; }

        private Pose _poseSpare;

        /// <summary>The pose. Range: see Pose. Default: none, it must be set.</summary>
        public Pose Pose { get; set; }

        /// <summary>
        /// Whether the pose's place on the ground and its direction count, not only the body's own posture and height.
        /// Range: true if they do. Default: false.
        /// </summary>
        public bool Place { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Seconds = 0;
            Pose = null;
            Place = false;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Seconds != 0) size += 1 + 8;
            if (Pose != null) size += 1 + Size.Prefixed(Pose.ByteSize());
            if (Place) size += 1 + 1;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Seconds != 0) { writer.Tag(9); writer.Double(Seconds); }
            if (Pose != null) { writer.Tag(18); writer.Message(Pose); }
            if (Place) { writer.Tag(24); writer.Bool(Place); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: Seconds = reader.Double(); break;
                    case 18: Pose = reader.Message(Pose, _poseSpare ??= new Pose()); break;
                    case 24: Place = reader.Bool(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A hand or a foot that is somewhere for a while.</summary>
    public sealed partial class Goal : WireMessage
    {
        /// <summary>Which. Range: any but EFFECTOR_UNSPECIFIED. Default: none, it must be set.</summary>
        public Effector Effector { get; set; }

        /// <summary>
        /// From when on. Range: [0, 120], inside the clip. Unit: seconds. Default: 0. At 0 from the first frame on.
        /// </summary>
        public double Seconds { get; set; }

        /// <summary>
        /// For how long. Range: [0, 120], inside the clip. Unit: seconds. Default: 0. At 0 for one frame.
        /// </summary>
        public double HoldS { get; set; }

        /// <summary>
        /// Where the joint is: to the left, up from the ground, ahead. Range: [-1000, 1000], 3 floats, an ankle's not
        /// below the ground. Unit: metres. Default: none, it must be set.
        /// </summary>
        public WireList<float> Position { get; } = new WireList<float>();

        /// <summary>
        /// How hand or foot is turned in that frame, x y z w. Range: [-1, 1], unit length, 4 floats or none. Unit:
        /// none. Unset: a hand as the motion bends its wrist, a foot as the motion turns it.
        /// </summary>
        public WireList<float> Rotation { get; } = new WireList<float>();

        /// <summary>
        /// Whether position and rotation are of the clip's own frame; else they are seen from the body: from the ground
        /// below the pelvis, along its heading, wherever it goes. Range: true if they are the clip's. Default: false.
        /// </summary>
        public bool Place { get; set; }

        /// <summary>
        /// Time to get there and to come back. Range: [0.1, 5]. Unit: seconds. Unset: 0.5, or longer for a long way.
        /// </summary>
        public double? EaseS { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Effector = 0;
            Seconds = 0;
            HoldS = 0;
            Position.Clear();
            Rotation.Clear();
            Place = false;
            EaseS = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Effector != 0) size += 1 + Size.Varint((ulong)Effector);
            if (Seconds != 0) size += 1 + 8;
            if (HoldS != 0) size += 1 + 8;
            if (Position.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Position));
            if (Rotation.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Rotation));
            if (Place) size += 1 + 1;
            if (EaseS != null) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Effector != 0) { writer.Tag(8); writer.Varint((ulong)Effector); }
            if (Seconds != 0) { writer.Tag(17); writer.Double(Seconds); }
            if (HoldS != 0) { writer.Tag(25); writer.Double(HoldS); }
            if (Position.Count > 0) { writer.Tag(34); writer.Floats(Position); }
            if (Rotation.Count > 0) { writer.Tag(42); writer.Floats(Rotation); }
            if (Place) { writer.Tag(48); writer.Bool(Place); }
            if (EaseS != null) { writer.Tag(57); writer.Double(EaseS.Value); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Effector = (Effector)(int)reader.Varint(); break;
                    case 17: Seconds = reader.Double(); break;
                    case 25: HoldS = reader.Double(); break;
                    case 34: reader.Floats(Position); break;
                    case 37: Position.Add(reader.Float()); break;
                    case 42: reader.Floats(Rotation); break;
                    case 45: Rotation.Add(reader.Float()); break;
                    case 48: Place = reader.Bool(); break;
                    case 57: EaseS = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Places to be at, each at its time; between them the way is a smooth curve.</summary>
    public sealed partial class Route : WireMessage
    {
        /// <summary>
        /// The places. Range: [2, 64] points, their times strictly rising, inside the clip. Default: none, they must be
        /// set.
        /// </summary>
        public MessageList<Waypoint> Points { get; } = new MessageList<Waypoint>(() => new Waypoint());

        /// <inheritdoc/>
        public override void Clear()
        {
            Points.Clear();
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            for (var i = 0; i < Points.Count; i++) size += 1 + Size.Prefixed(Points[i].ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            for (var i = 0; i < Points.Count; i++) { writer.Tag(10); writer.Message(Points[i]); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: reader.Message(Points.Add()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A place on the ground at a moment.</summary>
    public sealed partial class Waypoint : WireMessage
    {
        /// <summary>When. Range: [0, 120]. Unit: seconds. Default: 0. At 0 the first frame.</summary>
        public double Seconds { get; set; }

        /// <summary>
        /// Where, to the left of the origin. Range: [-1000, 1000]. Unit: metres. Default: 0. At 0 over the origin's
        /// line.
        /// </summary>
        public double X { get; set; }

        /// <summary>
        /// Where, ahead of the origin. Range: [-1000, 1000]. Unit: metres. Default: 0. At 0 over the origin's line.
        /// </summary>
        public double Z { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Seconds = 0;
            X = 0;
            Z = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Seconds != 0) size += 1 + 8;
            if (X != 0) size += 1 + 8;
            if (Z != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Seconds != 0) { writer.Tag(9); writer.Double(Seconds); }
            if (X != 0) { writer.Tag(17); writer.Double(X); }
            if (Z != 0) { writer.Tag(25); writer.Double(Z); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 9: Seconds = reader.Double(); break;
                    case 17: X = reader.Double(); break;
                    case 25: Z = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What is done to a finished motion.</summary>
    public sealed partial class PostSettings : WireMessage
    {
        /// <summary>Whether planted feet are held still. Range: true to hold them. Default: false.</summary>
        public bool LockFeet { get; set; }

        /// <summary>
        /// Whether the lowest foot contacts are put on the ground. Range: true to put them there. Default: false.
        /// </summary>
        public bool Ground { get; set; }

        /// <summary>
        /// How much the motion is smoothed. Range: [0, 1]. Unit: none. Default: 0. At 0 not at all, at 1 as much as
        /// keeps its feeling readable.
        /// </summary>
        public double Smooth { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            LockFeet = false;
            Ground = false;
            Smooth = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (LockFeet) size += 1 + 1;
            if (Ground) size += 1 + 1;
            if (Smooth != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (LockFeet) { writer.Tag(8); writer.Bool(LockFeet); }
            if (Ground) { writer.Tag(16); writer.Bool(Ground); }
            if (Smooth != 0) { writer.Tag(25); writer.Double(Smooth); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: LockFeet = reader.Bool(); break;
                    case 16: Ground = reader.Bool(); break;
                    case 25: Smooth = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>Composes clips. Errors are as in MotionService.</summary>
    public static class ComposeService
    {
        /// <summary>ComposeRequest to GenerateReply, one to many.</summary>
        public const string Compose = "/emomotion.v1.ComposeService/Compose";
    }
}
