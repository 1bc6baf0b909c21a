using System;
using System.Collections.Generic;
using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEngine;

namespace EmoMotion.Editor
{
    /// <summary>What is to be baked, as the window shows and keeps it.</summary>
    [Serializable]
    internal sealed class BakePlan
    {
        /// <summary>Something that is done for a while.</summary>
        [Serializable]
        public struct Step
        {
            [TextArea] public string prompt;
            public Feeling feeling;
            [Range(0.5f, 30)] public float seconds;
        }

        /// <summary>What is felt at a moment.</summary>
        [Serializable]
        public struct FeelingKey
        {
            public float seconds;
            public Feeling feeling;
        }

        /// <summary>A pose that was taken from a character.</summary>
        [Serializable]
        public sealed class PoseKey
        {
            public float seconds;
            [Tooltip("Also where it stood and what it faced, beside the model of this window.")]
            public bool place;
            [HideInInspector] public float[] rotations = new float[4 * Body.Joints];
            [HideInInspector] public float[] root = new float[3];
        }

        /// <summary>A place to be at, at a time.</summary>
        [Serializable]
        public struct Stop
        {
            public float seconds;
            [Tooltip("A point of the world; the model of this window stands where the clip begins.")]
            public Vector3 point;
        }

        [Tooltip("What is done, one after the other; together they are the clip's length.")]
        public List<Step> steps = new List<Step>();
        [Tooltip("What is felt over time, instead of the feeling of each step. Empty: each step's.")]
        public List<FeelingKey> feelings = new List<FeelingKey>();
        [Tooltip("Poses that the motion reaches; \"Take pose\" below adds one.")]
        public List<PoseKey> poses = new List<PoseKey>();
        [Tooltip("Hands and feet that are somewhere for a while; \"Take hand or foot\" below adds one.")]
        public List<BakeGoal> goals = new List<BakeGoal>();
        [Tooltip("Places to be at, two or more. Empty: where the motion leads.")]
        public List<Stop> route = new List<Stop>();
        [Tooltip("The end meets the beginning.")]
        public bool loop;
        [Tooltip("Pace; 1 is as generated. The length stays as the steps say.")]
        [Range(0.5f, 2)] public float pace = 1;
        [Tooltip("The same seed and plan give the same clip. Below 0 the server draws one.")]
        public long seed = -1;

        /// <summary>Whether one prompt and one feeling say it all: every server can make that.</summary>
        public bool IsPlain => steps.Count == 1 && feelings.Count == 0 && poses.Count == 0 && goals.Count == 0
            && route.Count == 0 && !loop && pace == 1;

        /// <summary>Keep the pose of a character.</summary>
        /// <exception cref="EmoMotionException">It is no Humanoid.</exception>
        public void Take(Animator character, Transform origin, float seconds)
        {
            var pose = new BodyPose();
            new PoseReader(character).Read(origin, pose);
            var key = new PoseKey { seconds = seconds };
            var message = Wire.Pose.Of(pose);
            Array.Copy(message.Rotations.Items, key.rotations, key.rotations.Length);
            Array.Copy(message.Root.Items, key.root, key.root.Length);
            var at = poses.FindIndex(other => other.seconds >= seconds);
            poses.Insert(at < 0 ? poses.Count : at, key);
        }

        /// <summary>Keep where a character has a hand or a foot.</summary>
        /// <exception cref="EmoMotionException">It is no Humanoid.</exception>
        public void Take(BakeGoal.Limb limb, Animator character, Transform origin, float seconds) =>
            goals.Add(BakeGoal.Take(limb, character, origin, seconds));

        /// <summary>The messages of all goals.</summary>
        /// <param name="model">Where the clip begins, and how large its steps are.</param>
        /// <exception cref="EmoMotionException">The model is no Humanoid.</exception>
        public List<Goal> Goals(Animator model)
        {
            var messages = new List<Goal>();
            if (goals.Count == 0) return messages;
            var reader = new PoseReader(model);
            foreach (var goal in goals) messages.Add(goal.Message(model, reader));
            return messages;
        }

        /// <summary>The request of a plain clip.</summary>
        public GenerateRequest Plain()
        {
            var request = new GenerateRequest
            {
                Text = steps[0].prompt, Affect = AffectOf(steps[0].feeling), Seconds = steps[0].seconds,
            };
            if (seed >= 0) request.Seed = (ulong)seed;
            return request;
        }

        /// <summary>The request of everything.</summary>
        /// <param name="model">Where the clip begins, and how large its steps are.</param>
        /// <exception cref="EmoMotionException">The model is no Humanoid.</exception>
        public ComposeRequest Composed(Animator model)
        {
            var request = new ComposeRequest { Loop = loop };
            if (pace != 1) request.Speed = pace;
            foreach (var step in steps)
                request.Beats.Add(Beat.Of(step.prompt, step.seconds,
                    feelings.Count == 0 ? AffectOf(step.feeling) : null));
            Hold(request, model);
            if (seed >= 0) request.Seed = (ulong)seed;
            return request;
        }

        /// <summary>
        /// The request that makes a span of a clip anew by the steps' first prompt and feeling, with the poses and
        /// goals that lie in it; it draws a seed, or the same would come again.
        /// </summary>
        /// <exception cref="EmoMotionException">There is no such span, or the model is no Humanoid.</exception>
        public ComposeRequest Again(MotionClip clip, Animator model, float startS, float endS)
        {
            var request = ComposeRequest.Redo(clip, startS, endS, steps[0].prompt, AffectOf(steps[0].feeling));
            foreach (var key in poses)
            {
                if (key.seconds > startS && key.seconds < endS) request.Keyframes.Add(KeyOf(key));
            }
            foreach (var goal in Goals(model))
            {
                if (goal.Seconds > startS && goal.Seconds + goal.HoldS < endS) request.Goals.Add(goal);
            }
            return request;
        }

        private void Hold(ComposeRequest request, Animator model)
        {
            if (feelings.Count > 0)
            {
                request.Track = new AffectTrack();
                foreach (var key in feelings)
                    request.Track.Keys.Add(new AffectKey { Seconds = key.seconds, Affect = AffectOf(key.feeling) });
            }
            foreach (var key in poses) request.Keyframes.Add(KeyOf(key));
            foreach (var goal in Goals(model)) request.Goals.Add(goal);
            if (route.Count == 0) return;
            var reader = new PoseReader(model);
            request.Route = new Route();
            foreach (var stop in route)
            {
                var at = reader.Place(model.transform, stop.point);
                request.Route.Points.Add(new Waypoint { Seconds = stop.seconds, X = at.x, Z = at.y });
            }
        }

        private static Wire.Keyframe KeyOf(PoseKey key)
        {
            var pose = new Wire.Pose();
            pose.Rotations.AddRange(key.rotations);
            pose.Root.AddRange(key.root);
            return new Wire.Keyframe { Seconds = key.seconds, Pose = pose, Place = key.place };
        }

        private static Affect AffectOf(Feeling feeling)
        {
            var affect = new Affect();
            feeling.Fill(affect);
            return affect;
        }
    }
}
