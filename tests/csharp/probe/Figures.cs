using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Tests;
using EmoMotion.Wire;

namespace EmoMotion.Probe
{
    /// <summary>What is measured: rates, delays, allocations, angles.</summary>
    internal static class Figures
    {
        /// <summary>
        /// flood ADDRESS [seconds=] [rate=]: a stream of many frames a second, whose frames carry when they were sent,
        /// is decoded, buffered, and shown on a character 60 times a second.
        /// </summary>
        public static async Task Flood(string[] args)
        {
            double seconds = Calls.Option(args, "seconds", 10), rate = Calls.Option(args, "rate", 1000);
            using var client = Program.Client(args[1]);
            using var cancel = new CancellationTokenSource();
            var buffer = new JitterBuffer(rate);
            var delays = new List<double>();
            var queue = new MessageQueue();
            var start = new DriveStart { Wish = new DriveChange { Text = $"flood {rate}" } };
            queue.Add(new DriveRequest { Start = start });
            var reading = client.Channel.DuplexAsync(LiveService.Drive, queue, new DriveReply(), reply =>
            {
                if (reply.Part != DriveReply.PartCase.Frame) return;
                var frame = reply.Frame;
                buffer.Push(frame, (long)frame.Number, LiveStream.Now);
                // The wish holds when it was sent, microseconds of the same clock, in 32 bits.
                var sent = frame.Wish;
                lock (delays) delays.Add((uint)((ulong)(LiveStream.Now * 1e6) - sent) * 1e-3);
            }, cancel.Token);
            var (_, made) = RetargetTests.Character("biped");
            var pose = new BodyPose();
            await Task.Delay(1500);  // the JIT compiler has its own time
            lock (delays) delays.Clear();
            var process = Process.GetCurrentProcess();
            var cpu = process.TotalProcessorTime;
            var allocated = GC.GetTotalAllocatedBytes();
            var watch = Stopwatch.StartNew();
            for (double before = LiveStream.Now; watch.Elapsed.TotalSeconds < seconds && !reading.IsCompleted;)
            {
                var now = LiveStream.Now;
                if (buffer.Sample(now, now - before, pose)) made.Apply(pose, (float)(now - before));
                before = now;
                await Task.Delay(16);
            }
            double took = watch.Elapsed.TotalSeconds;
            process.Refresh();
            var used = (process.TotalProcessorTime - cpu).TotalSeconds;
            double[] sorted;
            lock (delays) sorted = delays.ToArray();
            var bytes = GC.GetTotalAllocatedBytes() - allocated;
            cancel.Cancel();
            Array.Sort(sorted);
            double At(double share) => sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];
            Line.Of("flood").Add("frames", sorted.Length).Add("rate", sorted.Length / took).Add("cpu", used / took)
                .Add("p50", At(0.5)).Add("p99", At(0.99)).Add("max", At(1))
                    .Add("bytes", bytes / Math.Max(sorted.Length, 1.0))
                .Add("delay", buffer.DelayS).Print();
        }

        /// <summary>allocations: bytes for each frame after warm-up, in all that this package does with it.</summary>
        public static async Task Allocations(string[] args)
        {
            const int warm = 2000, window = 1000, windows = 20, measured = window * windows;
            foreach (var waits in new[] { false, true })
            {
                var body = new Frames(warm + measured + 1, waits);
                var client = new EmoMotionClient(new Memory(body), new ChannelOptions());
                var buffer = new JitterBuffer(30);
                var (_, made) = RetargetTests.Character("tall");
                var pose = new BodyPose();
                int count = 0, thread = 0, threads = 0;
                long first = 0;
                var bytes = new long[windows];
                var watch = new Stopwatch();
                var queue = new MessageQueue();
                queue.Complete();
                var reading = client.Channel.DuplexAsync(LiveService.Drive, queue, new DriveReply(), reply =>
                {
                    var now = count / 30.0;
                    buffer.Push(reply.Frame, count, now);
                    buffer.Sample(now, 1 / 30.0, pose);
                    made.Apply(pose, 1 / 30f);
                    if (Environment.CurrentManagedThreadId != thread)
                        (thread, threads) = (Environment.CurrentManagedThreadId, threads + 1);
                    if (++count == warm)
                    {
                        watch.Start();
                        first = GC.GetAllocatedBytesForCurrentThread();
                        threads = 1;
                    }
                    else if (count > warm && (count - warm) % window == 0 && count <= warm + measured)
                    {
                        var all = GC.GetAllocatedBytesForCurrentThread();
                        bytes[(count - warm) / window - 1] = all - first;
                        first = all;
                    }
                }, default);
                body.Pump();
                try
                {
                    await reading;
                }
                catch (EmoMotionException)
                {
                    // The bytes end without a status.
                }
                var seconds = watch.Elapsed.TotalSeconds;
                // The runtime itself allocates now and then, when it compiles a method once more; a frame never does.
                Array.Sort(bytes);
                Line.Of(waits ? "waiting" : "ready").Add("frames", window).Add("bytes", bytes[windows / 2])
                    .Add("threads", threads)
                    .Add("rate", measured / seconds).Print();
            }
        }

