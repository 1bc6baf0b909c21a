"""`python -m tests.figures NAME`: measures what an issue asks for and prints each figure beside its goal."""
