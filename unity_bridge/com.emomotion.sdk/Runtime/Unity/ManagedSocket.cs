#if !UNITY_WEBGL || UNITY_EDITOR
using System;
using System.Collections.Generic;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EmoMotion.Unity
{
    /// <summary>The WebSocket of .NET, for connections that go by Web outside of a browser.</summary>
    internal sealed class ManagedSocket : ISocket
    {
        private readonly ClientWebSocket _socket = new ClientWebSocket();
        private readonly CancellationTokenSource _closing = new CancellationTokenSource();
        private readonly Queue<(byte[] Data, WebSocketMessageType Type)> _waiting =
            new Queue<(byte[], WebSocketMessageType)>();
        private bool _sending;

        /// <inheritdoc/>
        public void Open(Uri address, string subprotocol, Action opened, Action<byte[], int> received,
            Action<string> closed)
        {
            _socket.Options.AddSubProtocol(subprotocol);
            _ = Task.Run(() => RunAsync(address, opened, received, closed));
        }

        /// <inheritdoc/>
        public void Send(string text) => Add(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

        /// <inheritdoc/>
        public void Send(byte[] data, int offset, int count)
        {
            var copy = new byte[count];
            Buffer.BlockCopy(data, offset, copy, 0, count);
            Add(copy, WebSocketMessageType.Binary);
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            _closing.Cancel();
            _socket.Dispose();
        }

        private void Add(byte[] data, WebSocketMessageType type)
        {
            lock (_waiting)
            {
                _waiting.Enqueue((data, type));
                if (_sending) return;
                _sending = true;
            }
            _ = Task.Run(SendAllAsync);
        }

        private async Task SendAllAsync()
        {
            try
            {
                while (true)
                {
                    (byte[] Data, WebSocketMessageType Type) next;
                    lock (_waiting)
                    {
                        if (_waiting.Count == 0)
                        {
                            _sending = false;
                            return;
                        }
                        next = _waiting.Dequeue();
                    }
                    await _socket.SendAsync(new ArraySegment<byte>(next.Data), next.Type, true, _closing.Token)
                        .ConfigureAwait(false);
                }
            }
            catch (Exception)
            {
                // The side that reads hears of the loss and says why.
            }
        }

        private async Task RunAsync(Uri address, Action opened, Action<byte[], int> received, Action<string> closed)
        {
            try
            {
                await _socket.ConnectAsync(address, _closing.Token).ConfigureAwait(false);
                opened();
                var buffer = new byte[1 << 14];
                while (true)
                {
                    var got = await _socket.ReceiveAsync(new ArraySegment<byte>(buffer), _closing.Token)
                        .ConfigureAwait(false);
                    if (got.MessageType == WebSocketMessageType.Close) break;
                    received(buffer, got.Count);
                }
                closed("");
            }
            catch (Exception error)
            {
                closed(error.Message);
            }
        }
    }
}
#endif
