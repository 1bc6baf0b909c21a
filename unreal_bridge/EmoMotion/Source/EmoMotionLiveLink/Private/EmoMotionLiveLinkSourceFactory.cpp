#include "EmoMotionLiveLinkSourceFactory.h"

#include "EmoMotionLiveLinkSource.h"
#include "Modules/ModuleManager.h"

#define LOCTEXT_NAMESPACE "EmoMotion"

FText UEmoMotionLiveLinkSourceFactory::GetSourceDisplayName() const
{
	return LOCTEXT("SourceName", "EmoMotion");
}

FText UEmoMotionLiveLinkSourceFactory::GetSourceTooltip() const
{
	return LOCTEXT("SourceTooltip", "A live character of the EmoMotion server of the project settings.");
}

TSharedPtr<ILiveLinkSource> UEmoMotionLiveLinkSourceFactory::CreateSource(const FString& ConnectionString) const
{
	return MakeShared<FEmoMotionLiveLinkSource>(FEmoMotionLiveLinkSettings::Parse(ConnectionString));
}

#undef LOCTEXT_NAMESPACE

IMPLEMENT_MODULE(FDefaultModuleImpl, EmoMotionLiveLink)
