using System;

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
