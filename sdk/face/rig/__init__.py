"""A parametric face: the controls of a robot in, the 478 points of MediaPipe's face mesh or a picture out."""

from sdk.face.rig.camera import Camera
from sdk.face.rig.identity import Identity
from sdk.face.rig.model import Rig

__all__ = ["Camera", "Identity", "Rig"]
