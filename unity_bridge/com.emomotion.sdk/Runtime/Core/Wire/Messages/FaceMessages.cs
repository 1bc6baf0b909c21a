// Made by tools/generate_csharp.py from protos/emomotion/v1/face.proto. Change that, not this.

namespace EmoMotion.Wire
{
    /// <summary>Shapes of the mouth in speech.</summary>
    public enum Viseme
    {
        /// <summary>Not a viseme: what a forgotten field holds. Refused with INVALID_ARGUMENT.</summary>
        Unspecified = 0,
        /// <summary>As in "father".</summary>
        A = 1,
        /// <summary>As in "church", "ship", "just".</summary>
        Ch = 2,
        /// <summary>Lips shut, as in "p", "b".</summary>
        Closed = 3,
        /// <summary>As in "bed".</summary>
        E = 4,
        /// <summary>As in "five", "very".</summary>
        F = 5,
        /// <summary>As in "see".</summary>
        I = 6,
        /// <summary>As in "sing".</summary>
        Ing = 7,
        /// <summary>As in "call", "go".</summary>
        Kk = 8,
        /// <summary>As in "man".</summary>
        M = 9,
        /// <summary>As in "no", "lot".</summary>
        Nn = 10,
        /// <summary>As in "more".</summary>
        O = 11,
        /// <summary>As in "red".</summary>
        Rr = 12,
        /// <summary>As in "see", "zoo".</summary>
        Ss = 13,
        /// <summary>As in "too".</summary>
        U = 14,
    }

    /// <summary>How the values of a frame are meant.</summary>
    public enum FaceMode
    {
        /// <summary>Not stated; no frame has it.</summary>
        Unspecified = 0,
        /// <summary>They follow the face or the feeling.</summary>
        Follow = 1,
        /// <summary>The face is lost for a moment: the last values again.</summary>
        Hold = 2,
        /// <summary>The face is gone, or neutral is being taken: on the way to neutral, or there.</summary>
        Neutral = 3,
    }

    /// <summary>One message of a client whose face is followed.</summary>
    public sealed partial class TrackRequest : WireMessage
    {
        /// <summary>What part may be.</summary>
        public enum PartCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>First message.</summary>
            Start = 1,
            /// <summary>A picture of the face.</summary>
            Image = 2,
            /// <summary>Or its landmarks, found by the client.</summary>
            Landmarks = 3,
            /// <summary>The next faces are neutral: take them as what later ones deviate from.</summary>
            Calibrate = 4,
            /// <summary>No more will come.</summary>
            End = 5,
        }

        /// <summary>Which part this is; exactly one is set.</summary>
        public PartCase Part { get; private set; }

        private TrackStart _start, _startSpare;

        /// <summary>First message. Range: once. Default: none, it must be sent.</summary>
        public TrackStart Start
        {
            get => Part == PartCase.Start ? _start : null;
            set { _start = value; Part = value == null ? PartCase.None : PartCase.Start; }
        }

        private FaceImage _image, _imageSpare;

        /// <summary>A picture of the face. Range: after the start. Unset: nothing to follow.</summary>
        public FaceImage Image
        {
            get => Part == PartCase.Image ? _image : null;
            set { _image = value; Part = value == null ? PartCase.None : PartCase.Image; }
        }

        private FaceLandmarks _landmarks, _landmarksSpare;

        /// <summary>Or its landmarks, found by the client. Range: after the start. Unset: nothing to follow.</summary>
        public FaceLandmarks Landmarks
        {
            get => Part == PartCase.Landmarks ? _landmarks : null;
            set { _landmarks = value; Part = value == null ? PartCase.None : PartCase.Landmarks; }
        }

        private Calibrate _calibrate, _calibrateSpare;

        /// <summary>
        /// The next faces are neutral: take them as what later ones deviate from. Range: after the start. Unset: as
        /// before.
        /// </summary>
        public Calibrate Calibrate
        {
            get => Part == PartCase.Calibrate ? _calibrate : null;
            set { _calibrate = value; Part = value == null ? PartCase.None : PartCase.Calibrate; }
        }

        private FaceEnd _end, _endSpare;

