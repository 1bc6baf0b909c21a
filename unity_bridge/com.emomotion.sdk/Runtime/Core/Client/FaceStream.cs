using System;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// A face that shows a feeling: blendshapes in real time. Made like a <see cref="LiveStream"/> and used like one;
    /// the server may not have faces, and then the stream fails with Unimplemented.
    /// </summary>
    public sealed class FaceStream : Reconnecting<FaceReply>
    {
        private readonly ExpressStart _start;
        private readonly ExpressRequest _request = new ExpressRequest(), _startRequest = new ExpressRequest();
        private readonly WireWriter _writer = new WireWriter();
        private string[] _names = Array.Empty<string>();
        private float[] _values = Array.Empty<float>();
        private long _frames;

        private FaceStream(Channel channel, ExpressStart start, LiveOptions options)
            : base(channel, FaceService.Express, new FaceReply(), options.ReconnectS, options.SilenceS)
        {
            _start = start;
            _startRequest.Start = start;
        }

        /// <summary>Open a face; never blocks.</summary>
        /// <param name="channel">The way to the server.</param>
        /// <param name="fps">Frames a second, 10..120.</param>
        /// <param name="affect">What it shows first; null for neutral. It may be changed afterwards.</param>
        /// <param name="options">Null for the defaults; the plan and the generator are not used.</param>
        public static FaceStream Open(Channel channel, double fps = 60, Affect affect = null,
            LiveOptions options = null)
        {
            options ??= new LiveOptions();
            var start = new ExpressStart { Wish = new ExpressChange(), Fps = fps, Blendshapes = true,
                Seed = options.Seed };
            var stream = new FaceStream(channel, start, options);
            start.Wish.Affect = affect;
            stream.Open();
            return stream;
        }

        /// <summary>Names of the blendshapes, those of ARKit; empty before the first frame.</summary>
        public string[] Names { get { lock (Gate) return _names; } }

        /// <summary>Frames that came.</summary>
        public long Frames { get { lock (Gate) return _frames; } }

        /// <summary>
        /// Show something else; what is unset stays as it was. The message may be used again afterwards.
        /// </summary>
        public void Change(ExpressChange change)
        {
            lock (Gate)
            {
                _start.Wish.Merge(change, _writer);
                _request.Change = change;
                Send(_request);
            }
        }

        /// <summary>
        /// Copy the latest values, 0..1 in the order of <see cref="Names"/>; false before the first frame.
        /// </summary>
        public bool Read(double now, ref float[] values)
        {
            Watch(now);
            lock (Gate)
            {
                if (_frames == 0) return false;
                if (values == null || values.Length != _values.Length) values = new float[_values.Length];
                Array.Copy(_values, values, values.Length);
                return true;
            }
        }

        private protected override WireMessage StartMessage() => _startRequest;

        private protected override WireMessage EndMessage() => new ExpressRequest { End = new FaceEnd() };

        private protected override bool Take(FaceReply reply, double arrival)
        {
            lock (Gate)
            {
                if (reply.Part == FaceReply.PartCase.Header)
                {
                    _names = reply.Header.BlendshapeNames.ToArray();
                    _values = new float[_names.Length];
                }
                if (reply.Part != FaceReply.PartCase.Frame) return false;
                var shapes = reply.Frame.Blendshapes;
                if (shapes.Count != _values.Length)
                    throw new EmoMotionException(StatusCode.Internal,
                        $"face frame {reply.Frame.Number} holds {shapes.Count} blendshapes, not {_values.Length}");
                Array.Copy(shapes.Items, _values, shapes.Count);
                _frames++;
                return true;
            }
        }
    }
}
