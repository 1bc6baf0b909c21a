using System;
using System.Text;

namespace EmoMotion.Wire
{
    /// <summary>Bytes that grow as messages are appended; reuse it to allocate nothing.</summary>
    public sealed class WireWriter
    {
        /// <summary>The bytes; those from <see cref="Length"/> on mean nothing.</summary>
        public byte[] Buffer { get; private set; }

        /// <summary>How many bytes were written.</summary>
        public int Length { get; private set; }

        /// <summary>With room for so many bytes before it grows.</summary>
        public WireWriter(int capacity = 256) => Buffer = new byte[capacity];

        /// <summary>Begin anew.</summary>
        public void Clear() => Length = 0;

        /// <summary>Append a message behind its frame header: a byte 0 and four bytes of length, big-endian.</summary>
        public void Framed(WireMessage message)
        {
            var size = message.ByteSize();
            Reserve(5 + size);
            Buffer[Length] = 0;
            for (var i = 0; i < 4; i++) Buffer[Length + 1 + i] = (byte)(size >> (24 - 8 * i));
            Length += 5;
            message.WriteTo(this);
        }

        internal void Raw(byte value)
        {
            Reserve(1);
            Buffer[Length++] = value;
        }

        internal void Tag(uint tag) => Varint(tag);

        internal void Varint(ulong value)
        {
            Reserve(10);
            while (value > 0x7F)
            {
                Buffer[Length++] = (byte)(value & 0x7F | 0x80);
                value >>= 7;
            }
            Buffer[Length++] = (byte)value;
        }

        internal void ZigZag(int value) => Varint((uint)(value << 1 ^ value >> 31));

        internal void Bool(bool value) => Raw(value ? (byte)1 : (byte)0);

        internal void Float(float value)
        {
            Reserve(4);
            Fixed32(new FloatBits { Value = value }.Bits);
        }

        internal void Double(double value)
        {
            Reserve(8);
            var bits = (ulong)BitConverter.DoubleToInt64Bits(value);
            Fixed32((uint)bits);
            Fixed32((uint)(bits >> 32));
        }

        internal void Text(string value)
        {
            var count = Encoding.UTF8.GetByteCount(value);
            Varint((ulong)count);
            Reserve(count);
            Encoding.UTF8.GetBytes(value, 0, value.Length, Buffer, Length);
            Length += count;
        }

        internal void Bytes(byte[] value)
        {
            Varint((ulong)value.Length);
            Reserve(value.Length);
            System.Buffer.BlockCopy(value, 0, Buffer, Length, value.Length);
            Length += value.Length;
        }

        internal void Message(WireMessage part)
        {
            Varint((ulong)part.ByteSize());
            part.WriteTo(this);
        }

        internal void Floats(WireList<float> list)
        {
            Varint((ulong)Size.Floats(list));
            for (var i = 0; i < list.Count; i++) Float(list.Items[i]);
        }

        internal void Bools(WireList<bool> list)
        {
            Varint((ulong)Size.Bools(list));
            for (var i = 0; i < list.Count; i++) Bool(list.Items[i]);
        }

        internal void ZigZags(WireList<int> list)
        {
            Varint((ulong)Size.ZigZags(list));
            for (var i = 0; i < list.Count; i++) ZigZag(list.Items[i]);
        }

        private void Fixed32(uint bits)
        {
            for (var i = 0; i < 4; i++) Buffer[Length++] = (byte)(bits >> 8 * i);
        }

        private void Reserve(int count)
        {
            if (Length + count <= Buffer.Length) return;
            var grown = new byte[Math.Max(2 * Buffer.Length, Length + count)];
            System.Buffer.BlockCopy(Buffer, 0, grown, 0, Length);
            Buffer = grown;
        }
    }

    /// <summary>Bytes that values take on the wire.</summary>
    internal static class Size
    {
        public static int Varint(ulong value)
        {
            var size = 1;
            for (; value > 0x7F; value >>= 7) size++;
            return size;
        }

        public static int ZigZag(int value) => Varint((uint)(value << 1 ^ value >> 31));

        public static int Prefixed(int size) => Varint((ulong)size) + size;

        public static int Text(string value) => Prefixed(Encoding.UTF8.GetByteCount(value));

        public static int Bytes(byte[] value) => Prefixed(value.Length);

        public static int Floats(WireList<float> list) => 4 * list.Count;

        public static int Bools(WireList<bool> list) => list.Count;

        public static int ZigZags(WireList<int> list)
        {
            var size = 0;
            for (var i = 0; i < list.Count; i++) size += ZigZag(list.Items[i]);
            return size;
        }
    }
}
