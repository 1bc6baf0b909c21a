// What Blueprints and C++ say to a character: emotions, feelings, what to do.
#pragma once

#include "CoreMinimal.h"
#include "EmoMotionTypes.generated.h"

/** Neutral and the eight basic emotions of Plutchik. */
UENUM(BlueprintType)
enum class EEmoMotionEmotion : uint8
{
	Neutral,
	Joy,
	Trust,
	Fear,
	Surprise,
	Sadness,
	Disgust,
	Anger,
	Anticipation
};

/** How many emotions there are. */
inline constexpr int32 EmoMotionEmotions = 9;

/** Name of the curve that tells how strongly an emotion is shown, e.g. EmoMotion_Joy. */
EMOMOTION_API const FName& EmoMotionCurveName(int32 Emotion);

/** A mixture of emotions and how strongly it is felt. No weights: neutral. */
USTRUCT(BlueprintType)
struct EMOMOTION_API FEmoMotionAffect
{
	GENERATED_BODY()

	/** Shares of the mixture, 0 or more; only their ratios count. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion")
	TMap<EEmoMotionEmotion, float> Weights;

	/** Strength of the mixture. At 0 the weights have no effect. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion", meta = (ClampMin = "0", ClampMax = "1"))
	float Intensity = 0.7f;

	FEmoMotionAffect() = default;
	FEmoMotionAffect(EEmoMotionEmotion Emotion, float InIntensity);
};

/** Shapes of a mouth that speaks. */
UENUM(BlueprintType)
enum class EEmoMotionViseme : uint8
{
	A,
	CH,
	Closed,
	E,
	F,
	I,
	Ing,
	KK,
	M,
	NN,
	O,
	RR,
	SS,
	U
};

/** How many visemes there are, and how many blendshapes. */
inline constexpr int32 EmoMotionVisemes = 14;
inline constexpr int32 EmoMotionShapes = 52;

/** What follows the character's way over the ground. */
UENUM(BlueprintType)
enum class EEmoMotionTravel : uint8
{
	/** The actor: it is moved as the character walks, and the mesh stays over it. */
	MoveActor,
	/** The hips of the mesh, away from the actor. */
	MoveHips,
	/** Nothing: the character walks on the spot. ConsumeTravel tells how far it would have come. */
	InPlace
};
