using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;

namespace EmoMotion
{
    /// <summary>
    /// The body of a request: what is in the queue, as soon as it is there, until the queue is complete.
    /// </summary>
    internal sealed class RequestContent : HttpContent
    {
        private readonly MessageQueue _queue;
        private readonly bool _onContext;

        public RequestContent(MessageQueue queue, string type, bool onContext)
        {
            (_queue, _onContext) = (queue, onContext);
            Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext context)
        {
            // The server answers only when it has the headers, and they wait for the first flush.
            await stream.FlushAsync().ConfigureAwait(_onContext);
            while (true)
            {
                var writer = _queue.Take(out var complete);
                if (writer != null)
                {
                    await stream.WriteAsync(writer.Buffer, 0, writer.Length).ConfigureAwait(_onContext);
                    await stream.FlushAsync().ConfigureAwait(_onContext);
                }
                else if (complete) return;
                else await _queue.WaitAsync().ConfigureAwait(_onContext);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
