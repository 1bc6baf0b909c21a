#include "EmoMotionTypes.h"

FEmoMotionAffect::FEmoMotionAffect(EEmoMotionEmotion Emotion, float InIntensity)
	: Intensity(InIntensity)
{
	Weights.Add(Emotion, 1.0f);
}

const FName& EmoMotionCurveName(int32 Emotion)
{
	static const FName Names[EmoMotionEmotions] = {
		TEXT("EmoMotion_Neutral"), TEXT("EmoMotion_Joy"), TEXT("EmoMotion_Trust"), TEXT("EmoMotion_Fear"), TEXT("EmoMotion_Surprise"),
		TEXT("EmoMotion_Sadness"), TEXT("EmoMotion_Disgust"), TEXT("EmoMotion_Anger"), TEXT("EmoMotion_Anticipation")};
	return Names[Emotion];
}
