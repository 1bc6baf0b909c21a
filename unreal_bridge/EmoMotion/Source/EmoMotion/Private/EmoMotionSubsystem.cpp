#include "EmoMotionSubsystem.h"

#include "Async/Async.h"
#include "EmoMotionSettings.h"
#include "Misc/Paths.h"
#include "emomotion.h"

DEFINE_LOG_CATEGORY(LogEmoMotion);

bool UEmoMotionSubsystem::Connect(const FString& Server, const FString& Token)
{
	Close();
	return Open(Server, Token);
}

em_client* UEmoMotionSubsystem::GetClient()
{
	if (!Client.IsValid() && Problem.IsEmpty())
	{
		const UEmoMotionSettings* Settings = GetDefault<UEmoMotionSettings>();
		Open(Settings->Server, Settings->Token);
	}
	return Client.Get();
}

bool UEmoMotionSubsystem::Open(const FString& Server, const FString& Token)
{
	const UEmoMotionSettings* Settings = GetDefault<UEmoMotionSettings>();
	const FTCHARToUTF8 ServerText(*Server), TokenText(*Token);
	const FString CaPath = Settings->TlsCa.IsEmpty()
		? FString()
		: FPaths::ConvertRelativePathToFull(FPaths::ProjectDir(), Settings->TlsCa);
	const FTCHARToUTF8 CaText(*CaPath);

	em_connection How = {};
	How.server = ServerText.Get();
	How.token = Token.IsEmpty() ? nullptr : TokenText.Get();
	How.tls = Settings->bTls ? 1 : 0;
	How.tls_ca = Settings->bTls && !CaPath.IsEmpty() ? CaText.Get() : nullptr;

	em_client* Opened = nullptr;
	em_error Error = {};
	if (em_connect(&How, &Opened, &Error) != EM_OK)
	{
		Problem = UTF8_TO_TCHAR(Error.message);
		UE_LOG(LogEmoMotion, Error, TEXT("%s"), *Problem);
		return false;
	}
	Problem.Reset();
	Client = TSharedPtr<em_client>(Opened, [](em_client* Closing) { em_close(Closing); });
	return true;
}

void UEmoMotionSubsystem::CheckServer(const FEmoMotionServerChecked& Done)
{
	if (!GetClient())
	{
		Done.ExecuteIfBound(false, Problem);
		return;
	}
	// The core's question waits for the server, so it is asked elsewhere.
	Async(EAsyncExecution::Thread, [Asked = Client, Done]()
	{
		em_error Error = {};
		const bool bReady = em_wait_ready(Asked.Get(), 10.0, &Error) == EM_OK;
		const FString Message = bReady ? FString() : FString(UTF8_TO_TCHAR(Error.message));
		AsyncTask(ENamedThreads::GameThread, [Done, bReady, Message]() { Done.ExecuteIfBound(bReady, Message); });
	});
}

void UEmoMotionSubsystem::Close()
{
	OnClosing.Broadcast();
	Client.Reset();
	Problem.Reset();
}

void UEmoMotionSubsystem::Deinitialize()
{
	Close();
	Super::Deinitialize();
}
