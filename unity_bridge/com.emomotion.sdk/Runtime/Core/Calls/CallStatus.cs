using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace EmoMotion
{
    /// <summary>How the server says that a call ended: the trailers, wherever they came from.</summary>
    internal struct CallStatus
    {
        /// <summary>The server's word; null where it gave none.</summary>
        public StatusCode? Code;

        /// <summary>Its explanation, decoded.</summary>
        public string Detail;

        /// <summary>The field that was refused.</summary>
        public string Field;

        /// <summary>When to come back, milliseconds.</summary>
        public double? PushbackMs;

        /// <summary>Of the headers of a response, or its trailing ones.</summary>
        public static CallStatus Of(HttpHeaders headers)
        {
            var status = new CallStatus();
            if (headers == null) return status;
            foreach (var header in headers)
            {
                foreach (var value in header.Value) status.Take(header.Key, value);
            }
            return status;
        }

        /// <summary>Of the last frame of gRPC-Web: lines of "name: value".</summary>
        public static CallStatus Of(byte[] data, int offset, int count)
        {
            var status = new CallStatus();
            foreach (var line in Encoding.UTF8.GetString(data, offset, count).Split('\n'))
            {
                var colon = line.IndexOf(':');
                if (colon > 0) status.Take(line.Substring(0, colon).Trim(), line.Substring(colon + 1).Trim());
            }
            return status;
        }

        /// <summary>What an HTTP status means that came without one of gRPC.</summary>
        public static StatusCode OfHttp(HttpStatusCode code)
        {
            switch ((int)code)
            {
                case 400: return StatusCode.Internal;
                case 401: return StatusCode.Unauthenticated;
                case 403: return StatusCode.PermissionDenied;
                case 404: return StatusCode.Unimplemented;
                case 429: case 502: case 503: case 504: return StatusCode.Unavailable;
                default: return StatusCode.Unknown;
            }
        }

        private void Take(string name, string value)
        {
            switch (name.ToLowerInvariant())
            {
                case "grpc-status":
                    var known = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
                    Code = known && number <= 16 ? (StatusCode)number : StatusCode.Unknown;
                    break;
                case "grpc-message": Detail = Unescaped(value); break;
                case "emomotion-field": Field = value; break;
                case "grpc-retry-pushback-ms":
                    if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var ms) && ms >= 0)
                        PushbackMs = ms;
                    break;
            }
        }

        /// <summary>Percent-encoded UTF-8, as gRPC writes its messages; what is no encoding stays as it is.</summary>
        internal static string Unescaped(string text)
        {
            if (text.IndexOf('%') < 0) return text;
            var bytes = new List<byte>(text.Length);
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(text.Substring(i + 1, 2),
                    NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    bytes.Add(value);
                    i += 2;
                }
                else bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(i, 1)));
            }
            return Encoding.UTF8.GetString(bytes.ToArray());
        }
    }
}
