"""Readers of motion-capture sets: each turns one set's files into clips with words, affect, split and provenance."""
