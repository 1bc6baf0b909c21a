using System;

namespace EmoMotion
{
    /// <summary>
    /// A body at a moment, in the SDK's frame: make one and let it be filled again and again. Not safe for use by two
    /// threads at once.
    /// </summary>
    public sealed class BodyPose
    {
        /// <summary>
        /// Number of emotions, neutral and the eight of Plutchik; their places are those of <see cref="Wire.Emotion"/>.
        /// </summary>
        public const int Emotions = 10;

        /// <summary>
        /// Local rotation of each of the 22 joints relative to the T-pose; the pelvis' is the body's in the world.
        /// </summary>
        public readonly Quat[] Rotations = new Quat[Body.Joints];

        /// <summary>Position of the pelvis in the world, metres.</summary>
        public Float3 Root;

        /// <summary>How much left ankle, left foot, right ankle, right foot touch the ground, 0..1.</summary>
        public readonly float[] Contacts = new float[4];

        /// <summary>Share of each emotion felt, by its number on the wire; [0] is unused. They sum to 1.</summary>
        public readonly float[] Weights = new float[Emotions];

        /// <summary>How strongly it is felt, 0..1.</summary>
        public float Intensity;

        /// <summary>Which wish the motion serves: 0 the start's, n that of the n-th change.</summary>
        public uint Wish;

        /// <summary>Nothing was ready in time: the character stands about.</summary>
        public bool Idle;

        /// <summary>A posture of the feeling is laid over a motion that does not show it yet.</summary>
        public bool Reacting;

        /// <summary>The T-pose, standing over the origin, neutral.</summary>
        public BodyPose() => Reset();

        /// <summary>Back to the T-pose.</summary>
        public void Reset()
        {
            for (var j = 0; j < Rotations.Length; j++) Rotations[j] = Quat.Identity;
            Root = new Float3(0, Body.Default.RestHeight, 0);
            Array.Clear(Contacts, 0, Contacts.Length);
            Array.Clear(Weights, 0, Weights.Length);
            Weights[(int)Wire.Emotion.Neutral] = 1;
            Intensity = 0;
            (Wish, Idle, Reacting) = (0, false, false);
        }

        /// <summary>Become a copy.</summary>
        public void CopyFrom(BodyPose other)
        {
            Array.Copy(other.Rotations, Rotations, Rotations.Length);
            Array.Copy(other.Contacts, Contacts, Contacts.Length);
            Array.Copy(other.Weights, Weights, Weights.Length);
            (Root, Intensity, Wish, Idle, Reacting) = (other.Root, other.Intensity, other.Wish, other.Idle,
                other.Reacting);
        }

        /// <summary>Become what lies between two poses: a at 0, b at 1.</summary>
        public void Blend(BodyPose a, BodyPose b, float t)
        {
            for (var j = 0; j < Rotations.Length; j++) Rotations[j] = Quat.Slerp(a.Rotations[j], b.Rotations[j], t);
            for (var i = 0; i < Contacts.Length; i++) Contacts[i] = a.Contacts[i] + (b.Contacts[i] - a.Contacts[i]) * t;
            for (var i = 0; i < Weights.Length; i++) Weights[i] = a.Weights[i] + (b.Weights[i] - a.Weights[i]) * t;
            Root = Float3.Lerp(a.Root, b.Root, t);
            Intensity = a.Intensity + (b.Intensity - a.Intensity) * t;
            var nearer = t < 0.5f ? a : b;
            (Wish, Idle, Reacting) = (nearer.Wish, nearer.Idle, nearer.Reacting);
        }

        /// <summary>Where the pelvis looks over the ground, radians: 0 is ahead (+Z), more is to the left.</summary>
        public float Heading
        {
            get
            {
                var ahead = Rotations[0].Rotate(new Float3(0, 0, 1));
                return (float)Math.Atan2(ahead.X, ahead.Z);
            }
        }

        /// <summary>
        /// A point as it is seen from the body: from the ground below the pelvis, along its heading, metres.
        /// </summary>
        public Float3 Seen(Float3 point) => Back.Rotate(point - new Float3(Root.X, 0, Root.Z));

        /// <summary>A rotation as it is seen from the body, along its heading.</summary>
        public Quat Seen(Quat rotation) => Back * rotation;

        private Quat Back => Quat.About(new Float3(0, 1, 0), -Heading);

        /// <summary>The emotion with the largest share.</summary>
        public Wire.Emotion Strongest
        {
            get
            {
                var best = (int)Wire.Emotion.Neutral;
                for (var i = 1; i < Weights.Length; i++) best = Weights[i] > Weights[best] ? i : best;
                return (Wire.Emotion)best;
            }
        }
    }
}
