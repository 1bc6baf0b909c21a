using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;
using NUnit.Framework;

namespace EmoMotion.Tests
{
    /// <summary>
    /// Calls over a handler that answers from memory. By gRPC-Web, whose status is in the body; HTTP/2 has a real
    /// server.
    /// </summary>
    public sealed class CallTests
    {
        [Test]
        public void OneMessageComesBack()
        {
            var handler = new Answers(Framed(0, Info()), Trailers("grpc-status: 0\r\n"));
            var info = Wait(Client(handler).GetInfoAsync());
            Assert.AreEqual("made", info.Bundle.Name);
            Assert.AreEqual("/emomotion.v1.MotionService/GetInfo", handler.Path);
            Assert.AreEqual("Bearer secret-of-sixteen", handler.Authorization);
            Assert.AreEqual("5000m", handler.Timeout);
        }

        [Test]
        public void AReplyMayComeByteByByte()
        {
            var handler = new Answers(Framed(0, Info()), Trailers("grpc-status: 0\r\n")) { Piece = 1 };
            Assert.AreEqual("made", Wait(Client(handler).GetInfoAsync()).Bundle.Name);
        }

        [Test]
        public void AStatusIsAnExceptionWithItsFieldAndItsWords()
        {
            var lines = "grpc-status: 3\r\ngrpc-message: caf%C3%A9 \"50%25\" is no text\r\n"
                + "emomotion-field: affect.intensity\r\ngrpc-retry-pushback-ms: 1500\r\n";
            var error = Refused(new Answers(Trailers(lines)));
            Assert.AreEqual(StatusCode.InvalidArgument, error.Status);
            Assert.AreEqual("café \"50%\" is no text", error.Message);
            Assert.AreEqual("affect.intensity", error.Field);
            Assert.AreEqual(1.5, error.RetryAfterS.Value);
        }

        [Test]
        public void AStatusMayStandInTheHeadersAlone()
        {
            var error = Refused(new Answers() { HeaderStatus = "16" });
            Assert.AreEqual(StatusCode.Unauthenticated, error.Status);
            StringAssert.Contains("token", error.Message);
        }

        [TestCase(400, StatusCode.Internal)]
        [TestCase(401, StatusCode.Unauthenticated)]
        [TestCase(403, StatusCode.PermissionDenied)]
        [TestCase(404, StatusCode.Unimplemented)]
        [TestCase(429, StatusCode.Unavailable)]
        [TestCase(503, StatusCode.Unavailable)]
        [TestCase(500, StatusCode.Unknown)]
        [TestCase(302, StatusCode.Unknown)]
        public void HttpWithoutGrpcHasAMeaning(int http, StatusCode status) =>
            Assert.AreEqual(status, Refused(new Answers() { Http = (HttpStatusCode)http, Type = "text/html" }).Status);

        [Test]
        public void APageIsNoServer()
        {
            var error = Refused(new Answers(Encoding.UTF8.GetBytes("<html>")) { Type = "text/html" });
            StringAssert.Contains("another program", error.Message);
        }

        [Test]
        public void AReplyThatEndsWithinAMessageIsBroken()
        {
            var whole = Framed(0, Info());
            Array.Resize(ref whole, whole.Length - 3);
            Assert.AreEqual(StatusCode.Internal, Refused(new Answers(whole)).Status);
        }

        [Test]
        public void AReplyWithoutStatusIsALostConnection() =>
            Assert.AreEqual(StatusCode.Unavailable, Refused(new Answers(Framed(0, Info()))).Status);

        [Test]
        public void TwoMessagesInsteadOfOneAreBroken()
        {
            var handler = new Answers(Framed(0, Info()), Framed(0, Info()), Trailers("grpc-status: 0\r\n"));
            Assert.AreEqual(StatusCode.Internal, Refused(handler).Status);
        }

        [Test]
        public void BytesThatAreNoMessageAreBroken()
        {
            var handler = new Answers(Framed(0, new byte[] { 0xFF, 0xFF }), Trailers("grpc-status: 0\r\n"));
            StringAssert.Contains("GetInfoReply", Refused(handler).Message);
        }

        [Test]
        public void AMessageOfGigabytesIsRefusedBeforeItIsRead() =>
            StringAssert.Contains("2147483647", Refused(new Answers(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF })).Message);

        [Test]
        public void CompressedMessagesAreRefused() =>
            StringAssert.Contains("compressed", Refused(new Answers(Framed(1, Info()))).Message);

        [Test]
        public void WhoCancelsGetsACancellation()
        {
            using var cancel = new CancellationTokenSource(30);
            var task = Client(new Answers() { Never = true }).GetInfoAsync(60, cancel.Token);
            Assert.Catch<OperationCanceledException>(() => task.GetAwaiter().GetResult());
        }

        [Test]
        public void ADeadlineIsAnErrorThatNamesTheTime()
        {
            var task = Client(new Answers() { Never = true }).GetInfoAsync(0.03);
            var error = Assert.Throws<EmoMotionException>(() => task.GetAwaiter().GetResult());
            Assert.AreEqual(StatusCode.DeadlineExceeded, error.Status);
            StringAssert.Contains("0.03 s", error.Message);
        }

