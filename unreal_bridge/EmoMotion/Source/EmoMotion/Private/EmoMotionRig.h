// A skeletal mesh as the core sees it.
#pragma once

#include "CoreMinimal.h"
#include "EmoMotionPose.h"
#include "emomotion.h"

class USkeletalMesh;

/** Turns poses of the stream into poses of one mesh. */
class FEmoMotionRig
{
public:
	/**
	 * BoneNames says which bone a joint moves where its name does not tell; Axes is the space of the mesh. Null, and Problem says why,
	 * where the skeleton lacks a bone that a body needs.
	 */
	static TSharedPtr<FEmoMotionRig> Create(
		const USkeletalMesh& Mesh, const em_skeleton& Skeleton, const TMap<FName, FName>& BoneNames, em_axes Axes, FString& Problem);
	~FEmoMotionRig();

	TSharedRef<const FEmoMotionPose> Pose(const em_frame& Frame, em_travel Travel) const;
	/** Where the body stands over the ground, centimetres in the space of the mesh. */
	FVector Way(const em_pose& Pose) const;

private:
	em_rig* Rig = nullptr;
	int32 BoneCount = 0;
	int32 Hips = INDEX_NONE;
	TBitArray<> Moved;
};
