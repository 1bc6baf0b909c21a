"""Plain OSC: a frame as messages that patchers, lighting desks and one's own tools can read without knowing VMC.

    /emomotion/frame             i number, f seconds
    /emomotion/root              fff position of the pelvis
    /emomotion/joint/NAME        fff position in the world, ffff local rotation x, y, z, w; one for each of 22 joints
    /emomotion/contacts          iiii left ankle, left foot, right ankle, right foot: 1 on the ground
    /emomotion/emotion/NAME      f share 0..1; one for each of nine, summing to 1

In the frame and unit of choice: metres, and centimetres for Unreal.
"""

from collections.abc import Iterator

from sdk.emotion import Emotion
from sdk.motion.frames import convert_points, convert_rotations, frame_named
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.skeleton import JOINT_NAMES
from sdk.relay.moment import Moment
from sdk.relay.osc import bundles, message

PORT = 9000


class Plain:
    """Sends plain OSC. frame: a name of `sdk.motion.frames`. Raises InvalidInput for an unknown one."""

    name, port = "OSC", PORT

    def __init__(self, *, frame: str = "sdk") -> None:
        self._frame = frame_named(frame)

    def datagrams(self, moment: Moment) -> list[bytes]:
        """Bundles of one frame."""
        return list(bundles(self._messages(moment)))

    def _messages(self, moment: Moment) -> Iterator[bytes]:
        frame = moment.frame
        world = forward_kinematics(frame.rotations, frame.root, moment.skeleton)
        positions, rotations = convert_points(world, self._frame), convert_rotations(frame.rotations, self._frame)
        yield message("/emomotion/frame", frame.number & 0x7FFFFFFF, frame.number / moment.fps)
        yield message("/emomotion/root", *positions[0])
        for joint, position, rotation in zip(JOINT_NAMES, positions, rotations, strict=True):
            yield message(f"/emomotion/joint/{joint}", *position, *rotation)
        yield message("/emomotion/contacts", *map(int, frame.contacts))
        for emotion, share in zip(Emotion, moment.felt, strict=True):
            yield message(f"/emomotion/emotion/{emotion.label}", share)
