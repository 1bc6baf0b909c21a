using System;

namespace EmoMotion
{
    /// <summary>
    /// Cuts a stream of bytes into gRPC frames: a flag, four bytes of length, the message. The buffer is reused; it
    /// grows to the largest message that came.
    /// </summary>
    internal sealed class FrameDecoder
    {
        /// <summary>Larger messages are refused; the largest that a server sends has a tenth of this.</summary>
        public const int MostBytes = 1 << 20;

        private const int Header = 5, SmallestRoom = 4096;
        private int _start, _end;

        /// <summary>Where the bytes lie.</summary>
        public byte[] Buffer { get; private set; } = new byte[4 * SmallestRoom];

        /// <summary>Flag of the present frame: 0 for a message, 0x80 for the trailers of gRPC-Web.</summary>
        public byte Flag { get; private set; }

        /// <summary>Where the present frame's message begins in <see cref="Buffer"/>.</summary>
        public int Offset { get; private set; }

        /// <summary>Bytes of the present frame's message.</summary>
        public int Count { get; private set; }

        /// <summary>Whether a frame has begun that is not complete.</summary>
        public bool Partial => _end > _start;

        /// <summary>Make room, and return where bytes may be written: from here to the end of the buffer.</summary>
        public int Room()
        {
            if (_start == _end) _start = _end = 0;
            if (Buffer.Length - _end < SmallestRoom)
            {
                var target = Buffer.Length - (_end - _start) < SmallestRoom ? new byte[2 * Buffer.Length] : Buffer;
                System.Buffer.BlockCopy(Buffer, _start, target, 0, _end - _start);
                (Buffer, _start, _end) = (target, 0, _end - _start);
            }
            return _end;
        }

        /// <summary>So many bytes were written where <see cref="Room"/> said.</summary>
        public void Commit(int count) => _end += count;

        /// <summary>Take a copy of bytes.</summary>
        public void Append(byte[] data, int offset, int count)
        {
            while (count > 0)
            {
                var at = Room();
                var some = Math.Min(count, Buffer.Length - at);
                System.Buffer.BlockCopy(data, offset, Buffer, at, some);
                Commit(some);
                (offset, count) = (offset + some, count - some);
            }
        }

        /// <summary>Go on to the next complete frame; false when more bytes are needed.</summary>
        /// <exception cref="EmoMotionException">What came is no frame of gRPC.</exception>
        public bool Next()
        {
            if (_end - _start < Header) return false;
            var count = (uint)(Buffer[_start + 1] << 24 | Buffer[_start + 2] << 16 | Buffer[_start + 3] << 8
                | Buffer[_start + 4]);
            Flag = Buffer[_start];
            if ((Flag & 0x7F) != 0)
                throw new EmoMotionException(StatusCode.Internal, "the server sent a compressed message, or no gRPC");
            if (count > MostBytes)
                throw new EmoMotionException(StatusCode.Internal,
                    $"the server sent a message of {count} bytes; the most is {MostBytes}");
            if (_end - _start - Header < count) return false;
            (Offset, Count) = (_start + Header, (int)count);
            _start += Header + (int)count;
            return true;
        }
    }
}
