"""The facial mapper: controls are drawn, shown by the rig, and learned back from landmarks or pictures."""
