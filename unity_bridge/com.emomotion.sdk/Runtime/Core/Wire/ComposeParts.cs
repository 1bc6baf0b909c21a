using System;
using System.Collections.Generic;

namespace EmoMotion.Wire
{
    public sealed partial class Keyframe
    {
        /// <summary>A pose that the motion reaches.</summary>
        /// <param name="seconds">When, from the first frame of the composed clip.</param>
        /// <param name="body">The pose, SDK frame.</param>
        /// <param name="place">Whether its place on the ground and its direction count, too.</param>
        public static Keyframe Of(double seconds, BodyPose body, bool place = false) =>
            new Keyframe { Seconds = seconds, Pose = Pose.Of(body), Place = place };
    }

    public sealed partial class Goal
    {
        /// <summary>Time to get to a goal and to come back that does not say it, seconds.</summary>
        public const double DefaultEaseS = 0.5;

        /// <summary>A hand or a foot that is somewhere for a while.</summary>
        /// <param name="effector">Which.</param>
        /// <param name="seconds">From when on, from the first frame of the composed clip.</param>
        /// <param name="position">
        /// Where its wrist or ankle is, SDK frame, metres: to the left, up from the ground, ahead.
        /// </param>
        /// <param name="holdS">For how long, seconds.</param>
        /// <param name="rotation">
        /// How it is turned, in the same frame; <see cref="Turn"/> makes it of a direction. Null: as the motion has it.
        /// </param>
        /// <param name="place">
        /// Whether position and rotation are of the clip's own frame; else they are seen from the body: from the ground
        /// below the pelvis, along its heading, wherever it goes.
        /// </param>
        public static Goal Of(Effector effector, double seconds, Float3 position, double holdS = 0,
            Quat? rotation = null, bool place = true)
        {
            var goal = new Goal { Effector = effector, Seconds = seconds, HoldS = holdS, Place = place };
            goal.Position.Add(position);
            if (rotation is Quat turn) goal.Rotation.Add(turn.Normalized);
            return goal;
        }

        /// <summary>A hand or a foot that is where a pose has it.</summary>
        /// <param name="effector">Which.</param>
        /// <param name="seconds">From when on, from the first frame of the composed clip.</param>
        /// <param name="body">The pose, SDK frame.</param>
        /// <param name="holdS">For how long, seconds.</param>
        /// <param name="turned">Whether it is turned as in the pose, too.</param>
        /// <param name="place">Whether it is at that place; else where it is seen from the body.</param>
        /// <exception cref="EmoMotionException">It is no hand and no foot.</exception>
        public static Goal Of(Effector effector, double seconds, BodyPose body, double holdS = 0, bool turned = false,
            bool place = true)
        {
            var joint = (int)effector.Joint();
            var (positions, world) = (new Float3[Body.Joints], new Quat[Body.Joints]);
            Body.Default.Positions(body, positions, world);
            var (at, turn) = (positions[joint], world[joint]);
            if (!place) (at, turn) = (body.Seen(at), body.Seen(turn));
            return Of(effector, seconds, at, holdS, turned ? turn : (Quat?)null, place);
        }

        /// <summary>How a hand or a foot is turned whose fingers or toes point somewhere.</summary>
        /// <param name="effector">Which.</param>
        /// <param name="pointing">
        /// Turns ahead (+Z) to where they point, and up (+Y) to where the back of the hand or of the foot looks.
        /// </param>
        public static Quat Turn(Effector effector, Quat pointing)
        {
            // In the T-pose the fingers of a hand point to its side, with its back up.
            var side = effector == Effector.LeftWrist ? 1 : effector == Effector.RightWrist ? -1 : 0;
            return pointing * Quat.About(new Float3(0, 1, 0), side * (float)(-Math.PI / 2));
        }

        /// <summary>
        /// How firmly goals hold each hand and foot at a moment: 1 while they are there, growing before and fading
        /// behind, 0 away from it. For <see cref="Retargeter.Reach"/>.
        /// </summary>
        /// <param name="goals">All of a clip.</param>
        /// <param name="seconds">The moment.</param>
        /// <param name="reach">Gets left hand, right hand, left foot, right foot.</param>
        public static void Hold(IReadOnlyList<Goal> goals, double seconds, float[] reach)
        {
            Array.Clear(reach, 0, reach.Length);
            for (var i = 0; i < goals.Count; i++)
            {
                var goal = goals[i];
                var limb = (int)goal.Effector - (int)Effector.LeftWrist;
                if (limb < 0 || limb >= reach.Length) continue;
                var away = Math.Max(goal.Seconds - seconds, seconds - goal.Seconds - goal.HoldS);
                var near = (float)Math.Max(0, Math.Min(1, 1 - away / (goal.EaseS ?? DefaultEaseS)));
                reach[limb] = Math.Max(reach[limb], near * near * (3 - 2 * near));
            }
        }
    }

