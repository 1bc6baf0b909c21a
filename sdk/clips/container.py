"""The GLB container: a JSON chunk and a binary chunk behind a twelve-byte header."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdk.errors import MalformedFile

MAGIC = 0x46546C67  # "glTF", little-endian
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942


def pack_glb(document: Mapping[str, Any], binary: bytes) -> bytes:
    """One GLB file; both chunks are padded to four bytes. Key order is the document's."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    header = struct.pack("<III", MAGIC, 2, 12 + 8 + len(text) + 8 + len(binary))
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text + struct.pack("<II", len(binary), BIN_CHUNK) + binary
    return header + chunks


def read_glb(path: Path) -> tuple[dict[str, Any], bytes]:
    """JSON document and binary chunk of a GLB file. Raises MalformedFile, which says what is wrong and where."""
    return split_glb(path.read_bytes(), name=path.name)


def split_glb(raw: bytes, *, name: str) -> tuple[dict[str, Any], bytes]:
    """As `read_glb`, for bytes; `name` stands in error messages."""
    if len(raw) < 20 or struct.unpack_from("<I", raw)[0] != MAGIC:
        raise MalformedFile(f"{name} is not a GLB file: it does not begin with 'glTF'")
    _, version, length = struct.unpack_from("<III", raw)
    if version != 2:
        raise MalformedFile(f"{name} is glTF version {version}; only version 2 is read")
    if length != len(raw):
        raise MalformedFile(f"{name} is damaged: its header says {length} bytes, the file has {len(raw)}")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", raw, at)
        if at + 8 + size > length:
            raise MalformedFile(f"{name} is damaged: the chunk at byte {at} reaches beyond the end")
        chunks.setdefault(kind, raw[at + 8 : at + 8 + size])
        at += 8 + size
    try:
        document = json.loads(chunks[JSON_CHUNK])
    except KeyError:
        raise MalformedFile(f"{name} is damaged: it has no JSON chunk") from None
    except ValueError as error:
        raise MalformedFile(f"{name} is damaged: its JSON chunk cannot be read ({error})") from None
    if not isinstance(document, dict):
        raise MalformedFile(f"{name} is damaged: its JSON chunk is not an object")
    return document, chunks.get(BIN_CHUNK, b"")
