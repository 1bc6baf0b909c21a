// A face at a moment, as the component hands it to the animation node.
#pragma once

#include "CoreMinimal.h"
#include "EmoMotionTypes.h"

/** Never changes once it is handed out, so worker threads may read it. */
struct FEmoMotionFace
{
	/**
	 * The curves: names and values, 0..1. First the blendshapes by their names of ARKit, or what the component was told
	 * to call them; then the emotions, as EmoMotion_Joy.
	 */
	TArray<FName> Names;
	TArray<float> Values;
};
