using System;
using System.Collections.Generic;
using System.Globalization;

namespace EmoMotion
{
    /// <summary>A time in which a part of a foot is on the ground.</summary>
    public struct FootContact
    {
        /// <summary>Which part: 0 left ankle, 1 left foot, 2 right ankle, 3 right foot.</summary>
        public int Part;

        /// <summary>From here to there, seconds.</summary>
        public float StartS, EndS;

        /// <summary>How far it comes from where it touched the ground, level, metres.</summary>
        public float SlideM;
    }

    /// <summary>
    /// What an animator would look for in a clip first: do feet slide, do they sink or hover, does the end meet the
    /// beginning. Made of where joints are, so that a clip of a server and the same on a character are judged alike.
    /// Shapes: T frames, J = 22 joints; metres, Y up.
    /// </summary>
    public sealed class ClipQuality
    {
        /// <summary>More than this is worth a remark, metres for a body of usual size.</summary>
        public const float SlideLimitM = 0.03f, FloorLimitM = 0.02f, SeamLimitM = 0.03f, SeamLimitMps = 0.5f;

        private static readonly int[] Parts =
            { (int)BodyJoint.LeftAnkle, (int)BodyJoint.LeftFoot, (int)BodyJoint.RightAnkle, (int)BodyJoint.RightFoot };
        private static readonly string[] PartNames = { "left heel", "left toes", "right heel", "right toes" };

        private readonly int _frames;
        private readonly double _fps;
        private readonly Float3[] _at;

        private ClipQuality(double fps, Float3[] positions, bool[] contacts, float[] heights, float size)
        {
            (_fps, _at, _frames, Size) = (fps, positions, positions.Length / Body.Joints, size);
            if (_frames < 2 || positions.Length != _frames * Body.Joints || contacts.Length != 4 * _frames
                || heights.Length != 4)
                throw new ArgumentException("a clip has at least two frames of 22 joints and 4 contacts, and the feet "
                    + "4 heights");
            Contacts = FindContacts(contacts);
            foreach (var contact in Contacts) WorstSlideM = Math.Max(WorstSlideM, contact.SlideM);
            (DeepestM, HighestM) = Floor(contacts, heights);
            (SeamM, SeamMps, OwnMps) = Seam();
        }

        /// <summary>Of a clip as the server made it.</summary>
        public static ClipQuality Of(MotionClip clip)
        {
            var positions = new Float3[clip.Frames * Body.Joints];
            var pose = new BodyPose();
            Float3[] at = new Float3[Body.Joints];
            var world = new Quat[Body.Joints];
            for (var i = 0; i < clip.Frames; i++)
            {
                Array.Copy(clip.Rotations, i * Body.Joints, pose.Rotations, 0, Body.Joints);
                pose.Root = clip.Root[i];
                clip.Body.Positions(pose, at, world);
                Array.Copy(at, 0, positions, i * Body.Joints, Body.Joints);
            }
            pose.Reset();
            pose.Root = new Float3(0, clip.Body.RestHeight, 0);
            clip.Body.Positions(pose, at, world);
            var heights = new float[4];
            for (var i = 0; i < 4; i++) heights[i] = at[Parts[i]].Y;
            return new ClipQuality(clip.Fps, positions, clip.Contacts, heights, 1);
        }

        /// <summary>Of a clip as a character plays it.</summary>
        /// <param name="fps">Frames a second.</param>
        /// <param name="positions">Where the bone of each joint is (T, J), on flat ground at 0; NaN for none.</param>
        /// <param name="contacts">Whether each part of the feet is on the ground (T, 4).</param>
        /// <param name="heights">Height of each part when the foot stands flat (4); NaN for none.</param>
        /// <param name="size">How large the character is beside the SDK's body; limits grow with it.</param>
        public static ClipQuality Of(double fps, Float3[] positions, bool[] contacts, float[] heights,
            float size = 1) => new ClipQuality(fps, positions, contacts, heights, size);

        /// <summary>Every time that a part of a foot is on the ground, in order of its beginning.</summary>
        public IReadOnlyList<FootContact> Contacts { get; }

        /// <summary>The longest slide of a contact, metres.</summary>
        public float WorstSlideM { get; }

        /// <summary>How deep a foot sinks into the ground, metres; 0 if it never does.</summary>
        public float DeepestM { get; }

        /// <summary>How high a foot hovers that should stand, metres; 0 if none does.</summary>
        public float HighestM { get; }

        /// <summary>
        /// How far a joint jumps from the last frame to the first, metres: the posture, wherever the body stands and
        /// looks then.
        /// </summary>
        public float SeamM { get; }

        /// <summary>How much a joint's speed, relative to the pelvis, changes there, metres a second.</summary>
        public float SeamMps { get; }

        /// <summary>The most that a joint's speed changes from one frame to the next inside the clip.</summary>
        public float OwnMps { get; }

        /// <summary>Size of the character beside the SDK's body.</summary>
        public float Size { get; }

