"""BVH files: a reader for any channel order, and a writer for `Motion`.

Shapes: T frames, K nodes of the file (end sites are not nodes). The reader keeps the file's own units and axes; the
writer gives centimetres, Y up, +Z facing, intrinsic ZXY angles in degrees, rest pose = T-pose.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdk.errors import MalformedFile
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_from_euler, quat_rotate, quat_to_euler_zxy

_AXES = {"X": 0, "Y": 1, "Z": 2}
_CHANNEL = re.compile(r"^([XYZ])(position|rotation)$")
_MAX_NODES = 1000
_UNITS_PER_METRE = 100.0


@dataclass(frozen=True, eq=False)
class BvhClip:
    """A BVH file's content, in its own units.

    offsets: (K, 3) rest translations. rotations: (T, K, 4) local xyzw. translations: (T, K, 3) local; where a node has
    position channels they REPLACE its offset, elsewhere they repeat it. frame_time: seconds.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Array
    rotations: Array
    translations: Array
    frame_time: float

    def world(self) -> tuple[Array, Array]:
        """World rotations (T, K, 4) and positions (T, K, 3) of all nodes."""
        rotations = global_rotations(self.rotations, self.parents)
        positions: list[Array] = []
        for k, parent in enumerate(self.parents):
            local = self.translations[:, k]
            positions.append(
                local if parent < 0 else positions[parent] + quat_rotate(rotations[:, parent], local)
            )
        return rotations, np.stack(positions, 1)


@dataclass
class _Node:
    name: str
    parent: int
    offset: tuple[float, float, float] | None = None
    channels: tuple[str, ...] | None = None


class _Tokens:
    """The hierarchy's words with their line numbers, so that every complaint can say where."""

    def __init__(self, lines: list[str], source: str) -> None:
        self.source = source
        self._items = [(word, n) for n, line in enumerate(lines, 1) for word in line.split()]
        self._at = 0
        self._last_line = len(lines)

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
            raise self.fail(f"{what} should be a number, found {word[:40]!r}") from None
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
                raise tokens.fail(f"{word} {name!r} stands at the wrong depth")
            if open_nodes and open_nodes[-1] < 0:
                raise tokens.fail(f"joint {name!r} stands inside an end site")
            if any(node.name == name for node in nodes):
                raise tokens.fail(f"joint {name!r} is named twice: the hierarchy would be cyclic")
            if len(nodes) == _MAX_NODES:
                raise tokens.fail(f"more than {_MAX_NODES} joints")
            nodes.append(_Node(name, open_nodes[-1] if open_nodes else -1))
            open_nodes.append(len(nodes) - 1)
            if tokens.next("{") != "{":
                raise tokens.fail(f"'{{' should follow joint {name!r}")
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
            count = int(tokens.number("the number of channels"))
            channels = tuple(tokens.next("a channel name") for _ in range(count))
            for channel in channels:
                if not _CHANNEL.match(channel):
                    raise tokens.fail(f"channel {channel[:40]!r} is unknown; known: [XYZ]position, [XYZ]rotation")
            if len(set(channels)) != count:
                raise tokens.fail("a channel is named twice")
            nodes[open_nodes[-1]].channels = channels
        elif key == "}":
            if not open_nodes:
                raise tokens.fail("'}' closes nothing")
            open_nodes.pop()
        elif key == "MOTION":
            if open_nodes:
                raise tokens.fail(f"joint {nodes[max(open_nodes[-1], 0)].name!r} is not closed before MOTION")
            break
        else:
            raise tokens.fail(f"{word[:40]!r} is not a BVH keyword")
    if not nodes:
        raise tokens.fail("the hierarchy is empty: it has no ROOT")
    for node in nodes:
        if node.offset is None or node.channels is None:
            missing = "OFFSET" if node.offset is None else "CHANNELS"
            raise MalformedFile(f"{tokens.source}: joint {node.name!r} has no {missing}")
    return nodes


