"""The C# messages: generated from the protos, and the same bytes as protobuf's own."""

import base64
import random

from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

from emomotion.v1 import affect_pb2, compose_pb2, face_pb2, info_pb2, live_pb2, motion_pb2
from tests.csharp.probing import Probe
from tools.generate_csharp import OUT, generated

Field = descriptor_pb2.FieldDescriptorProto
MODULES = (affect_pb2, compose_pb2, face_pb2, info_pb2, live_pb2, motion_pb2)
VALUES = {
    Field.TYPE_DOUBLE: (0.0, -1.5, 1e300),
    Field.TYPE_FLOAT: (0.0, 0.1, -3e38),
    Field.TYPE_INT64: (0, -1, 2**63 - 1),
    Field.TYPE_UINT64: (0, 1, 2**64 - 1),
    Field.TYPE_UINT32: (0, 300, 2**32 - 1),
    Field.TYPE_SINT32: (0, -1, 2**31 - 1, -(2**31)),
    Field.TYPE_BOOL: (False, True),
    Field.TYPE_STRING: ("", "läuft 🚶", "x" * 300),
    Field.TYPE_BYTES: (b"", bytes(range(256))),
}


def test_the_messages_are_those_of_the_protos() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in OUT.glob("*.cs")}
    assert committed == generated(), "run: python -m tools.generate_csharp"


def filled(kind: type[Message], rng: random.Random) -> Message:
    """A message with random fields."""
    message = kind()
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.3:
            continue
        count = rng.randrange(4) if field.is_repeated else 1
        if field.message_type is not None:
            part = field.message_type._concrete_class
            values = [filled(part, rng) for _ in range(count)]
            if field.is_repeated:
                getattr(message, field.name).extend(values)
            else:
                getattr(message, field.name).CopyFrom(values[0])
            continue
        choices = [v.number for v in field.enum_type.values] if field.enum_type else VALUES[field.type]
        values = [rng.choice(choices) for _ in range(count)]
        if field.is_repeated:
            getattr(message, field.name).extend(values)
        else:
            setattr(message, field.name, values[0])
    return message


def test_every_message_comes_back_as_the_same_bytes(probe: Probe) -> None:
    rng = random.Random(7)
    kinds = [d._concrete_class for module in MODULES for d in module.DESCRIPTOR.message_types_by_name.values()]
    assert len(kinds) > 40
    messages = [filled(kind, rng) for kind in kinds for _ in range(20)]
    asked = [
        f"{message.DESCRIPTOR.name} {base64.b64encode(message.SerializeToString(deterministic=True)).decode()}"
        for message in messages
    ]
    answers = probe.talk("echo", asked)
    assert len(answers) == len(messages)
    for message, answer in zip(messages, answers, strict=True):
        assert base64.b64decode(answer) == message.SerializeToString(deterministic=True), message.DESCRIPTOR.name
