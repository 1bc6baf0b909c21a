using System;

namespace EmoMotion
{
    /// <summary>
    /// A WebSocket, for live streams where the platform has no HTTP/2 (browsers). The callbacks may come on any
    /// thread, one at a time.
    /// </summary>
    public interface ISocket : IDisposable
    {
        /// <summary>Begin to connect; never blocks. Called once.</summary>
        /// <param name="address">ws:// or wss://.</param>
        /// <param name="subprotocol">What to ask for.</param>
        /// <param name="opened">It is open.</param>
        /// <param name="received">Bytes of a message: the array, which is reused, and their number.</param>
        /// <param name="closed">It was closed or never opened; with the reason, or empty. The last callback.</param>
        void Open(Uri address, string subprotocol, Action opened, Action<byte[], int> received, Action<string> closed);

        /// <summary>Send a text; never blocks.</summary>
        void Send(string text);

        /// <summary>Send bytes; never blocks, and the array may be changed afterwards.</summary>
        void Send(byte[] data, int offset, int count);
    }
}
