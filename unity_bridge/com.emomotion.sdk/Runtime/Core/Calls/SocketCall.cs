using System;
using System.IO;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// One call by the protocol "grpc-websockets": metadata as lines of text, then every message as a byte 0 and its
    /// frame, at the end a byte 1. What comes are frames; those with the flag 0x80 are headers and, last, trailers.
    /// </summary>
    internal sealed class SocketCall<T> : IDisposable where T : WireMessage
    {
        private readonly ISocket _socket;
        private readonly MessageQueue _queue;
        private readonly T _reply;
        private readonly Action<T> _received;
        private readonly FrameDecoder _decoder = new FrameDecoder();
        private readonly TaskCompletionSource<CallStatus> _done =
            new TaskCompletionSource<CallStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object _sending = new object();
        private byte[] _piece = new byte[256];
        private bool _open, _ended;

        public SocketCall(ISocket socket, MessageQueue queue, T reply, Action<T> received)
        {
            (_socket, _queue, _reply, _received) = (socket, queue, reply, received);
            _queue.Changed = Send;
        }

        /// <summary>How the call ended. Throws IOException for a socket that was lost.</summary>
        public Task<CallStatus> Done => _done.Task;

        public void Open(Uri address, string authorization) => _socket.Open(address, "grpc-websockets",
            () => Opened(authorization), Received, Closed);

        public void Cancel() => _done.TrySetCanceled();

        public void Dispose()
        {
            _queue.Changed = null;
            _socket.Dispose();
        }

        private void Opened(string authorization)
        {
            _socket.Send(authorization == null ? "" : $"authorization: {authorization}\r\n");
            lock (_sending) _open = true;
            Send();
        }

        private void Send()
        {
            lock (_sending)
            {
                if (!_open || _ended) return;
                var writer = _queue.Take(out var complete);
                if (writer != null)
                {
                    if (_piece.Length < writer.Length + 1) _piece = new byte[2 * writer.Length];
                    _piece[0] = 0;
                    Buffer.BlockCopy(writer.Buffer, 0, _piece, 1, writer.Length);
                    _socket.Send(_piece, 0, writer.Length + 1);
                }
                if (!complete) return;
                _ended = true;
                _piece[0] = 1;
                _socket.Send(_piece, 0, 1);
            }
        }

        private void Received(byte[] data, int count)
        {
            if (_done.Task.IsCompleted) return;
            try
            {
                _decoder.Append(data, 0, count);
                while (_decoder.Next())
                {
                    if (_decoder.Flag == 0)
                    {
                        Channel.Parse(_reply, _decoder);
                        _received(_reply);
                        continue;
                    }
                    var status = CallStatus.Of(_decoder.Buffer, _decoder.Offset, _decoder.Count);
                    if (status.Code != null) _done.TrySetResult(status);
                }
            }
            catch (Exception error)
            {
                _done.TrySetException(error);
            }
        }

        private void Closed(string reason) =>
            _done.TrySetException(new IOException(reason.Length > 0 ? reason : "the WebSocket was closed"));
    }
}
