"""The kinematic stylist: a neutral clip performed with an emotion, at a graded intensity, by published cues."""
