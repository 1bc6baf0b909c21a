using System;
using UnityEngine;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Where the server is, as an asset that characters share. It opens when the first of them needs it and closes when
    /// play ends, scripts are compiled, or the asset goes away.
    /// </summary>
    [CreateAssetMenu(menuName = "EmoMotion/Connection", fileName = "EmoMotion Connection")]
    public sealed class EmoMotionConnection : ScriptableObject
    {
        /// <summary>Which way calls take.</summary>
        public enum Way
        {
            /// <summary>HTTP/2, but gRPC-Web in a browser.</summary>
            Automatic,
            /// <summary>gRPC-Web and WebSocket everywhere, by the web address.</summary>
            Web,
        }

        [Tooltip("HOST:PORT of the server. Other machines are asked with TLS, unless http:// stands before it.")]
        [SerializeField] private string address = "localhost:50051";
        [Tooltip("HOST:PORT of the server's --web-port, for WebGL builds.")]
        [SerializeField] private string webAddress = "localhost:8080";
        [SerializeField] private Way way = Way.Automatic;
        [Tooltip("Environment variable that holds the server's token: no secret lies in the project. Empty for none.")]
        [SerializeField] private string tokenVariable = "EMOMOTION_TOKEN";
        [Tooltip("Seconds for which a lost server is looked for. A server takes up to 15 s to start.")]
        [Min(0)] [SerializeField] private float reconnectSeconds = 60;

        [NonSerialized] private EmoMotionClient _client;
        [NonSerialized] private ConnectionHost _host;
        [NonSerialized] private string _token;

        /// <summary>HOST:PORT that this platform asks.</summary>
        public string Address => UsesWeb ? webAddress : address;

        /// <summary>Seconds for which a lost server is looked for.</summary>
        public float ReconnectSeconds => reconnectSeconds;

        /// <summary>Whether a client is open.</summary>
        public bool IsOpen => _client != null;

        /// <summary>Whether calls go by gRPC-Web.</summary>
        public bool UsesWeb => way == Way.Web || Handlers.SingleThread;

        /// <summary>Work for the main thread, drained in Update while the connection is open in play mode.</summary>
        public MainThreadQueue MainThread { get; } = new MainThreadQueue();

        /// <summary>
        /// The client; opened at the first use. Main thread only. Nothing is sent before the first call.
        /// </summary>
        /// <exception cref="EmoMotionException">The address is none, or this Unity has no HTTP/2 handler
        /// yet.</exception>
        public EmoMotionClient Client
        {
            get
            {
                if (_client != null) return _client;
                var options = new ChannelOptions
                {
                    Address = Address,
                    Token = Token(),
                    Transport = UsesWeb ? Transport.Web : Transport.Http2,
                    Sockets = Handlers.Socket,
                    SingleThread = Handlers.SingleThread,
                };
                if (Handlers.SingleThread) options.Delay = MainThread.DelayAsync;
                _client = new EmoMotionClient(Handlers.Create(UsesWeb), options);
                Lifetime.Opened(this);
                if (Application.isPlaying) _host = ConnectionHost.For(this);
                return _client;
            }
        }

        /// <summary>Take another address, token and so on from code; what is open is closed.</summary>
        public void Configure(string serverAddress, string webServerAddress = null, string token = null)
        {
            Close();
            address = serverAddress;
            if (webServerAddress != null) webAddress = webServerAddress;
            _token = token;
        }

        /// <summary>End everything that is open. Characters keep their pose; their Play begins anew.</summary>
        public void Close()
        {
            _client?.Dispose();
            _client = null;
            Lifetime.Closed(this);
            if (_host != null) Destroy(_host.gameObject);
            _host = null;
        }

        private void OnDisable() => Close();

        private string Token()
        {
            if (!string.IsNullOrEmpty(_token)) return _token;
            return string.IsNullOrEmpty(tokenVariable) ? "" : Environment.GetEnvironmentVariable(tokenVariable) ?? "";
        }
    }
}