def _parse_frames(lines: list[str], first_line: int, channels: int, source: str) -> tuple[Array, float]:
    def header(at: int, key: str) -> float:
        text = lines[at].strip() if at < len(lines) else ""
        name, colon, value = text.partition(":")
        try:
            if not colon or name.strip().lower() != key.lower():
                raise ValueError
            return float(value)
        except ValueError:
            raise MalformedFile(f"{source}: line {first_line + at}: '{key}: <number>' should stand here") from None

    lines = [*lines]
    skip = next((i for i, line in enumerate(lines) if line.strip()), 0)
    frames, frame_time = header(skip, "Frames"), header(skip + 1, "Frame Time")
    if frames < 1 or frames != int(frames):
        raise MalformedFile(f"{source}: Frames must be a whole number >= 1, found {frames:g}")
    if not (np.isfinite(frame_time) and frame_time > 0):
        raise MalformedFile(f"{source}: Frame Time must be > 0 seconds, found {frame_time:g}")
    words = " ".join(lines[skip + 2 :]).split()
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        bad = next(w for w in words if not _is_number(w))
        raise MalformedFile(f"{source}: a frame holds {bad[:40]!r} where a number should stand") from None
    if values.size != int(frames) * channels:
        found = f"{values.size / channels:g}" if channels else "no channels and some"
        raise MalformedFile(f"{source}: {int(frames)} frames of {channels} values announced, {found} frames found")
    if not np.isfinite(values).all():
        raise MalformedFile(f"{source}: frame {int(np.argmin(np.isfinite(values))) // channels} holds NaN or infinity")
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
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().upper() == "MOTION"), None)
    if start is None:
        raise MalformedFile(f"{source}: there is no MOTION section; is this a BVH file, and is it complete?")
    nodes = _parse_hierarchy(_Tokens(lines[: start + 1], source))
    all_channels = [channel for node in nodes for channel in node.channels or ()]
    values, frame_time = _parse_frames(lines[start + 1 :], start + 2, len(all_channels), source)

    count, offsets = len(values), np.array([node.offset for node in nodes], dtype=np.float64)
    rotations = np.zeros((count, len(nodes), 4))
    rotations[..., 3] = 1
    translations = np.broadcast_to(offsets, (count, *offsets.shape)).copy()
    column = 0
    for k, node in enumerate(nodes):
        order, angles = "", []
        for channel in node.channels or ():
            axis, kind = channel[0], channel[1:]
            if kind == "position":
                translations[:, k, _AXES[axis]] = values[:, column]
            else:
                order += axis.lower()
                angles.append(np.radians(values[:, column]))
            column += 1
        if angles:
            rotations[:, k] = quat_from_euler(np.stack(angles, -1), order)
    return BvhClip(
        tuple(n.name for n in nodes), tuple(n.parent for n in nodes), offsets, rotations, translations, frame_time
    )


def bvh_text(motion: Motion) -> str:
    """The motion as a BVH file's text: the root has six channels, every other joint three; centimetres, degrees."""
    skeleton = motion.skeleton
    children = {j: [c for c, p in enumerate(skeleton.parents) if p == j] for j in range(len(skeleton.names))}
    order: list[int] = []
    lines = ["HIERARCHY"]

    def numbers(values: Array) -> str:
        return " ".join(f"{v:.6f}" for v in values)

    def write_joint(j: int, depth: int) -> None:
        order.append(j)
        pad, root = "\t" * depth, skeleton.parents[j] < 0
        offset = np.zeros(3) if root else skeleton.offsets[j] * _UNITS_PER_METRE
        channels = "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation" if root else None
        lines.extend([f"{pad}{'ROOT' if root else 'JOINT'} {skeleton.names[j]}", pad + "{"])
        lines.append(f"{pad}\tOFFSET {numbers(offset)}")
        lines.append(f"{pad}\tCHANNELS {channels or '3 Zrotation Xrotation Yrotation'}")
        for child in children[j]:
            write_joint(child, depth + 1)
        if not children[j]:
            tip = skeleton.offsets[j] * 0.4 * _UNITS_PER_METRE  # a short tip, so that tools draw the last bone
            lines.extend([f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET {numbers(tip)}", pad + "\t}"])
        lines.append(pad + "}")

    write_joint(0, 0)
    # Unwrapping keeps each channel continuous, so that a tool that interpolates angles does not spin.
    angles = np.degrees(np.unwrap(quat_to_euler_zxy(motion.rotations), axis=0))[:, order]
    table = np.concatenate([motion.root * _UNITS_PER_METRE, angles.reshape(len(motion), -1)], 1)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.8f}"]
    lines += [numbers(row) for row in table]
    return "\n".join(lines) + "\n"
