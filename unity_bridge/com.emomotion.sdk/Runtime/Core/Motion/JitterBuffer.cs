using System;
using EmoMotion.Wire;

namespace EmoMotion
{
    /// <summary>
    /// Frames as they come in, poses as they are shown: plays a live stream on the render clock, as little behind its
    /// arrival as the unevenness of the way allows. It never leaps: when frames are late the pose waits, and makes up
    /// for it no faster than the motion itself has been. One thread pushes and one samples; nothing is allocated.
    /// </summary>
    public sealed class JitterBuffer
    {
        private const int Capacity = 128;
        /// <summary>Share of frames that are there in time; the others are waited for.</summary>
        private const double InTime = 0.9;
        /// <summary>For the render clock's own unevenness, seconds.</summary>
        private const double MarginS = 0.002;
        private const double SlowestRate = 0.8, FastestRate = 1.25, RatePerS = 4;
        /// <summary>
        /// Farther behind than this, seconds, it goes to the present at once, and the difference fades.
        /// </summary>
        private const double SkipS = 0.5;
        private const double FadeS = 0.3;

        private readonly object _lock = new object();
        private readonly double _fps, _mostWaitS;
        private readonly BodyPose[] _poses = new BodyPose[Capacity];
        private readonly long[] _numbers = new long[Capacity];
        private readonly float[] _turning = new float[Capacity], _moving = new float[Capacity];
        private readonly Transits _transits = new Transits(Capacity);
        private readonly BodyPose _shown = new BodyPose(), _present = new BodyPose();
        private readonly Float3[] _fadeTurns = new Float3[Body.Joints];
        private Float3 _fadeRoot;
        private double _fade, _at, _delay;
        private float _fastestTurn, _fastestMove;
        private int _first, _count;
        private bool _playing;

        /// <param name="fps">Frames a second of the stream.</param>
        /// <param name="mostWaitS">
        /// Longest time by which all frames may be delayed so that late ones are there in time; those that are later
        /// still are waited for.
        /// </param>
        public JitterBuffer(double fps, double mostWaitS = 0.1)
        {
            if (!(fps > 0)) throw new ArgumentOutOfRangeException(nameof(fps), "frames a second must be more than 0");
            (_fps, _mostWaitS) = (fps, mostWaitS);
            for (var i = 0; i < Capacity; i++) _poses[i] = new BodyPose();
        }

        /// <summary>Number of the newest frame; -1 before the first.</summary>
        public long Newest { get { lock (_lock) return _count == 0 ? -1 : _numbers[Slot(_count - 1)]; } }

        /// <summary>Seconds by which the shown pose is behind the newest frame that could be there.</summary>
        public double DelayS { get { lock (_lock) return _delay; } }

        /// <summary>Frames that were dropped, because one as new or newer was there.</summary>
        public long Dropped { get; private set; }

        /// <summary>Seconds in which the pose waited for frames that were late.</summary>
        public double HeldS { get; private set; }

        /// <summary>How often it went to the present at once.</summary>
        public int Skips { get; private set; }

        /// <summary>
        /// Take a frame that came at a moment of the clock that <see cref="Sample"/> is asked by, seconds.
        /// </summary>
        /// <returns>False for a frame of the past, which is dropped.</returns>
        /// <exception cref="EmoMotionException">The frame is not one of 22 joints, or holds numbers that are
        /// none.</exception>
        public bool Push(DriveFrame frame, long number, double arrival)
        {
            Check(frame);
            lock (_lock)
            {
                var last = _count == 0 ? -1 : Slot(_count - 1);
                if (last >= 0 && number <= _numbers[last])
                {
                    Dropped++;
                    return false;
                }
                if (_count == Capacity) _first = (_first + 1) % Capacity;
                else _count++;
                var slot = Slot(_count - 1);
                Fill(_poses[slot], frame);
                _numbers[slot] = number;
                _transits.Add(arrival - number / _fps);
                Measure(last, slot);
                return true;
            }
        }

        /// <summary>Frames of a new connection come by a new way; what was shown stays.</summary>
        public void Restart()
        {
            lock (_lock) _transits.Clear();
        }

        /// <summary>
        /// The pose at a moment: <paramref name="now"/> by the clock of the arrivals, <paramref name="dt"/> seconds of
        /// shown time after the sample before (0 while a game is paused).
        /// </summary>
        /// <returns>False before the first frame; the pose is then untouched.</returns>
        public bool Sample(double now, double dt, BodyPose pose)
        {
            lock (_lock)
            {
                if (_count == 0) return false;
                var wait = 1 / _fps + Math.Min(_transits.Spread(InTime), _mostWaitS) + MarginS;
                var goal = _transits.Count == 0 ? _at : now - _transits.Earliest - wait;
                Advance(goal, dt);
                Read(_at * _fps, pose);
                Fade(dt, pose);
                _shown.CopyFrom(pose);
                _delay = _transits.Count == 0 ? 0 : now - _transits.Earliest - _at;
                return true;
            }
        }

        /// <summary>The latest frames without a gap between them, oldest first, to resume a stream from.</summary>
        /// <returns>
        /// How many there are; the last is <paramref name="resume"/> and the others are in <paramref name="before"/>.
        /// </returns>
        public int Latest(int most, MessageList<Wire.Pose> before, Wire.Pose resume)
        {
            lock (_lock)
            {
                before.Clear();
                if (_count == 0) return 0;
                var run = 1;
                while (run < Math.Min(most, _count) && Follows(_count - run)) run++;
                for (var i = _count - run; i < _count - 1; i++) before.Add().Take(_poses[Slot(i)]);
                resume.Take(_poses[Slot(_count - 1)]);
                return run;
            }
        }

