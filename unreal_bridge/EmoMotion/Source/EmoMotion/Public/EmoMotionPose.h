// A pose for one skeletal mesh, as the component hands it to the animation node.
#pragma once

#include "CoreMinimal.h"
#include "EmoMotionTypes.h"

/** Never changes once it is handed out, so worker threads may read it. */
struct FEmoMotionPose
{
	/** Local rotation of every bone of the mesh's reference skeleton that is moved; bones that are not keep what they have. */
	TArray<FQuat> Rotations;
	TBitArray<> Moved;
	/** Bone of the pelvis and its local position, centimetres. */
	int32 Hips = INDEX_NONE;
	FVector HipsPosition = FVector::ZeroVector;
	/** Share of each emotion at its intensity, 0..1, in the order of EEmoMotionEmotion; what is missing to 1 is neutral. */
	float Emotions[EmoMotionEmotions] = {};
};
