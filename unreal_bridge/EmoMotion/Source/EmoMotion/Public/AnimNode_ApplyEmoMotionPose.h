// The node of an animation blueprint that shows what the component of the actor is doing.
#pragma once

#include "Animation/AnimNodeBase.h"
#include "CoreMinimal.h"
#include "EmoMotionPose.h"
#include "AnimNode_ApplyEmoMotionPose.generated.h"

/**
 * Lays the live pose over the one that comes in; bones that the stream does not move (fingers, face, weapons) keep theirs. Without
 * a running UEmoMotionComponent on the actor the pose goes through as it is.
 * Writes the curves EmoMotion_Joy, EmoMotion_Sadness and so on, 0..1, for morph targets, materials and control rigs.
 */
USTRUCT(BlueprintInternalUseOnly)
struct EMOMOTION_API FAnimNode_ApplyEmoMotionPose : public FAnimNode_Base
{
	GENERATED_BODY()

	/** What is below: an idle animation, for the bones that are not moved and for the time before the first frame. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Links")
	FPoseLink Source;

	/** How much of the live pose is shown. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Settings", meta = (PinShownByDefault, ClampMin = "0", ClampMax = "1"))
	float Alpha = 1.0f;

	/** Whether the emotion curves are written. */
	UPROPERTY(EditAnywhere, Category = "Settings")
	bool bEmotionCurves = true;

	virtual void Initialize_AnyThread(const FAnimationInitializeContext& Context) override;
	virtual void CacheBones_AnyThread(const FAnimationCacheBonesContext& Context) override;
	virtual void Update_AnyThread(const FAnimationUpdateContext& Context) override;
	virtual void Evaluate_AnyThread(FPoseContext& Output) override;
	virtual void GatherDebugData(FNodeDebugData& DebugData) override;
	virtual bool HasPreUpdate() const override { return true; }
	/** On the game thread: takes the pose over, which from then on no one changes. */
	virtual void PreUpdate(const UAnimInstance* InAnimInstance) override;

private:
	TSharedPtr<const FEmoMotionPose> Pose;
};
