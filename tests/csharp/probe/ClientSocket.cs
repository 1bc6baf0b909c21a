using System;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EmoMotion.Probe
{
    /// <summary>The WebSocket of .NET as the SDK takes one.</summary>
    internal sealed class ClientSocket : ISocket
    {
        private readonly ClientWebSocket _socket = new ClientWebSocket();
        private readonly CancellationTokenSource _closing = new CancellationTokenSource();
        private Task _sent = Task.CompletedTask;

        public void Open(Uri address, string subprotocol, Action opened, Action<byte[], int> received,
            Action<string> closed)
        {
            _socket.Options.AddSubProtocol(subprotocol);
            _ = RunAsync(address, opened, received, closed);
        }

        public void Send(string text) => Queue(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

        public void Send(byte[] data, int offset, int count) =>
            Queue(new ArraySegment<byte>(data, offset, count).ToArray(), WebSocketMessageType.Binary);

        public void Dispose()
        {
            _closing.Cancel();
            _socket.Dispose();
        }

        private void Queue(byte[] data, WebSocketMessageType type)
        {
            lock (_closing)
            {
                _sent = _sent.ContinueWith(_ => _socket.SendAsync(new ArraySegment<byte>(data), type, true,
                    _closing.Token)).Unwrap();
            }
        }

        private async Task RunAsync(Uri address, Action opened, Action<byte[], int> received, Action<string> closed)
        {
            try
            {
                await _socket.ConnectAsync(address, _closing.Token);
                opened();
                var buffer = new byte[1 << 16];
                while (true)
                {
                    var got = await _socket.ReceiveAsync(new ArraySegment<byte>(buffer), _closing.Token);
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
