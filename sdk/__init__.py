"""EmoMotion SDK: words and an emotion in, a moving, feeling character out."""

__version__ = "0.1.0"
