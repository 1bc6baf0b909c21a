"""What is done to a finished motion: smoothing, the ground, planted feet. Shapes as in `sdk.motion.motion`."""

from dataclasses import dataclass
from typing import Any

from sdk.errors import InvalidInput
from sdk.motion.floor import grounded
from sdk.motion.footlock import lock_feet
from sdk.motion.motion import Motion
from sdk.motion.smooth import smooth_motion


@dataclass(frozen=True)
class Post:
    """What to do to a motion; the default is nothing.

    lock_feet: hold planted feet still. ground: put the feet's contacts on the ground. smooth: how much to smooth,
    [0, 1]; 0 not at all, 1 as much as keeps the feeling readable. Raises InvalidInput for a `smooth` outside.
    """

    lock_feet: bool = False
    ground: bool = False
    smooth: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.smooth <= 1:  # also true for NaN
            raise InvalidInput(f"smooth must lie in 0..1, got {self.smooth}", field="post.smooth")

    @property
    def steps(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """What is done as a step in a clip's tags, (name, parameters); `Post(**parameters)` does it again."""
        said = {name: value for name, value in vars(self).items() if value}
        return (("post", said),) if said else ()

    def __bool__(self) -> bool:
        return self.lock_feet or self.ground or self.smooth > 0


def post_process(motion: Motion, post: Post) -> Motion:
    """The motion after what `post` asks for: smoothed, then on the ground, then with its feet locked."""
    if post.smooth > 0:
        motion = smooth_motion(motion, strength=post.smooth)
    if post.ground:
        motion = grounded(motion)
    if post.lock_feet:
        # Twice: a foot that stands still is seen to be down for a little longer than one that slid.
        motion = lock_feet(lock_feet(motion))
    return motion


def __getattr__(name: str) -> Any:
    # The command brings click and the clips' formats, which the runtime, where this module is at home, does without.
    if name == "command":
        from sdk.post.files import command

        return command
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
