using System;
using System.Collections.Generic;
using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEngine;
using Object = UnityEngine.Object;

namespace EmoMotion.Editor
{
    /// <summary>A clip that was baked but need not be saved, and how good it is on the model.</summary>
    internal sealed class BakedClip
    {
        /// <summary>Bake what a server made for a model.</summary>
        /// <exception cref="EmoMotionException">The model is no Humanoid.</exception>
        public BakedClip(MotionClip motion, Animator model, bool inPlace, bool loop, float footLock,
            IReadOnlyList<Goal> goals)
        {
            (Motion, Loop, InPlace) = (motion, loop, inPlace);
            Clip = ClipBaker.Bake(motion, model, inPlace, loop, footLock, goals);
            Made = ClipQuality.Of(motion);
            Played = Measure(model);
        }

        /// <summary>What the server made.</summary>
        public MotionClip Motion { get; }

        /// <summary>The clip.</summary>
        public AnimationClip Clip { get; }

        /// <summary>Whether it is meant to loop, and whether it stays in its place.</summary>
        public bool Loop { get; }

        /// <summary>Whether it stays in its place.</summary>
        public bool InPlace { get; }

        /// <summary>How good it is as the server made it.</summary>
        public ClipQuality Made { get; }

        /// <summary>How good it is as the model plays it.</summary>
        public ClipQuality Played { get; }

        /// <summary>Both in words, with what should be mended.</summary>
        public string Report()
        {
            var text = $"made: {Made.Summary(Loop, false)}\nplayed: {Played.Summary(Loop, InPlace)}";
            foreach (var remark in Played.Remarks(Loop, InPlace)) text += $"\n- {remark}";
            return text;
        }

        /// <summary>Play the clip itself on a copy and look where the bones are.</summary>
        private ClipQuality Measure(Animator model)
        {
            var copy = Object.Instantiate(model.gameObject);
            copy.hideFlags = HideFlags.HideAndDontSave;
            try
            {
                copy.transform.SetPositionAndRotation(Vector3.zero, Quaternion.identity);
                var animator = copy.GetComponent<Animator>();
                animator.enabled = false;
                var avatar = new AvatarRig(animator);
                var scale = copy.transform.lossyScale.y;
                var positions = new Float3[Motion.Frames * Body.Joints];
                for (var i = 0; i < Motion.Frames; i++)
                {
                    Clip.SampleAnimation(copy, (float)(i / Motion.Fps));
                    for (var j = 0; j < Body.Joints; j++)
                        positions[i * Body.Joints + j] = Place(avatar.Transforms[j]);
                }
                var heights = new float[4];
                var feet = new[] { BodyJoint.LeftAnkle, BodyJoint.LeftFoot, BodyJoint.RightAnkle, BodyJoint.RightFoot };
                for (var k = 0; k < feet.Length; k++)
                    heights[k] = avatar.Rig.Drives(feet[k]) ? avatar.Rig.Position(feet[k]).Y * scale : float.NaN;
                return ClipQuality.Of(Motion.Fps, positions, Motion.Contacts, heights,
                    new Retargeter(avatar.Rig).Scale * scale);
            }
            finally
            {
                Object.DestroyImmediate(copy);
            }
        }

        private static Float3 Place(Transform bone)
        {
            if (bone == null) return new Float3(float.NaN, float.NaN, float.NaN);
            var at = bone.position;
            return new Float3(at.x, at.y, at.z);
        }
    }
}
