using System;

namespace EmoMotion.Wire
{
    /// <summary>Bytes that are no message.</summary>
    public sealed class WireException : Exception
    {
        /// <summary>With a text that says which message and what is wrong.</summary>
        public WireException(string message) : base(message)
        {
        }
    }
}
