#if UNITY_WEBGL && !UNITY_EDITOR
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using AOT;

namespace EmoMotion.Unity
{
    /// <summary>The WebSocket of the browser. Its callbacks come on the one thread there is.</summary>
    internal sealed class WebGlSocket : ISocket
    {
        private static readonly Dictionary<int, WebGlSocket> Known = new Dictionary<int, WebGlSocket>();

        private Action _opened;
        private Action<byte[], int> _received;
        private Action<string> _closed;
        private byte[] _buffer = new byte[1024];
        private int _id;

        /// <inheritdoc/>
        public void Open(Uri address, string subprotocol, Action opened, Action<byte[], int> received,
            Action<string> closed)
        {
            (_opened, _received, _closed) = (opened, received, closed);
            _id = EmoMotionSocketOpen(address.AbsoluteUri, subprotocol, OnOpened, OnReceived, OnClosed);
            Known[_id] = this;
        }

        /// <inheritdoc/>
        public void Send(string text)
        {
            var data = Encoding.UTF8.GetBytes(text);
            EmoMotionSocketSend(_id, data, 0, data.Length, 1);
        }

        /// <inheritdoc/>
        public void Send(byte[] data, int offset, int count) => EmoMotionSocketSend(_id, data, offset, count, 0);

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Known.Remove(_id)) EmoMotionSocketClose(_id);
        }

        [MonoPInvokeCallback(typeof(Action<int>))]
        private static void OnOpened(int id)
        {
            if (Known.TryGetValue(id, out var socket)) socket._opened();
        }

        [MonoPInvokeCallback(typeof(Action<int, IntPtr, int>))]
        private static void OnReceived(int id, IntPtr data, int count)
        {
            if (!Known.TryGetValue(id, out var socket)) return;
            if (socket._buffer.Length < count) socket._buffer = new byte[2 * count];
            Marshal.Copy(data, socket._buffer, 0, count);
            socket._received(socket._buffer, count);
        }

        [MonoPInvokeCallback(typeof(Action<int, int>))]
        private static void OnClosed(int id, int code)
        {
            if (!Known.TryGetValue(id, out var socket)) return;
            Known.Remove(id);
            socket._closed(code == 1000 ? "" : $"the browser closed the WebSocket with code {code}");
        }

        [DllImport("__Internal")]
        private static extern int EmoMotionSocketOpen(string address, string subprotocol, Action<int> opened,
            Action<int, IntPtr, int> received, Action<int, int> closed);

        [DllImport("__Internal")]
        private static extern void EmoMotionSocketSend(int id, byte[] data, int offset, int count, int text);

        [DllImport("__Internal")]
        private static extern void EmoMotionSocketClose(int id);
    }
}
#endif
