using System;
using System.Globalization;
using System.IO;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// The way to one server: gRPC over any handler that speaks HTTP/2, or gRPC-Web. All methods may be called from
    /// any thread and none blocks. Dispose it when play ends: calls that are open end as cancelled.
    /// </summary>
    public sealed class Channel : IDisposable
    {
        private readonly HttpMessageInvoker _invoker;
        private readonly Uri _root;
        private readonly string _authorization;
        private readonly bool _web, _onContext;
        private readonly Func<ISocket> _sockets;
        private readonly Func<double, CancellationToken, Task> _delay;
        private readonly CancellationTokenSource _open = new CancellationTokenSource();

        /// <summary>Over a handler, which is disposed with the channel.</summary>
        /// <exception cref="EmoMotionException">The address is none.</exception>
        public Channel(HttpMessageHandler handler, ChannelOptions options)
        {
            _root = options.Uri();
            _invoker = new HttpMessageInvoker(handler ?? throw new ArgumentNullException(nameof(handler)), true);
            _authorization = string.IsNullOrEmpty(options.Token) ? null : "Bearer " + options.Token;
            _web = options.Transport == Transport.Web;
            _onContext = options.SingleThread;
            _sockets = options.Sockets;
            _delay = options.Delay ?? ((seconds, cancel) => Task.Delay(TimeSpan.FromSeconds(seconds), cancel));
        }

        /// <summary>Host and port, for messages.</summary>
        public string Server => _root.Authority;

        internal bool OnContext => _onContext;

        internal Task DelayAsync(double seconds, CancellationToken cancel) => _delay(seconds, cancel);

        /// <summary>One message there, one back.</summary>
        /// <param name="method">As the generated services name it, such as MotionService.GetInfo.</param>
        /// <param name="request">Not to be changed until the call has ended.</param>
        /// <param name="reply">Filled in.</param>
        /// <param name="timeoutS">Seconds the call may take; null for as long as it takes.</param>
        /// <param name="cancel">Ends the call.</param>
        /// <exception cref="EmoMotionException">It failed; the message says why.</exception>
        /// <exception cref="OperationCanceledException"><paramref name="cancel"/> fired, or the channel was
        /// disposed.</exception>
        public async Task UnaryAsync(string method, WireMessage request, WireMessage reply, double? timeoutS = null,
            CancellationToken cancel = default)
        {
            var count = 0;
            await StreamAsync(method, request, reply, _ => count++, timeoutS, cancel).ConfigureAwait(_onContext);
            if (count != 1)
                throw new EmoMotionException(StatusCode.Internal,
                    $"server {Server} sent {count} messages instead of one");
        }

        /// <summary>
        /// One message there, many back; <paramref name="received"/> is called for each, on any thread.
        /// </summary>
        /// <param name="method">As for <see cref="UnaryAsync"/>.</param>
        /// <param name="request">As for <see cref="UnaryAsync"/>.</param>
        /// <param name="reply">Holds one message after the other; what is needed of it must be copied.</param>
        /// <param name="received">Called for each; what it throws ends the call and comes out of the task.</param>
        /// <param name="timeoutS">As for <see cref="UnaryAsync"/>.</param>
        /// <param name="cancel">Ends the call.</param>
        /// <exception cref="EmoMotionException">It failed; the message says why.</exception>
        /// <exception cref="OperationCanceledException"><paramref name="cancel"/> fired, or the channel was
        /// disposed.</exception>
        public Task StreamAsync<T>(string method, WireMessage request, T reply, Action<T> received,
            double? timeoutS = null, CancellationToken cancel = default) where T : WireMessage
        {
            var queue = new MessageQueue();
            queue.Add(request);
            queue.Complete();
            return HttpAsync(method, queue, reply, received, timeoutS, cancel);
        }

        /// <summary>Many there, many back, until the queue is complete and the server has ended.</summary>
        internal Task DuplexAsync<T>(string method, MessageQueue queue, T reply, Action<T> received,
            CancellationToken cancel) where T : WireMessage
        {
            if (!_web) return HttpAsync(method, queue, reply, received, null, cancel);
            if (_sockets == null)
                throw new EmoMotionException(StatusCode.FailedPrecondition,
                    "live streams by Transport.Web need ChannelOptions.Sockets");
            return SocketAsync(method, queue, reply, received, cancel);
        }

        /// <summary>End all calls and let the handler go.</summary>
        public void Dispose()
        {
            if (_open.IsCancellationRequested) return;
            _open.Cancel();
            _invoker.Dispose();
        }

        private async Task HttpAsync<T>(string method, MessageQueue queue, T reply, Action<T> received,
            double? timeoutS, CancellationToken cancel) where T : WireMessage
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, _open.Token);
            // Without timers the server keeps the deadline alone, by the header.
            if (timeoutS is double seconds && !_onContext) ending.CancelAfter(TimeSpan.FromSeconds(seconds));
            try
            {
                using var request = Request(method, queue, timeoutS);
                using var response = await _invoker.SendAsync(request, ending.Token).ConfigureAwait(_onContext);
                var status = await ReadAsync(response, reply, received, ending.Token).ConfigureAwait(_onContext);
                if (status.Code != StatusCode.Ok) throw Faults.Of(status, Server);
            }
            catch (Exception error) when (Ended(error, ending.Token))
            {
                cancel.ThrowIfCancellationRequested();
                _open.Token.ThrowIfCancellationRequested();
                throw Faults.Late(Server, timeoutS ?? 0);
            }
            catch (Exception error) when (error is HttpRequestException || error is IOException
                || error is ObjectDisposedException || error is OperationCanceledException)
            {
                throw Faults.Of(error, Server);
            }
            finally
            {
                queue.Complete();
            }
        }

        /// <summary>Whether a failure is only the end that was wanted, or the deadline.</summary>
        private static bool Ended(Exception error, CancellationToken ending) => ending.IsCancellationRequested
            && (!(error is EmoMotionException known) || known.Status == StatusCode.Cancelled
                || known.Status == StatusCode.Unavailable);

        private HttpRequestMessage Request(string method, MessageQueue queue, double? timeoutS)
        {
            var type = _web ? "application/grpc-web+proto" : "application/grpc";
            var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_root, method))
            {
                Version = _web ? new Version(1, 1) : new Version(2, 0),
                Content = new RequestContent(queue, type, _onContext),
            };
