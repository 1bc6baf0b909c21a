using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace EmoMotion
{
    /// <summary>
    /// Work for a game's main thread: posted from any thread, done when the game drains it, once a frame. It also waits
    /// where the platform has no timers.
    /// </summary>
    public sealed class MainThreadQueue
    {
        private readonly object _lock = new object();
        private List<Action> _filling = new List<Action>(), _draining = new List<Action>();
        private readonly List<Waiting> _waiting = new List<Waiting>();

        private struct Waiting
        {
            public double Until;
            public TaskCompletionSource<bool> Source;
            public CancellationToken Cancel;
        }

        /// <summary>Do this at the next drain.</summary>
        public void Post(Action action)
        {
            lock (_lock) _filling.Add(action);
        }

        /// <summary>
        /// Completes at the first drain after so many seconds; cancelled at the first one after a cancellation.
        /// </summary>
        public Task DelayAsync(double seconds, CancellationToken cancel)
        {
            var source = new TaskCompletionSource<bool>();
            var waiting = new Waiting { Until = LiveStream.Now + seconds, Source = source, Cancel = cancel };
            lock (_lock) _waiting.Add(waiting);
            return source.Task;
        }

        /// <summary>Do what was posted, in order. What is posted meanwhile is done at the next drain.</summary>
        /// <param name="now">By the clock of <see cref="Reconnecting{T}.Now"/>.</param>
        /// <param name="failed">Told what an action throws; the others are done all the same.</param>
        public void Drain(double now, Action<Exception> failed)
        {
            lock (_lock)
            {
                for (var i = _waiting.Count - 1; i >= 0; i--)
                {
                    var waiting = _waiting[i];
                    if (waiting.Cancel.IsCancellationRequested) _filling.Add(() => waiting.Source.TrySetCanceled());
                    else if (now >= waiting.Until) _filling.Add(() => waiting.Source.TrySetResult(true));
                    else continue;
                    _waiting.RemoveAt(i);
                }
                (_filling, _draining) = (_draining, _filling);
            }
            foreach (var action in _draining)
            {
                try
                {
                    action();
                }
                catch (Exception error)
                {
                    failed(error);
                }
            }
            _draining.Clear();
        }
    }
}
