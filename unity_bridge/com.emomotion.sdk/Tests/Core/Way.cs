using System;
using EmoMotion.Wire;

namespace EmoMotion.Tests
{
    /// <summary>
    /// A live stream over an uneven way, played at 60 pictures a second: every frame is late by a random time, some
    /// stall, and none overtakes another, for they come by one connection.
    /// </summary>
    internal sealed class Way
    {
        private const double Fps = 30, Render = 1 / 60.0;

        public readonly JitterBuffer Buffer = new JitterBuffer(Fps);
        public double LargestTurn, LargestMove, ClipsOwnTurn, ClipsOwnMove, MeanDelayS, WorstDelayS;

        public static Way Play(double seconds, double jitterS, double stallShare, double stallS, int seed)
        {
            var way = new Way();
            var random = new Random(seed);
            var frame = new DriveFrame();
            BodyPose pose = new BodyPose(), last = new BodyPose(), own = new BodyPose(), ownLast = new BodyPose();
            long number = 0;
            double due = 0, free = 0, delays = 0;
            var pictures = 0;
            Arrive();
            for (double now = 0; now < seconds; now += Render)
            {
                for (; due <= now; Arrive())
                {
                    Made.Frame(frame, number, Fps);
                    way.Buffer.Push(frame, number++, due);
                }
                if (!way.Buffer.Sample(now, Render, pose)) continue;
                // Like a clip, the stream has 30 poses a second and between them straight ways.
                Own(now, own);
                if (pictures++ > 0)
                {
                    way.LargestTurn = Math.Max(way.LargestTurn, Made.Turn(last, pose));
                    way.LargestMove = Math.Max(way.LargestMove, (pose.Root - last.Root).Length);
                    way.ClipsOwnTurn = Math.Max(way.ClipsOwnTurn, Made.Turn(ownLast, own));
                    way.ClipsOwnMove = Math.Max(way.ClipsOwnMove, (own.Root - ownLast.Root).Length);
                }
                last.CopyFrom(pose);
                ownLast.CopyFrom(own);
                delays += way.Buffer.DelayS;
                way.WorstDelayS = Math.Max(way.WorstDelayS, way.Buffer.DelayS);
            }
            way.MeanDelayS = delays / pictures;
            return way;

            void Arrive()
            {
                var late = random.NextDouble() * jitterS + (random.NextDouble() < stallShare ? stallS : 0);
                free = due = Math.Max(free, number / Fps + late);
            }
        }

        private static void Own(double seconds, BodyPose pose)
        {
            BodyPose a = new BodyPose(), b = new BodyPose();
            var number = Math.Floor(seconds * Fps);
            Made.Walk(a, number / Fps);
            Made.Walk(b, (number + 1) / Fps);
            pose.Blend(a, b, (float)(seconds * Fps - number));
        }
    }
}
