"""The motion core, pure numpy: skeleton, rotations, kinematics, representations, BVH, retargeting, frames, cues."""
