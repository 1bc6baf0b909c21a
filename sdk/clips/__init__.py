"""Clips on disk: GLB, tags and sidecar, preview pictures."""
