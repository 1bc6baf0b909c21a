"""BVH files: a reader for any channel order, and a writer for `Motion`.

Shapes: T frames, K nodes of the file (end sites are not nodes). The reader keeps the file's own units and axes; the
writer gives centimetres, Y up, +Z facing, intrinsic ZXY angles in degrees, rest pose = T-pose.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdk.motion.errors import MalformedFile
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_from_axis_angle, quat_mul, quat_rotate, quat_to_euler_zxy

_AXES = {"X": 0, "Y": 1, "Z": 2}
_CHANNEL = re.compile(r"^([XYZ])(position|rotation)$")
_FRAME_TIME_ROUNDING = 1e-6  # seconds; 29.97 and 30 fps lie 3e-5 apart, 119.88 and 120 fps 8e-6
_MAX_CHANNELS = 6  # of one joint: three positions and three rotations
_MAX_NODES = 1000
_UNITS_PER_METRE = 100.0


@dataclass(frozen=True, eq=False)
class BvhClip:
    """A BVH file's content, in its own units.

    offsets: (K, 3) rest translations. rotations: (T, K, 4) local xyzw. translations: (T, K, 3) local; where a node has
    position channels they REPLACE its offset, elsewhere they repeat it. frame_time: seconds. channels: node and
    channel, such as "Zrotation", of every column of the file.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Array
    rotations: Array
    translations: Array
    frame_time: float
    channels: tuple[tuple[int, str], ...] = ()

    @property
    def fps(self) -> float:
        """Frames per second: the whole number that the file's rounded frame time stands for, if there is one."""
        rate = 1 / self.frame_time
        whole = max(float(np.round(rate)), 1.0)
        return whole if abs(self.frame_time - 1 / whole) < _FRAME_TIME_ROUNDING else rate

    def world(self) -> tuple[Array, Array]:
        """World rotations (T, K, 4) and positions (T, K, 3) of all nodes."""
        rotations = global_rotations(self.rotations, self.parents)
        positions: list[Array] = []
        for k, parent in enumerate(self.parents):
            local = self.translations[:, k]
            positions.append(local if parent < 0 else positions[parent] + quat_rotate(rotations[:, parent], local))
        return rotations, np.stack(positions, 1)


@dataclass
class _Node:
    name: str
    parent: int
    offset: tuple[float, float, float] | None = None
    channels: tuple[str, ...] | None = None


def _quoted(word: str) -> str:
    return repr(word if len(word) <= 40 else word[:40] + "...")


class _Tokens:
    """The hierarchy's words with their line numbers, so that every complaint can say where."""

    def __init__(self, lines: list[str], source: str) -> None:
        self.source = source
        self._items = [(word, n) for n, line in enumerate(lines, 1) for word in line.split()]
        self._at = 0

    @property
    def line(self) -> int:
        return self._items[self._at - 1][1] if self._at else 1

    def fail(self, what: str) -> MalformedFile:
        return MalformedFile(f"{self.source}: line {self.line}: {what}")

    def next(self, expected: str) -> str:
        if self._at == len(self._items):
            raise MalformedFile(f"{self.source}: the file ends in the hierarchy where {expected} should stand")
        self._at += 1
        return self._items[self._at - 1][0]

    def number(self, what: str) -> float:
        word = self.next(what)
        try:
            value = float(word)
        except ValueError:
            raise self.fail(f"{what} should be a number, found {_quoted(word)}") from None
        if not np.isfinite(value):
            raise self.fail(f"{what} is not finite")
        return value


