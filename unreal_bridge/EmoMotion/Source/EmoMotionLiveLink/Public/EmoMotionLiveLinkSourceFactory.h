// Lets Live Link presets and Blueprints create the source from a connection text.
#pragma once

#include "CoreMinimal.h"
#include "LiveLinkSourceFactory.h"
#include "EmoMotionLiveLinkSourceFactory.generated.h"

UCLASS()
class EMOMOTIONLIVELINK_API UEmoMotionLiveLinkSourceFactory : public ULiveLinkSourceFactory
{
	GENERATED_BODY()

public:
	virtual FText GetSourceDisplayName() const override;
	virtual FText GetSourceTooltip() const override;
	/** One click in the menu: what the project settings say. */
	virtual EMenuType GetMenuType() const override { return EMenuType::MenuEntry; }
	virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString& ConnectionString) const override;
};
