using System;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// What a game asks of a server: facts, clips, live characters, faces. May be used from any thread; nothing blocks.
    /// Dispose it when play ends, and with it everything that is open.
    /// </summary>
    public sealed class EmoMotionClient : IDisposable
    {
        /// <summary>Over a handler that speaks HTTP/2, which is disposed with the client.</summary>
        /// <exception cref="EmoMotionException">The address is none.</exception>
        public EmoMotionClient(HttpMessageHandler handler, ChannelOptions options) =>
            Channel = new Channel(handler, options);

        /// <summary>The way to the server.</summary>
        public Channel Channel { get; }

        /// <summary>
        /// What the server has loaded: bundle, plans, emotions with their evidence, skeleton, limits.
        /// </summary>
        /// <exception cref="EmoMotionException">No server answers, or it is another program.</exception>
        public async Task<GetInfoReply> GetInfoAsync(double timeoutS = 5, CancellationToken cancel = default)
        {
            var reply = new GetInfoReply();
            await Channel.UnaryAsync(MotionService.GetInfo, new GetInfoRequest(), reply, timeoutS, cancel)
                .ConfigureAwait(Channel.OnContext);
            Body.Of(reply.Skeleton);
            return reply;
        }

        /// <summary>One clip.</summary>
        /// <param name="request">What to generate; its text must be set.</param>
        /// <param name="progress">Told the share of frames that are there, 0..1, on any thread; may be null.</param>
        /// <param name="timeoutS">Seconds that all of it may take.</param>
        /// <param name="cancel">Stops the work on the server.</param>
        /// <exception cref="EmoMotionException">Refused, late or lost; the message says why.</exception>
        /// <exception cref="OperationCanceledException"><paramref name="cancel"/> fired.</exception>
        public Task<MotionClip> GenerateAsync(GenerateRequest request, Action<float> progress = null,
            double timeoutS = 60, CancellationToken cancel = default) =>
            ClipAsync(MotionService.Generate, request, progress, timeoutS, cancel);

        /// <summary>
        /// One clip of several things done one after the other, with poses that it reaches, a way with times, parts of
        /// another clip that stay, an end that meets the beginning: all that <see cref="ComposeRequest"/> can say.
        /// Parameters and exceptions are those of <see cref="GenerateAsync"/>; a server that cannot compose answers
        /// Unimplemented.
        /// </summary>
        public async Task<MotionClip> ComposeAsync(ComposeRequest request, Action<float> progress = null,
            double timeoutS = 120, CancellationToken cancel = default)
        {
            try
            {
                return await ClipAsync(ComposeService.Compose, request, progress, timeoutS, cancel)
                    .ConfigureAwait(Channel.OnContext);
            }
            catch (EmoMotionException error) when (error.Status == StatusCode.Unimplemented)
            {
                throw new EmoMotionException(StatusCode.Unimplemented,
                    $"server {Channel.Server} cannot compose clips; update it", error);
            }
        }

        /// <summary>A live character; see <see cref="LiveStream.Open"/>.</summary>
        public LiveStream Drive(DriveChange wish, LiveOptions options = null) =>
            LiveStream.Open(Channel, wish, options);

        /// <summary>A face that shows a feeling; see <see cref="FaceStream.Open"/>.</summary>
        public FaceStream Express(double fps = 60, Affect affect = null, LiveOptions options = null) =>
            FaceStream.Open(Channel, fps, affect, options);

        /// <inheritdoc/>
        public void Dispose() => Channel.Dispose();

        private async Task<MotionClip> ClipAsync(string method, WireMessage request, Action<float> progress,
            double timeoutS, CancellationToken cancel)
        {
            MotionClip clip = null;
            void Received(GenerateReply reply)
            {
                if (reply.Part == GenerateReply.PartCase.Header) clip = new MotionClip(reply.Header);
                else if (clip == null)
                    throw new EmoMotionException(StatusCode.Internal, "a part of a clip came before its header");
                else if (reply.Part == GenerateReply.PartCase.Chunk) clip.Take(reply.Chunk);
                else if (reply.Part == GenerateReply.PartCase.Status) clip.End(reply.Status);
                progress?.Invoke(clip.Progress);
            }
            await Channel.StreamAsync(method, request, new GenerateReply(), Received, timeoutS, cancel)
                .ConfigureAwait(Channel.OnContext);
            if (clip?.Status == null)
                throw new EmoMotionException(StatusCode.Internal,
                    "the server ended a clip without saying how it was made");
            return clip;
        }
    }
}
