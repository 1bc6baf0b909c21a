// A live character as a subject of Live Link: for retarget assets, for Sequencer's Take Recorder, for other programs.
#pragma once

#include <atomic>

#include "CoreMinimal.h"
#include "HAL/Runnable.h"
#include "ILiveLinkSource.h"
#include "LiveLinkTypes.h"

class FRunnableThread;
struct em_client;
struct em_drive;
struct em_frame;

/** What a source is to show. Live Link presets keep it as "server=localhost:50051;text=a person walks forward;affect=joy". */
struct EMOMOTIONLIVELINK_API FEmoMotionLiveLinkSettings
{
	FString Server;
	FString Token;
	FString Text = TEXT("a person walks forward");
	FString Affect = TEXT("neutral");
	FString Subject = TEXT("EmoMotion");

	/** Settings of the project for what is not said. */
	static FEmoMotionLiveLinkSettings Parse(const FString& Connection);
};

/** Reads a stream on a thread of its own and pushes every frame, with the nine emotions as properties. */
class EMOMOTIONLIVELINK_API FEmoMotionLiveLinkSource : public ILiveLinkSource, private FRunnable
{
public:
	explicit FEmoMotionLiveLinkSource(FEmoMotionLiveLinkSettings InSettings);
	virtual ~FEmoMotionLiveLinkSource();

	virtual void ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid) override;
	virtual bool IsSourceStillValid() const override { return !bEnded; }
	virtual bool RequestSourceShutdown() override;
	virtual FText GetSourceType() const override;
	virtual FText GetSourceMachineName() const override;
	virtual FText GetSourceStatus() const override;

private:
	virtual uint32 Run() override;
	virtual void Stop() override { bStopping = true; }
	bool Open();
	void PushSkeleton();
	void PushFrame(const em_frame& Frame);
	void SetStatus(const FString& NewStatus);

	const FEmoMotionLiveLinkSettings Settings;
	ILiveLinkClient* Client = nullptr;
	FLiveLinkSubjectKey Subject;
	em_client* Connection = nullptr;
	em_drive* Drive = nullptr;
	FRunnableThread* Thread = nullptr;
	std::atomic<bool> bStopping{false};
	std::atomic<bool> bEnded{false};
	mutable FCriticalSection StatusLock;
	FString Status;
};
