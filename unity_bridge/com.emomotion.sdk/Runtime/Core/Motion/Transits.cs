using System;

namespace EmoMotion
{
    /// <summary>
    /// How long the latest frames were on their way, on a clock whose zero nobody knows: only differences mean
    /// something. Kept in order of arrival and in order of size.
    /// </summary>
    internal sealed class Transits
    {
        private readonly double[] _arrived, _sorted;
        private int _next;

        public Transits(int capacity) => (_arrived, _sorted) = (new double[capacity], new double[capacity]);

        public int Count { get; private set; }

        /// <summary>The shortest.</summary>
        public double Earliest => _sorted[0];

        public void Clear() => (Count, _next) = (0, 0);

        public void Add(double transit)
        {
            if (Count == _arrived.Length) Remove(_arrived[_next]);
            _arrived[_next] = transit;
            _next = (_next + 1) % _arrived.Length;
            var at = Place(transit);
            Array.Copy(_sorted, at, _sorted, at + 1, Count - at);
            _sorted[at] = transit;
            Count++;
        }

        /// <summary>How much longer than the shortest a share of them takes, seconds.</summary>
        public double Spread(double share) =>
            Count == 0 ? 0 : _sorted[Math.Min((int)(share * Count), Count - 1)] - _sorted[0];

        private void Remove(double transit)
        {
            var at = Place(transit);
            Array.Copy(_sorted, at + 1, _sorted, at, Count - at - 1);
            Count--;
        }

        private int Place(double transit)
        {
            int low = 0, high = Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_sorted[middle] < transit) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }
}
