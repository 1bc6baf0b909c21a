#if UNITY_WEBGL && !UNITY_EDITOR
using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using UnityEngine.Networking;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Requests of the browser as an HttpMessageHandler, for gRPC-Web: one message goes out, bytes come in as they
    /// arrive. Main thread only.
    /// </summary>
    internal sealed class WebRequestHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancel)
        {
            var body = new MemoryStream();
            await request.Content.CopyToAsync(body);
            UnityWebRequest web = null;
            var download = new Download(() => ((int)web.responseCode, web.GetResponseHeader("Content-Type")));
            web = new UnityWebRequest(request.RequestUri, "POST", download, new UploadHandlerRaw(body.ToArray()));
            foreach (var header in request.Headers) web.SetRequestHeader(header.Key, string.Join(",", header.Value));
            web.SetRequestHeader("Content-Type", request.Content.Headers.ContentType.ToString());
            var registration = cancel.Register(() =>
            {
                web.Abort();
                download.End(new OperationCanceledException(cancel));
            });
            web.SendWebRequest().completed += _ =>
            {
                registration.Dispose();
                download.End(web.result == UnityWebRequest.Result.ConnectionError ? new IOException(web.error) : null);
                web.Dispose();
            };
            var (status, type) = await download.Begun;
            var content = new StreamContent(download.Body);
            // A browser shows the headers of another origin only where the server exposes them.
            if (string.IsNullOrEmpty(type)) type = "application/grpc-web+proto";
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return new HttpResponseMessage((HttpStatusCode)status) { Content = content, RequestMessage = request };
        }

        /// <summary>Takes bytes as they come and gives them out as a stream.</summary>
        private sealed class Download : DownloadHandlerScript
        {
            private readonly TaskCompletionSource<(int, string)> _begun = new TaskCompletionSource<(int, string)>();
            private readonly Func<(int, string)> _head;

            /// <param name="head">Status and content type, asked when the first bytes or the end are there.</param>
            public Download(Func<(int, string)> head) : base(new byte[1 << 14]) => _head = head;

            public Task<(int, string)> Begun => _begun.Task;

            public Incoming Body { get; } = new Incoming();

            public void End(Exception error)
            {
                Body.End(error);
                if (error == null) _begun.TrySetResult(_head());
                else _begun.TrySetException(error);
            }

            protected override bool ReceiveData(byte[] data, int count)
            {
                Body.Add(data, count);
                _begun.TrySetResult(_head());
                return true;
            }
        }

        /// <summary>A stream that waits for more without a thread.</summary>
        private sealed class Incoming : Stream
        {
            private readonly Queue<byte[]> _parts = new Queue<byte[]>();
            private TaskCompletionSource<bool> _more = new TaskCompletionSource<bool>();
            private Exception _error;
            private bool _ended;
            private int _taken;

            public void Add(byte[] data, int count)
            {
                var copy = new byte[count];
                Buffer.BlockCopy(data, 0, copy, 0, count);
                _parts.Enqueue(copy);
                Wake();
            }

            public void End(Exception error)
            {
                if (_ended) return;
                (_ended, _error) = (true, error);
                Wake();
            }

            public override async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancel = default)
            {
                while (_parts.Count == 0)
                {
                    if (_error != null) throw _error;
                    if (_ended) return 0;
                    await _more.Task;
                }
                var part = _parts.Peek();
                var count = Math.Min(destination.Length, part.Length - _taken);
                new ReadOnlyMemory<byte>(part, _taken, count).CopyTo(destination);
                _taken += count;
                if (_taken == part.Length)
                {
                    _parts.Dequeue();
                    _taken = 0;
                }
                return count;
            }

            public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancel) =>
                ReadAsync(new Memory<byte>(buffer, offset, count), cancel).AsTask();

            private void Wake()
            {
                var woken = _more;
                _more = new TaskCompletionSource<bool>();
                woken.TrySetResult(true);
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

            public override int Read(byte[] buffer, int offset, int count) =>
                throw new NotSupportedException("read it asynchronously");
            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
            public override void SetLength(long value) => throw new NotSupportedException();
            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        }
    }
}
#endif
