using System;
using System.Collections.Generic;
using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEditor;
using UnityEngine;
using Object = UnityEngine.Object;

namespace EmoMotion.Editor
{
    /// <summary>A generated clip as muscle curves, which any Humanoid can play.</summary>
    internal static class ClipBaker
    {
        /// <summary>Muscles of the body stand before those of the fingers, which nothing here moves.</summary>
        private const int BodyMuscles = 55;
        /// <summary>Shorter ways are too short to measure a scale by, metres.</summary>
        private const float ShortestWay = 0.1f;

        private static readonly string[] RootCurves =
            { "RootT.x", "RootT.y", "RootT.z", "RootQ.x", "RootQ.y", "RootQ.z", "RootQ.w" };

        /// <summary>
        /// Bake on a copy of the character, which nobody sees. Where goals hold a hand or a foot it is brought where
        /// the motion has it, whatever the character's proportions.
        /// </summary>
        /// <exception cref="EmoMotionException">The character is no Humanoid.</exception>
        public static AnimationClip Bake(MotionClip motion, Animator model, bool inPlace, bool loop, float footLock,
            IReadOnlyList<Goal> goals)
        {
            var copy = Object.Instantiate(model.gameObject);
            copy.hideFlags = HideFlags.HideAndDontSave;
            try
            {
                copy.transform.SetPositionAndRotation(Vector3.zero, Quaternion.identity);
                var animator = copy.GetComponent<Animator>();
                animator.enabled = false;
                var clip = new AnimationClip { frameRate = (float)motion.Fps, legacy = false };
                var travelled = Record(motion, animator, clip, inPlace, footLock, goals);
                if (!inPlace) Rescale(clip, animator, travelled);
                var settings = AnimationUtility.GetAnimationClipSettings(clip);
                settings.loopTime = loop;
                AnimationUtility.SetAnimationClipSettings(clip, settings);
                return clip;
            }
            finally
            {
                Object.DestroyImmediate(copy);
            }
        }

        private static Vector3 Record(MotionClip motion, Animator animator, AnimationClip clip, bool inPlace,
            float footLock, IReadOnlyList<Goal> goals)
        {
            var roots = Curves(RootCurves.Length);
            var muscles = Curves(BodyMuscles);
            Vector3 first = default, last = default;
            using (var writer = new PoseWriter(animator, animator.transform, motion.Body))
            {
                writer.Retargeter.FootLock = footLock;
                var pose = new BodyPose();
                HumanPose human = default;
                var before = Quaternion.identity;
                for (var i = 0; i < motion.Frames; i++)
                {
                    var time = (float)(i / motion.Fps);
                    motion.Sample(time, pose);
                    Goal.Hold(goals, time, writer.Retargeter.Reach);
                    writer.Show(pose, 1 / (float)motion.Fps, 1, inPlace ? RootMotion.InPlace : RootMotion.HipsOnly,
                        false, false);
                    writer.ReadMuscles(ref human);
                    last = animator.GetBoneTransform(HumanBodyBones.Hips).position;
                    if (i == 0) first = last;
                    var at = human.bodyPosition;
                    var turned = human.bodyRotation;
                    if (Quaternion.Dot(before, turned) < 0)
                        turned = new Quaternion(-turned.x, -turned.y, -turned.z, -turned.w);
                    before = turned;
                    var values = new[] { at.x, at.y, at.z, turned.x, turned.y, turned.z, turned.w };
                    for (var k = 0; k < roots.Length; k++) roots[k].AddKey(time, values[k]);
                    for (var k = 0; k < muscles.Length; k++) muscles[k].AddKey(time, human.muscles[k]);
                }
            }
            for (var k = 0; k < roots.Length; k++) clip.SetCurve("", typeof(Animator), RootCurves[k], roots[k]);
            for (var k = 0; k < muscles.Length; k++)
                clip.SetCurve("", typeof(Animator), HumanTrait.MuscleName[k], muscles[k]);
            return last - first;
        }

        /// <summary>
        /// The position of a body carries a hidden scale of the avatar: play the clip, measure how far the hips go, and
        /// make it as far as they went.
        /// </summary>
        private static void Rescale(AnimationClip clip, Animator animator, Vector3 travelled)
        {
            travelled.y = 0;
            if (travelled.magnitude < ShortestWay) return;
            var hips = animator.GetBoneTransform(HumanBodyBones.Hips);
            clip.SampleAnimation(animator.gameObject, 0);
            var start = hips.position;
            clip.SampleAnimation(animator.gameObject, clip.length);
            var played = hips.position - start;
            played.y = 0;
            var factor = Vector3.Dot(travelled, played) / Math.Max(played.sqrMagnitude, 1e-12f);
            if (Math.Abs(factor - 1) < 0.01f || played.magnitude < 1e-4f) return;
            foreach (var name in new[] { "RootT.x", "RootT.z" })
            {
                var binding = EditorCurveBinding.FloatCurve("", typeof(Animator), name);
                var curve = AnimationUtility.GetEditorCurve(clip, binding);
                var keys = curve.keys;
                var first = keys[0].value;
                for (var i = 0; i < keys.Length; i++)
                {
                    keys[i].value = first + (keys[i].value - first) * factor;
                    (keys[i].inTangent, keys[i].outTangent) = (keys[i].inTangent * factor, keys[i].outTangent * factor);
                }
                curve.keys = keys;
                AnimationUtility.SetEditorCurve(clip, binding, curve);
            }
        }

        private static AnimationCurve[] Curves(int count)
        {
            var curves = new AnimationCurve[count];
            for (var i = 0; i < count; i++) curves[i] = new AnimationCurve();
            return curves;
        }
    }
}
