using System;
using System.Collections;
using System.Collections.Generic;

namespace EmoMotion.Wire
{
    /// <summary>A list of numbers or texts that keeps its array when it is cleared.</summary>
    public sealed class WireList<T>
    {
        /// <summary>
        /// The values; those from <see cref="Count"/> on mean nothing. The array changes when it grows.
        /// </summary>
        public T[] Items { get; private set; } = Array.Empty<T>();

        /// <summary>How many values there are.</summary>
        public int Count { get; private set; }

        /// <summary>One value.</summary>
        public T this[int index] => index < Count ? Items[index] : throw new ArgumentOutOfRangeException(nameof(index));

        /// <summary>Remove all; the array stays.</summary>
        public void Clear() => Count = 0;

        /// <summary>Append a value.</summary>
        public void Add(T value)
        {
            var at = Extend(1);  // which may exchange the array
            Items[at] = value;
        }

        /// <summary>Append values.</summary>
        public void AddRange(T[] values)
        {
            var first = Extend(values.Length);
            Array.Copy(values, 0, Items, first, values.Length);
        }

        /// <summary>A copy of the values.</summary>
        public T[] ToArray()
        {
            var copy = new T[Count];
            Array.Copy(Items, copy, Count);
            return copy;
        }

        /// <summary>Make room for more values behind the last; returns the index of the first of them.</summary>
        public int Extend(int more)
        {
            var first = Count;
            if (first + more > Items.Length)
            {
                var grown = new T[Math.Max(first + more, 2 * Items.Length)];
                Array.Copy(Items, grown, first);
                Items = grown;
            }
            Count = first + more;
            return first;
        }
    }

    /// <summary>A list of messages that keeps them for reuse when it is cleared.</summary>
    public sealed class MessageList<T> : IReadOnlyList<T> where T : WireMessage
    {
        private readonly Func<T> _make;
        private readonly List<T> _items = new List<T>();

        internal MessageList(Func<T> make) => _make = make;

        /// <summary>How many messages there are.</summary>
        public int Count { get; private set; }

        /// <summary>One message.</summary>
        public T this[int index] =>
            index < Count ? _items[index] : throw new ArgumentOutOfRangeException(nameof(index));

        /// <summary>Remove all; they are used again.</summary>
        public void Clear() => Count = 0;

        /// <summary>Append an empty message and return it.</summary>
        public T Add()
        {
            if (Count == _items.Count) _items.Add(_make());
            var item = _items[Count++];
            item.Clear();
            return item;
        }

        /// <summary>Append a message; it belongs to the list from now on.</summary>
        public void Add(T item)
        {
            if (Count == _items.Count) _items.Add(item);
            else _items[Count] = item;
            Count++;
        }

        /// <inheritdoc/>
        public IEnumerator<T> GetEnumerator()
        {
            for (var i = 0; i < Count; i++) yield return _items[i];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
