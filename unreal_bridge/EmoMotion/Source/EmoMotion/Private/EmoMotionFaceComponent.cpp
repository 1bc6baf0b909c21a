#include "EmoMotionFaceComponent.h"

#include "Components/SkeletalMeshComponent.h"
#include "EmoMotionComponent.h"
#include "EmoMotionSettings.h"
#include "EmoMotionStreams.h"
#include "EmoMotionSubsystem.h"
#include "Engine/World.h"
#include "GameFramework/Actor.h"

namespace
{
	/** A share of the body's feeling that changed by less is not worth a message. */
	constexpr float Step = 0.05f;

	const FName& ShapeName(int32 Shape)
	{
		static const TArray<FName> Names = []()
		{
			TArray<FName> Made;
			for (int32 Each = 0; Each < EmoMotionShapes; ++Each)
			{
				Made.Add(FName(UTF8_TO_TCHAR(em_shape_name(Each))));
			}
			return Made;
		}();
		return Names[Shape];
	}
}

static_assert(EmoMotionShapes == EM_SHAPES && EmoMotionVisemes == EM_VISEMES && EmoMotionEmotions == EM_EMOTIONS, "as the core has them");

UEmoMotionFaceComponent::UEmoMotionFaceComponent()
{
	PrimaryComponentTick.bCanEverTick = true;
	PrimaryComponentTick.bStartWithTickEnabled = false;
	PrimaryComponentTick.TickGroup = TG_PrePhysics;
}

void UEmoMotionFaceComponent::BeginPlay()
{
	Super::BeginPlay();
	if (bStartOnBeginPlay)
	{
		Start();
	}
}

void UEmoMotionFaceComponent::EndPlay(const EEndPlayReason::Type Reason)
{
	Leave();
	Super::EndPlay(Reason);
}

bool UEmoMotionFaceComponent::Start()
{
	Leave();
	FString Problem;
	em_client* Client = EmoMotionClientOf(*this, Problem);
	if (!Client)
	{
		Fail(Problem);
		return false;
	}
	const em_affect Feeling = EmoMotionCoreAffect(Affect);
	em_face_options Options = {};
	Options.wish.affect = &Feeling;
	Options.has_seed = Seed >= 0 ? 1 : 0;
	Options.seed = static_cast<uint64>(Seed);
	Options.fps = FramesPerSecond;
	Options.still = bStill ? 1 : 0;
	Options.reconnect_s = GetDefault<UEmoMotionSettings>()->ReconnectSeconds;

	em_face* Opened = nullptr;
	em_error Error = {};
	if (em_face_open(Client, &Options, &Opened, &Error) != EM_OK)
	{
		Fail(UTF8_TO_TCHAR(Error.message));
		return false;
	}
	Stream = TSharedPtr<em_face>(Opened, [](em_face* Closing) { em_face_close(Closing); });
	ClosingHandle = EmoMotionSubsystemOf(*this)->OnClosing.AddUObject(this, &UEmoMotionFaceComponent::Leave);
	for (float& Share : Told)
	{
		Share = 0.0f;
	}
	SetComponentTickEnabled(true);
	return true;
}

void UEmoMotionFaceComponent::Stop()
{
	Leave();
}

void UEmoMotionFaceComponent::Leave()
{
	SetComponentTickEnabled(false);
	if (UEmoMotionSubsystem* Subsystem = EmoMotionSubsystemOf(*this))
	{
		Subsystem->OnClosing.Remove(ClosingHandle);
	}
	ClosingHandle.Reset();
	Stream.Reset();
	if (Face.IsValid() && bSetMorphTargets)
	{
		// Nobody else would take back what was set.
		FEmoMotionFace Neutral = *Face;
		for (float& Value : Neutral.Values)
		{
			Value = 0.0f;
		}
		SetMorphTargets(Neutral);
	}
	Face.Reset();
}

void UEmoMotionFaceComponent::Fail(const FString& Message)
{
	UE_LOG(LogEmoMotion, Error, TEXT("%s"), *Message);
	Leave();
	OnFailed.Broadcast(Message);
}

void UEmoMotionFaceComponent::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction)
{
	Super::TickComponent(DeltaTime, TickType, ThisTickFunction);
	if (!Stream.IsValid())
	{
		return;
	}
	FollowBody();
	em_face_frame Frame = {};
	em_error Error = {};
	// The clock of sounds, as of the body.
	const em_code Code = em_face_sample(Stream.Get(), GetWorld()->GetAudioTimeSeconds(), &Frame, &Error);
	if (Code == EM_OK)
	{
		const bool bFirst = !Face.IsValid();
		Show(Frame);
		if (bFirst)
		{
			OnStarted.Broadcast();
		}
	}
	else if (Code != EM_NOT_YET)
	{
		Fail(UTF8_TO_TCHAR(Error.message));
	}
}

