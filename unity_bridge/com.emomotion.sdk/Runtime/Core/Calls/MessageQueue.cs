using System;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// Messages on their way to the server, framed. Two buffers take turns: one is filled while the other is sent.
    /// Any thread may add; one takes.
    /// </summary>
    internal sealed class MessageQueue
    {
        private readonly SemaphoreSlim _signal = new SemaphoreSlim(0);
        private WireWriter _filling = new WireWriter(), _sending = new WireWriter();
        private bool _complete, _waiting;

        /// <summary>Called, outside the lock, when something was added or the queue was completed.</summary>
        public Action Changed;

        /// <summary>Append a message; after <see cref="Complete"/> nothing happens.</summary>
        public void Add(WireMessage message)
        {
            lock (_signal)
            {
                if (_complete) return;
                _filling.Framed(message);
                Wake();
            }
            Changed?.Invoke();
        }

        /// <summary>No more will come.</summary>
        public void Complete()
        {
            lock (_signal)
            {
                _complete = true;
                Wake();
            }
            Changed?.Invoke();
        }

        /// <summary>
        /// What was added since the last call; null when there is nothing. Valid until the next call.
        /// </summary>
        public WireWriter Take(out bool complete)
        {
            lock (_signal)
            {
                (_filling, _sending) = (_sending, _filling);
                _filling.Clear();
                complete = _complete;
                return _sending.Length > 0 ? _sending : null;
            }
        }

        /// <summary>Until something was added or the queue is complete.</summary>
        public Task WaitAsync()
        {
            lock (_signal)
            {
                if (_complete || _filling.Length > 0) return Task.CompletedTask;
                _waiting = true;
                return _signal.WaitAsync();
            }
        }

        private void Wake()
        {
            if (!_waiting) return;
            _waiting = false;
            _signal.Release();
        }
    }
}
