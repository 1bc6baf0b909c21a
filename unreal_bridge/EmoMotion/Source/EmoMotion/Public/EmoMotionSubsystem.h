// The connection that all characters of a game share.
#pragma once

#include "CoreMinimal.h"
#include "Subsystems/GameInstanceSubsystem.h"
#include "EmoMotionSubsystem.generated.h"

struct em_client;

DECLARE_LOG_CATEGORY_EXTERN(LogEmoMotion, Log, All);

DECLARE_DYNAMIC_DELEGATE_TwoParams(FEmoMotionServerChecked, bool, bReady, const FString&, Message);

/**
 * Owns the connection. It lives as long as the game instance, so that play in the editor, a change of level and a reload
 * leave nothing open. Game thread only.
 */
UCLASS()
class EMOMOTION_API UEmoMotionSubsystem : public UGameInstanceSubsystem
{
	GENERATED_BODY()

public:
	/**
	 * Use another server or token than the project settings say. Characters that run are ended; Start begins them anew.
	 * Returns whether the address and the token are usable; the server is not asked yet.
	 */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion")
	bool Connect(const FString& Server, const FString& Token);

	/** Ask the server whether it serves, in the background: bReady, or Message says what is wrong and what to do. */
	UFUNCTION(BlueprintCallable, Category = "EmoMotion", meta = (AutoCreateRefTerm = "Done"))
	void CheckServer(const FEmoMotionServerChecked& Done);

	/** Why there is no connection, in one line; empty if there is one. */
	UFUNCTION(BlueprintPure, Category = "EmoMotion")
	const FString& GetProblem() const { return Problem; }

	/** The core's client, made from the project settings at the first call; null if they are wrong. */
	em_client* GetClient();

	/** Told before the connection is closed: whoever streams must close its stream. */
	FSimpleMulticastDelegate OnClosing;

	virtual void Deinitialize() override;

private:
	bool Open(const FString& Server, const FString& Token);
	void Close();

	/** Shared with the background, which may still ask when the game ends. */
	TSharedPtr<em_client> Client;
	FString Problem;
};
