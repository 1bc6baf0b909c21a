using System;

namespace EmoMotion
{
    /// <summary>
    /// Holds one foot where it touched the ground, by bending the leg: a character of other proportions would slide.
    /// The heel is held while it is down, then the ball of the foot, over which it rolls; letting go takes a moment, so
    /// that nothing snaps.
    /// </summary>
    internal sealed class FootPlant
    {
        /// <summary>Half of the way out of a hold takes this long.</summary>
        private const float HalflifeS = 0.04f;
        /// <summary>A foot this far from its place, as a share of the leg's length, is let go.</summary>
        private const float Reach = 0.25f;

        private enum Held { Nothing, Heel, Ball }

        private readonly Retargeter _body;
        private readonly int _hip, _knee, _ankle, _flag;
        private readonly Float3 _ball;
        private Float3 _place, _shift;
        private Held _held;

        /// <param name="body">Whose leg it is.</param>
        /// <param name="hip">BodyJoint of the thigh.</param>
        /// <param name="knee">BodyJoint of the shin.</param>
        /// <param name="ankle">BodyJoint of the foot.</param>
        /// <param name="ball">From the ankle to the ball of the foot in the T-pose.</param>
        /// <param name="flag">Place of the ankle's contact; the ball's is behind it.</param>
        public FootPlant(Retargeter body, BodyJoint hip, BodyJoint knee, BodyJoint ankle, Float3 ball, int flag)
        {
            (_body, _hip, _knee, _ankle) = (body, (int)hip, (int)knee, (int)ankle);
            (_ball, _flag) = (ball, flag);
        }

        public void Release() => (_held, _shift) = (Held.Nothing, default);

        public void Hold(float[] contacts, float dt, float strength)
        {
            var ankle = _body.Positions[_ankle];
            var leg = (_body.Positions[_knee] - _body.Positions[_hip]).Length + (ankle - _body.Positions[_knee]).Length;
            var touches = contacts[_flag] > 0.5f ? Held.Heel : contacts[_flag + 1] > 0.5f ? Held.Ball : Held.Nothing;
            var at = touches == Held.Ball ? ankle + _body.Turns[_ankle].Rotate(_ball) : ankle;
            if (touches != _held) _place = at + _shift;
            _held = touches;
            if (_held != Held.Nothing && (_place - at).Length > Reach * leg) _held = Held.Nothing;
            _shift = _held == Held.Nothing ? _shift * (float)Math.Pow(0.5, dt / HalflifeS) : _place - at;
            if (_shift.Length > 1e-5f * leg) LimbBend.To(_body, _hip, _knee, _ankle, ankle + _shift * strength);
        }
    }
}
