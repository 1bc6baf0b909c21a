// What every component that opens a stream needs.
#pragma once

#include "CoreMinimal.h"
#include "EmoMotionTypes.h"
#include "emomotion.h"

class UActorComponent;
class UEmoMotionSubsystem;

/** The connection of the component's game; null before it runs and after it ends. */
UEmoMotionSubsystem* EmoMotionSubsystemOf(const UActorComponent& Component);

/** The core's client of that connection; null, and Problem says why, where there is none. */
em_client* EmoMotionClientOf(const UActorComponent& Component, FString& Problem);

/** A feeling as the core takes it. */
em_affect EmoMotionCoreAffect(const FEmoMotionAffect& Affect);
