"""What an animator chooses about a clip file: rate, travel, unit, rest pose, up axis, body; what formats can do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sdk.clips.tags import ClipTags
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_about
from sdk.motion.skeleton import JOINT, NUM_JOINTS

Unit = Literal["m", "cm"]
Rest = Literal["t-pose", "a-pose"]
Up = Literal["y", "z"]
Body = Literal["smplx", "smpl"]

MIN_FPS, MAX_FPS = 10.0, 240.0
ARM_DROP_DEG = 45.0
"""How far the arms of the A-pose hang below those of the T-pose."""


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """How to write a clip. None means what the format is used to, or the motion's own.

    fps: 10..240, resampled by slerp. in_place: stay over the starting point. unit: of lengths in the file. rest: pose
    of the skeleton at rest; the movement does not change. up: the file's up axis. body: which SMPL family `.npz`
    parameters are for. model: the user's own SMPL or SMPL-X file (.npz): its mesh in `.glb`, its pelvis in `.npz`.
    Raises InvalidInput for a value that no format has; `check_options` asks one format.
    """

    fps: float | None = None
    in_place: bool = False
    unit: Unit | None = None
    rest: Rest = "t-pose"
    up: Up | None = None
    body: Body = "smplx"
    model: Path | None = None

    def __post_init__(self) -> None:
        if self.fps is not None and not MIN_FPS <= self.fps <= MAX_FPS:  # also true for NaN
            raise InvalidInput(f"fps must lie in {MIN_FPS:g}..{MAX_FPS:g}, got {self.fps:g}", field="fps")
        for name, known in (
            ("unit", (None, "m", "cm")), ("rest", ("t-pose", "a-pose")), ("up", (None, "y", "z")),
            ("body", ("smplx", "smpl")),
        ):  # fmt: skip
            if getattr(self, name) not in known:
                choices = ", ".join(str(value) for value in known if value)
                raise InvalidInput(f"{name} {getattr(self, name)!r} is unknown; known: {choices}", field=name)

    def facts(self) -> dict[str, Any]:
        """What the tags say of the file, habits of the SDK filled in: enough to write it the same way again."""
        return {"unit": self.unit or "m", "up": self.up or "y", "rest": self.rest}


PLAIN = WriteOptions()


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of clip file. units, ups: what it can hold, the habit first; rests: rest poses it can hold.

    bodies, models: whether `body` and `model` mean something to it. why: reason for what it cannot, for messages.
    write: bytes of a clip. needs: raises InvalidInput, naming the command that installs it, where a tool is missing;
    tool: name and version of what writes it besides the SDK, for the sidecar.
    """

    title: str
    write: Callable[[Motion, ClipTags, WriteOptions], bytes]
    units: tuple[Unit, ...] = ("m",)
    rests: tuple[Rest, ...] = ("t-pose",)
    ups: tuple[Up, ...] = ("y",)
    bodies: bool = False
    models: bool = False
    why: str = ""
    needs: Callable[[], None] = lambda: None
    tool: Callable[[], str] = lambda: ""

    def check(self, options: WriteOptions) -> None:
        """Raise InvalidInput, naming the option, for what this format cannot hold."""
        for name, held in (("unit", self.units), ("rest", self.rests), ("up", self.ups)):
            wanted = getattr(options, name)
            if wanted is not None and wanted not in held:
                message = f"{self.title} cannot hold {name} {wanted!r}, only {' or '.join(held)}"
                raise InvalidInput(f"{message}{self.why and f': {self.why}'}", field=name)
        if options.body != "smplx" and not self.bodies:
            raise InvalidInput(f"{self.title} holds no SMPL parameters; body is for .npz", field="body")
        if options.model is not None and not self.models:
            raise InvalidInput(f"{self.title} takes no body model; write .glb or .npz", field="model")

    def settled(self, options: WriteOptions) -> WriteOptions:
        """The options with the format's habits filled in."""
        return replace(options, unit=options.unit or self.units[0], up=options.up or self.ups[0])


def prepared(motion: Motion, tags: ClipTags, options: WriteOptions) -> tuple[Motion, ClipTags]:
    """The motion as the options want it, and tags that say what was done to it, so that it can be done again."""
    steps: list[tuple[str, dict[str, Any]]] = []
    if options.fps is not None and abs(options.fps - motion.fps) > 1e-6:
        motion = motion.resampled(options.fps)
        steps.append(("resample", {"fps": options.fps}))
    if options.in_place:
        motion = in_place(motion)
        steps.append(("in_place", {}))
        tags = replace(tags, root_motion="in_place")
    return motion, replace(tags, postprocess=(*tags.postprocess, *steps))


def in_place(motion: Motion) -> Motion:
    """The same movement without travel: the pelvis keeps its height and stays over where it began."""
    root = motion.root.copy()
    root[:, [0, 2]] = root[0, [0, 2]]
    return replace(motion, root=np.asarray(root))


def rest_rotations(rest: Rest) -> Array:
    """Local rotations (22, 4) of a rest pose, xyzw, relative to the T-pose."""
    rotations = np.zeros((NUM_JOINTS, 4))
    rotations[:, 3] = 1.0
    if rest == "a-pose":
        rotations[JOINT["left_shoulder"]] = quat_about("z", np.radians(-ARM_DROP_DEG))
        rotations[JOINT["right_shoulder"]] = quat_about("z", np.radians(ARM_DROP_DEG))
    return rotations
