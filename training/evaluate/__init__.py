"""Evaluation: metrics, frozen judges and how they are trained. Judges never guide a generator; see `judges.py`."""