#if NET5_0_OR_GREATER
            // Else a handler of .NET would take HTTP/1.1 where there is no TLS; older ones have a switch for it.
            if (!_web) request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
#endif
            if (_web) request.Headers.TryAddWithoutValidation("X-Grpc-Web", "1");
            else request.Headers.TryAddWithoutValidation("te", "trailers");
            if (_authorization != null) request.Headers.TryAddWithoutValidation("authorization", _authorization);
            if (timeoutS is double seconds) request.Headers.TryAddWithoutValidation("grpc-timeout", Timeout(seconds));
            return request;
        }

        /// <summary>At most eight digits and a unit, as gRPC writes a time.</summary>
        internal static string Timeout(double seconds)
        {
            var ms = Math.Max(1, Math.Ceiling(seconds * 1000));
            var (value, unit) = ms < 1e8 ? (ms, "m") : (Math.Min(Math.Ceiling(seconds), 99999999), "S");
            return value.ToString("0", CultureInfo.InvariantCulture) + unit;
        }

        private async Task<CallStatus> ReadAsync<T>(HttpResponseMessage response, T reply, Action<T> received,
            CancellationToken cancel) where T : WireMessage
        {
            var status = CallStatus.Of(response.Headers);  // a call that failed at once has no other trailers
            var type = response.Content?.Headers.ContentType?.MediaType ?? "";
            var http = (int)response.StatusCode;
            var isGrpc = http == 200 && type.StartsWith("application/grpc", StringComparison.Ordinal);
            if (status.Code == null && !isGrpc)
            {
                var code = http == 200 ? StatusCode.Unknown : CallStatus.OfHttp(response.StatusCode);
                var detail = $"HTTP {http} and no gRPC; is another program there?";
                return new CallStatus { Code = code, Detail = detail };
            }
            if (response.Content == null) return status;
            var decoder = new FrameDecoder();
            using (var stream = await response.Content.ReadAsStreamAsync().ConfigureAwait(_onContext))
            {
                while (true)
                {
                    var at = decoder.Room();
                    var room = new Memory<byte>(decoder.Buffer, at, decoder.Buffer.Length - at);
                    var count = await stream.ReadAsync(room, cancel).ConfigureAwait(_onContext);
                    if (count == 0) break;
                    decoder.Commit(count);
                    while (decoder.Next()) Take(decoder, reply, received, ref status);
                }
            }
            if (decoder.Partial && (status.Code ?? StatusCode.Ok) == StatusCode.Ok)
                return new CallStatus { Code = StatusCode.Internal, Detail = "the reply ends within a message" };
            if (status.Code == null) status = CallStatus.Of(Trailing(response));
            if (status.Code == null)
                status = new CallStatus { Code = StatusCode.Unavailable, Detail = "the connection was lost" };
            return status;
        }

        private static void Take<T>(FrameDecoder decoder, T reply, Action<T> received, ref CallStatus status)
            where T : WireMessage
        {
            if (decoder.Flag != 0)
            {
                status = CallStatus.Of(decoder.Buffer, decoder.Offset, decoder.Count);
                return;
            }
            Parse(reply, decoder);
            received(reply);
        }

        internal static void Parse(WireMessage reply, FrameDecoder decoder)
        {
            try
            {
                reply.ParseFrom(decoder.Buffer, decoder.Offset, decoder.Count);
            }
            catch (WireException error)
            {
                throw new EmoMotionException(StatusCode.Internal, error.Message, error);
            }
        }

        private static System.Net.Http.Headers.HttpHeaders Trailing(HttpResponseMessage response)
        {
#if EMOMOTION_NO_TRAILING_HEADERS
            return null;
#else
            return response.TrailingHeaders;
#endif
        }

        private async Task SocketAsync<T>(string method, MessageQueue queue, T reply, Action<T> received,
            CancellationToken cancel) where T : WireMessage
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, _open.Token);
            var secure = _root.Scheme == "https";
            var address = new UriBuilder(new Uri(_root, method)) { Scheme = secure ? "wss" : "ws" }.Uri;
            using var call = new SocketCall<T>(_sockets(), queue, reply, received);
            using (ending.Token.Register(call.Cancel))
            {
                call.Open(address, _authorization);
                try
                {
                    var status = await call.Done.ConfigureAwait(_onContext);
                    if (status.Code != StatusCode.Ok) throw Faults.Of(status, Server);
                }
                catch (IOException error)
                {
                    throw Faults.Of(error, Server);
                }
                finally
                {
                    queue.Complete();
                }
            }
        }
    }
}