void UEmoMotionFaceComponent::FollowBody()
{
	const UEmoMotionComponent* Body = bFollowBody ? GetOwner()->FindComponentByClass<UEmoMotionComponent>() : nullptr;
	if (!Body || !Body->IsRunning())
	{
		return;
	}
	em_affect Feeling = {};
	bool bDiffers = false;
	for (int32 Emotion = 0; Emotion < EmoMotionEmotions; ++Emotion)
	{
		const float Share = Body->GetEmotion(static_cast<EEmoMotionEmotion>(Emotion));
		Feeling.weights[Emotion] = Share;
		Feeling.intensity += Share;
		bDiffers |= FMath::Abs(Share - Told[Emotion]) >= Step;
	}
	if (!bDiffers)
	{
		return;
	}
	for (int32 Emotion = 0; Emotion < EmoMotionEmotions; ++Emotion)
	{
		Told[Emotion] = static_cast<float>(Feeling.weights[Emotion]);
	}
	Feeling.intensity = FMath::Min(Feeling.intensity, 1.0);
	em_face_wish Wish = {};
	Wish.affect = &Feeling;
	Tell(Wish);
}

void UEmoMotionFaceComponent::Show(const em_face_frame& Frame)
{
	const TSharedRef<FEmoMotionFace> Shown = MakeShared<FEmoMotionFace>();
	Shown->Names.Reserve(EmoMotionShapes + EmoMotionEmotions);
	Shown->Values.Reserve(EmoMotionShapes + EmoMotionEmotions);
	for (int32 Shape = 0; Shape < EmoMotionShapes; ++Shape)
	{
		const FName& Name = ShapeName(Shape);
		const float* Multiplier = Multipliers.Find(Name);
		const FName* Called = CurveNames.Find(Name);
		const float Value = Frame.shapes[Shape] * Strength * (Multiplier ? *Multiplier : 1.0f);
		Shown->Names.Add(Called ? *Called : Name);
		Shown->Values.Add(FMath::Clamp(Value, 0.0f, 1.0f));
	}
	for (int32 Emotion = 0; Emotion < EmoMotionEmotions; ++Emotion)
	{
		Shown->Names.Add(EmoMotionCurveName(Emotion));
		Shown->Values.Add(static_cast<float>(Frame.affect.weights[Emotion] * Frame.affect.intensity));
	}
	Face = Shown;
	if (bSetMorphTargets)
	{
		SetMorphTargets(*Shown);
	}
}

void UEmoMotionFaceComponent::SetMorphTargets(const FEmoMotionFace& Shown) const
{
	TArray<USkeletalMeshComponent*> Meshes;
	GetOwner()->GetComponents(Meshes);
	for (USkeletalMeshComponent* Mesh : Meshes)
	{
		for (int32 Shape = 0; Shape < EmoMotionShapes; ++Shape)
		{
			Mesh->SetMorphTarget(Shown.Names[Shape], Shown.Values[Shape]);
		}
	}
}

float UEmoMotionFaceComponent::GetShape(FName Name) const
{
	for (int32 Shape = 0; Face.IsValid() && Shape < EmoMotionShapes; ++Shape)
	{
		if (ShapeName(Shape) == Name)
		{
			return Face->Values[Shape];
		}
	}
	return 0.0f;
}

void UEmoMotionFaceComponent::Tell(const em_face_wish& Wish)
{
	em_error Error = {};
	if (Stream.IsValid() && em_face_change(Stream.Get(), &Wish, &Error) != EM_OK)
	{
		// A slip is no reason to lose the face.
		UE_LOG(LogEmoMotion, Warning, TEXT("%s"), UTF8_TO_TCHAR(Error.message));
	}
}

void UEmoMotionFaceComponent::SetAffect(const FEmoMotionAffect& NewAffect)
{
	bFollowBody = false;
	Affect = NewAffect;
	const em_affect Feeling = EmoMotionCoreAffect(Affect);
	em_face_wish Wish = {};
	Wish.affect = &Feeling;
	Tell(Wish);
}

void UEmoMotionFaceComponent::SetEmotion(EEmoMotionEmotion Emotion, float Intensity)
{
	SetAffect(FEmoMotionAffect(Emotion, Intensity));
}

void UEmoMotionFaceComponent::Speak(const TMap<EEmoMotionViseme, float>& Visemes)
{
	double Shares[EmoMotionVisemes] = {};
	for (const TPair<EEmoMotionViseme, float>& Viseme : Visemes)
	{
		Shares[static_cast<int32>(Viseme.Key)] = Viseme.Value;
	}
	em_face_wish Wish = {};
	Wish.visemes = Shares;
	Tell(Wish);
}

void UEmoMotionFaceComponent::Look(float LeftDegrees, float UpDegrees)
{
	em_face_wish Wish = {};
	Wish.set = EM_SET_LOOK_LEFT | EM_SET_LOOK_UP;
	Wish.look_left_deg = LeftDegrees;
	Wish.look_up_deg = UpDegrees;
	Tell(Wish);
}

void UEmoMotionFaceComponent::LookFreely()
{
	em_face_wish Wish = {};
	Wish.set = EM_SET_LOOK_FREELY;
	Tell(Wish);
}
