"""Why a fine-tuned MMM stands still: the published recipe, its defects one by one, and the cure."""
