#include "AnimNode_ApplyEmoMotionFace.h"

#include "Animation/AnimInstance.h"
#include "Animation/AnimInstanceProxy.h"
#include "EmoMotionFaceComponent.h"
#include "GameFramework/Actor.h"

void FAnimNode_ApplyEmoMotionFace::Initialize_AnyThread(const FAnimationInitializeContext& Context)
{
	FAnimNode_Base::Initialize_AnyThread(Context);
	Source.Initialize(Context);
}

void FAnimNode_ApplyEmoMotionFace::CacheBones_AnyThread(const FAnimationCacheBonesContext& Context)
{
	Source.CacheBones(Context);
}

void FAnimNode_ApplyEmoMotionFace::PreUpdate(const UAnimInstance* InAnimInstance)
{
	const AActor* Owner = InAnimInstance->GetOwningActor();
	const UEmoMotionFaceComponent* Component = Owner ? Owner->FindComponentByClass<UEmoMotionFaceComponent>() : nullptr;
	Face = Component ? Component->GetFace() : nullptr;
}

void FAnimNode_ApplyEmoMotionFace::Update_AnyThread(const FAnimationUpdateContext& Context)
{
	GetEvaluateGraphExposedInputs().Execute(Context);
	Source.Update(Context);
}

void FAnimNode_ApplyEmoMotionFace::Evaluate_AnyThread(FPoseContext& Output)
{
	Source.Evaluate(Output);
	if (!Face.IsValid() || Alpha <= 0.0f)
	{
		return;
	}
	for (int32 Curve = 0; Curve < Face->Names.Num(); ++Curve)
	{
		const FName& Name = Face->Names[Curve];
		Output.Curve.Set(Name, FMath::Lerp(Output.Curve.Get(Name), Face->Values[Curve], Alpha));
	}
}

void FAnimNode_ApplyEmoMotionFace::GatherDebugData(FNodeDebugData& DebugData)
{
	const TCHAR* State = Face.IsValid() ? TEXT("live") : TEXT("no frame");
	DebugData.AddDebugItem(FString::Printf(TEXT("%s (%s)"), *DebugData.GetNodeName(this), State));
	Source.GatherDebugData(DebugData);
}
