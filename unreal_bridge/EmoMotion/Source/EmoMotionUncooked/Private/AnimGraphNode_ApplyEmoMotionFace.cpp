#include "AnimGraphNode_ApplyEmoMotionFace.h"

#define LOCTEXT_NAMESPACE "EmoMotion"

FText UAnimGraphNode_ApplyEmoMotionFace::GetNodeTitle(ENodeTitleType::Type TitleType) const
{
	return LOCTEXT("Title", "Apply EmoMotion Face");
}

FText UAnimGraphNode_ApplyEmoMotionFace::GetTooltipText() const
{
	return LOCTEXT("Tooltip", "Writes the live face of the actor's EmoMotion Face component as ARKit-compatible curves.");
}

FText UAnimGraphNode_ApplyEmoMotionFace::GetMenuCategory() const
{
	return LOCTEXT("Category", "EmoMotion");
}

FLinearColor UAnimGraphNode_ApplyEmoMotionFace::GetNodeTitleColor() const
{
	return FLinearColor(0.75f, 0.35f, 0.1f);
}

#undef LOCTEXT_NAMESPACE
