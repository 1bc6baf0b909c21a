"""The bridge to an Ameca robot: the schema of its face, what keeps it from harm, and a virtual robot to try it on.

Never run on hardware.
"""