        /// <summary>No more will come. Range: once, last. Unset: more comes.</summary>
        public FaceEnd End
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
            if (Part == PartCase.Image) size += 1 + Size.Prefixed(Image.ByteSize());
            if (Part == PartCase.Landmarks) size += 1 + Size.Prefixed(Landmarks.ByteSize());
            if (Part == PartCase.Calibrate) size += 1 + Size.Prefixed(Calibrate.ByteSize());
            if (Part == PartCase.End) size += 1 + Size.Prefixed(End.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Part == PartCase.Start) { writer.Tag(10); writer.Message(Start); }
            if (Part == PartCase.Image) { writer.Tag(18); writer.Message(Image); }
            if (Part == PartCase.Landmarks) { writer.Tag(26); writer.Message(Landmarks); }
            if (Part == PartCase.Calibrate) { writer.Tag(34); writer.Message(Calibrate); }
            if (Part == PartCase.End) { writer.Tag(42); writer.Message(End); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Start = reader.Message(Start, _startSpare ??= new TrackStart()); break;
                    case 18: Image = reader.Message(Image, _imageSpare ??= new FaceImage()); break;
                    case 26: Landmarks = reader.Message(Landmarks, _landmarksSpare ??= new FaceLandmarks()); break;
                    case 34: Calibrate = reader.Message(Calibrate, _calibrateSpare ??= new Calibrate()); break;
                    case 42: End = reader.Message(End, _endSpare ??= new FaceEnd()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>How a face is followed.</summary>
    public sealed partial class TrackStart : WireMessage
    {
        private string _schemaSha256 = "";

        /// <summary>
        /// Hash of the client's control schema. Range: 64 lower-case hexadecimal digits. Default: empty, which takes
        /// any; with another one than the server's: FAILED_PRECONDITION.
        /// </summary>
        public string SchemaSha256 { get => _schemaSha256; set => _schemaSha256 = value ?? ""; }

        private string _rangeSet = "";

        /// <summary>
        /// What the values are for. Range: a range set of the schema. Default: empty, which is "tight".
        /// </summary>
        public string RangeSet { get => _rangeSet; set => _rangeSet = value ?? ""; }

        /// <summary>
        /// Faces at the beginning that are taken as neutral. Range: [1, 300]. Unit: faces. Unset: 15, half a second of
        /// a webcam.
        /// </summary>
        public uint? CalibrationFaces { get; set; }

        /// <summary>
        /// How long a frame may be used after the picture was taken. Range: [1, 10000]. Unit: milliseconds. Unset: 200.
        /// </summary>
        public double? TtlMs { get; set; }

        /// <summary>
        /// Strength of the smoothing. Range: [0, 1]. Unit: none. Unset: 0.5. At 0 none, at 1 calmest and latest.
        /// </summary>
        public double? Smoothing { get; set; }

        /// <summary>Whether frames hold blendshapes too. Range: true for blendshapes. Unset: false.</summary>
        public bool Blendshapes { get; set; }

        private Affect _affectSpare;

        /// <summary>
        /// What the performer feels, echoed in every frame for those who move the body. Range: see Affect. Unset: not
        /// stated.
        /// </summary>
        public Affect Affect { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            SchemaSha256 = "";
            RangeSet = "";
            CalibrationFaces = null;
            TtlMs = null;
            Smoothing = null;
            Blendshapes = false;
            Affect = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (SchemaSha256.Length > 0) size += 1 + Size.Text(SchemaSha256);
            if (RangeSet.Length > 0) size += 1 + Size.Text(RangeSet);
            if (CalibrationFaces != null) size += 1 + Size.Varint(CalibrationFaces.Value);
            if (TtlMs != null) size += 1 + 8;
            if (Smoothing != null) size += 1 + 8;
            if (Blendshapes) size += 1 + 1;
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (SchemaSha256.Length > 0) { writer.Tag(10); writer.Text(SchemaSha256); }
            if (RangeSet.Length > 0) { writer.Tag(18); writer.Text(RangeSet); }
            if (CalibrationFaces != null) { writer.Tag(24); writer.Varint(CalibrationFaces.Value); }
            if (TtlMs != null) { writer.Tag(33); writer.Double(TtlMs.Value); }
            if (Smoothing != null) { writer.Tag(41); writer.Double(Smoothing.Value); }
            if (Blendshapes) { writer.Tag(48); writer.Bool(Blendshapes); }
            if (Affect != null) { writer.Tag(58); writer.Message(Affect); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: SchemaSha256 = reader.Text(); break;
                    case 18: RangeSet = reader.Text(); break;
                    case 24: CalibrationFaces = (uint)reader.Varint(); break;
                    case 33: TtlMs = reader.Double(); break;
                    case 41: Smoothing = reader.Double(); break;
                    case 48: Blendshapes = reader.Bool(); break;
                    case 58: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A picture with one face; of several the largest is followed.</summary>
    public sealed partial class FaceImage : WireMessage
    {
        /// <summary>
        /// JPEG or PNG. Range: [1, 1000000] bytes, at most 4,096 pixels a side. Default: none, it must be set.
        /// </summary>
        public byte[] Encoded { get; set; }

        /// <summary>
        /// When it was taken, by the client's own clock, which only has to rise: set it in all faces of a stream or in
        /// none. Range: [0, 9223372036854775807]. Unit: nanoseconds. Unset: the server takes its arrival.
        /// </summary>
        public long? CaptureNs { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Encoded = null;
            CaptureNs = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Encoded != null && Encoded.Length > 0) size += 1 + Size.Bytes(Encoded);
            if (CaptureNs != null) size += 1 + Size.Varint((ulong)CaptureNs.Value);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Encoded != null && Encoded.Length > 0) { writer.Tag(10); writer.Bytes(Encoded); }
            if (CaptureNs != null) { writer.Tag(16); writer.Varint((ulong)CaptureNs.Value); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Encoded = reader.Bytes(); break;
                    case 16: CaptureNs = (long)reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A face as points.</summary>
    public sealed partial class FaceLandmarks : WireMessage
    {
        /// <summary>
        /// x, y, z of each of 478 points (468 of the face mesh of MediaPipe, then 5 of each iris; 468 alone are taken
        /// too). x to the right, y down, z away from the camera, one scale for all. Range: [-100000, 100000], 1404 or
        /// 1434 floats. Unit: pixels. Default: none, they must be set.
        /// </summary>
        public WireList<float> Points { get; } = new WireList<float>();

        /// <summary>How sure the finder is that this is a face. Range: [0, 1]. Unit: none. Unset: 1.</summary>
        public double? Confidence { get; set; }

        /// <summary>
        /// As in FaceImage. Range: [0, 9223372036854775807]. Unit: nanoseconds. Unset: the server takes its arrival.
        /// </summary>
        public long? CaptureNs { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Points.Clear();
            Confidence = null;
            CaptureNs = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Points.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Points));
            if (Confidence != null) size += 1 + 8;
            if (CaptureNs != null) size += 1 + Size.Varint((ulong)CaptureNs.Value);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Points.Count > 0) { writer.Tag(10); writer.Floats(Points); }
            if (Confidence != null) { writer.Tag(17); writer.Double(Confidence.Value); }
            if (CaptureNs != null) { writer.Tag(24); writer.Varint((ulong)CaptureNs.Value); }
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
                    case 17: Confidence = reader.Double(); break;
                    case 24: CaptureNs = (long)reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>A wish to take neutral anew.</summary>
    public sealed partial class Calibrate : WireMessage
    {
        /// <summary>Faces to take. Range: [1, 300]. Unit: faces. Unset: 15.</summary>
        public uint? Faces { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Faces = null;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Faces != null) size += 1 + Size.Varint(Faces.Value);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Faces != null) { writer.Tag(8); writer.Varint(Faces.Value); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Faces = (uint)reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>The client's end of a stream.</summary>
    public sealed partial class FaceEnd : WireMessage
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

    /// <summary>One message of a client that wants a feeling shown.</summary>
    public sealed partial class ExpressRequest : WireMessage
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

        private ExpressStart _start, _startSpare;

        /// <summary>First message. Range: once. Default: none, it must be sent.</summary>
        public ExpressStart Start
        {
            get => Part == PartCase.Start ? _start : null;
            set { _start = value; Part = value == null ? PartCase.None : PartCase.Start; }
        }

        private ExpressChange _change, _changeSpare;

        /// <summary>Another wish, from the next frame on. Range: after the start. Unset: as before.</summary>
        public ExpressChange Change
        {
            get => Part == PartCase.Change ? _change : null;
            set { _change = value; Part = value == null ? PartCase.None : PartCase.Change; }
        }

        private FaceEnd _end, _endSpare;

        /// <summary>No more is wanted. Range: once, last. Unset: the face goes on.</summary>
        public FaceEnd End
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
                    case 10: Start = reader.Message(Start, _startSpare ??= new ExpressStart()); break;
                    case 18: Change = reader.Message(Change, _changeSpare ??= new ExpressChange()); break;
                    case 26: End = reader.Message(End, _endSpare ??= new FaceEnd()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>How a face begins to express.</summary>
    public sealed partial class ExpressStart : WireMessage
    {
        private ExpressChange _wishSpare;

        /// <summary>What it shows first. Range: see ExpressChange. Unset: EMOTION_NEUTRAL alone.</summary>
        public ExpressChange Wish { get; set; }

        private string _schemaSha256 = "";

        /// <summary>
        /// Hash of the client's control schema, as in TrackStart. Range: 64 lower-case hexadecimal digits. Default:
        /// empty.
        /// </summary>
        public string SchemaSha256 { get => _schemaSha256; set => _schemaSha256 = value ?? ""; }

        private string _rangeSet = "";

        /// <summary>
        /// What the values are for. Range: a range set of the schema. Default: empty, which is "tight".
        /// </summary>
        public string RangeSet { get => _rangeSet; set => _rangeSet = value ?? ""; }

        /// <summary>Rate of the frames. Range: [10, 120]. Unit: frames per second. Unset: 60.</summary>
        public double? Fps { get; set; }

        /// <summary>
        /// How long a frame may be used after it was made. Range: [1, 10000]. Unit: milliseconds. Unset: 200.
        /// </summary>
        public double? TtlMs { get; set; }

        /// <summary>
        /// Start of the random numbers: moments of blinks and small glances. Range: [0, 18446744073709551615]. Unit:
        /// none. Unset: the server draws one; the header echoes it.
        /// </summary>
        public ulong? Seed { get; set; }

        /// <summary>Whether frames hold blendshapes too. Range: true for blendshapes. Unset: false.</summary>
        public bool Blendshapes { get; set; }

        /// <summary>
        /// Whether the face moves by wishes alone. Range: true for no blinks, glances and swaying of its own. Unset:
        /// false.
        /// </summary>
        public bool Still { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Wish = null;
            SchemaSha256 = "";
            RangeSet = "";
            Fps = null;
            TtlMs = null;
            Seed = null;
            Blendshapes = false;
            Still = false;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Wish != null) size += 1 + Size.Prefixed(Wish.ByteSize());
            if (SchemaSha256.Length > 0) size += 1 + Size.Text(SchemaSha256);
            if (RangeSet.Length > 0) size += 1 + Size.Text(RangeSet);
            if (Fps != null) size += 1 + 8;
            if (TtlMs != null) size += 1 + 8;
            if (Seed != null) size += 1 + Size.Varint(Seed.Value);
            if (Blendshapes) size += 1 + 1;
            if (Still) size += 1 + 1;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Wish != null) { writer.Tag(10); writer.Message(Wish); }
            if (SchemaSha256.Length > 0) { writer.Tag(18); writer.Text(SchemaSha256); }
            if (RangeSet.Length > 0) { writer.Tag(26); writer.Text(RangeSet); }
            if (Fps != null) { writer.Tag(33); writer.Double(Fps.Value); }
            if (TtlMs != null) { writer.Tag(41); writer.Double(TtlMs.Value); }
            if (Seed != null) { writer.Tag(48); writer.Varint(Seed.Value); }
            if (Blendshapes) { writer.Tag(56); writer.Bool(Blendshapes); }
            if (Still) { writer.Tag(64); writer.Bool(Still); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Wish = reader.Message(Wish, _wishSpare ??= new ExpressChange()); break;
                    case 18: SchemaSha256 = reader.Text(); break;
                    case 26: RangeSet = reader.Text(); break;
                    case 33: Fps = reader.Double(); break;
                    case 41: TtlMs = reader.Double(); break;
                    case 48: Seed = reader.Varint(); break;
                    case 56: Blendshapes = reader.Bool(); break;
                    case 64: Still = reader.Bool(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What a face is to show from now on. What is unset stays as it was.</summary>
    public sealed partial class ExpressChange : WireMessage
    {
        private Affect _affectSpare;

        /// <summary>How it feels. Range: see Affect. Unset: as before.</summary>
        public Affect Affect { get; set; }

        private AffectTrack _trackSpare;

        /// <summary>
        /// How it feels over time, instead of affect; both: INVALID_ARGUMENT. Range: see AffectTrack. Unset: as before.
        /// </summary>
        public AffectTrack Track { get; set; }

        /// <summary>
        /// What the mouth says meanwhile; speech takes weight from the expression. Range: each viseme at most once, 0
        /// to 14 entries. Unset: silence.
        /// </summary>
        public MessageList<VisemeWeight> Visemes { get; } = new MessageList<VisemeWeight>(() => new VisemeWeight());

        /// <summary>
        /// Where to look, relative to the head: to the face's own left. Range: [-60, 60]. Unit: degrees. Unset: as
        /// before, at first wandering a little.
        /// </summary>
        public double? LookLeft { get; set; }

        /// <summary>And up. Range: [-40, 40]. Unit: degrees. Unset: as before, at first wandering a little.</summary>
        public double? LookUp { get; set; }

        /// <summary>
        /// Let the eyes wander again. Range: true for that; with look_left or look_up: INVALID_ARGUMENT. Unset: false.
        /// </summary>
        public bool LookFreely { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Affect = null;
            Track = null;
            Visemes.Clear();
            LookLeft = null;
            LookUp = null;
            LookFreely = false;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Track != null) size += 1 + Size.Prefixed(Track.ByteSize());
            for (var i = 0; i < Visemes.Count; i++) size += 1 + Size.Prefixed(Visemes[i].ByteSize());
            if (LookLeft != null) size += 1 + 8;
            if (LookUp != null) size += 1 + 8;
            if (LookFreely) size += 1 + 1;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Affect != null) { writer.Tag(10); writer.Message(Affect); }
            if (Track != null) { writer.Tag(18); writer.Message(Track); }
            for (var i = 0; i < Visemes.Count; i++) { writer.Tag(26); writer.Message(Visemes[i]); }
            if (LookLeft != null) { writer.Tag(33); writer.Double(LookLeft.Value); }
            if (LookUp != null) { writer.Tag(41); writer.Double(LookUp.Value); }
            if (LookFreely) { writer.Tag(48); writer.Bool(LookFreely); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    case 18: Track = reader.Message(Track, _trackSpare ??= new AffectTrack()); break;
                    case 26: reader.Message(Visemes.Add()); break;
                    case 33: LookLeft = reader.Double(); break;
                    case 41: LookUp = reader.Double(); break;
                    case 48: LookFreely = reader.Bool(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>The share of one viseme.</summary>
    public sealed partial class VisemeWeight : WireMessage
    {
        /// <summary>Which. Range: any value of Viseme but VISEME_UNSPECIFIED. Default: none, it must be set.</summary>
        public Viseme Viseme { get; set; }

        /// <summary>
        /// Its share. Range: [0, 1]. Unit: none. Default: 0. At 1 the mouth says this alone; more than 1 in all is
        /// scaled to 1.
        /// </summary>
        public double Weight { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Viseme = 0;
            Weight = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Viseme != 0) size += 1 + Size.Varint((ulong)Viseme);
            if (Weight != 0) size += 1 + 8;
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Viseme != 0) { writer.Tag(8); writer.Varint((ulong)Viseme); }
            if (Weight != 0) { writer.Tag(17); writer.Double(Weight); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Viseme = (Viseme)(int)reader.Varint(); break;
                    case 17: Weight = reader.Double(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>One message of the server.</summary>
    public sealed partial class FaceReply : WireMessage
    {
        /// <summary>What part may be.</summary>
        public enum PartCase
        {
            /// <summary>No one.</summary>
            None = 0,
            /// <summary>First message: what all frames have in common.</summary>
            Header = 1,
            /// <summary>One frame.</summary>
            Frame = 2,
            /// <summary>Last message: how the stream ended.</summary>
            Ended = 3,
        }

        /// <summary>Which part this is; exactly one is set.</summary>
        public PartCase Part { get; private set; }

        private FaceHeader _header, _headerSpare;

        /// <summary>First message: what all frames have in common. Range: once.</summary>
        public FaceHeader Header
        {
            get => Part == PartCase.Header ? _header : null;
            set { _header = value; Part = value == null ? PartCase.None : PartCase.Header; }
        }

        private FaceFrame _frame, _frameSpare;

        /// <summary>One frame. Range: after the header.</summary>
        public FaceFrame Frame
        {
            get => Part == PartCase.Frame ? _frame : null;
            set { _frame = value; Part = value == null ? PartCase.None : PartCase.Frame; }
        }

        private FaceEnded _ended, _endedSpare;

        /// <summary>Last message: how the stream ended. Range: once.</summary>
        public FaceEnded Ended
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
                    case 10: Header = reader.Message(Header, _headerSpare ??= new FaceHeader()); break;
                    case 18: Frame = reader.Message(Frame, _frameSpare ??= new FaceFrame()); break;
                    case 26: Ended = reader.Message(Ended, _endedSpare ??= new FaceEnded()); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>What all frames of a face have in common. Always complete.</summary>
    public sealed partial class FaceHeader : WireMessage
    {
        private string _streamId = "";

        /// <summary>Name of this stream, for logs. Range: 1 to 64 characters.</summary>
        public string StreamId { get => _streamId; set => _streamId = value ?? ""; }

        private string _schemaSha256 = "";

        /// <summary>
        /// Hash of the control schema that the values follow. Range: 64 lower-case hexadecimal digits.
        /// </summary>
        public string SchemaSha256 { get => _schemaSha256; set => _schemaSha256 = value ?? ""; }

        private string _rangeSet = "";

        /// <summary>Range set within which the values lie. Range: a range set of the schema.</summary>
        public string RangeSet { get => _rangeSet; set => _rangeSet = value ?? ""; }

        /// <summary>Names of the controls, in the order of a frame's values. Range: 30 names for Ameca.</summary>
        public WireList<string> ControlNames { get; } = new WireList<string>();

        /// <summary>
        /// Names of the blendshapes, in the order of a frame's blendshapes; landmark-derived or affect-derived, with
        /// the names of ARKit. Range: 52 names, none unless asked for.
        /// </summary>
        public WireList<string> BlendshapeNames { get; } = new WireList<string>();

        private string _modelId = "";

        /// <summary>What makes the values. Range: 1 to 100 characters, such as a model's name and version.</summary>
        public string ModelId { get => _modelId; set => _modelId = value ?? ""; }

        /// <summary>
        /// Frames that are meant to come. Range: [0, 120]. Unit: frames per second. At 0 as many as the client sends.
        /// </summary>
        public double NominalFps { get; set; }

        /// <summary>
        /// Start of the random numbers. Range: [0, 18446744073709551615]. Unit: none. At 0 also where there are none.
        /// </summary>
        public ulong Seed { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            StreamId = "";
            SchemaSha256 = "";
            RangeSet = "";
            ControlNames.Clear();
            BlendshapeNames.Clear();
            ModelId = "";
            NominalFps = 0;
            Seed = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (StreamId.Length > 0) size += 1 + Size.Text(StreamId);
            if (SchemaSha256.Length > 0) size += 1 + Size.Text(SchemaSha256);
            if (RangeSet.Length > 0) size += 1 + Size.Text(RangeSet);
            for (var i = 0; i < ControlNames.Count; i++) size += 1 + Size.Text(ControlNames[i]);
            for (var i = 0; i < BlendshapeNames.Count; i++) size += 1 + Size.Text(BlendshapeNames[i]);
            if (ModelId.Length > 0) size += 1 + Size.Text(ModelId);
            if (NominalFps != 0) size += 1 + 8;
            if (Seed != 0) size += 1 + Size.Varint(Seed);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (StreamId.Length > 0) { writer.Tag(10); writer.Text(StreamId); }
            if (SchemaSha256.Length > 0) { writer.Tag(18); writer.Text(SchemaSha256); }
            if (RangeSet.Length > 0) { writer.Tag(26); writer.Text(RangeSet); }
            for (var i = 0; i < ControlNames.Count; i++) { writer.Tag(34); writer.Text(ControlNames[i]); }
            for (var i = 0; i < BlendshapeNames.Count; i++) { writer.Tag(42); writer.Text(BlendshapeNames[i]); }
            if (ModelId.Length > 0) { writer.Tag(50); writer.Text(ModelId); }
            if (NominalFps != 0) { writer.Tag(57); writer.Double(NominalFps); }
            if (Seed != 0) { writer.Tag(64); writer.Varint(Seed); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 10: StreamId = reader.Text(); break;
                    case 18: SchemaSha256 = reader.Text(); break;
                    case 26: RangeSet = reader.Text(); break;
                    case 34: ControlNames.Add(reader.Text()); break;
                    case 42: BlendshapeNames.Add(reader.Text()); break;
                    case 50: ModelId = reader.Text(); break;
                    case 57: NominalFps = reader.Double(); break;
                    case 64: Seed = reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>One frame of a face.</summary>
    public sealed partial class FaceFrame : WireMessage
    {
        /// <summary>
        /// Number of the frame, one more than that of the message before. Range: [0, 18446744073709551615]. Unit:
        /// frames.
        /// </summary>
        public ulong Number { get; set; }

        /// <summary>
        /// When the picture was taken, as the client said or, by the server's monotonic clock, as it came in; in
        /// Express when the frame was made, by that clock. Range: [0, 9223372036854775807]. Unit: nanoseconds.
        /// </summary>
        public long CaptureNs { get; set; }

        /// <summary>
        /// From the arrival of what it was made of to this message. Range: [0, inf). Unit: milliseconds. At 0 at once.
        /// </summary>
        public double MadeInMs { get; set; }

        /// <summary>
        /// How long it may be used, from its arrival minus made_in_ms. Range: [1, 10000]. Unit: milliseconds.
        /// </summary>
        public double TtlMs { get; set; }

        /// <summary>
        /// Value of each control, in the schema's own units and in the range set. Range: [-1000, 1000], one float a
        /// control. Unit: the control's own, as the schema says.
        /// </summary>
        public WireList<float> Values { get; } = new WireList<float>();

        /// <summary>How they are meant. Range: any value but FACE_MODE_UNSPECIFIED.</summary>
        public FaceMode Mode { get; set; }

        /// <summary>How sure a face was seen; in Express 1. Range: [0, 1]. Unit: none.</summary>
        public double Confidence { get; set; }

        private Affect _affectSpare;

        /// <summary>What is felt: as asked in TrackStart, or as applied in Express. Unset: not stated.</summary>
        public Affect Affect { get; set; }

        /// <summary>
        /// Blendshapes in the order of the header's names. Range: [0, 1], 52 floats, none unless asked for. Unit: none.
        /// </summary>
        public WireList<float> Blendshapes { get; } = new WireList<float>();

        /// <summary>
        /// Pictures and landmarks that were left out since the frame before because a newer one was there; in Express
        /// frames that the client was too slow to take. Range: [0, 4294967295]. Unit: faces. At 0 none.
        /// </summary>
        public uint Overtaken { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            Number = 0;
            CaptureNs = 0;
            MadeInMs = 0;
            TtlMs = 0;
            Values.Clear();
            Mode = 0;
            Confidence = 0;
            Affect = null;
            Blendshapes.Clear();
            Overtaken = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (Number != 0) size += 1 + Size.Varint(Number);
            if (CaptureNs != 0) size += 1 + Size.Varint((ulong)CaptureNs);
            if (MadeInMs != 0) size += 1 + 8;
            if (TtlMs != 0) size += 1 + 8;
            if (Values.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Values));
            if (Mode != 0) size += 1 + Size.Varint((ulong)Mode);
            if (Confidence != 0) size += 1 + 8;
            if (Affect != null) size += 1 + Size.Prefixed(Affect.ByteSize());
            if (Blendshapes.Count > 0) size += 1 + Size.Prefixed(Size.Floats(Blendshapes));
            if (Overtaken != 0) size += 1 + Size.Varint(Overtaken);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (Number != 0) { writer.Tag(8); writer.Varint(Number); }
            if (CaptureNs != 0) { writer.Tag(16); writer.Varint((ulong)CaptureNs); }
            if (MadeInMs != 0) { writer.Tag(25); writer.Double(MadeInMs); }
            if (TtlMs != 0) { writer.Tag(33); writer.Double(TtlMs); }
            if (Values.Count > 0) { writer.Tag(42); writer.Floats(Values); }
            if (Mode != 0) { writer.Tag(48); writer.Varint((ulong)Mode); }
            if (Confidence != 0) { writer.Tag(57); writer.Double(Confidence); }
            if (Affect != null) { writer.Tag(66); writer.Message(Affect); }
            if (Blendshapes.Count > 0) { writer.Tag(74); writer.Floats(Blendshapes); }
            if (Overtaken != 0) { writer.Tag(80); writer.Varint(Overtaken); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: Number = reader.Varint(); break;
                    case 16: CaptureNs = (long)reader.Varint(); break;
                    case 25: MadeInMs = reader.Double(); break;
                    case 33: TtlMs = reader.Double(); break;
                    case 42: reader.Floats(Values); break;
                    case 45: Values.Add(reader.Float()); break;
                    case 48: Mode = (FaceMode)(int)reader.Varint(); break;
                    case 57: Confidence = reader.Double(); break;
                    case 66: Affect = reader.Message(Affect, _affectSpare ??= new Affect()); break;
                    case 74: reader.Floats(Blendshapes); break;
                    case 77: Blendshapes.Add(reader.Float()); break;
                    case 80: Overtaken = (uint)reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>How a face's stream ended.</summary>
    public sealed partial class FaceEnded : WireMessage
    {
        /// <summary>
        /// Frames that were sent. Range: [0, 18446744073709551615]. Unit: frames. At 0 it ended before it began.
        /// </summary>
        public ulong FrameCount { get; set; }

        /// <summary>
        /// Pictures without a face. Range: [0, 18446744073709551615]. Unit: faces. At 0 each had one.
        /// </summary>
        public ulong WithoutFace { get; set; }

        /// <summary>
        /// What was left out because a newer one was there, in all. Range: [0, 18446744073709551615]. Unit: faces. At 0
        /// none.
        /// </summary>
        public ulong Overtaken { get; set; }

        /// <inheritdoc/>
        public override void Clear()
        {
            FrameCount = 0;
            WithoutFace = 0;
            Overtaken = 0;
        }

        /// <inheritdoc/>
        public override int ByteSize()
        {
            var size = 0;
            if (FrameCount != 0) size += 1 + Size.Varint(FrameCount);
            if (WithoutFace != 0) size += 1 + Size.Varint(WithoutFace);
            if (Overtaken != 0) size += 1 + Size.Varint(Overtaken);
            return size;
        }

        /// <inheritdoc/>
        public override void WriteTo(WireWriter writer)
        {
            if (FrameCount != 0) { writer.Tag(8); writer.Varint(FrameCount); }
            if (WithoutFace != 0) { writer.Tag(16); writer.Varint(WithoutFace); }
            if (Overtaken != 0) { writer.Tag(24); writer.Varint(Overtaken); }
        }

        internal override void Read(ref WireReader reader)
        {
            uint tag;
            while ((tag = reader.Tag()) != 0)
            {
                switch (tag)
                {
                    case 8: FrameCount = reader.Varint(); break;
                    case 16: WithoutFace = reader.Varint(); break;
                    case 24: Overtaken = reader.Varint(); break;
                    default: reader.Skip(tag); break;
                }
            }
        }
    }

    /// <summary>
    /// Moves faces. Errors are as in MotionService; every stream is answered by one header, then frames, then one last
    /// message.
    /// </summary>
    public static class FaceService
    {
        /// <summary>TrackRequest to FaceReply, many to many.</summary>
        public const string Track = "/emomotion.v1.FaceService/Track";
        /// <summary>ExpressRequest to FaceReply, many to many.</summary>
        public const string Express = "/emomotion.v1.FaceService/Express";
    }
}
