using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;
using EmoMotion.Tests;
using EmoMotion.Wire;

namespace EmoMotion.Probe
{
    /// <summary>A server in memory: answers with one body.</summary>
    internal sealed class Memory : HttpMessageHandler
    {
        private readonly Stream _body;

        public Memory(Stream body) => _body = body;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            var content = new StreamContent(_body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            return Task.FromResult(new HttpResponseMessage { Content = content });
        }
    }

    /// <summary>
    /// Frames of a live stream, one at each read. They are there at once, or the reader is made to wait and woken by
    /// <see cref="Pump"/> on its thread; neither allocates.
    /// </summary>
    internal sealed class Frames : Stream, IValueTaskSource<int>
    {
        private readonly byte[][] _frames = new byte[30][];
        private readonly bool _waits;
        private ManualResetValueTaskSourceCore<int> _source;
        private Memory<byte> _destination;
        private int _left;

        public Frames(int count, bool waits)
        {
            (_left, _waits) = (count, waits);
            var frame = new DriveFrame();
            for (var i = 0; i < _frames.Length; i++)
            {
                Made.Frame(frame, i, 30);
                var writer = new WireWriter();
                writer.Framed(new DriveReply { Frame = frame });
                _frames[i] = writer.Buffer.AsSpan(0, writer.Length).ToArray();
            }
        }

        public override ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancel = default)
        {
            _destination = destination;
            if (!_waits) return new ValueTask<int>(Copy());
            _source.Reset();
            return new ValueTask<int>(this, _source.Version);
        }

        /// <summary>Wake the reader until all is read.</summary>
        public void Pump()
        {
            while (_waits && _left >= 0) _source.SetResult(Copy());
        }

        public int GetResult(short token) => _source.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object> continuation, object state, short token,
            ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);

        private int Copy()
        {
            if (_left-- <= 0) return 0;
            var frame = _frames[_left % _frames.Length];
            frame.CopyTo(_destination.Span);
            return frame.Length;
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
