#include "AnimNode_ApplyEmoMotionPose.h"

#include "Animation/AnimInstance.h"
#include "Animation/AnimInstanceProxy.h"
#include "Components/SkeletalMeshComponent.h"
#include "EmoMotionComponent.h"
#include "GameFramework/Actor.h"

void FAnimNode_ApplyEmoMotionPose::Initialize_AnyThread(const FAnimationInitializeContext& Context)
{
	FAnimNode_Base::Initialize_AnyThread(Context);
	Source.Initialize(Context);
}

void FAnimNode_ApplyEmoMotionPose::CacheBones_AnyThread(const FAnimationCacheBonesContext& Context)
{
	Source.CacheBones(Context);
}

void FAnimNode_ApplyEmoMotionPose::PreUpdate(const UAnimInstance* InAnimInstance)
{
	const AActor* Owner = InAnimInstance->GetOwningActor();
	const UEmoMotionComponent* Component = Owner ? Owner->FindComponentByClass<UEmoMotionComponent>() : nullptr;
	Pose = Component ? Component->GetPose(InAnimInstance->GetSkelMeshComponent()) : nullptr;
}

void FAnimNode_ApplyEmoMotionPose::Update_AnyThread(const FAnimationUpdateContext& Context)
{
	GetEvaluateGraphExposedInputs().Execute(Context);
	Source.Update(Context);
}

void FAnimNode_ApplyEmoMotionPose::Evaluate_AnyThread(FPoseContext& Output)
{
	Source.Evaluate(Output);
	if (!Pose.IsValid() || Alpha <= 0.0f)
	{
		return;
	}
	const FBoneContainer& Bones = Output.Pose.GetBoneContainer();
	// A level of detail may have fewer bones than the mesh; those that are gone are left out.
	for (const FCompactPoseBoneIndex Index : Output.Pose.ForEachBoneIndex())
	{
		const int32 Bone = Bones.MakeMeshPoseIndex(Index).GetInt();
		if (!Pose->Moved.IsValidIndex(Bone) || !Pose->Moved[Bone])
		{
			continue;
		}
		FTransform& Local = Output.Pose[Index];
		Local.SetRotation(FQuat::Slerp(Local.GetRotation(), Pose->Rotations[Bone], Alpha));
		if (Bone == Pose->Hips)
		{
			Local.SetTranslation(FMath::Lerp(Local.GetTranslation(), Pose->HipsPosition, Alpha));
		}
	}
	if (bEmotionCurves)
	{
		for (int32 Emotion = 0; Emotion < EmoMotionEmotions; ++Emotion)
		{
			Output.Curve.Set(EmoMotionCurveName(Emotion), Alpha * Pose->Emotions[Emotion]);
		}
	}
}

void FAnimNode_ApplyEmoMotionPose::GatherDebugData(FNodeDebugData& DebugData)
{
	const TCHAR* State = Pose.IsValid() ? TEXT("live") : TEXT("no frame");
	DebugData.AddDebugItem(FString::Printf(TEXT("%s (%s)"), *DebugData.GetNodeName(this), State));
	Source.GatherDebugData(DebugData);
}
