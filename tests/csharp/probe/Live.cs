using System;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion.Probe
{
    /// <summary>Streams, sampled as a game would at 60 frames a second.</summary>
    internal static class Live
    {
        private static readonly TimeSpan Frame = TimeSpan.FromSeconds(1 / 60.0);

        /// <summary>drive ADDRESS [seconds=] [reconnect=]: walks in joy, is made sad half way, ends.</summary>
        public static async Task Drive(string[] args)
        {
            var seconds = Calls.Option(args, "seconds", 2);
            using var client = Program.Client(args[1]);
            using var live = client.Drive(new DriveChange { Text = "a person walks", Affect = Affect.Of(Emotion.Joy) },
                new LiveOptions { Seed = 7, ReconnectS = Calls.Option(args, "reconnect", 0) });
            var pose = new BodyPose();
            var shown = 0;
            double fastest = 0, worst = 0, sum = 0;
            var last = new BodyPose();
            var changed = false;
            double start = LiveStream.Now, before = start;
            while (true)
            {
                var now = LiveStream.Now;
                if (live.State == StreamState.Failed) throw live.Error;
                if (now - start > seconds) break;
                if (!changed && now - start > seconds / 2)
                {
                    live.Change(new DriveChange { Affect = Affect.Of(Emotion.Sadness, 1), Heading = 1 });
                    live.Change(new DriveChange { Speed = 0.8 });
                    changed = true;
                }
                if (live.Sample(now, now - before, pose))
                {
                    if (shown++ > 0)
                    {
                        for (var j = 0; j < Body.Joints; j++)
                            fastest = Math.Max(fastest,
                                Quat.Angle(last.Rotations[j], pose.Rotations[j]) / (now - before));
                    }
                    last.CopyFrom(pose);
                    sum += live.Buffer.DelayS;
                    worst = Math.Max(worst, live.Buffer.DelayS);
                }
                await Task.Delay(Frame);
                before = now;
            }
            live.End();
            var ended = await Task.WhenAny(live.Done, Task.Delay(3000)) == live.Done;
            Line.Of("drive").Add("shown", shown).Add("frames", live.Frames).Add("delay", sum / Math.Max(shown, 1))
                .Add("worst", worst).Add("fastest", fastest).Add("emotion", pose.Strongest.ToString())
                .Add("wish", pose.Wish).Add("wishes", live.Wishes).Add("ended", ended)
                    .Add("state", live.State.ToString())
                .Add("seed", live.Seed).Add("dropped", live.Buffer?.Dropped ?? -1).Add("held", live.Buffer?.HeldS ?? -1)
                .Add("height", pose.Root.Y).Print();
        }

        /// <summary>
        /// watch ADDRESS [text] [seconds=] [reconnect=] [silence=]: prints every change of state, until time or the
        /// stream is over.
        /// </summary>
        public static async Task Watch(string[] args)
        {
            var seconds = Calls.Option(args, "seconds", 10);
            using var client = Program.Client(args[1]);
            var text = args.Length > 2 && !args[2].Contains('=') ? args[2] : "a person walks";
            using var live = client.Drive(new DriveChange { Text = text }, new LiveOptions
            {
                ReconnectS = Calls.Option(args, "reconnect", 30),
                SilenceS = Calls.Option(args, "silence", 5),
            });
            var state = (StreamState)(-1);
            BodyPose pose = new BodyPose(), last = new BodyPose();
            double fastest = 0;
            var shown = false;
            double start = LiveStream.Now, before = start;
            while (true)
            {
                var now = LiveStream.Now;
                if (live.State != state)
                {
                    state = live.State;
                    Line.Of("state").Add("state", state.ToString()).Add("at", now - start).Add("frames", live.Frames)
                        .Add("newest", live.Buffer?.Newest ?? -1).Add("lost", live.Lost)
                            .Add("error", live.Error?.Message ?? "")
                        .Add("status", live.Error?.Status.ToString() ?? "").Print();
                }
                if (state == StreamState.Failed || state == StreamState.Ended || now - start > seconds) break;
                // At any moment, also while the stream is being opened again.
                live.Change(new DriveChange { Speed = 1 });
                if (live.Sample(now, now - before, pose))
                {
                    for (var j = 0; shown && j < Body.Joints; j++)
                        fastest = Math.Max(fastest, Quat.Angle(last.Rotations[j], pose.Rotations[j]) / (now - before));
                    last.CopyFrom(pose);
                    shown = true;
                }
                await Task.Delay(Frame);
                before = now;
            }
            Line.Of("watched").Add("fastest", fastest).Add("frames", live.Frames)
                .Add("newest", live.Buffer?.Newest ?? -1)
                .Add("dropped", live.Buffer?.Dropped ?? -1).Add("lost", live.Lost).Add("x", pose.Root.X)
                    .Add("z", pose.Root.Z).Print();
        }

        /// <summary>express ADDRESS: a face in joy, then in anger.</summary>
        public static async Task Express(string[] args)
        {
            using var client = Program.Client(args[1]);
            using var face = client.Express(30, Affect.Of(Emotion.Joy), new LiveOptions { ReconnectS = 0 });
            float[] values = null;
            var changed = false;
            var until = LiveStream.Now + Calls.Option(args, "seconds", 1);
            while (LiveStream.Now < until)
            {
                if (face.State == StreamState.Failed) throw face.Error;
                if (face.Read(LiveStream.Now, ref values) && !changed)
                {
                    face.Change(new ExpressChange { Affect = Affect.Of(Emotion.Anger) });
                    changed = true;
                }
                await Task.Delay(10);
            }
            face.End();
            await Task.WhenAny(face.Done, Task.Delay(3000));
            double sum = 0;
            foreach (var value in values ?? new float[0]) sum += value;
            Line.Of("face").Add("frames", face.Frames).Add("names", face.Names.Length).Add("sum", sum)
                .Add("first", face.Names.Length > 0 ? face.Names[0] : "").Add("state", face.State.ToString()).Print();
        }
    }
}
