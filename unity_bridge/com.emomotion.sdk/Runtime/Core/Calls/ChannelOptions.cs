using System;
using System.Threading;
using System.Threading.Tasks;

namespace EmoMotion
{
    /// <summary>Which way calls take.</summary>
    public enum Transport
    {
        /// <summary>gRPC over HTTP/2, for everything but browsers.</summary>
        Http2,
        /// <summary>gRPC-Web, and live streams over WebSocket: the server's --web-port.</summary>
        Web,
    }

    /// <summary>Settings of a channel. They are read when the channel is made.</summary>
    public sealed class ChannelOptions
    {
        /// <summary>
        /// Where the server is: "localhost:50051", or with "http://" or "https://" before it. Without one of these a
        /// server on this machine is asked without encryption, and any other with it.
        /// </summary>
        public string Address = "localhost:50051";

        /// <summary>
        /// Token that the server asks for; empty for none. It is sent as "authorization: Bearer TOKEN".
        /// </summary>
        public string Token = "";

        /// <summary>Which way calls take.</summary>
        public Transport Transport = Transport.Http2;

        /// <summary>Makes the WebSocket of a live stream; needed with <see cref="Transport.Web"/> alone.</summary>
        public Func<ISocket> Sockets;

        /// <summary>
        /// True where everything happens on one thread and there are no timers (WebGL): continuations stay on it.
        /// </summary>
        public bool SingleThread;

        /// <summary>Waits so many seconds; null for a timer.</summary>
        public Func<double, CancellationToken, Task> Delay;

        /// <summary>The address as a URI with a scheme.</summary>
        /// <exception cref="EmoMotionException">It is none.</exception>
        internal Uri Uri()
        {
            var text = (Address ?? "").Trim();
            if (text.IndexOf("://", StringComparison.Ordinal) < 0)
            {
                var host = text.StartsWith("[", StringComparison.Ordinal) ? text.Split(']')[0] + "]"
                    : text.Split(':')[0];
                var here = host == "localhost" || host == "[::1]" || host.StartsWith("127.", StringComparison.Ordinal);
                text = (here ? "http://" : "https://") + text;
            }
            var good = System.Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Host.Length > 0
                && (uri.Scheme == "http" || uri.Scheme == "https");
            if (!good)
                throw new EmoMotionException(StatusCode.InvalidArgument,
                    $"the server's address must be HOST:PORT, such as localhost:50051, and not \"{Address}\"");
            return uri;
        }
    }
}
