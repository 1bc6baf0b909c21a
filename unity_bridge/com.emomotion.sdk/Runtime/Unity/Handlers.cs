using System.Net.Http;

namespace EmoMotion.Unity
{
    /// <summary>The way onto the net that this version of Unity and this platform have.</summary>
    internal static class Handlers
    {
#if UNITY_WEBGL && !UNITY_EDITOR
        /// <summary>A browser has one thread and no timers.</summary>
        public static bool SingleThread => true;

        public static HttpMessageHandler Create(bool web) => new WebRequestHandler();

        public static ISocket Socket() => new WebGlSocket();
#else
        /// <summary>Calls go on in the background.</summary>
        public static bool SingleThread => false;

        /// <summary>A handler for HTTP/2, or for gRPC-Web over HTTP/1.1.</summary>
        /// <exception cref="EmoMotionException">There is none yet; says what to install.</exception>
        public static HttpMessageHandler Create(bool web)
        {
            if (web) return new HttpClientHandler();
#if UNITY_6000_5_OR_NEWER
            return new UnityEngine.Networking.UnityHttpMessageHandler
            {
                HttpForcedVersion = UnityEngine.Networking.HttpForcedVersion.HTTP2,
            };
#elif EMOMOTION_YETANOTHERHTTPHANDLER
            return new Cysharp.Net.Http.YetAnotherHttpHandler
            {
                Http2Only = true,
                Http2KeepAliveInterval = System.TimeSpan.FromSeconds(5),
                Http2KeepAliveTimeout = System.TimeSpan.FromSeconds(5),
            };
#else
            throw new EmoMotionException(StatusCode.FailedPrecondition,
                "Unity before 6000.5 has no HTTP/2: install the package com.cysharp.yetanotherhttphandler (Window > "
                + "Package Manager > Add package from git URL), or set the connection's way to Web");
#endif
        }

        public static ISocket Socket() => new ManagedSocket();
#endif
    }
}
