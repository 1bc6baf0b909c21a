// The node for faces as the editor of animation blueprints shows it.
#pragma once

#include "AnimGraphNode_Base.h"
#include "AnimNode_ApplyEmoMotionFace.h"
#include "CoreMinimal.h"
#include "AnimGraphNode_ApplyEmoMotionFace.generated.h"

UCLASS()
class EMOMOTIONUNCOOKED_API UAnimGraphNode_ApplyEmoMotionFace : public UAnimGraphNode_Base
{
	GENERATED_BODY()

public:
	UPROPERTY(EditAnywhere, Category = "Settings")
	FAnimNode_ApplyEmoMotionFace Node;

	virtual FText GetNodeTitle(ENodeTitleType::Type TitleType) const override;
	virtual FText GetTooltipText() const override;
	virtual FText GetMenuCategory() const override;
	virtual FLinearColor GetNodeTitleColor() const override;
};