        private void Advance(double goal, double dt)
        {
            var newest = _numbers[Slot(_count - 1)] / _fps;
            if (!_playing)
            {
                _playing = true;
                _at = Math.Min(goal, newest);
                return;
            }
            if (goal - _at > SkipS && newest > _at)
            {
                var to = Math.Min(goal, newest);
                if (to - _at > SkipS) StartFade(to);
                _at = to;
                return;
            }
            var behind = goal - (_at + dt);
            var rate = Math.Max(SlowestRate, Math.Min(1 + RatePerS * behind, FastestRate));
            if (rate > 1) rate = Math.Min(rate, Bearable(_at * _fps));
            var next = _at + dt * rate;
            if (next > newest)
            {
                HeldS += Math.Min(next - newest, dt);
                next = Math.Max(newest, _at);
            }
            _at = next;
        }

        /// <summary>The rate at which the motion here is as fast as the fastest that was played so far.</summary>
        private double Bearable(double number)
        {
            var b = IndexAfter(number);
            double turning = 0, moving = 0;
            for (var i = b; i < Math.Min(b + 2, _count); i++)
            {
                turning = Math.Max(turning, _turning[Slot(i)]);
                moving = Math.Max(moving, _moving[Slot(i)]);
            }
            var rate = Math.Min(_fastestTurn / Math.Max(turning, 1e-6), _fastestMove / Math.Max(moving, 1e-6));
            return Math.Max(1, rate);
        }

        private void Read(double number, BodyPose pose)
        {
            var b = IndexAfter(number);
            if (b == 0 || b == _count)
            {
                pose.CopyFrom(_poses[Slot(b == 0 ? 0 : _count - 1)]);
                return;
            }
            int before = Slot(b - 1), after = Slot(b);
            var share = (number - _numbers[before]) / (_numbers[after] - _numbers[before]);
            pose.Blend(_poses[before], _poses[after], (float)share);
        }

        /// <summary>
        /// Place, from the oldest on, of the first frame behind a moment; the count where there is none.
        /// </summary>
        private int IndexAfter(double number)
        {
            var i = _count;
            while (i > 0 && _numbers[Slot(i - 1)] > number) i--;
            return i;
        }

        private void StartFade(double to)
        {
            Skips++;
            Read(to * _fps, _present);
            for (var j = 0; j < Body.Joints; j++)
                _fadeTurns[j] = (_shown.Rotations[j] * _present.Rotations[j].Inverse).ToRotationVector();
            _fadeRoot = _shown.Root - _present.Root;
            _fade = FadeS;
        }

        private void Fade(double dt, BodyPose pose)
        {
            if (_fade <= 0) return;
            var x = (float)(_fade / FadeS);
            var share = x * x * (3 - 2 * x);
            for (var j = 0; j < Body.Joints; j++)
                pose.Rotations[j] = Quat.FromRotationVector(_fadeTurns[j] * share) * pose.Rotations[j];
            pose.Root += _fadeRoot * share;
            _fade -= dt;
        }

        /// <summary>
        /// How fast the motion is that leads to a frame: the fastest joint, radians a second, and the pelvis.
        /// </summary>
        private void Measure(int last, int slot)
        {
            (_turning[slot], _moving[slot]) = (0, 0);
            if (last < 0) return;
            BodyPose a = _poses[last], b = _poses[slot];
            var perS = (float)(_fps / (_numbers[slot] - _numbers[last]));
            var turn = 0f;
            for (var j = 0; j < Body.Joints; j++) turn = Math.Max(turn, Quat.Angle(a.Rotations[j], b.Rotations[j]));
            _turning[slot] = turn * perS;
            _moving[slot] = (b.Root - a.Root).Length * perS;
            _fastestTurn = Math.Max(_fastestTurn, _turning[slot]);
            _fastestMove = Math.Max(_fastestMove, _moving[slot]);
        }

        /// <summary>Whether no frame is missing between one and the one before.</summary>
        private bool Follows(int index) => _numbers[Slot(index)] == _numbers[Slot(index - 1)] + 1;

        private int Slot(int index) => (_first + index) % Capacity;

        private static void Check(DriveFrame frame)
        {
            int rotations = frame.Rotations.Count, root = frame.Root.Count, contacts = frame.Contacts.Count;
            if (rotations != 4 * Body.Joints || root != 3 || contacts != 4)
                throw new EmoMotionException(StatusCode.Internal,
                    $"frame {frame.Number} holds {rotations} rotations, {root} positions and {contacts} contacts "
                    + "instead of 88, 3 and 4");
            float sum = 0;
            for (var i = 0; i < rotations; i++) sum += frame.Rotations.Items[i];
            for (var i = 0; i < root; i++) sum += frame.Root.Items[i];
            if (float.IsNaN(sum) || float.IsInfinity(sum))
                throw new EmoMotionException(StatusCode.Internal, $"frame {frame.Number} holds numbers that are none");
        }

        private static void Fill(BodyPose pose, DriveFrame frame)
        {
            var q = frame.Rotations.Items;
            for (var j = 0; j < Body.Joints; j++)
                pose.Rotations[j] = new Quat(q[4 * j], q[4 * j + 1], q[4 * j + 2], q[4 * j + 3]).Normalized;
            var p = frame.Root.Items;
            pose.Root = new Float3(p[0], p[1], p[2]);
            for (var i = 0; i < 4; i++) pose.Contacts[i] = frame.Contacts.Items[i] ? 1 : 0;
            if (frame.Affect != null)
            {
                frame.Affect.Shares(pose.Weights);
                pose.Intensity = (float)(frame.Affect.Intensity ?? Affect.DefaultIntensity);
            }
            (pose.Wish, pose.Idle, pose.Reacting) = (frame.Wish, frame.Source == FrameSource.Idle, frame.Reacting);
        }
    }
}
