#include "EmoMotionTypes.h"

FEmoMotionAffect::FEmoMotionAffect(EEmoMotionEmotion Emotion, float InIntensity)
	: Intensity(InIntensity)
{
	Weights.Add(Emotion, 1.0f);
}