def _parse_hierarchy(tokens: _Tokens) -> list[_Node]:
    nodes: list[_Node] = []
    open_nodes: list[int] = []  # -1 stands for an end site
    if tokens.next("HIERARCHY").upper() != "HIERARCHY":
        raise tokens.fail("a BVH file starts with HIERARCHY")
    while True:
        word = tokens.next("ROOT, JOINT, End Site, OFFSET, CHANNELS or }")
        key = word.upper()
        if key in ("ROOT", "JOINT"):
            name = tokens.next("a joint name")
            if (key == "ROOT") != (not open_nodes):
                raise tokens.fail(f"{key} {_quoted(name)} stands at the wrong depth")
            if open_nodes and open_nodes[-1] < 0:
                raise tokens.fail(f"joint {_quoted(name)} stands inside an end site")
            if any(node.name == name for node in nodes):
                raise tokens.fail(f"joint {_quoted(name)} is named twice: the hierarchy would be cyclic")
            if len(nodes) == _MAX_NODES:
                raise tokens.fail(f"more than {_MAX_NODES} joints")
            nodes.append(_Node(name, open_nodes[-1] if open_nodes else -1))
            open_nodes.append(len(nodes) - 1)
            if tokens.next("{") != "{":
                raise tokens.fail(f"'{{' should follow joint {_quoted(name)}")
        elif key == "END":
            tokens.next("Site")
            if not open_nodes or tokens.next("{") != "{":
                raise tokens.fail("an end site needs a joint around it and '{' after it")
            open_nodes.append(-1)
        elif key == "OFFSET":
            offset = (tokens.number("OFFSET x"), tokens.number("OFFSET y"), tokens.number("OFFSET z"))
            if not open_nodes:
                raise tokens.fail("OFFSET stands outside a joint")
            if open_nodes[-1] >= 0:
                nodes[open_nodes[-1]].offset = offset
        elif key == "CHANNELS":
            if not open_nodes or open_nodes[-1] < 0:
                raise tokens.fail("CHANNELS stands outside a joint")
            count = tokens.number("the number of channels")
            if count not in range(_MAX_CHANNELS + 1):
                raise tokens.fail(f"a joint has 0 to {_MAX_CHANNELS} channels, found {count:g}")
            channels = tuple(tokens.next("a channel name") for _ in range(int(count)))
            for channel in channels:
                if not _CHANNEL.match(channel):
                    raise tokens.fail(f"channel {_quoted(channel)} is unknown; known: [XYZ]position, [XYZ]rotation")
            if len(set(channels)) != count:
                raise tokens.fail("a channel is named twice")
            nodes[open_nodes[-1]].channels = channels
        elif key == "}":
            if not open_nodes:
                raise tokens.fail("'}' closes nothing")
            open_nodes.pop()
        elif key == "MOTION":
            if open_nodes:
                innermost = nodes[max(open_nodes)].name
                raise tokens.fail(f"joint {_quoted(innermost)} is not closed before MOTION")
            break
        else:
            raise tokens.fail(f"{_quoted(word)} is not a BVH keyword")
    if not nodes:
        raise tokens.fail("the hierarchy is empty: it has no ROOT")
    for node in nodes:
        if node.offset is None or node.channels is None:
            missing = "OFFSET" if node.offset is None else "CHANNELS"
            raise MalformedFile(f"{tokens.source}: joint {_quoted(node.name)} has no {missing}")
    return nodes


