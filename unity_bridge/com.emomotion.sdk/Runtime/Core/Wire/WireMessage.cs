namespace EmoMotion.Wire
{
    /// <summary>
    /// A message of the wire contract. Decoding into one that was used before reuses its parts and lists and allocates
    /// nothing; what is read out of it is valid until it is decoded into again. Not safe for use by two threads at
    /// once.
    /// </summary>
    public abstract class WireMessage
    {
        /// <summary>Back to what a new message holds. Parts and lists are kept for reuse.</summary>
        public abstract void Clear();

        /// <summary>Bytes of the encoded message.</summary>
        public abstract int ByteSize();

        /// <summary>Append the encoded message.</summary>
        public abstract void WriteTo(WireWriter writer);

        internal abstract void Read(ref WireReader reader);

        /// <summary>Become the message that lies in these bytes; what was in it is forgotten.</summary>
        /// <exception cref="WireException">The bytes are no such message.</exception>
        public void ParseFrom(byte[] data, int offset, int count)
        {
            Clear();
            MergeFrom(data, offset, count);
        }

        /// <summary>Take over what these bytes say; fields they do not name stay, and lists grow.</summary>
        /// <exception cref="WireException">The bytes are no such message.</exception>
        public void MergeFrom(byte[] data, int offset, int count)
        {
            var reader = new WireReader(data, offset, count, GetType());
            Read(ref reader);
        }

        /// <summary>The encoded message.</summary>
        public byte[] ToBytes()
        {
            var writer = new WireWriter(ByteSize());
            WriteTo(writer);
            var bytes = new byte[writer.Length];
            System.Buffer.BlockCopy(writer.Buffer, 0, bytes, 0, bytes.Length);
            return bytes;
        }
    }
}
