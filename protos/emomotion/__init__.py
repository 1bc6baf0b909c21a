"""The wire contract of the EmoMotion SDK."""
