#include "EmoMotionComponent.h"

#include "Components/SkeletalMeshComponent.h"
#include "EmoMotionRig.h"
#include "EmoMotionSettings.h"
#include "EmoMotionStreams.h"
#include "EmoMotionSubsystem.h"
#include "Engine/World.h"
#include "GameFramework/Actor.h"

UEmoMotionComponent::UEmoMotionComponent()
{
	PrimaryComponentTick.bCanEverTick = true;
	PrimaryComponentTick.bStartWithTickEnabled = false;
	PrimaryComponentTick.TickGroup = TG_PrePhysics;
}

void UEmoMotionComponent::BeginPlay()
{
	Super::BeginPlay();
	if (bStartOnBeginPlay)
	{
		Start();
	}
}

void UEmoMotionComponent::EndPlay(const EEndPlayReason::Type Reason)
{
	Leave();
	Super::EndPlay(Reason);
}

USkeletalMeshComponent* UEmoMotionComponent::FindMesh() const
{
	TArray<USkeletalMeshComponent*> Found;
	GetOwner()->GetComponents(Found);
	for (USkeletalMeshComponent* Candidate : Found)
	{
		if (MeshName.IsNone() || Candidate->GetFName() == MeshName)
		{
			return Candidate;
		}
	}
	return nullptr;
}

bool UEmoMotionComponent::Start()
{
	Leave();
	USkeletalMeshComponent* Found = FindMesh();
	if (!Found || !Found->GetSkeletalMeshAsset())
	{
		Fail(FString::Printf(
			TEXT("%s has no skeletal mesh %s to move; add one, or set MeshName"), *GetOwner()->GetName(), *MeshName.ToString()));
		return false;
	}
	FString Problem;
	em_client* Client = EmoMotionClientOf(*this, Problem);
	if (!Client)
	{
		Fail(Problem);
		return false;
	}

	const FTCHARToUTF8 TextText(*Text), PlanText(*Plan);
	const em_affect Feeling = EmoMotionCoreAffect(Affect);
	em_drive_options Options = {};
	Options.wish.text = TextText.Get();
	Options.wish.affect = &Feeling;
	Options.wish.set = EM_SET_SPEED;
	Options.wish.speed = Speed;
	Options.has_seed = Seed >= 0 ? 1 : 0;
	Options.seed = static_cast<uint64>(Seed);
	Options.plan = Plan.IsEmpty() ? nullptr : PlanText.Get();
	Options.reconnect_s = GetDefault<UEmoMotionSettings>()->ReconnectSeconds;

	em_drive* Opened = nullptr;
	em_error Error = {};
	if (em_drive_open(Client, &Options, &Opened, &Error) != EM_OK)
	{
		Fail(UTF8_TO_TCHAR(Error.message));
		return false;
	}
	Drive = TSharedPtr<em_drive>(Opened, [](em_drive* Closing) { em_drive_close(Closing); });
	ClosingHandle = EmoMotionSubsystemOf(*this)->OnClosing.AddUObject(this, &UEmoMotionComponent::Leave);
	Mesh = Found;
	Origin = Found->GetComponentTransform();
	Found->AddTickPrerequisiteComponent(this);  // the pose must be there when the mesh asks for it
	SetComponentTickEnabled(true);
	return true;
}

void UEmoMotionComponent::Stop()
{
	if (Drive.IsValid())
	{
		em_drive_end(Drive.Get());
		Leave();
		OnEnded.Broadcast();
	}
}

void UEmoMotionComponent::Leave()
{
	SetComponentTickEnabled(false);
	if (UEmoMotionSubsystem* Subsystem = EmoMotionSubsystemOf(*this))
	{
		Subsystem->OnClosing.Remove(ClosingHandle);
	}
	ClosingHandle.Reset();
	if (USkeletalMeshComponent* Left = Mesh.Get())
	{
		Left->RemoveTickPrerequisiteComponent(this);
	}
	Drive.Reset();
	Rig.Reset();
	Pose.Reset();
	Mesh.Reset();
	LastWay = Travelled = FVector::ZeroVector;
	bLost = false;
}

void UEmoMotionComponent::Fail(const FString& Message)
{
	UE_LOG(LogEmoMotion, Error, TEXT("%s"), *Message);
	Leave();
	OnFailed.Broadcast(Message);
}

bool UEmoMotionComponent::MakeRig()
{
	em_drive_header Header = {};
	if (em_drive_get_header(Drive.Get(), &Header) != EM_OK || !Mesh.IsValid())
	{
		return false;
	}
	FString Problem;
	Rig = FEmoMotionRig::Create(*Mesh->GetSkeletalMeshAsset(), Header.skeleton, BoneNames,
		bMeshFacesX ? EM_AXES_UNREAL : EM_AXES_UNREAL_COMPONENT, Problem);
	if (!Rig.IsValid())
	{
		Fail(Problem);
		return false;
	}
	OnStarted.Broadcast();
	return Rig.IsValid();  // whoever was told may have stopped it
}

