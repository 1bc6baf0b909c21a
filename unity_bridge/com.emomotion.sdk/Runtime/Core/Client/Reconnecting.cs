using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// A stream to the server that is opened again when it is lost. Messages are received on any thread, one at a time.
    /// </summary>
    public abstract class Reconnecting<TReply> : IDisposable where TReply : WireMessage
    {
        private const double FirstWaitS = 0.05, MostWaitS = 1.0, DoublesInS = 0.4;
        private static readonly double TickS = 1.0 / Stopwatch.Frequency;

        private readonly CancellationTokenSource _closing = new CancellationTokenSource();
        private readonly string _method;
        private readonly double _reconnectS, _silenceS;
        private readonly TReply _reply;
        private CancellationTokenSource _connection;
        private MessageQueue _queue;
        private double _lostAt = double.NaN, _heardAt;
        private int _state;
        private volatile bool _ending, _silent;

        private protected Reconnecting(Channel channel, string method, TReply reply, double reconnectS, double silenceS)
        {
            (Channel, _method, _reply) = (channel, method, reply);
            (_reconnectS, _silenceS) = (reconnectS, silenceS);
        }

        /// <summary>Seconds of the clock by which arrivals are stamped. It only goes forward.</summary>
        public static double Now => Stopwatch.GetTimestamp() * TickS;

        /// <summary>Where the stream stands. May be asked from any thread.</summary>
        public StreamState State
        {
            get => (StreamState)Volatile.Read(ref _state);
            private set => Volatile.Write(ref _state, (int)value);
        }

        /// <summary>Why it failed, or why it is being opened again; null while all is well.</summary>
        public EmoMotionException Error { get; private set; }

        /// <summary>How often it was lost.</summary>
        public int Lost { get; private set; }

        /// <summary>Completes when the stream has ended or failed; it never throws.</summary>
        public Task Done { get; private set; } = Task.CompletedTask;

        private protected Channel Channel { get; }

        /// <summary>The one lock of a stream: a second one would be taken in another order some day.</summary>
        private protected object Gate { get; } = new object();

        /// <summary>
        /// Look whether the server has gone silent. Call it now and then, such as once a frame; where a connection
        /// vanishes without a word, nothing else would notice.
        /// </summary>
        public void Watch(double now)
        {
            if (now - Volatile.Read(ref _heardAt) <= _silenceS) return;
            lock (Gate)
            {
                if (_connection == null) return;
                _silent = true;
                _connection.Cancel();
            }
        }

        /// <summary>No more is wanted: the stream ends after what is on its way.</summary>
        public void End()
        {
            _ending = true;
            lock (Gate)
            {
                if (_queue == null) return;
                _queue.Add(EndMessage());
                _queue.Complete();
            }
        }

        /// <summary>Leave at once. Never blocks; may be called more than once.</summary>
        public void Dispose()
        {
            if (!_closing.IsCancellationRequested) _closing.Cancel();
        }

        /// <summary>The first message of a connection.</summary>
        private protected abstract WireMessage StartMessage();

        /// <summary>The last message of the client.</summary>
        private protected abstract WireMessage EndMessage();

        /// <summary>Take one message; true if it shows that the stream is alive.</summary>
        private protected abstract bool Take(TReply reply, double arrival);

        private protected void Open() => Done = RunAsync();

        /// <summary>Send, if there is a connection; what is missed must be in the next start.</summary>
        private protected void Send(WireMessage message)
        {
            lock (Gate) _queue?.Add(message);
        }

        private async Task RunAsync()
        {
            while (true)
            {
                EmoMotionException error;
                try
                {
                    await ConnectAsync().ConfigureAwait(Channel.OnContext);
                    error = _ending ? null : new EmoMotionException(StatusCode.Unavailable,
                        $"server {Channel.Server} ended the stream");
                }
                catch (OperationCanceledException)
                {
                    // Else the stream or its channel was disposed: nobody waits for it any more.
                    error = !_silent || _closing.IsCancellationRequested ? null : new EmoMotionException(
                        StatusCode.Unavailable, $"server {Channel.Server} has sent nothing for {_silenceS:0.#} s");
                }
                catch (EmoMotionException failed)
                {
                    error = failed;
                }
                catch (Exception failed)
                {
                    error = new EmoMotionException(StatusCode.Internal, $"the stream broke: {failed.Message}", failed);
                }
                if (error == null)
                {
                    State = StreamState.Ended;
                    return;
                }
                Error = error;
                if (!await WaitAsync(error).ConfigureAwait(Channel.OnContext)) return;
            }
        }

        private async Task ConnectAsync()
        {
            var queue = new MessageQueue();
            using var connection = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
            Volatile.Write(ref _heardAt, Now);
            lock (Gate)
            {
                _silent = false;
                queue.Add(StartMessage());
                (_queue, _connection) = (queue, connection);
                if (_ending)
                {
                    queue.Add(EndMessage());
                    queue.Complete();
                }
            }
            try
            {
                await Channel.DuplexAsync(_method, queue, _reply, Received, connection.Token)
                    .ConfigureAwait(Channel.OnContext);
            }
            finally
            {
                lock (Gate) (_queue, _connection) = (null, null);
            }
        }

        private void Received(TReply reply)
        {
            var now = Now;
            Volatile.Write(ref _heardAt, now);
            if (!Take(reply, now)) return;
            _lostAt = double.NaN;
            if (State == StreamState.Playing) return;
            Error = null;
            State = StreamState.Playing;
        }

        /// <summary>Wait before the stream is opened again; false when it is not to be.</summary>
        private async Task<bool> WaitAsync(EmoMotionException error)
        {
            var now = Now;
            if (double.IsNaN(_lostAt)) (_lostAt, Lost) = (now, Lost + 1);
            var lostS = now - _lostAt;
            if (_ending || error.Status != StatusCode.Unavailable || lostS >= _reconnectS)
            {
                State = StreamState.Failed;
                return false;
            }
            State = StreamState.Reconnecting;
            var wait = Math.Min(FirstWaitS * Math.Pow(2, lostS / DoublesInS), MostWaitS);
            try
            {
                await Channel.DelayAsync(wait, _closing.Token).ConfigureAwait(Channel.OnContext);
                return true;
            }
            catch (OperationCanceledException)
            {
                State = StreamState.Ended;
                return false;
            }
        }
    }
}
