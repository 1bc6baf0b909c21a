#include "EmoMotionLiveLinkSource.h"

#include "EmoMotionSettings.h"
#include "EmoMotionSubsystem.h"
#include "HAL/PlatformTime.h"
#include "HAL/RunnableThread.h"
#include "ILiveLinkClient.h"
#include "Misc/ScopeLock.h"
#include "Roles/LiveLinkAnimationRole.h"
#include "Roles/LiveLinkAnimationTypes.h"
#include "emomotion.h"

#define LOCTEXT_NAMESPACE "EmoMotion"

FEmoMotionLiveLinkSettings FEmoMotionLiveLinkSettings::Parse(const FString& Connection)
{
	FEmoMotionLiveLinkSettings Out;
	const UEmoMotionSettings* Project = GetDefault<UEmoMotionSettings>();
	Out.Server = Project->Server;
	Out.Token = Project->Token;
	TArray<FString> Parts;
	Connection.ParseIntoArray(Parts, TEXT(";"));
	for (const FString& Part : Parts)
	{
		FString Key, Value;
		if (!Part.Split(TEXT("="), &Key, &Value))
		{
			continue;
		}
		if (Key == TEXT("server")) { Out.Server = Value; }
		else if (Key == TEXT("text")) { Out.Text = Value; }
		else if (Key == TEXT("affect")) { Out.Affect = Value; }
		else if (Key == TEXT("subject")) { Out.Subject = Value; }
		else
		{
			UE_LOG(LogEmoMotion, Warning, TEXT("'%s' is no setting of an EmoMotion source; known: server, text, affect, subject"), *Key);
		}
	}
	return Out;
}

FEmoMotionLiveLinkSource::FEmoMotionLiveLinkSource(FEmoMotionLiveLinkSettings InSettings)
	: Settings(MoveTemp(InSettings))
{
}

FEmoMotionLiveLinkSource::~FEmoMotionLiveLinkSource()
{
	RequestSourceShutdown();
}

void FEmoMotionLiveLinkSource::ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid)
{
	Client = InClient;
	Subject = FLiveLinkSubjectKey(InSourceGuid, FName(*Settings.Subject));
	if (Open())
	{
		Thread = FRunnableThread::Create(this, TEXT("EmoMotionLiveLink"));
	}
}

bool FEmoMotionLiveLinkSource::Open()
{
	const FTCHARToUTF8 Server(*Settings.Server), Token(*Settings.Token), Text(*Settings.Text), Affect(*Settings.Affect);
	em_error Error = {};
	em_affect Feeling = {};
	em_connection How = {};
	How.server = Server.Get();
	How.token = Settings.Token.IsEmpty() ? nullptr : Token.Get();
	How.tls = GetDefault<UEmoMotionSettings>()->bTls ? 1 : 0;
	em_drive_options Options = {};
	Options.wish.text = Text.Get();
	Options.wish.affect = &Feeling;
	Options.reconnect_s = GetDefault<UEmoMotionSettings>()->ReconnectSeconds;
	if (em_affect_of(Affect.Get(), &Feeling, &Error) == EM_OK && em_connect(&How, &Connection, &Error) == EM_OK
		&& em_drive_open(Connection, &Options, &Drive, &Error) == EM_OK)
	{
		SetStatus(TEXT("connecting"));
		return true;
	}
	SetStatus(UTF8_TO_TCHAR(Error.message));
	return false;
}

uint32 FEmoMotionLiveLinkSource::Run()
{
	bool bSkeletonPushed = false;
	while (!bStopping)
	{
		em_frame Frame = {};
		em_error Error = {};
		const em_code Code = em_drive_next(Drive, 0.2, &Frame, &Error);
		if (Code == EM_NOT_YET)
		{
			SetStatus(UTF8_TO_TCHAR(Error.message));
			continue;
		}
		if (Code != EM_OK)
		{
			SetStatus(UTF8_TO_TCHAR(Error.message));
			bEnded = true;
			break;
		}
		if (!bSkeletonPushed)
		{
			PushSkeleton();
			bSkeletonPushed = true;
		}
		PushFrame(Frame);
		SetStatus(TEXT("receiving"));
	}
	return 0;
}

