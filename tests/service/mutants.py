"""Messages that no client of ours would send: valid ones with fields or bytes changed, drawn from a seed."""

import math
import random
from collections.abc import Iterator

from google.protobuf.message import Message

from emomotion.v1 import affect_pb2, live_pb2, motion_pb2

CLEAN = {"OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "CANCELLED"}
"""Statuses that a server may answer any bytes with."""
ODD_NUMBERS = (0.0, -0.0, -1.0, 1e-300, 1e300, 5e-324, math.nan, math.inf, -math.inf, 0.5, 2.0, 1e6)
ODD_WORDS = ("", " ", "\x00", "a" * 1001, "walks" * 50, "\u202e", "\U0001f57a", "a person walks forward", "turbo")
ODD_INTEGERS = (0, 1, 7, 9, 10, 255, 2**31 - 1)


def valid_messages() -> list[Message]:
    """Requests that a server answers, with most fields set."""
    affect = affect_pb2.Affect(weights=[affect_pb2.EmotionWeight(emotion=2, weight=1.0)], intensity=0.8)
    generate = motion_pb2.GenerateRequest(
        text="a person walks forward", affect=affect, seconds=0.5, seed=1, plan="fast", fps=30, budget_ms=1000
    )
    wish = live_pb2.DriveChange(text="a person runs", affect=affect, speed=1.0, heading=0.5)
    track = live_pb2.AffectTrack(keys=[live_pb2.AffectKey(seconds=k, affect=affect) for k in range(3)])
    path = live_pb2.DriveChange(text="a person walks", track=track, path=live_pb2.Path(points=[0, 0, 1, 1]))
    pose = live_pb2.Pose(rotations=[0, 0, 0, 1] * 22, root=[0, 0.9, 0])
    starts = [live_pb2.DriveStart(wish=w, seed=1, resume=pose) for w in (wish, path)]
    return [generate, *(live_pb2.DriveRequest(start=s) for s in starts), live_pb2.DriveRequest(change=path)]


def mutants(message: Message, draw: random.Random) -> Iterator[bytes]:
    """Endless variants of a message as bytes: about half by fields, half by bytes."""
    while True:
        copy = type(message)()
        copy.CopyFrom(message)
        for _ in range(draw.randint(0, 3)):
            change_field(copy, draw)
        data = bytearray(copy.SerializeToString())
        if draw.random() < 0.5:
            for _ in range(draw.randint(1, 4)):
                change_bytes(data, draw)
        yield bytes(data)


def change_field(message: Message, draw: random.Random) -> None:
    """One field, here or deeper, gets an odd value, goes or comes twice."""
    if not message.DESCRIPTOR.fields:
        message.SetInParent()
        return
    field = draw.choice(message.DESCRIPTOR.fields)
    if draw.random() < 0.2:
        message.ClearField(field.name)
        return
    if field.type == field.TYPE_MESSAGE:
        if field.is_repeated:
            entries = getattr(message, field.name)
            change_field(draw.choice(entries) if entries and draw.random() < 0.7 else entries.add(), draw)
        else:
            change_field(getattr(message, field.name), draw)
        return
    try:
        value = odd_value(field, draw)
        if field.is_repeated:
            getattr(message, field.name).extend([value] * draw.choice((1, 3, 100)))
        else:
            setattr(message, field.name, value)
    except (ValueError, TypeError):  # this message cannot hold it, so nobody can send it either
        pass


def odd_value(field: object, draw: random.Random) -> object:
    """Something at the edge of a field's kind."""
    kind = field.cpp_type  # type: ignore[attr-defined]
    if kind in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):  # type: ignore[attr-defined]
        return draw.choice(ODD_NUMBERS)
    if kind == field.CPPTYPE_STRING:  # type: ignore[attr-defined]
        return draw.choice(ODD_WORDS)
    if kind == field.CPPTYPE_BOOL:  # type: ignore[attr-defined]
        return draw.random() < 0.5
    return draw.choice(ODD_INTEGERS)


def change_bytes(data: bytearray, draw: random.Random) -> None:
    """Flip, insert, drop, double or cut."""
    at = draw.randrange(len(data) + 1)
    how = draw.randrange(5)
    if how == 0 and data:
        data[at % len(data)] ^= 1 << draw.randrange(8)
    elif how == 1:
        data[at:at] = draw.randbytes(draw.randint(1, 8))
    elif how == 2:
        del data[at : at + draw.randint(1, 8)]
    elif how == 3:
        data[at:at] = data[at : at + 20]
    else:
        del data[at:]
