using System;
using EmoMotion.Unity;
using UnityEngine;
using UnityEngine.Splines;

namespace EmoMotion.Splines
{
    /// <summary>Sends a character along a spline: drop it on the character and name a spline container.</summary>
    [AddComponentMenu("EmoMotion/EmoMotion Spline Walk")]
    [RequireComponent(typeof(EmoMotionCharacter))]
    public sealed class EmoMotionSplineWalk : MonoBehaviour
    {
        [SerializeField] private SplineContainer spline;
        [Tooltip("Metres between two points that the character is told; a way of more than 512 gets longer steps.")]
        [Min(0.05f)] [SerializeField] private float step = 0.25f;

        private EmoMotionCharacter _character;
        private bool _told;

        /// <summary>The spline; another one is walked along from now on.</summary>
        public SplineContainer Spline
        {
            get => spline;
            set => (spline, _told) = (value, false);
        }

        private void OnEnable()
        {
            _character = GetComponent<EmoMotionCharacter>();
            _told = false;
        }

        private void OnDisable()
        {
            if (_told) _character.WalkFreely();
        }

        private void Update()
        {
            if (_told || spline == null || !_character.HasPose) return;
            _told = true;
            _character.Walk(spline, step);
        }
    }

    /// <summary>Ways along splines.</summary>
    public static class SplineWays
    {
        private const int MostPoints = 512;

        /// <summary>
        /// Walk along the first spline of a container; behind its end the character goes straight on.
        /// </summary>
        /// <param name="character">Who walks.</param>
        /// <param name="spline">Where; its place in the world counts.</param>
        /// <param name="step">Metres between two points.</param>
        public static void Walk(this EmoMotionCharacter character, SplineContainer spline, float step = 0.25f)
        {
            var steps = (int)Math.Ceiling(spline.CalculateLength() / step);
            var points = new Vector3[Math.Max(2, Math.Min(steps + 1, MostPoints))];
            for (var i = 0; i < points.Length; i++)
                points[i] = spline.EvaluatePosition(i / (float)(points.Length - 1));
            character.Walk(points);
        }
    }
}
