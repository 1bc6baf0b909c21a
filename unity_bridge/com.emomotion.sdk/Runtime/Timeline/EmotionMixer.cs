using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEngine;
using UnityEngine.Playables;

namespace EmoMotion.Timeline
{
    /// <summary>
    /// Mixes the clips that play and tells the character, when something is different enough to be felt.
    /// </summary>
    public sealed class EmotionMixer : PlayableBehaviour
    {
        /// <summary>A share or an intensity that changed by less is not worth a message.</summary>
        private const float Step = 0.05f;

        private readonly float[] _shares = new float[BodyPose.Emotions], _sent = new float[BodyPose.Emotions];
        private readonly DriveChange _change = new DriveChange();
        private readonly Affect _affect = new Affect();
        private float _sentIntensity = -1;
        private string _prompt = "";

        /// <inheritdoc/>
        public override void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
            var character = playerData as EmoMotionCharacter;
            if (character == null || !Application.isPlaying) return;
            System.Array.Clear(_shares, 0, _shares.Length);
            float sum = 0, intensity = 0, strongest = 0;
            var prompt = "";
            for (var i = 0; i < playable.GetInputCount(); i++)
            {
                var weight = playable.GetInputWeight(i);
                if (weight <= 0) continue;
                var clip = ((ScriptPlayable<EmotionBehaviour>)playable.GetInput(i)).GetBehaviour();
                var feeling = clip.Feeling;
                _shares[(int)feeling.Emotion] += weight * (1 - feeling.Share);
                if (feeling.Share > 0) _shares[(int)feeling.MixedWith] += weight * feeling.Share;
                sum += weight;
                intensity += weight * feeling.Intensity;
                if (weight > strongest && !string.IsNullOrWhiteSpace(clip.Prompt))
                    (strongest, prompt) = (weight, clip.Prompt);
            }
            if (prompt.Length > 0 && prompt != _prompt) character.Do(_prompt = prompt);
            if (sum > 0) Tell(character, sum, intensity / sum);
        }

        private void Tell(EmoMotionCharacter character, float sum, float intensity)
        {
            var news = Mathf.Abs(intensity - _sentIntensity) >= Step;
            for (var i = 0; i < _shares.Length; i++)
            {
                _shares[i] /= sum;
                news |= Mathf.Abs(_shares[i] - _sent[i]) >= Step;
            }
            if (!news || character.Stream == null) return;
            _sentIntensity = intensity;
            _affect.Clear();
            _affect.Intensity = Mathf.Clamp01(intensity);
            for (var i = 0; i < _shares.Length; i++)
            {
                _sent[i] = _shares[i];
                if (_shares[i] > 0) _affect.Put((Emotion)i, _shares[i]);
            }
            _change.Clear();
            _change.Affect = _affect;
            character.Tell(_change);
        }
    }
}
