"""ClipService: composes in the same queue as ComposeService, writes the files in memory, and streams them."""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace

from emomotion.v1 import clip_pb2
from sdk.clips.options import WriteOptions
from sdk.clips.tags import ClipTags
from sdk.clips.write import FORMATS, clip_files
from sdk.compose_tags import composition_tags
from sdk.compose_wire import composition_from_wire
from sdk.errors import InvalidInput, MalformedFile
from sdk.rigs import Rig, clip_on_rig, rig_clip_files, rig_from_bytes, rig_named
from sdk.rigs.write import SUFFIXES as RIG_SUFFIXES
from sdk.runtime.composition import Composition
from sdk.runtime.engine import Result
from sdk.runtime.scheduler import Scheduler
from sdk.service.access import Door
from sdk.service.answers import admitted, status_of
from sdk.service.compose import ComposeEngineLike, composed
from sdk.service.context import Context
from sdk.service.metrics import Metrics
from sdk.service.watch import note

CHUNK_BYTES = 1 << 18
MAX_FILE_BYTES = 1 << 30
NAME = re.compile(r"[\w-][\w .-]{0,99}")
WRITERS = 2
"""So many clips are written at once; live characters need the machine too."""


@dataclass(frozen=True)
class Asked:
    """A request to export: what to compose, and how to write it."""

    composition: Composition
    suffix: str
    name: str
    in_place: bool
    rig: Rig | None


@dataclass(frozen=True)
class Written:
    """Files by name, the clip first, and what could not be done as asked."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...]


class ClipServicer:
    """Methods of ClipService over one engine. Refuses to work until `ready` is set."""

    def __init__(self, engine: ComposeEngineLike, scheduler: Scheduler, door: Door, metrics: Metrics) -> None:
        self._scheduler, self._door, self._metrics = scheduler, door, metrics
        self._writers = asyncio.Semaphore(WRITERS)
        self.use(engine)
        self.ready = False

    def use(self, engine: ComposeEngineLike) -> None:
        """Answer from another engine from now on; calls that run stay with theirs."""
        self._engine = engine

    async def Export(self, request: clip_pb2.ExportRequest, context: Context) -> AsyncIterator[clip_pb2.ExportReply]:
        """Header, chunks, status. Nothing is sent before all files stand, so a refusal is always clean."""
        arrived = time.monotonic()
        engine = self._engine
        async with admitted(request, context, ready=self.ready, door=self._door, metrics=self._metrics):
            asked = await asyncio.to_thread(export_from_wire, request)
            result = await composed(engine, asked.composition, self._scheduler, self._metrics, arrived)
            async with self._writers:
                written = await asyncio.to_thread(files_of, asked, result, engine)
        note(bytes=sum(map(len, written.files.values())))
        for message in files_to_wire(written.files):
            yield message
        motion = status_of(result, engine.bundle.sha256)
        yield clip_pb2.ExportReply(status=clip_pb2.ExportStatus(motion=motion, notes=written.notes))


def export_from_wire(message: clip_pb2.ExportRequest) -> Asked:
    """What a message asks for. Raises InvalidInput naming the field, also for a format whose tool is missing here."""
    if not message.HasField("motion"):
        raise InvalidInput("motion is missing; say what to compose", field="motion")
    try:
        composition = composition_from_wire(message.motion)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"motion.{error.field}") from None
    suffix, name = message.format or ".glb", message.name or "clip"
    known = FORMATS if message.WhichOneof("rig") is None else dict.fromkeys(RIG_SUFFIXES)
    if suffix not in known:
        raise InvalidInput(f"format {suffix[:20]!r} is unknown; known: {', '.join(known)}", field="format")
    if not NAME.fullmatch(name) or name.endswith((" ", ".")):
        rule = "1..100 letters, digits, spaces, '-', '_' or '.', no folder, and neither begin nor end with '.' or ' '"
        raise InvalidInput(f"name must have {rule}; got {name[:40]!r}", field="name")
    if suffix in FORMATS:
        FORMATS[suffix].needs()
    return Asked(composition, suffix, name, message.in_place, _rig(message))


def _rig(message: clip_pb2.ExportRequest) -> Rig | None:
    kind = message.WhichOneof("rig")
    if kind is None:
        return None
    try:
        if kind == "rig_name":
            return rig_named(message.rig_name)
        suffix = message.rig_file.name.rpartition(".")[2].lower()
        if suffix not in ("glb", "vrm"):
            what = f"rig file {message.rig_file.name[:40]!r} is not of a known type; known: .glb, .vrm"
            raise InvalidInput(f"{what}; others are put on by `emomotion retarget`", field="rig_file.name")
        return replace(rig_from_bytes(message.rig_file.content, name=message.rig_file.name[:100]), suffix=f".{suffix}")
    except MalformedFile as error:
        raise InvalidInput(str(error), field="rig_file.content") from None
    except InvalidInput as error:
        field = "rig_name" if kind == "rig_name" else "rig_file.content"
        raise InvalidInput(str(error), field=error.field if error.field.startswith("rig_file") else field) from None


def files_of(asked: Asked, result: Result, engine: ComposeEngineLike) -> Written:
    """The files of a composed motion. Raises InvalidInput for what the rig or the format cannot hold."""
    manifest, used = engine.bundle.manifest, result.request
    assert used.seed is not None, "the engine fills the seed in"
    tags: ClipTags = composition_tags(
        asked.composition, used.seed, plan=result.plan, generator=manifest.plan(result.plan).generator,
        applied=used.affect, prompt=used.text, licence=manifest.licence, attribution=manifest.attribution,
        model=manifest.name, version=manifest.version, bundle_sha256=engine.bundle.sha256, made_with=result.made_with,
        stretch=result.stretch,
    )  # fmt: skip
    options = WriteOptions(in_place=asked.in_place)
    if asked.rig is None:
        files = clip_files(asked.name, result.motion, tags, suffix=asked.suffix, options=options)
        notes: tuple[str, ...] = ()
    else:
        made, tags = clip_on_rig(result.motion, tags, asked.rig, options)
        files = rig_clip_files(asked.name, made, tags, suffix=asked.suffix)
        notes = (*(f"{joint} is missing: {means}" for joint, means in made.report.missing), *made.report.notes)
    for name, content in files.items():
        if len(content) > MAX_FILE_BYTES:
            message = f"{name} has {len(content)} bytes, more than {MAX_FILE_BYTES}; ask for less"
            raise InvalidInput(message, field="motion.beats")
    return Written(files, notes)


def files_to_wire(files: Mapping[str, bytes]) -> Iterator[clip_pb2.ExportReply]:
    """The header and the bytes of all files, one after the other."""
    header = clip_pb2.ExportHeader(
        files=[
            clip_pb2.FileInfo(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
            for name, content in files.items()
        ],
        formats=list(FORMATS),
    )
    yield clip_pb2.ExportReply(header=header)
    for number, content in enumerate(files.values()):
        for start in range(0, len(content), CHUNK_BYTES):
            chunk = clip_pb2.FileChunk(file=number, data=content[start : start + CHUNK_BYTES])
            yield clip_pb2.ExportReply(chunk=chunk)
