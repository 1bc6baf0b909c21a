#include "AnimGraphNode_ApplyEmoMotionPose.h"

#define LOCTEXT_NAMESPACE "EmoMotion"

FText UAnimGraphNode_ApplyEmoMotionPose::GetNodeTitle(ENodeTitleType::Type TitleType) const
{
	return LOCTEXT("Title", "Apply EmoMotion Pose");
}

FText UAnimGraphNode_ApplyEmoMotionPose::GetTooltipText() const
{
	return LOCTEXT("Tooltip", "Shows the live character of the actor's EmoMotion component, and writes its emotions as curves.");
}

FText UAnimGraphNode_ApplyEmoMotionPose::GetMenuCategory() const
{
	return LOCTEXT("Category", "EmoMotion");
}

FLinearColor UAnimGraphNode_ApplyEmoMotionPose::GetNodeTitleColor() const
{
	return FLinearColor(0.75f, 0.35f, 0.1f);
}

#undef LOCTEXT_NAMESPACE