        [Test]
        public void DisposingEndsWhatIsOpen()
        {
            var client = Client(new Answers() { Never = true });
            var task = client.GetInfoAsync(60);
            client.Dispose();
            Assert.Catch<OperationCanceledException>(() => task.GetAwaiter().GetResult());
            client.Dispose();
        }

        [Test]
        public void AnotherSkeletonIsRefused()
        {
            var info = new GetInfoReply { Bundle = new BundleInfo { Name = "made" }, Skeleton = new Skeleton() };
            info.Skeleton.JointNames.Add("hips");
            var error = Refused(new Answers(Framed(0, info.ToBytes()), Trailers("grpc-status: 0\r\n")));
            StringAssert.Contains("skeleton of 1 joints", error.Message);
        }

        [TestCase("localhost:50051", "http://localhost:50051/")]
        [TestCase("127.0.0.1:80", "http://127.0.0.1/")]
        [TestCase("[::1]:50051", "http://[::1]:50051/")]
        [TestCase("game.example:50051", "https://game.example:50051/")]
        [TestCase(" http://10.0.0.2:50051 ", "http://10.0.0.2:50051/")]
        public void AnAddressMayBeWrittenAsPeopleDo(string address, string uri) =>
            Assert.AreEqual(uri, new ChannelOptions { Address = address }.Uri().AbsoluteUri);

        [TestCase("")]
        [TestCase("ftp://x")]
        [TestCase("local host:1")]
        [TestCase("localhost:port")]
        public void AnAddressThatIsNoneIsRefused(string address)
        {
            var error = Assert.Throws<EmoMotionException>(() => new ChannelOptions { Address = address }.Uri());
            StringAssert.Contains($"\"{address}\"", error.Message);
        }

        [TestCase(0.0001, "1m")]
        [TestCase(5.0, "5000m")]
        [TestCase(200000.0, "200000S")]
        public void ATimeIsWrittenAsGrpcWantsIt(double seconds, string text) =>
            Assert.AreEqual(text, Channel.Timeout(seconds));

        [TestCase("plain", "plain")]
        [TestCase("%E2%82%AC%20", "€ ")]
        [TestCase("50%", "50%")]
        [TestCase("%zz%4", "%zz%4")]
        public void PercentSignsAreTakenAsTheyAreMeant(string text, string meant) =>
            Assert.AreEqual(meant, CallStatus.Unescaped(text));

        private static EmoMotionException Refused(Answers handler)
        {
            var task = Client(handler).GetInfoAsync();
            return Assert.Throws<EmoMotionException>(() => task.GetAwaiter().GetResult());
        }

        private static EmoMotionClient Client(HttpMessageHandler handler) => new EmoMotionClient(handler,
            new ChannelOptions
        {
            Address = "localhost:8080", Transport = Transport.Web, Token = "secret-of-sixteen",
        });

        private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

        private static byte[] Info()
        {
            var info = new GetInfoReply { Bundle = new BundleInfo { Name = "made" }, Skeleton = Made.Skeleton() };
            return info.ToBytes();
        }

        private static byte[] Trailers(string lines) => Framed(0x80, Encoding.ASCII.GetBytes(lines));

        private static byte[] Framed(byte flag, byte[] data)
        {
            var frame = new byte[5 + data.Length];
            frame[0] = flag;
            for (var i = 0; i < 4; i++) frame[1 + i] = (byte)(data.Length >> (24 - 8 * i));
            data.CopyTo(frame, 5);
            return frame;
        }

        /// <summary>Answers every request with the same bytes.</summary>
        private sealed class Answers : HttpMessageHandler
        {
            private readonly byte[] _body;
            public HttpStatusCode Http = HttpStatusCode.OK;
            public string Type = "application/grpc-web+proto", HeaderStatus, Path, Authorization, Timeout;
            public bool Never;
            public int Piece = int.MaxValue;

            public Answers(params byte[][] parts)
            {
                var all = new MemoryStream();
                foreach (var part in parts) all.Write(part, 0, part.Length);
                _body = all.ToArray();
            }

            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
                CancellationToken cancel)
            {
                Path = request.RequestUri.AbsolutePath;
                Authorization = string.Join("", request.Headers.GetValues("authorization"));
                Timeout = string.Join("", request.Headers.GetValues("grpc-timeout"));
                await request.Content.CopyToAsync(new MemoryStream());
                if (Never) await Task.Delay(-1, cancel);
                var content = new StreamContent(new Pieces(_body, Piece));
                content.Headers.TryAddWithoutValidation("Content-Type", Type);
                var response = new HttpResponseMessage(Http) { Content = content };
                if (HeaderStatus != null) response.Headers.TryAddWithoutValidation("grpc-status", HeaderStatus);
                return response;
            }
        }

        /// <summary>Gives no more than some bytes at a time.</summary>
        private sealed class Pieces : MemoryStream
        {
            private readonly int _most;

            public Pieces(byte[] data, int most) : base(data) => _most = most;

            public override ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancel = default) =>
                base.ReadAsync(destination.Slice(0, Math.Min(_most, destination.Length)), cancel);
        }
    }
}
