// Drop it on an actor with a face: the face shows what the character feels, or what is said here.
#pragma once

#include "Components/ActorComponent.h"
#include "CoreMinimal.h"
#include "EmoMotionFace.h"
#include "EmoMotionTypes.h"
#include "EmoMotionFaceComponent.generated.h"

class UEmoMotionComponent;
class USkeletalMeshComponent;
struct em_face;
struct em_face_frame;
struct em_face_wish;

DECLARE_DYNAMIC_MULTICAST_DELEGATE(FEmoMotionFaceEvent);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FEmoMotionFaceFailed, const FString&, Message);

/**
 * A live face: 52 ARKit-compatible blendshapes, made of a feeling, with blinks and glances. They are shown by the node "Apply
 * EmoMotion Face" of the face's animation blueprint as curves, or without one as morph targets. All functions: game thread; none
 * of them waits for the network.
 */
UCLASS(ClassGroup = (Animation), meta = (BlueprintSpawnableComponent))
class EMOMOTION_API UEmoMotionFaceComponent : public UActorComponent
{
	GENERATED_BODY()

public:
	UEmoMotionFaceComponent();

	/** Whether the face feels what the body shows, where the actor has a running EmoMotion component; else Affect. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion")
	bool bFollowBody = true;

	/** How it feels. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "EmoMotion")
	FEmoMotionAffect Affect;

	/** Strength of the whole face. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion", meta = (ClampMin = "0", ClampMax = "2"))
	float Strength = 1.0f;

	/** Whether it begins with the game; else by Start. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion")
	bool bStartOnBeginPlay = true;

	/** Sets morph targets of the actor's meshes itself: for a face without an animation blueprint. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion")
	bool bSetMorphTargets = false;

	/** What a blendshape of ARKit is called by this face, where it differs by more than case: "mouthSmileLeft" -> "mouthSmile_L". */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	TMap<FName, FName> CurveNames;

	/** How strongly a blendshape answers, by its name of ARKit; 1 where it is not listed, 0 leaves it alone. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	TMap<FName, float> Multipliers;

	/** Frames a second that are asked of the server. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion", meta = (ClampMin = "10", ClampMax = "120"))
	float FramesPerSecond = 60.0f;

	/** No blinks, glances and swaying of its own. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	bool bStill = false;

	/** The same seed blinks at the same moments; below 0 the server draws one. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	int64 Seed = -1;

	/** The first frame has come. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionFaceEvent OnStarted;
	/** It cannot go on; Message says what is wrong and what to do. The log has it, too. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionFaceFailed OnFailed;

	/** Begin, or begin anew. False if that cannot work; OnFailed has said why. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	bool Start();
	/** End. The face goes back to its own animation. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void Stop();
	/** Whether it has begun and not ended. */
	UFUNCTION(BlueprintPure, Category = "EmoMotion")
	bool IsRunning() const { return Stream.IsValid(); }

	/** Feel something else, and no longer what the body feels. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetAffect(const FEmoMotionAffect& NewAffect);
	/** Feel one emotion, and no longer what the body feels. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetEmotion(EEmoMotionEmotion Emotion, float Intensity = 0.7f);
	/** What the mouth says from now on, shares 0..1; none: it is silent. Call it as your speech's visemes change. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void Speak(const TMap<EEmoMotionViseme, float>& Visemes);
	/** Look somewhere, relative to the head: to the face's own left (-60..60) and up (-40..40), degrees. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void Look(float LeftDegrees, float UpDegrees);
	/** Let the eyes wander again. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void LookFreely();
	/** Value of a blendshape in what is shown, by its name of ARKit, 0..1; for materials and sound. */
	UFUNCTION(BlueprintPure, Category = "EmoMotion")
	float GetShape(FName Name) const;

	/** What is shown; null before the first frame and after the end. Game thread; the face itself may be read anywhere. */
	TSharedPtr<const FEmoMotionFace> GetFace() const { return Face; }

	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type Reason) override;
	virtual void TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction) override;

private:
	void FollowBody();
	void Show(const em_face_frame& Frame);
	void SetMorphTargets(const FEmoMotionFace& Shown) const;
	void Tell(const em_face_wish& Wish);
	void Fail(const FString& Message);
	void Leave();

	TSharedPtr<em_face> Stream;
	TSharedPtr<const FEmoMotionFace> Face;
	FDelegateHandle ClosingHandle;
	/** What the face was last told of the body's feeling: share of each emotion at its intensity. */
	float Told[EmoMotionEmotions] = {};
};