void FEmoMotionLiveLinkSource::PushSkeleton()
{
	FLiveLinkStaticDataStruct Data(FLiveLinkSkeletonStaticData::StaticStruct());
	FLiveLinkSkeletonStaticData& Skeleton = *Data.Cast<FLiveLinkSkeletonStaticData>();
	TArray<FName> Names;
	TArray<int32> Parents;
	for (int32 Joint = 0; Joint < EM_JOINTS; ++Joint)
	{
		Names.Add(FName(UTF8_TO_TCHAR(em_joint_name(Joint))));
		Parents.Add(em_joint_parent(Joint));
	}
	Skeleton.SetBoneNames(Names);
	Skeleton.SetBoneParents(Parents);
	for (int32 Emotion = 0; Emotion < EM_EMOTIONS; ++Emotion)
	{
		Skeleton.PropertyNames.Add(FName(UTF8_TO_TCHAR(em_emotion_name(Emotion))));
	}
	Client->PushSubjectStaticData_AnyThread(Subject, ULiveLinkAnimationRole::StaticClass(), MoveTemp(Data));
}

void FEmoMotionLiveLinkSource::PushFrame(const em_frame& Frame)
{
	em_drive_header Header = {};
	em_drive_get_header(Drive, &Header);
	float Offsets[EM_JOINTS * 3], Rotations[EM_JOINTS * 4];
	// Local rotations and offsets convert by the same formula as those of the world.
	em_convert_points(EM_AXES_UNREAL_COMPONENT, Header.skeleton.rest_offsets, Offsets, EM_JOINTS);
	em_convert_points(EM_AXES_UNREAL_COMPONENT, Frame.pose.root, Offsets, 1);
	em_convert_rotations(EM_AXES_UNREAL_COMPONENT, Frame.pose.rotations, Rotations, EM_JOINTS);

	FLiveLinkFrameDataStruct Data(FLiveLinkAnimationFrameData::StaticStruct());
	FLiveLinkAnimationFrameData& Pose = *Data.Cast<FLiveLinkAnimationFrameData>();
	Pose.WorldTime = FLiveLinkWorldTime(FPlatformTime::Seconds());
	for (int32 Joint = 0; Joint < EM_JOINTS; ++Joint)
	{
		const float* Q = Rotations + 4 * Joint;
		const float* P = Offsets + 3 * Joint;
		Pose.Transforms.Add(FTransform(FQuat(Q[0], Q[1], Q[2], Q[3]), FVector(P[0], P[1], P[2])));
	}
	for (const double Weight : Frame.affect.weights)
	{
		Pose.PropertyValues.Add(static_cast<float>(Weight * Frame.affect.intensity));
	}
	Client->PushSubjectFrameData_AnyThread(Subject, MoveTemp(Data));
}

bool FEmoMotionLiveLinkSource::RequestSourceShutdown()
{
	if (Thread)
	{
		Thread->Kill(/*bShouldWait=*/true);
		delete Thread;
		Thread = nullptr;
	}
	em_drive_close(Drive);
	em_close(Connection);
	Drive = nullptr;
	Connection = nullptr;
	return true;
}

void FEmoMotionLiveLinkSource::SetStatus(const FString& NewStatus)
{
	const FScopeLock Lock(&StatusLock);
	Status = NewStatus;
}

FText FEmoMotionLiveLinkSource::GetSourceType() const
{
	return LOCTEXT("SourceType", "EmoMotion");
}

FText FEmoMotionLiveLinkSource::GetSourceMachineName() const
{
	return FText::FromString(Settings.Server);
}

FText FEmoMotionLiveLinkSource::GetSourceStatus() const
{
	const FScopeLock Lock(&StatusLock);
	return FText::FromString(Status);
}

#undef LOCTEXT_NAMESPACE