        /// <summary>What should be mended, in words; empty if all is well.</summary>
        /// <param name="loops">Whether the clip is meant to loop.</param>
        /// <param name="stands">Whether it stays in its place, where feet slide by intent.</param>
        public IReadOnlyList<string> Remarks(bool loops, bool stands)
        {
            var found = new List<string>();
            foreach (var contact in Contacts)
            {
                if (stands || contact.SlideM <= SlideLimitM * Size) continue;
                var when = Text($"from {contact.StartS:0.00} to {contact.EndS:0.00} s");
                found.Add(Text($"{PartNames[contact.Part]} slides {100 * contact.SlideM:0.0} cm {when}"));
            }
            if (DeepestM > FloorLimitM * Size) found.Add(Text($"a foot sinks {100 * DeepestM:0.0} cm into the ground"));
            if (HighestM > 2 * FloorLimitM * Size)
                found.Add(Text($"a foot that should stand hovers {100 * HighestM:0.0} cm over the ground"));
            if (loops && SeamM > SeamLimitM * Size)
                found.Add(Text($"the loop jumps {100 * SeamM:0.0} cm where the end meets the beginning"));
            else if (loops && SeamMps > Math.Max(SeamLimitMps * Size, OwnMps))
                found.Add(Text($"the loop jerks by {SeamMps:0.00} m/s where the end meets the beginning"));
            return found;
        }

        /// <summary>The figures in one line.</summary>
        public string Summary(bool loops, bool stands)
        {
            var slide = stands ? ""
                : Text($"feet slide up to {100 * WorstSlideM:0.0} cm in {Contacts.Count} contacts; ");
            var seam = loops ? Text($"; seam {100 * SeamM:0.0} cm, {SeamMps:0.00} m/s") : "";
            return slide + Text($"deepest {100 * DeepestM:0.0} cm, highest {100 * HighestM:0.0} cm") + seam;
        }

        private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

        private Float3 At(int frame, int joint) => _at[frame * Body.Joints + joint];

        private List<FootContact> FindContacts(bool[] contacts)
        {
            var found = new List<FootContact>();
            for (var part = 0; part < 4; part++)
            {
                for (var i = 0; i < _frames; i++)
                {
                    if (!contacts[4 * i + part] || float.IsNaN(At(i, Parts[part]).Y)) continue;
                    var first = i;
                    var slide = 0f;
                    for (; i < _frames && contacts[4 * i + part]; i++)
                    {
                        var way = At(i, Parts[part]) - At(first, Parts[part]);
                        slide = Math.Max(slide, Level(way).Length);
                    }
                    found.Add(new FootContact
                    {
                        Part = part, StartS = (float)(first / _fps), EndS = (float)((i - 1) / _fps), SlideM = slide,
                    });
                }
            }
            found.Sort((a, b) => a.StartS != b.StartS ? a.StartS.CompareTo(b.StartS) : a.Part.CompareTo(b.Part));
            return found;
        }

        /// <summary>How deep any part comes, and how high the lower part of a standing foot is.</summary>
        private (float Deepest, float Highest) Floor(bool[] contacts, float[] heights)
        {
            float deepest = 0, highest = 0;
            for (var i = 0; i < _frames; i++)
            {
                for (var foot = 0; foot < 4; foot += 2)
                {
                    var lowest = float.NaN;
                    for (var part = foot; part < foot + 2; part++)
                    {
                        var over = At(i, Parts[part]).Y - heights[part];
                        if (!float.IsNaN(over) && !(over > lowest)) lowest = over;
                    }
                    if (float.IsNaN(lowest)) continue;
                    deepest = Math.Max(deepest, -lowest);
                    if (contacts[4 * i + foot] || contacts[4 * i + foot + 1]) highest = Math.Max(highest, lowest);
                }
            }
            return (deepest, highest);
        }

        private (float Metres, float MetresPerSecond, float Own) Seam()
        {
            float jump = 0, own = 0;
            Float3[] first = Posture(0), after = Posture(1), before = first, last = after;
            for (var i = 2; i < _frames; i++)
            {
                var now = Posture(i);
                own = Math.Max(own, Jerk(before, last, last, now));
                (before, last) = (last, now);
            }
            for (var j = 0; j < Body.Joints; j++)
            {
                var gap = (first[j] - last[j]).Length;
                if (!float.IsNaN(gap)) jump = Math.Max(jump, gap);
            }
            return (jump, Jerk(before, last, first, after), own);
        }

        /// <summary>How much the speed of a joint changes from one step, a to b, to another, c to d.</summary>
        private float Jerk(Float3[] a, Float3[] b, Float3[] c, Float3[] d)
        {
            var most = 0f;
            for (var j = 0; j < Body.Joints; j++)
            {
                var change = (d[j] - c[j] - (b[j] - a[j])).Length * (float)_fps;
                if (!float.IsNaN(change)) most = Math.Max(most, change);
            }
            return most;
        }

        /// <summary>Where the joints are beside the pelvis, as the hips look; heights are over the ground.</summary>
        private Float3[] Posture(int frame)
        {
            var pelvis = At(frame, 0);
            var across = Level(At(frame, (int)BodyJoint.LeftHip) - At(frame, (int)BodyJoint.RightHip)).Normalized;
            var ahead = Float3.Cross(across, new Float3(0, 1, 0));
            var posture = new Float3[Body.Joints];
            for (var j = 0; j < Body.Joints; j++)
            {
                var p = At(frame, j);
                var way = Level(p - pelvis);
                posture[j] = new Float3(Float3.Dot(way, across), p.Y, Float3.Dot(way, ahead));
            }
            return posture;
        }

        private static Float3 Level(Float3 way) => new Float3(way.X, 0, way.Z);
    }
}
