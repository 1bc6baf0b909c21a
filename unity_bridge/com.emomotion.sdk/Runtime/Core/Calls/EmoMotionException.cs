using System;

namespace EmoMotion
{
    /// <summary>A call that failed. The message says what to do about it.</summary>
    public sealed class EmoMotionException : Exception
    {
        /// <summary>With a status, a message for people and the exception behind it, if there is one.</summary>
        public EmoMotionException(StatusCode status, string message, Exception inner = null) : base(message, inner) =>
            Status = status;

        /// <summary>How it failed.</summary>
        public StatusCode Status { get; }

        /// <summary>Field of the request that was refused, such as "affect.intensity"; else empty.</summary>
        public string Field { get; internal set; } = "";

        /// <summary>Seconds after which the server wants to be asked again; null where it does not say.</summary>
        public double? RetryAfterS { get; internal set; }
    }
}
