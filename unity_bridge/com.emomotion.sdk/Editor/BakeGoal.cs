using System;
using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>A hand or a foot that is somewhere for a while, as the bake window shows and keeps it.</summary>
    [Serializable]
    internal sealed class BakeGoal
    {
        /// <summary>What can be led; each a step before its effector on the wire.</summary>
        public enum Limb
        {
            /// <summary>By its wrist.</summary>
            LeftHand,
            /// <summary>By its wrist.</summary>
            RightHand,
            /// <summary>By its ankle.</summary>
            LeftFoot,
            /// <summary>By its ankle.</summary>
            RightFoot,
        }

        [Tooltip("The wrist of a hand or the ankle of a foot is led.")]
        public Limb limb;
        [Tooltip("From when on.")]
        public float seconds;
        [Tooltip("For how long, seconds.")]
        [Min(0)] public float hold;
        [Tooltip("Time to get there and to come back, seconds. 0: half a second, or longer for a long way.")]
        [Min(0)] public float ease;
        [Tooltip("Where it is. None: the point below.")]
        public Transform target;
        [Tooltip("A point of the world; the model of this window stands where the clip begins.")]
        public Vector3 point;
        [Tooltip("Also turned: fingers or toes along the target's blue arrow, the back of hand or foot along the green "
            + "one; or as it was taken.")]
        public bool turned;
        [Tooltip("The place goes with the body, as it is seen from the model now, or from the character as it was "
            + "taken. Otherwise it is a place of the world.")]
        public bool onBody;

        /// <summary>Whose hand or foot it was taken from; empty for a target or a point.</summary>
        [HideInInspector] public string takenFrom = "";
        [HideInInspector] public float[] inWorld = new float[0];
        [HideInInspector] public float[] fromBody = new float[0];

        /// <summary>What the server calls it.</summary>
        public Effector Effector => EffectorOf(limb);

        /// <summary>Keep where a character has a hand or a foot now.</summary>
        /// <exception cref="EmoMotionException">It is no Humanoid.</exception>
        public static BakeGoal Take(Limb limb, Animator character, Transform origin, float seconds)
        {
            var reader = new PoseReader(character);
            var effector = EffectorOf(limb);
            return new BakeGoal
            {
                limb = limb,
                seconds = seconds,
                turned = true,
                takenFrom = character.name.Length > 0 ? character.name : "a character",
                inWorld = Numbers(reader.TakeGoal(effector, origin, seconds)),
                fromBody = Numbers(reader.TakeGoal(effector, origin, seconds, place: false)),
            };
        }

        /// <summary>The message.</summary>
        /// <param name="model">Where the clip begins, and how large its steps are.</param>
        /// <param name="reader">Of the model.</param>
        public Goal Message(Animator model, PoseReader reader)
        {
            var goal = takenFrom.Length > 0 ? Taken() : reader.GoalAt(Effector, model.transform, seconds,
                target != null ? target.position : point, hold,
                turned && target != null ? target.rotation : (Quaternion?)null, !onBody);
            if (ease > 0) goal.EaseS = ease;
            return goal;
        }

        private Goal Taken()
        {
            var at = onBody ? fromBody : inWorld;
            return Goal.Of(Effector, seconds, new Float3(at[0], at[1], at[2]), hold,
                turned ? new Quat(at[3], at[4], at[5], at[6]) : (Quat?)null, !onBody);
        }

        private static Effector EffectorOf(Limb limb) => Effector.LeftWrist + (int)limb;

        private static float[] Numbers(Goal goal)
        {
            var numbers = new float[7];
            for (var i = 0; i < 3; i++) numbers[i] = goal.Position[i];
            for (var i = 0; i < 4; i++) numbers[3 + i] = goal.Rotation[i];
            return numbers;
        }
    }
}
