using System;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>How a live character is opened.</summary>
    public sealed class LiveOptions
    {
        /// <summary>Start of the random numbers; null lets the server draw one.</summary>
        public ulong? Seed;

        /// <summary>Best way to decode, by the name the server lists; empty for the best.</summary>
        public string Plan = "";

        /// <summary>Generator, by the name the server lists; empty for the plan's.</summary>
        public string Generator = "";

        /// <summary>
        /// Seconds for which a lost stream, or a server that is not there yet, is asked again; 0 for not at all. A
        /// server takes up to 15 s to start.
        /// </summary>
        public double ReconnectS = 60;

        /// <summary>
        /// Longest time by which the pose may be delayed for an uneven way, seconds; at 0 every late frame is waited
        /// for.
        /// </summary>
        public double MostBufferedS = 0.1;

        /// <summary>A server that sends nothing for so many seconds counts as lost.</summary>
        public double SilenceS = 5;
    }

    /// <summary>
    /// A live character: moves as long as it is open and may be told to do or feel something else at any time, from any
    /// thread. When its server goes away it holds its pose, and goes on in its stride when a server is there again.
    /// Sample it from one thread. Dispose it when the character leaves.
    /// </summary>
    public sealed class LiveStream : Reconnecting<DriveReply>
    {
        private const int MostResumed = 64;

        private readonly DriveStart _start = new DriveStart();
        private readonly DriveRequest _request = new DriveRequest(), _startRequest = new DriveRequest();
        private readonly WireWriter _writer = new WireWriter();
        private readonly Wire.Pose _resume = new Wire.Pose();
        private JitterBuffer _buffer;
        private Body _body;
        private long _firstNumber;
        private uint _firstWish, _wishes;
        private readonly double _mostBufferedS;
        private ulong _seed;

        private LiveStream(Channel channel, DriveChange wish, LiveOptions options)
            : base(channel, LiveService.Drive, new DriveReply(), options.ReconnectS, options.SilenceS)
        {
            _start.Wish = new DriveChange();
            Merge(wish);
            (_start.Seed, _start.Plan, _start.Generator) = (options.Seed, options.Plan, options.Generator);
            _startRequest.Start = _start;
            _mostBufferedS = options.MostBufferedS;
        }

        /// <summary>
        /// Open a character; never blocks. Whether it plays is told by <see cref="Reconnecting{T}.State"/>.
        /// </summary>
        /// <param name="channel">The way to the server.</param>
        /// <param name="wish">What it does first; its text must be set.</param>
        /// <param name="options">Null for the defaults.</param>
        /// <exception cref="ArgumentException">The text is empty.</exception>
        public static LiveStream Open(Channel channel, DriveChange wish, LiveOptions options = null)
        {
            if (string.IsNullOrWhiteSpace(wish.Text))
                throw new ArgumentException("a character must be told what it does, such as \"a person walks forward\"",
                    nameof(wish));
            var stream = new LiveStream(channel, wish, options ?? new LiveOptions());
            stream.Open();
            return stream;
        }

        /// <summary>The body on which the motion is posed; null before the first frame.</summary>
        public Body Body { get { lock (Gate) return _body; } }

        /// <summary>Start of the random numbers that is really used; 0 before the first frame.</summary>
        public ulong Seed { get { lock (Gate) return _seed; } }

        /// <summary>Frames that came.</summary>
        public long Frames { get; private set; }

        /// <summary>Frames for which the server had no motion in time: the character stood about.</summary>
        public long IdleFrames { get; private set; }

        /// <summary>Number of the latest change that was sent; a pose with this wish shows it.</summary>
        public uint Wishes { get { lock (Gate) return _wishes; } }

        /// <summary>What plays the frames, for its figures; null before the first frame.</summary>
        public JitterBuffer Buffer { get { lock (Gate) return _buffer; } }

        /// <summary>
        /// Tell the character something else; what is unset stays as it was. The message may be changed and used again
        /// afterwards. What is out of range ends the stream with InvalidArgument.
        /// </summary>
        public void Change(DriveChange change)
        {
            lock (Gate)
            {
                Merge(change);
                _wishes++;
                _request.Change = change;
                Send(_request);
            }
        }

        /// <summary>
        /// The pose to show at a moment of <see cref="Reconnecting{T}.Now"/>, <paramref name="dt"/> seconds of shown
        /// time after the one before; nothing is allocated.
        /// </summary>
        /// <returns>False before the first frame; the pose is then untouched.</returns>
        public bool Sample(double now, double dt, BodyPose pose)
        {
            Watch(now);
            var buffer = Buffer;
            return buffer != null && buffer.Sample(now, dt, pose);
        }

        private protected override WireMessage StartMessage()
        {
            lock (Gate)
            {
                var found = _buffer?.Latest(MostResumed, _start.Before, _resume) ?? 0;
                _start.Resume = found > 0 ? _resume : null;
                if (found > 0) (_firstNumber, _firstWish) = (_buffer.Newest + 1, _wishes);
                _buffer?.Restart();
                return _startRequest;
            }
        }

        private protected override WireMessage EndMessage() => new DriveRequest { End = new DriveEnd() };

        private protected override bool Take(DriveReply reply, double arrival)
        {
            switch (reply.Part)
            {
                case DriveReply.PartCase.Header:
                    lock (Gate)
                    {
                        _body = Body.Of(reply.Header.Skeleton);
                        _seed = reply.Header.Seed;
                        _buffer ??= new JitterBuffer(reply.Header.Fps, _mostBufferedS);
                    }
                    return false;
                case DriveReply.PartCase.Frame:
                    var buffer = Buffer ?? throw new EmoMotionException(StatusCode.Internal,
                        "a frame came before the header");
                    var frame = reply.Frame;
                    Frames++;
                    if (frame.Source == FrameSource.Idle) IdleFrames++;
                    frame.Wish += _firstWish;
                    buffer.Push(frame, _firstNumber + (long)frame.Number, arrival);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>What a change says stands in the start of the next connection, too.</summary>
        private void Merge(DriveChange change)
        {
            var wish = _start.Wish;
            if (change.Way != DriveChange.WayCase.None) wish.ClearWay();
            if (change.Affect != null || change.Track != null) (wish.Affect, wish.Track) = (null, null);
            _writer.Clear();
            change.WriteTo(_writer);
            wish.MergeFrom(_writer.Buffer, 0, _writer.Length);
        }
    }
}