    /// <summary>What hands and feet are on a body.</summary>
    public static class Effectors
    {
        /// <summary>The joint that is led.</summary>
        /// <exception cref="EmoMotionException">It is no hand and no foot.</exception>
        public static BodyJoint Joint(this Effector effector)
        {
            switch (effector)
            {
                case Effector.LeftWrist: return BodyJoint.LeftWrist;
                case Effector.RightWrist: return BodyJoint.RightWrist;
                case Effector.LeftAnkle: return BodyJoint.LeftAnkle;
                case Effector.RightAnkle: return BodyJoint.RightAnkle;
                default:
                    throw new EmoMotionException(StatusCode.InvalidArgument, $"the effector {effector} is no hand and "
                        + "no foot; take LeftWrist, RightWrist, LeftAnkle or RightAnkle");
            }
        }
    }

    public sealed partial class Beat
    {
        /// <summary>The longest that a server takes, seconds.</summary>
        public const double LongestS = 30;

        /// <summary>Something that is done for a while.</summary>
        /// <param name="text">What, in English.</param>
        /// <param name="seconds">How long, 0.5..30.</param>
        /// <param name="affect">How it feels; null for neutral, or where the request has a track.</param>
        public static Beat Of(string text, double seconds, Affect affect = null) =>
            new Beat { Text = text, Seconds = seconds, Affect = affect };
    }

    public sealed partial class Route
    {
        /// <summary>Places to be at, each at its time; between them the way is a smooth curve.</summary>
        /// <param name="points">
        /// At least two, their times rising: seconds, and metres to the left (X) and ahead (Z) of where it begins.
        /// </param>
        public static Route Of(params (double Seconds, double X, double Z)[] points)
        {
            var route = new Route();
            foreach (var (seconds, x, z) in points) route.Points.Add(new Waypoint { Seconds = seconds, X = x, Z = z });
            return route;
        }
    }

    public sealed partial class SourceMotion
    {
        /// <summary>A clip that is to be changed or gone on from, whole.</summary>
        public static SourceMotion Of(MotionClip clip)
        {
            var source = new SourceMotion { Fps = clip.Fps };
            foreach (var q in clip.Rotations) source.Rotations.Add(q);
            foreach (var p in clip.Root) source.Root.Add(p);
            return source;
        }
    }

    public sealed partial class ComposeRequest
    {
        /// <summary>
        /// Make a span of a clip anew and keep what is before and behind it, to the bit; all else as it was made. More
        /// may be added, such as keyframes in the span; a seed of your own gives another try.
        /// </summary>
        /// <param name="clip">What is changed.</param>
        /// <param name="startS">Where the span begins, seconds; 0 for the clip's beginning.</param>
        /// <param name="endS">Where it ends.</param>
        /// <param name="text">What is done in it; null for what the clip was made of.</param>
        /// <param name="affect">How it feels in it; null for what the clip was made of.</param>
        /// <exception cref="EmoMotionException">There is no such span in the clip.</exception>
        public static ComposeRequest Redo(MotionClip clip, double startS, double endS, string text = null,
            Affect affect = null)
        {
            var frame = 1 / clip.Fps;
            if (!(startS >= 0 && startS + frame < endS && endS <= clip.Seconds + 1e-6))
                throw new EmoMotionException(StatusCode.InvalidArgument,
                    $"the span from {startS:0.##} to {endS:0.##} s does not lie in a clip of {clip.Seconds:0.##} s");
            var used = clip.Status?.Used;
            var request = new ComposeRequest { Source = SourceMotion.Of(clip) };
            var beats = (int)Math.Ceiling(clip.Seconds / Beat.LongestS);
            for (var i = 0; i < beats; i++)
            {
                request.Beats.Add(new Beat
                {
                    Text = text ?? used?.Text ?? "", Affect = affect ?? used?.Affect, Seconds = clip.Seconds / beats,
                });
            }
            if (startS >= frame) request.Keep.Add(new Span { StartS = 0, EndS = startS });
            if (endS + frame <= clip.Seconds) request.Keep.Add(new Span { StartS = endS, EndS = clip.Seconds });
            return request;
        }
    }
}