def _parse_frames(lines: list[str], first_line: int, channels: int, source: str) -> tuple[Array, float]:
    def header(at: int, key: str) -> float:
        text = lines[at].strip() if at < len(lines) else ""
        name, _, value = text.partition(":")
        if " ".join(name.split()).lower() != key.lower() or not _is_number(value):
            raise MalformedFile(f"{source}: line {first_line + at}: '{key}: <number>' should stand here")
        return float(value)

    skip = next((i for i, line in enumerate(lines) if line.strip()), 0)
    frames, frame_time = header(skip, "Frames"), header(skip + 1, "Frame Time")
    if frames < 1 or not frames.is_integer():
        raise MalformedFile(f"{source}: Frames must be a whole number >= 1, found {frames:g}")
    if not (np.isfinite(frame_time) and frame_time > 0):
        raise MalformedFile(f"{source}: Frame Time must be > 0 seconds, found {frame_time:g}")
    words = " ".join(lines[skip + 2 :]).split()
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        at, bad = next((i, w) for i, w in enumerate(words) if not _is_number(w))
        raise MalformedFile(f"{source}: frame {at // channels + 1} holds {_quoted(bad)}, not a number") from None
    if values.size != frames * channels:
        found = f"{values.size // channels} frames and {values.size % channels} values"
        raise MalformedFile(f"{source}: {frames:.0f} frames of {channels} values announced, found {found}")
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise MalformedFile(f"{source}: frame {at // channels + 1} holds NaN or infinity")
    return values.reshape(int(frames), channels), float(frame_time)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_bvh(path: Path | str) -> BvhClip:
    """Read a BVH file. Raises MalformedFile with file, line and fault; OSError if it cannot be opened."""
    source = Path(path).name
    lines = Path(path).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().upper() == "MOTION"), None)
    if start is None:
        raise MalformedFile(f"{source}: there is no MOTION section; is this a BVH file, and is it complete?")
    nodes = _parse_hierarchy(_Tokens(lines[: start + 1], source))
    channels = sum(len(node.channels or ()) for node in nodes)
    if not channels:
        raise MalformedFile(f"{source}: no joint has a channel, so nothing can move")
    values, frame_time = _parse_frames(lines[start + 1 :], start + 2, channels, source)

    count, offsets = len(values), np.array([node.offset for node in nodes], dtype=np.float64)
    rotations = np.zeros((count, len(nodes), 4))
    rotations[..., 3] = 1
    translations = np.broadcast_to(offsets, (count, *offsets.shape)).copy()
    column = 0
    for k, node in enumerate(nodes):
        for channel in node.channels or ():
            axis, value = _AXES[channel[0]], values[:, column]
            if channel.endswith("position"):
                translations[:, k, axis] = value
            else:  # intrinsic: each turn is about an axis that the turns before it have moved
                turn = quat_from_axis_angle(np.radians(value)[:, None] * np.eye(3)[axis])
                rotations[:, k] = quat_mul(rotations[:, k], turn)
            column += 1
    columns = tuple((k, channel) for k, node in enumerate(nodes) for channel in node.channels or ())
    names, parents = tuple(n.name for n in nodes), tuple(n.parent for n in nodes)
    return BvhClip(names, parents, offsets, rotations, translations, frame_time, columns)


def bvh_text(motion: Motion, *, units_per_metre: float = _UNITS_PER_METRE) -> str:
    """The motion as a BVH file's text: the root has six channels, every other joint three; degrees.

    Lengths are centimetres unless `units_per_metre` says otherwise; the file cannot say it.
    """
    skeleton = motion.skeleton
    children = {j: [c for c, p in enumerate(skeleton.parents) if p == j] for j in range(len(skeleton.names))}
    order: list[int] = []
    lines = ["HIERARCHY"]

    def numbers(values: Array) -> str:
        return " ".join(f"{v:.6f}" for v in values)

    def write_joint(j: int, depth: int) -> None:
        order.append(j)
        pad, root = "\t" * depth, skeleton.parents[j] < 0
        offset = np.zeros(3) if root else skeleton.offsets[j] * units_per_metre
        channels = "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation" if root else None
        lines.extend([f"{pad}{'ROOT' if root else 'JOINT'} {skeleton.names[j]}", pad + "{"])
        lines.append(f"{pad}\tOFFSET {numbers(offset)}")
        lines.append(f"{pad}\tCHANNELS {channels or '3 Zrotation Xrotation Yrotation'}")
        for child in children[j]:
            write_joint(child, depth + 1)
        if not children[j]:
            tip = skeleton.offsets[j] * 0.4 * units_per_metre  # a short tip, so that tools draw the last bone
            lines.extend([f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET {numbers(tip)}", pad + "\t}"])
        lines.append(pad + "}")

    write_joint(0, 0)
    # Unwrapping keeps each channel continuous, so that a tool that interpolates angles does not spin.
    angles = np.degrees(np.unwrap(quat_to_euler_zxy(motion.rotations), axis=0))[:, order]
    table = np.concatenate([motion.root * units_per_metre, angles.reshape(len(motion), -1)], 1)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.8f}"]
    lines += [numbers(row) for row in table]
    return "\n".join(lines) + "\n"
