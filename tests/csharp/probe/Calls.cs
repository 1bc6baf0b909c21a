using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Wire;

namespace EmoMotion.Probe
{
    /// <summary>Calls that end by themselves.</summary>
    internal static class Calls
    {
        /// <summary>info ADDRESS</summary>
        public static async Task Info(string[] args)
        {
            using var client = Program.Client(args[1]);
            var info = await client.GetInfoAsync();
            Line.Of("info").Add("name", info.Bundle.Name).Add("fps", info.Bundle.Fps).Add("plans", info.Plans.Count)
                .Add("emotions", info.Emotions.Count).Add("joints", info.Skeleton.JointNames.Count)
                .Add("joy", info.Emotions[1].Evidence.ToString()).Add("chars", info.Limits.MaxTextChars).Print();
        }

        /// <summary>generate ADDRESS TEXT [seconds=] [intensity=] [budget=] [timeout=] [times=]</summary>
        public static async Task Generate(string[] args)
        {
            using var client = Program.Client(args[1]);
            var request = new GenerateRequest
            {
                Text = args[2],
                Affect = Affect.Of(Emotion.Joy, Option(args, "intensity", 0.8)),
                Seconds = Option(args, "seconds", 2),
                Seed = ulong.MaxValue,
            };
            var budget = Option(args, "budget", -1);
            if (budget >= 0) request.BudgetMs = budget;
            for (var i = 0; i < Option(args, "times", 1); i++)
            {
                var watch = Stopwatch.StartNew();
                var last = 0f;
                var clip = await client.GenerateAsync(request, share => last = share, Option(args, "timeout", 60));
                var used = clip.Status.Used;
                double sum = 0;
                foreach (var q in clip.Rotations) sum += q.X + 2 * q.Y + 3 * q.Z + 4 * q.W;
                foreach (var p in clip.Root) sum += p.X + 2 * p.Y + 3 * p.Z;
                Line.Of("clip").Add("frames", clip.Frames).Add("fps", clip.Fps).Add("seconds", clip.Seconds)
                    .Add("text", used.Text).Add("seed", used.Seed.ToString(CultureInfo.InvariantCulture))
                    .Add("intensity", used.Affect.Intensity ?? -1).Add("plan", used.Plan).Add("sum", sum)
                    .Add("stages", clip.Status.Stages.Count).Add("progress", last)
                    .Add("ms", watch.Elapsed.TotalMilliseconds).Print();
            }
        }

        /// <summary>
        /// compose ADDRESS [plain=1]: two beats with all that an animator may hold on to, or in a plain loop; then a
        /// span of that made anew.
        /// </summary>
        public static async Task Compose(string[] args)
        {
            using var client = Program.Client(args[1]);
            var request = new ComposeRequest { Loop = true, Seed = 5 };
            request.Beats.Add(Beat.Of("a person walks forward", 2, Affect.Of(Emotion.Joy, 0.6)));
            request.Beats.Add(Beat.Of("a person waves", 1.5));
            var rich = Option(args, "plain", 0) == 0;
            if (rich)
            {
                request.Beats[0].Affect = null;
                request.Track = AffectTrack.Of((0, Affect.Of(Emotion.Joy)), (3, Affect.Of(Emotion.Fear, 0.9)));
                request.Keyframes.Add(Keyframe.Of(1, new BodyPose()));
                request.Route = Route.Of((0, 0, 0), (2, 0.5, 2), (3.5, 0.5, 2.5));
                (request.Loop, request.Speed) = (false, 1.25);
            }
            var clip = await client.ComposeAsync(request);
            Print(clip);
            var again = await client.ComposeAsync(ComposeRequest.Redo(clip, 1, 2, "a person jumps"));
            double kept = 0, made = 0;
            for (var i = 0; i < clip.Frames; i++)
            {
                for (var j = 0; j < Body.Joints; j++)
                {
                    var k = i * Body.Joints + j;
                    var angle = Quat.Angle(clip.Rotations[k], again.Rotations[k]);
                    if (i <= clip.Fps || i >= 2 * clip.Fps) kept = Math.Max(kept, angle);
                    else made = Math.Max(made, angle);
                }
            }
            Print(again);
            Line.Of("difference").Add("kept", kept).Add("made", made).Print();
        }

        private static void Print(MotionClip clip)
        {
            var quality = ClipQuality.Of(clip);
            Line.Of("clip").Add("frames", clip.Frames).Add("text", clip.Status.Used.Text).Add("slide",
                quality.WorstSlideM).Add("seam", quality.SeamM).Add("seam_mps", quality.SeamMps).Print();
        }

        /// <summary>cancel ADDRESS MS: a clip that is cancelled after some time.</summary>
        public static async Task Cancel(string[] args)
        {
            using var client = Program.Client(args[1]);
            using var cancel = new CancellationTokenSource(int.Parse(args[2], CultureInfo.InvariantCulture));
            await client.GenerateAsync(new GenerateRequest { Text = "a person waits" }, cancel: cancel.Token);
        }

        /// <summary>dispose ADDRESS: the client goes away in the middle of everything.</summary>
        public static async Task Dispose(string[] args)
        {
            var client = Program.Client(args[1]);
            var live = client.Drive(new DriveChange { Text = "a person walks" });
            while (live.Frames < 5) await Task.Delay(10);
            var watch = Stopwatch.StartNew();
            client.Dispose();
            var ended = await Task.WhenAny(live.Done, Task.Delay(5000)) == live.Done;
            Line.Of("disposed").Add("ended", ended).Add("state", live.State.ToString())
                .Add("ms", watch.Elapsed.TotalMilliseconds).Print();
            live.Dispose();
        }

        /// <summary>The number of an argument "name=number".</summary>
        public static double Option(string[] args, string name, double otherwise)
        {
            foreach (var arg in args)
            {
                if (arg.StartsWith(name + "=", StringComparison.Ordinal))
                    return double.Parse(arg.Substring(name.Length + 1), CultureInfo.InvariantCulture);
            }
            return otherwise;
        }
    }
}
