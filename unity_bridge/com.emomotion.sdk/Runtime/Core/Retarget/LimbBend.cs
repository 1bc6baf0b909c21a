using System;

namespace EmoMotion
{
    /// <summary>An arm or a leg that is bent so that its end comes to a point.</summary>
    internal static class LimbBend
    {
        /// <summary>A limb is never stretched quite straight, or its knee or elbow would snap.</summary>
        private const float Longest = 0.9995f;

        /// <summary>
        /// Turn both bones of a limb so that its end comes to a point, or as near as it reaches; hand or foot keeps its
        /// own turn.
        /// </summary>
        /// <param name="body">Whose limb it is; its turns and positions are changed.</param>
        /// <param name="root">Joint of hip or shoulder.</param>
        /// <param name="middle">Joint of knee or elbow.</param>
        /// <param name="end">Joint of ankle or wrist.</param>
        /// <param name="target">Where the end shall be, in the character's space.</param>
        public static void To(Retargeter body, int root, int middle, int end, Float3 target)
        {
            Float3 hip = body.Positions[root], knee = body.Positions[middle], ankle = body.Positions[end];
            float thigh = (knee - hip).Length, shin = (ankle - knee).Length;
            var shortest = Math.Abs(thigh - shin) + 1e-4f * (thigh + shin);
            var distance = Math.Max(shortest, Math.Min((target - hip).Length, Longest * (thigh + shin)));
            var direction = (target - hip).Normalized;
            // Where the knee points stays: the part of it that is across the limb.
            var across = knee - hip - direction * Float3.Dot(knee - hip, direction);
            if (across.Length < 1e-5f * thigh) return;  // a straight limb does not say where its knee would go
            var along = (thigh * thigh - shin * shin + distance * distance) / (2 * distance);
            var aside = (float)Math.Sqrt(Math.Max(0, thigh * thigh - along * along));
            var newKnee = hip + direction * along + across.Normalized * aside;
            var newAnkle = hip + direction * distance;
            body.Turns[root] = Quat.Between(knee - hip, newKnee - hip) * body.Turns[root];
            body.Turns[middle] = Quat.Between(ankle - knee, newAnkle - newKnee) * body.Turns[middle];
            body.Place();
        }
    }
}
