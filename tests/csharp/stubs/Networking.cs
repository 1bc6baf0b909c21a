// UnityEngine.Networking, as far as the package uses it; UnityHttpMessageHandler is there from 6000.5 on.

using System;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace UnityEngine.Networking
{
    public class UnityWebRequest : IDisposable
    {
        public enum Result
        {
            InProgress, Success, ConnectionError, ProtocolError, DataProcessingError,
        }

        public UnityWebRequest(Uri uri, string method, DownloadHandler downloadHandler, UploadHandler uploadHandler) =>
            throw null;
        public Result result => throw null;
        public string error => throw null;
        public long responseCode => throw null;
        public void Abort() => throw null;
        public void Dispose() => throw null;
        public string GetResponseHeader(string name) => throw null;
        public UnityWebRequestAsyncOperation SendWebRequest() => throw null;
        public void SetRequestHeader(string name, string value) => throw null;
    }

    public class UnityWebRequestAsyncOperation : AsyncOperation
    {
    }

    public class UploadHandler
    {
    }

    public sealed class UploadHandlerRaw : UploadHandler
    {
        public UploadHandlerRaw(byte[] data) => throw null;
    }

    public class DownloadHandler
    {
    }

    public class DownloadHandlerScript : DownloadHandler
    {
        public DownloadHandlerScript(byte[] preallocatedBuffer) => throw null;
        protected virtual bool ReceiveData(byte[] data, int dataLength) => throw null;
    }

#if UNITY_6000_5_OR_NEWER
    public enum HttpForcedVersion
    {
        NotForced, HTTP1_0, HTTP1_1, HTTP2,
    }

    public sealed class UnityHttpMessageHandler : HttpMessageHandler
    {
        public HttpForcedVersion HttpForcedVersion { get; set; }
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken) => throw null;
    }
#endif
}

#if EMOMOTION_YETANOTHERHTTPHANDLER
namespace Cysharp.Net.Http
{
    public class YetAnotherHttpHandler : HttpMessageHandler
    {
        public bool? Http2Only { get; set; }
        public TimeSpan? Http2KeepAliveInterval { get; set; }
        public TimeSpan? Http2KeepAliveTimeout { get; set; }
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken) => throw null;
    }
}
#endif
