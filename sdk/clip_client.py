"""Clip files from a server, as `Client.export` gets them: asked for, checked, put into a folder whole or not at all."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from emomotion.v1 import clip_pb2
from sdk.clips.files import check_writable, publish
from sdk.compose_wire import composition_to_wire
from sdk.errors import InvalidInput
from sdk.replies import Status, broken, status_from_wire
from sdk.runtime.composition import Composition

MAX_REQUEST_BYTES = 1 << 20
"""No server takes a longer message."""
_PLAIN = re.compile(r"[^/\\\x00-\x1f:]{1,120}")


@dataclass(frozen=True, kw_only=True, eq=False)
class ExportedClip(Status):
    """A clip that a server wrote: its files, the clip first, and everything `Status` says about it."""

    files: tuple[Path, ...]


class ExportOptions(TypedDict, total=False):
    """What may be said about the files of a clip; absence is the default.

    folder: where they are put, the current one unless said. format: a suffix, ".glb" unless said; a refusal lists those
    that the server writes. name: of the files, without suffix, "clip" unless said. in_place: stay over the starting
    point. rig: a rig that the server knows by name, e.g. "mixamo", or the path of a .glb or .vrm file of your own.
    """

    folder: Path | str
    format: str
    name: str
    in_place: bool
    rig: str | Path


def export_to_wire(
    composition: Composition, *, folder: Path | str = ".", format: str = ".glb", name: str = "clip",
    in_place: bool = False, rig: str | Path | None = None,
) -> clip_pb2.ExportRequest:  # fmt: skip
    """The message of a request. Raises InvalidInput for a folder that takes no such file, a rig that cannot be sent."""
    check_writable(Path(folder, f"{name}{format}"), suffixes=(Path(f"x{format}").suffix.lower(),), field="folder")
    request = clip_pb2.ExportRequest(
        motion=composition_to_wire(composition), format=format, name=name, in_place=in_place
    )
    if isinstance(rig, Path) or (rig is not None and Path(rig).suffix):
        path = Path(rig)
        try:
            request.rig_file.CopyFrom(clip_pb2.RigFile(name=path.name, content=path.read_bytes()))
        except OSError as error:
            raise InvalidInput(f"cannot read: {error.strerror or error}: {path}", field="rig") from None
        if request.ByteSize() > MAX_REQUEST_BYTES:
            size = f"{path.name} has {path.stat().st_size / 2**20:.1f} MB, a server takes {MAX_REQUEST_BYTES >> 20} MB"
            raise InvalidInput(f"{size}; export without it and put it on here: emomotion retarget", field="rig")
    elif rig is not None:
        request.rig_name = rig
    return request


class FileReader:
    """Collects the files of a reply, holds the server to the order, and puts them into the folder."""

    def __init__(self, *, folder: Path | str = ".", **ignored: object) -> None:
        self._folder = Path(folder)
        self._infos: list[clip_pb2.FileInfo] = []
        self._contents: list[bytearray] = []
        self._status: clip_pb2.ExportStatus | None = None

    def add(self, reply: clip_pb2.ExportReply) -> None:
        """Take the next message. Raises ServerError if it is out of order."""
        kind = reply.WhichOneof("part")
        if self._status is not None or kind is None or (kind == "header") != (not self._infos):
            raise broken(f"{kind or 'an empty part'} came out of order")
        if kind == "header":
            self._infos = list(reply.header.files)
            self._contents = [bytearray() for _ in self._infos]
            if not self._infos or any(
                not _PLAIN.fullmatch(info.name) or info.name in (".", "..") for info in self._infos
            ):
                raise broken("a file has no plain name")
        elif kind == "chunk":
            number = reply.chunk.file
            if (
                number >= len(self._infos)
                or len(self._contents[number]) + len(reply.chunk.data) > self._infos[number].size
            ):
                raise broken(f"more bytes came than file {number} has")
            self._contents[number] += reply.chunk.data
        else:
            self._status = reply.status

    def publish(self) -> ExportedClip:
        """Write the files, all of them or none.

        Raises ServerError if something is missing or damaged, InvalidInput when the disk refuses.
        """
        if self._status is None:
            raise broken("the stream ended before its status")
        try:
            made = vars(status_from_wire(self._status.motion))
        except InvalidInput as error:
            raise broken(str(error)) from None
        for info, content in zip(self._infos, self._contents, strict=True):
            if len(content) != info.size or hashlib.sha256(content).hexdigest() != info.sha256:
                raise broken(f"{info.name} did not arrive whole")
        paths = [self._folder / info.name for info in self._infos]
        publish({path: bytes(content) for path, content in zip(paths, self._contents, strict=True)})
        return ExportedClip(**{**made, "notes": (*made["notes"], *self._status.notes)}, files=tuple(paths))