        /// <summary>angles: worst angle between limbs of the body and of three characters, degrees.</summary>
        public static Task Angles(string[] args)
        {
            foreach (var name in new[] { "tall", "biped", "small" })
            {
                var (rig, made) = RetargetTests.Character(name);
                made.FootLock = 0;
                Line.Of("angle").Add("rig", name).Add("degrees", RetargetTests.Worst(rig, made) * 180 / Math.PI)
                    .Print();
            }
            return Task.CompletedTask;
        }

        /// <summary>jitter: what is played over uneven ways.</summary>
        public static Task Jitter(string[] args)
        {
            foreach (var (late, stalls) in new[] { (0.001, 0.0), (0.05, 0.0), (0.05, 0.02) })
            {
                var played = Way.Play(120, late, stalls, 0.2, 11);
                Line.Of("jitter").Add("late", late).Add("stalls", stalls)
                    .Add("turn", played.LargestTurn / played.ClipsOwnTurn)
                    .Add("move", played.LargestMove / played.ClipsOwnMove).Add("mean", played.MeanDelayS)
                        .Add("worst", played.WorstDelayS)
                    .Add("held", played.Buffer.HeldS).Add("skips", played.Buffer.Skips).Print();
            }
            return Task.CompletedTask;
        }

        /// <summary>
        /// frames: poses of standard input (frame, point, rotation: eight words a line) in the frames they name.
        /// </summary>
        public static Task Convert(string[] args)
        {
            for (string line; (line = Console.ReadLine()) != null;)
            {
                var words = line.Split(' ');
                float N(int i) => float.Parse(words[i], System.Globalization.CultureInfo.InvariantCulture);
                Frame frame = null;
                foreach (var known in Frame.All) frame = known.Name == words[0] ? known : frame;
                var p = frame.Point(new Float3(N(1), N(2), N(3)));
                var q = frame.Rotation(new Quat(N(4), N(5), N(6), N(7)));
                FormattableString text = $"{p.X:R} {p.Y:R} {p.Z:R} {q.X:R} {q.Y:R} {q.Z:R} {q.W:R}";
                Console.WriteLine(FormattableString.Invariant(text));
            }
            return Task.CompletedTask;
        }

        /// <summary>echo: messages of standard input (name, base64) decoded and encoded again.</summary>
        public static Task Echo(string[] args)
        {
            var known = new Dictionary<string, WireMessage>();
            for (string line; (line = Console.ReadLine()) != null;)
            {
                var words = line.Split(' ');
                if (!known.TryGetValue(words[0], out var message))
                    known[words[0]] = message = (WireMessage)Activator.CreateInstance(typeof(WireMessage)
                        .Assembly.GetType("EmoMotion.Wire." + words[0], true));
                var bytes = System.Convert.FromBase64String(words.Length > 1 ? words[1] : "");
                message.ParseFrom(bytes, 0, bytes.Length);
                if (message.ByteSize() != message.ToBytes().Length) throw new InvalidDataException(words[0]);
                Console.WriteLine(System.Convert.ToBase64String(message.ToBytes()));
            }
            return Task.CompletedTask;
        }

        /// <summary>tags FILE: of a sidecar or a GLB.</summary>
        public static Task Tags(string[] args)
        {
            var glb = args[1].EndsWith(".glb", StringComparison.Ordinal);
            var tags = glb ? ClipTags.FromGlb(File.ReadAllBytes(args[1])) : ClipTags.Parse(File.ReadAllText(args[1]));
            var weights = new float[BodyPose.Emotions];
            var late = tags.At(tags.DurationS, weights);
            Line.Of("tags").Add("label", tags.Label).Add("prompt", tags.Prompt).Add("intensity", tags.Intensity)
                .Add("seed", tags.Seed.ToString())
                .Add("joy", tags.Weights[(int)Emotion.Joy]).Add("segments", tags.Segments.Count)
                    .Add("duration", tags.DurationS)
                .Add("licence", tags.Licence).Add("loop", tags.Loop).Add("inplace", tags.InPlace)
                    .Add("sha", tags.BundleSha256)
                .Add("late", late).Add("file", tags.File).Print();
            return Task.CompletedTask;
        }
    }
}
