using System;
using System.Runtime.InteropServices;
using System.Text;

namespace EmoMotion.Wire
{
    /// <summary>
    /// Reads one message out of bytes; lives on the stack. It indexes an array and no span, because older Mono
    /// libraries cannot.
    /// </summary>
    internal struct WireReader
    {
        private const int VarintWire = 0, Fixed64Wire = 1, BytesWire = 2, Fixed32Wire = 5;

        private readonly byte[] _data;
        private readonly int _start;
        private readonly Type _message;
        private int _at, _end;

        public WireReader(byte[] data, int offset, int count, Type message)
        {
            if (offset < 0 || count < 0 || count > data.Length - offset)
                throw new ArgumentOutOfRangeException(nameof(count), "the message reaches beyond the array");
            _data = data;
            _start = _at = offset;
            _end = offset + count;
            _message = message;
        }

        /// <summary>The next field's tag; 0 at the end.</summary>
        public uint Tag()
        {
            if (_at == _end) return 0;
            var tag = (uint)Varint();
            if (tag >> 3 == 0) throw Wrong("has a field with the number 0");
            return tag;
        }

        public ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (_at == _end) throw Cut();
                var b = _data[_at++];
                value |= (ulong)(b & 0x7F) << shift;
                if (b < 0x80) return value;
            }
            throw Wrong("has a number of more than ten bytes");
        }

        public int ZigZag()
        {
            var value = (uint)Varint();
            return (int)(value >> 1) ^ -(int)(value & 1);
        }

        public bool Bool() => Varint() != 0;

        public float Float()
        {
            Need(4);
            var bits = new FloatBits { Bits = Fixed32(_at) };
            _at += 4;
            return bits.Value;
        }

        public double Double()
        {
            Need(8);
            var bits = Fixed32(_at) | (ulong)Fixed32(_at + 4) << 32;
            _at += 8;
            return BitConverter.Int64BitsToDouble((long)bits);
        }

        public string Text()
        {
            var count = Length();
            var text = Encoding.UTF8.GetString(_data, _at, count);
            _at += count;
            return text;
        }

        public byte[] Bytes()
        {
            var count = Length();
            var bytes = new byte[count];
            Buffer.BlockCopy(_data, _at, bytes, 0, count);
            _at += count;
            return bytes;
        }

        /// <summary>A part that may come in pieces: the pieces merge. Returns the one that holds it now.</summary>
        public T Message<T>(T present, T spare) where T : WireMessage
        {
            if (!ReferenceEquals(present, spare)) spare.Clear();
            Message(spare);
            return spare;
        }

        public void Message(WireMessage part)
        {
            var count = Length();
            var outer = _end;
            _end = _at + count;
            part.Read(ref this);
            _end = outer;
        }

        public void Floats(WireList<float> list)
        {
            var count = Length();
            if (count % 4 != 0) throw Wrong("has a list of floats that ends within one");
            var first = list.Extend(count / 4);
            if (BitConverter.IsLittleEndian)
            {
                Buffer.BlockCopy(_data, _at, list.Items, first * 4, count);
                _at += count;
            }
            else
            {
                for (var i = first; i < list.Count; i++) list.Items[i] = Float();
            }
        }

        public void Bools(WireList<bool> list)
        {
            var outer = _end;
            var count = Length();
            _end = _at + count;
            while (_at < _end) list.Add(Bool());
            _end = outer;
        }

        public void ZigZags(WireList<int> list)
        {
            var outer = _end;
            var count = Length();
            _end = _at + count;
            while (_at < _end) list.Add(ZigZag());
            _end = outer;
        }

        /// <summary>Pass over a field that this version does not know.</summary>
        public void Skip(uint tag)
        {
            switch (tag & 7)
            {
                case VarintWire: Varint(); break;
                case Fixed64Wire: Need(8); _at += 8; break;
                case BytesWire: var count = Length(); _at += count; break;
                case Fixed32Wire: Need(4); _at += 4; break;
                default: throw Wrong($"has a field of the unknown kind {tag & 7}");
            }
        }

        private int Length()
        {
            var count = Varint();
            if (count > (ulong)(_end - _at)) throw Cut();
            return (int)count;
        }

        private uint Fixed32(int at) =>
            (uint)(_data[at] | _data[at + 1] << 8 | _data[at + 2] << 16 | _data[at + 3] << 24);

        private void Need(int count)
        {
            if (count > _end - _at) throw Cut();
        }

        private WireException Cut() => Wrong("is cut off");

        private WireException Wrong(string what) =>
            new WireException($"{_message.Name} {what} at byte {_at - _start}; is the other side another program?");
    }

    /// <summary>A float and its bits. BitConverter's own conversion is missing in older libraries.</summary>
    [StructLayout(LayoutKind.Explicit)]
    internal struct FloatBits
    {
        [FieldOffset(0)] public float Value;
        [FieldOffset(0)] public uint Bits;
    }
}
