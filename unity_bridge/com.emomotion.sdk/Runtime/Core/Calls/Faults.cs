using System;
using System.Security.Authentication;

namespace EmoMotion
{
    /// <summary>Says in plain words why a call failed, and what to do about it.</summary>
    internal static class Faults
    {
        private const string StartOne = "start one with: python -m sdk.serve";

        /// <summary>Of a status that the server, or what stands before it, gave.</summary>
        public static EmoMotionException Of(CallStatus status, string server)
        {
            var code = status.Code ?? StatusCode.Unknown;
            return new EmoMotionException(code, Text(code, (status.Detail ?? "").Trim(), server))
            {
                Field = status.Field ?? "",
                RetryAfterS = status.PushbackMs / 1000,
            };
        }

        /// <summary>Of what the handler or the socket threw before a status came.</summary>
        public static EmoMotionException Of(Exception error, string server)
        {
            for (var inner = error; inner != null; inner = inner.InnerException)
            {
                if (inner is AuthenticationException || Says(inner, "certificate"))
                    return new EmoMotionException(StatusCode.Unavailable,
                        $"the certificate of {server} is not trusted: {inner.Message} Install its authority on this "
                        + "device, or ask a server on this machine with http://", error);
            }
            for (var inner = error; inner != null; inner = inner.InnerException)
            {
                if (Says(inner, "HTTP version") || Says(inner, "HTTP/1") || Says(inner, "HTTP_1_1_REQUIRED"))
                    return new EmoMotionException(StatusCode.Unavailable,
                        $"{server} answers, but not with HTTP/2; is it the gRPC port of an EmoMotion server, and does "
                        + "the handler speak HTTP/2?", error);
            }
            var last = error;
            while (last.InnerException != null) last = last.InnerException;
            return new EmoMotionException(StatusCode.Unavailable,
                $"no server answers at {server}; {StartOne} ({last.Message})", error);
        }

        /// <summary>Time ran out on this side.</summary>
        public static EmoMotionException Late(string server, double seconds) =>
            new EmoMotionException(StatusCode.DeadlineExceeded,
                $"server {server} did not finish within {seconds:0.###} s; allow more time or ask for fewer seconds");

        private static string Text(StatusCode code, string detail, string server)
        {
            switch (code)
            {
                case StatusCode.InvalidArgument: return detail;
                case StatusCode.Unavailable: return $"server {server} is not available: {detail}";
                case StatusCode.Unauthenticated:
                    return $"server {server} wants a valid token: set Token in the connection ({detail})";
                case StatusCode.Unimplemented:
                    return $"server {server} does not speak emomotion.v1: it is another program, or another version; "
                        + $"update this package or the server ({detail})";
                case StatusCode.DeadlineExceeded: return $"server {server} was late: {detail}";
                default: return $"server {server} answered {code}: {detail}";
            }
        }

        private static bool Says(Exception error, string word) =>
            error.Message.IndexOf(word, StringComparison.OrdinalIgnoreCase) >= 0;
    }
}
