using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using EmoMotion.Tests;
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
                request.Goals.Add(Goal.Of(Effector.RightWrist, 2.5, new Float3(-0.25f, 1.5f, 0.5f), 0.5,
                    Quat.Identity, place: false));
                request.Goals.Add(Goal.Of(Effector.LeftAnkle, 1.5, new Float3(0, 0.5f, 1)));
                request.Goals[1].EaseS = 0.25;
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

        /// <summary>
        /// reach ADDRESS: a hand that is held before the chest, turned, while the body walks; how near it comes, also
        /// on characters of other proportions.
        /// </summary>
        public static async Task Reach(string[] args)
        {
            using var client = Program.Client(args[1]);
            var request = new ComposeRequest { Seed = 5 };
            request.Beats.Add(Beat.Of("a person walks forward", 4, Affect.Of(Emotion.Joy, 0.6)));
            var turn = Goal.Turn(Effector.RightWrist, Quat.About(new Float3(1, 0, 0), -0.8f));
            var goal = Goal.Of(Effector.RightWrist, 2, new Float3(-0.15f, 1.25f, 0.3f), 1, turn, place: false);
            request.Goals.Add(goal);
            var clip = await client.ComposeAsync(request);
            double held = 0, turned = 0, before = double.MaxValue;
            var pose = new BodyPose();
            for (var i = 0; i < clip.Frames; i++)
            {
                clip.Sample(i / clip.Fps, pose);
                var now = Goal.Of(goal.Effector, 0, pose, turned: true, place: false);
                var (at, q, p) = (now.Position, now.Rotation, goal.Position);
                double away = new Float3(at[0] - p[0], at[1] - p[1], at[2] - p[2]).Length;
                var seconds = i / clip.Fps;
                if (seconds < 1) before = Math.Min(before, away);
                if (seconds < goal.Seconds || seconds > goal.Seconds + goal.HoldS) continue;
                held = Math.Max(held, away);
                turned = Math.Max(turned, Quat.Angle(turn, new Quat(q[0], q[1], q[2], q[3])));
            }
            Line.Of("reach").Add("held", held).Add("turned", turned).Add("before", before)
                .Add("frames", clip.Frames).Add("notes", string.Join("; ", clip.Status.Notes.ToArray())).Print();
            foreach (var name in new[] { "tall", "biped", "small" })
            {
                var (free, own) = Played(clip, request.Goals[0], name, false);
                var (firm, step) = Played(clip, request.Goals[0], name, true);
                Line.Of("played").Add("rig", name).Add("free", free).Add("firm", firm).Add("step", step)
                    .Add("own", own).Print();
            }
        }

        /// <summary>
        /// How far a character's hand is from where the body has it while a goal holds it, and its longest step from a
        /// frame to the next, metres of the body.
        /// </summary>
        private static (double Away, double Step) Played(MotionClip clip, Goal goal, string name, bool reaches)
        {
            var (rig, made) = RetargetTests.Character(name);
            var (joint, goals) = (goal.Effector.Joint(), reaches ? new[] { goal } : new Goal[0]);
            var (pose, positions, world) = (new BodyPose(), new Float3[Body.Joints], new Quat[Body.Joints]);
            double away = 0, step = 0;
            Float3 last = default;
            for (var i = 0; i < clip.Frames; i++)
            {
                var seconds = i / clip.Fps;
                clip.Sample(seconds, pose);
                Goal.Hold(goals, seconds, made.Reach);
                made.Apply(pose, (float)(1 / clip.Fps));
                rig.Show(made);
                var now = rig.At(joint) - made.Hips;
                if (i > 0) step = Math.Max(step, (now - last).Length / made.Scale);
                last = now;
                if (seconds < goal.Seconds || seconds > goal.Seconds + goal.HoldS) continue;
                clip.Body.Positions(pose, positions, world);
                var body = made.ToCharacter(positions[(int)joint]);
                away = Math.Max(away, (rig.At(joint) - body).Length / made.Scale);
            }
            return (away, step);
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
