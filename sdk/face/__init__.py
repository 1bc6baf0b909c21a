"""The face: its low-level controls, how expressions and affect become controls, and a parametric face to learn on.

Pure numpy. Networks that look at pictures are run by `sdk.runtime`.
"""