void UEmoMotionComponent::TickComponent(float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction)
{
	Super::TickComponent(DeltaTime, TickType, ThisTickFunction);
	if (!Drive.IsValid())
	{
		return;
	}
	em_frame Frame = {};
	em_error Error = {};
	// The clock of sounds: it stands still in a paused game, and slow motion does not slow the server down.
	const em_code Code = em_drive_sample(Drive.Get(), GetWorld()->GetAudioTimeSeconds(), &Frame, &Error);
	if (Code != EM_OK && Code != EM_NOT_YET)
	{
		if (Code == EM_ENDED)
		{
			Leave();
			OnEnded.Broadcast();
		}
		else
		{
			Fail(UTF8_TO_TCHAR(Error.message));
		}
		return;
	}
	if (Code == EM_OK && (Rig.IsValid() || MakeRig()))
	{
		Show(Frame);
	}
	em_drive_state State = {};
	if (!Drive.IsValid())
	{
		return;
	}
	em_drive_get_state(Drive.Get(), &State);
	const bool bNowLost = Rig.IsValid() && !State.connected;
	if (bNowLost != bLost)
	{
		bLost = bNowLost;
		(bLost ? OnLost : OnFound).Broadcast();
	}
}

void UEmoMotionComponent::Show(const em_frame& Frame)
{
	Pose = Rig->Pose(Frame, Travel == EEmoMotionTravel::MoveHips ? EM_TRAVEL_HIPS : EM_TRAVEL_NONE);
	const FVector Way = Rig->Way(Frame.pose);
	const FVector Step = Origin.TransformVector(Way - LastWay);
	LastWay = Way;
	Travelled += Step;
	if (Travel == EEmoMotionTravel::MoveActor)
	{
		GetOwner()->AddActorWorldOffset(Step, /*bSweep=*/true);
	}
}

FVector UEmoMotionComponent::ConsumeTravel()
{
	const FVector Out = Travelled;
	Travelled = FVector::ZeroVector;
	return Out;
}

float UEmoMotionComponent::GetEmotion(EEmoMotionEmotion Emotion) const
{
	return Pose.IsValid() ? Pose->Emotions[static_cast<int32>(Emotion)] : 0.0f;
}

TSharedPtr<const FEmoMotionPose> UEmoMotionComponent::GetPose(const USkeletalMeshComponent* Asking) const
{
	return Mesh.Get() == Asking ? Pose : nullptr;
}

void UEmoMotionComponent::Tell(const em_wish& Wish)
{
	em_error Error = {};
	if (Drive.IsValid() && em_drive_change(Drive.Get(), &Wish, &Error) != EM_OK)
	{
		// A slip is no reason to lose the character.
		UE_LOG(LogEmoMotion, Warning, TEXT("%s"), UTF8_TO_TCHAR(Error.message));
	}
}

void UEmoMotionComponent::SetText(const FString& NewText)
{
	Text = NewText;
	const FTCHARToUTF8 TextText(*Text);
	em_wish Wish = {};
	Wish.text = TextText.Get();
	Tell(Wish);
}

void UEmoMotionComponent::SetAffect(const FEmoMotionAffect& NewAffect)
{
	Affect = NewAffect;
	const em_affect Feeling = EmoMotionCoreAffect(Affect);
	em_wish Wish = {};
	Wish.affect = &Feeling;
	Tell(Wish);
}

void UEmoMotionComponent::SetEmotion(EEmoMotionEmotion Emotion, float Intensity)
{
	SetAffect(FEmoMotionAffect(Emotion, Intensity));
}

void UEmoMotionComponent::SetSpeed(float NewSpeed)
{
	Speed = NewSpeed;
	em_wish Wish = {};
	Wish.set = EM_SET_SPEED;
	Wish.speed = Speed;
	Tell(Wish);
}

FVector UEmoMotionComponent::ToStream(const FVector& World) const
{
	// Of the mesh's space, without its scale: X to the left and Y ahead; the stream has X to the left and Z ahead.
	const FVector Local = Origin.InverseTransformVectorNoScale(World);
	return bMeshFacesX ? FVector(-Local.Y, Local.X, Local.Z) : Local;
}

void UEmoMotionComponent::SetDirection(const FVector& WorldDirection)
{
	const FVector Direction = ToStream(WorldDirection);
	em_wish Wish = {};
	Wish.set = EM_SET_HEADING;
	Wish.heading = FMath::Atan2(Direction.X, Direction.Y);
	Tell(Wish);
}

void UEmoMotionComponent::WalkAlong(const TArray<FVector>& WorldPoints)
{
	// The stream's body is smaller or larger than the mesh: what is a metre there is Scale metres here.
	double Scale = 1.0;
	if (Rig.IsValid())
	{
		em_pose Here = {}, There = {};
		There.root[2] = 1.0f;
		Scale = FMath::Max((Rig->Way(There) - Rig->Way(Here)).Size() / 100.0, 0.01) * Origin.GetMaximumAxisScale();
	}
	TArray<double> Points;
	for (const FVector& World : WorldPoints)
	{
		const FVector Point = ToStream(World - Origin.GetLocation()) / (100.0 * Scale);
		Points.Add(Point.X);
		Points.Add(Point.Y);
	}
	em_wish Wish = {};
	Wish.path = Points.GetData();
	Wish.path_count = static_cast<uint32>(WorldPoints.Num());
	Tell(Wish);
}

void UEmoMotionComponent::WalkFreely()
{
	em_wish Wish = {};
	Wish.set = EM_SET_FREE;
	Tell(Wish);
}
