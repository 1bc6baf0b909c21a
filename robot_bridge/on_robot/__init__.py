"""What is put on the robot itself. `emomotion_face.py` is a script for its script host; nothing here is imported by
ours."""
