// Drop it on an actor with a skeletal mesh: the character does and feels what is said here.
#pragma once

#include "Components/ActorComponent.h"
#include "CoreMinimal.h"
#include "EmoMotionPose.h"
#include "EmoMotionTypes.h"
#include "EmoMotionComponent.generated.h"

class FEmoMotionRig;
class USkeletalMeshComponent;
struct em_drive;
struct em_frame;
struct em_wish;

DECLARE_DYNAMIC_MULTICAST_DELEGATE(FEmoMotionEvent);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FEmoMotionFailed, const FString&, Message);

/**
 * A live character. Its mesh's animation blueprint needs the node "Apply EmoMotion Pose". All functions: game thread; none of
 * them waits for the network. What is changed while the character runs shows in its next frames.
 */
UCLASS(ClassGroup = (Animation), meta = (BlueprintSpawnableComponent))
class EMOMOTION_API UEmoMotionComponent : public UActorComponent
{
	GENERATED_BODY()

public:
	UEmoMotionComponent();

	/** What the character does, in English. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "EmoMotion", meta = (MultiLine = "true"))
	FString Text = TEXT("a person walks forward");

	/** How it feels. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "EmoMotion")
	FEmoMotionAffect Affect;

	/** Pace; 1 is as generated. */
	UPROPERTY(EditAnywhere, BlueprintReadOnly, Category = "EmoMotion", meta = (ClampMin = "0.5", ClampMax = "1.5"))
	float Speed = 1.0f;

	/** Whether it begins with the game; else by Start. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion")
	bool bStartOnBeginPlay = true;

	/** What follows its way over the ground. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "EmoMotion")
	EEmoMotionTravel Travel = EEmoMotionTravel::MoveActor;

	/** The same seed begins with the same motion; below 0 the server draws one. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	int64 Seed = -1;

	/** Way to decode, by a name that `emomotion info` lists; empty for the best one that is quick enough. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	FString Plan;

	/** Name of the skeletal mesh component to move; none for the actor's first one. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	FName MeshName;

	/**
	 * Bones for joints whose names tell nothing: "left_knee" -> "Bip_Shin_L". The 22 joints are listed in docs/unreal.md; mannequins,
	 * MetaHumans, Mixamo and VRM need none. A joint with None moves nothing.
	 */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	TMap<FName, FName> BoneNames;

	/** Whether the mesh faces +X in its own space; mannequins and most imported characters face +Y. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, AdvancedDisplay, Category = "EmoMotion")
	bool bMeshFacesX = false;

	/** The first frame has come. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionEvent OnStarted;
	/** The server was lost; the character holds its pose and looks for it. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionEvent OnLost;
	/** The server was found again. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionEvent OnFound;
	/** It ended, as Stop asked. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionEvent OnEnded;
	/** It cannot go on; Message says what is wrong and what to do. The log has it, too. */
	UPROPERTY(BlueprintAssignable, Category = "EmoMotion")
	FEmoMotionFailed OnFailed;

	/** Begin, or begin anew. False if that cannot work; OnFailed has said why. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	bool Start();
	/** End. The mesh goes back to its own animation. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void Stop();
	/** Whether it has begun and not ended. */
	UFUNCTION(BlueprintPure, Category = "EmoMotion")
	bool IsRunning() const { return Drive.IsValid(); }

	/** Do something else. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetText(const FString& NewText);
	/** Feel something else. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetAffect(const FEmoMotionAffect& NewAffect);
	/** Feel one emotion. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetEmotion(EEmoMotionEmotion Emotion, float Intensity = 0.7f);
	/** Go faster or slower, 0.5..1.5. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetSpeed(float NewSpeed);
	/** Walk in a direction of the world and face it. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void SetDirection(const FVector& WorldDirection);
	/** Walk along points of the world, two or more; behind the last one it goes straight on. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void WalkAlong(const TArray<FVector>& WorldPoints);
	/** No longer steered. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	void WalkFreely();

	/** How far it has come since this was last asked, in the world: for Travel In Place with a movement component of your own. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	FVector ConsumeTravel();
	/** What is felt in the frame that is shown: share of this emotion at its intensity, 0..1. */
	UFUNCTION(BlueprintPure, Category = "EmoMotion")
	float GetEmotion(EEmoMotionEmotion Emotion) const;

	/** The pose for this mesh; null before the first frame and after the end. Game thread; the pose itself may be read anywhere. */
	TSharedPtr<const FEmoMotionPose> GetPose(const USkeletalMeshComponent* Mesh) const;

	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type Reason) override;
	virtual void TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction) override;

private:
	USkeletalMeshComponent* FindMesh() const;
	bool MakeRig();
	void Show(const em_frame& Frame);
	void Tell(const em_wish& Wish);
	void Fail(const FString& Message);
	void Leave();
	FVector ToStream(const FVector& World) const;

	TSharedPtr<em_drive> Drive;
	TSharedPtr<FEmoMotionRig> Rig;
	TSharedPtr<const FEmoMotionPose> Pose;
	TWeakObjectPtr<USkeletalMeshComponent> Mesh;
	FDelegateHandle ClosingHandle;
	/** Where the stream's ground lies in the world: the mesh when the character began. */
	FTransform Origin;
	FVector LastWay = FVector::ZeroVector;
	FVector Travelled = FVector::ZeroVector;
	bool bLost = false;
};
