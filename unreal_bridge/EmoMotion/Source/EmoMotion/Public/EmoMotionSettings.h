// Project settings > Plugins > EmoMotion.
#pragma once

#include "CoreMinimal.h"
#include "Engine/DeveloperSettings.h"
#include "EmoMotionSettings.generated.h"

/** Which server makes the motion. The subsystem reads this when it connects. */
UCLASS(Config = Game, DefaultConfig, meta = (DisplayName = "EmoMotion"))
class EMOMOTION_API UEmoMotionSettings : public UDeveloperSettings
{
	GENERATED_BODY()

public:
	/** HOST:PORT of `emomotion serve`. */
	UPROPERTY(Config, EditAnywhere, Category = "Server")
	FString Server = TEXT("localhost:50051");

	/** What the server knows this game by; empty for none. Shipped games should get it at run time: UEmoMotionSubsystem::Connect. */
	UPROPERTY(Config, EditAnywhere, Category = "Server")
	FString Token;

	/** Whether calls are encrypted. */
	UPROPERTY(Config, EditAnywhere, Category = "Server")
	bool bTls = false;

	/** PEM file that signed the server's certificate, absolute or relative to the project; empty for the system's authorities. */
	UPROPERTY(Config, EditAnywhere, Category = "Server", meta = (EditCondition = "bTls"))
	FString TlsCa;

	/** How long a character looks for a server that went away, in seconds; it goes on from its last pose. */
	UPROPERTY(Config, EditAnywhere, Category = "Server", meta = (ClampMin = "0"))
	float ReconnectSeconds = 60.0f;

	virtual FName GetCategoryName() const override { return TEXT("Plugins"); }
};
