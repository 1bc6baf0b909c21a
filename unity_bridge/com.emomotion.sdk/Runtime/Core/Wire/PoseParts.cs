namespace EmoMotion.Wire
{
    public sealed partial class Pose
    {
        /// <summary>The rotations and the root of a body; the message holds no reference to it.</summary>
        public static Pose Of(BodyPose body)
        {
            var pose = new Pose();
            pose.Take(body);
            return pose;
        }

        /// <summary>Become the pose of a body. Allocates nothing in a message that was used before.</summary>
        public void Take(BodyPose body)
        {
            Clear();
            foreach (var q in body.Rotations) Rotations.Add(q);
            Root.Add(body.Root);
        }
    }

    internal static class PoseLists
    {
        public static void Add(this WireList<float> list, Quat q)
        {
            list.Add(q.X);
            list.Add(q.Y);
            list.Add(q.Z);
            list.Add(q.W);
        }

        public static void Add(this WireList<float> list, Float3 p)
        {
            list.Add(p.X);
            list.Add(p.Y);
            list.Add(p.Z);
        }
    }
}
