// The node of an animation blueprint that shows the face of the actor's face component as curves.
#pragma once

#include "Animation/AnimNodeBase.h"
#include "CoreMinimal.h"
#include "EmoMotionFace.h"
#include "AnimNode_ApplyEmoMotionFace.generated.h"

/**
 * Writes 52 ARKit-compatible curves, such as "jawOpen", over those that come in; morph targets of the same name follow them. Case
 * does not matter, so that it also stands where Live Link Face would: before the mapping pose of a MetaHuman's face. Without a
 * running UEmoMotionFaceComponent on the actor the curves go through as they are. Writes the emotions, too, as EmoMotion_Joy and so on.
 */
USTRUCT(BlueprintInternalUseOnly)
struct EMOMOTION_API FAnimNode_ApplyEmoMotionFace : public FAnimNode_Base
{
	GENERATED_BODY()

	/** What is below. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Links")
	FPoseLink Source;

	/** How much of the live face is shown over the curves that come in. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Settings", meta = (PinShownByDefault, ClampMin = "0", ClampMax = "1"))
	float Alpha = 1.0f;

	virtual void Initialize_AnyThread(const FAnimationInitializeContext& Context) override;
	virtual void CacheBones_AnyThread(const FAnimationCacheBonesContext& Context) override;
	virtual void Update_AnyThread(const FAnimationUpdateContext& Context) override;
	virtual void Evaluate_AnyThread(FPoseContext& Output) override;
	virtual void GatherDebugData(FNodeDebugData& DebugData) override;
	virtual bool HasPreUpdate() const override { return true; }
	/** On the game thread: takes the face over, which from then on no one changes. */
	virtual void PreUpdate(const UAnimInstance* InAnimInstance) override;

private:
	TSharedPtr<const FEmoMotionFace> Face;
};
