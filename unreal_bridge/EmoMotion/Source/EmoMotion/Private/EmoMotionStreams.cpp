#include "EmoMotionStreams.h"

#include "Components/ActorComponent.h"
#include "EmoMotionSubsystem.h"
#include "Engine/GameInstance.h"
#include "Engine/World.h"

UEmoMotionSubsystem* EmoMotionSubsystemOf(const UActorComponent& Component)
{
	const UWorld* World = Component.GetWorld();
	const UGameInstance* Game = World ? World->GetGameInstance() : nullptr;
	return Game ? Game->GetSubsystem<UEmoMotionSubsystem>() : nullptr;
}

em_client* EmoMotionClientOf(const UActorComponent& Component, FString& Problem)
{
	UEmoMotionSubsystem* Subsystem = EmoMotionSubsystemOf(Component);
	em_client* Client = Subsystem ? Subsystem->GetClient() : nullptr;
	if (!Client)
	{
		Problem = Subsystem ? Subsystem->GetProblem() : FString(TEXT("EmoMotion needs a running game"));
	}
	return Client;
}

em_affect EmoMotionCoreAffect(const FEmoMotionAffect& Affect)
{
	em_affect Out = {};
	for (const TPair<EEmoMotionEmotion, float>& Weight : Affect.Weights)
	{
		Out.weights[static_cast<int32>(Weight.Key)] = Weight.Value;
	}
	Out.intensity = Affect.Intensity;
	return Out;
}
