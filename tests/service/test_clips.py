"""ClipService: files over the wire, whole or not at all, on rigs too, and what is refused."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from emomotion.v1 import clip_pb2, clip_pb2_grpc
from sdk.client import AsyncClient, Client
from sdk.clip_client import FileReader, export_to_wire
from sdk.clips import files
from sdk.clips.read import read_tags
from sdk.clips.read_motion import read_motion
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.post import Post
from sdk.runtime.composition import Beat, Composition
from sdk.service.clips import CHUNK_BYTES, files_to_wire
from tests.service.conftest import Live
from tests.service.web_caller import frame, post

WALK = Composition(
    beats=[Beat("a person walks", Affect.of("joy"), 1.0), Beat("a person bows", None, 1.0)],
    seed=7,
    post=Post(smooth=0.5),
)


@pytest.mark.parametrize("suffix", [".glb", ".bvh", ".npz"])
def test_files_arrive_whole_with_their_tags(suffix: str, client: Client, live: Live, tmp_path: Path) -> None:
    clip = client.export(WALK, folder=tmp_path, format=suffix, name="läuft 1")
    assert [p.name for p in clip.files] == [f"läuft 1{suffix}", f"läuft 1{suffix}.emotion.json"]
    assert sorted(tmp_path.iterdir()) == sorted(clip.files)
    reading = read_tags(clip.files[0])
    assert reading.conflicts == () and reading.tags.seed == clip.seed == 7
    assert reading.tags.composition is not None and reading.tags.bundle_sha256 == clip.bundle_sha256
    assert dict(clip.made_with).items() < dict(reading.tags.made_with).items() and "processor" in clip.made_with
    assert len(read_motion(clip.files[0])) == 61 and "nothing was bent" in clip.notes
    assert live.engine.compositions == [WALK] or live.engine.compositions[0].seed == 7


def test_the_same_with_asyncio(live: Live, tmp_path: Path) -> None:
    async def export() -> tuple[Path, ...]:
        async with AsyncClient(live.address) as client:
            return (await client.export(WALK, folder=tmp_path, in_place=True)).files

    clip, _ = live.loop.call(export())
    assert clip == tmp_path / "clip.glb" and read_tags(clip).tags.root_motion == "in_place"


def test_on_a_rig_by_name_and_by_file(client: Client, tmp_path: Path) -> None:
    named = client.export(WALK, folder=tmp_path, name="named", rig="mixamo")
    assert dict(read_tags(named.files[0]).tags.postprocess)["retarget"]
    own = client.export(WALK, folder=tmp_path, name="own", rig=named.files[0])
    assert own.files[0].stat().st_size > named.files[0].stat().st_size  # their file, and a further animation


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"format": ".doc"}, "format", "format '.doc' is unknown; known: .glb"),
        ({"format": ".usda", "rig": "mixamo"}, "format", "known: .glb, .vrm"),
        ({"name": "a/b"}, "name", "name must have 1..100 letters"),
        ({"name": ".hidden"}, "name", "name must have"),
        ({"name": "x" * 101}, "name", "name must have"),
        ({"rig": "maximo"}, "rig_name", "rig 'maximo' is unknown; known: "),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    options: dict[str, str], field: str, words: str, live: Live, client: Client, tmp_path: Path
) -> None:
    request = export_to_wire(WALK, folder=tmp_path)
    request.format, request.name = options.get("format", ""), options.get("name", "")
    if "rig" in options:
        request.rig_name = options["rig"]
    with pytest.raises(grpc.RpcError) as caught:
        list(clip_pb2_grpc.ClipServiceStub(client._channel).Export(request, timeout=10))  # type: ignore[no-untyped-call]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT and words in caught.value.details()
    assert dict(caught.value.trailing_metadata())["emomotion-field"] == field
    assert live.engine.compositions == [] and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [("me.txt", b"x", "rig_file.name"), ("me.glb", b"no glb", "rig_file.content"), ("me.vrm", b"", "rig_file.content")],
)
def test_a_rig_that_is_none_is_refused(name: str, content: bytes, field: str, client: Client, tmp_path: Path) -> None:
    request = export_to_wire(WALK, folder=tmp_path)
    request.rig_file.name, request.rig_file.content = name, content
    with pytest.raises(grpc.RpcError) as caught:
        list(clip_pb2_grpc.ClipServiceStub(client._channel).Export(request, timeout=10))  # type: ignore[no-untyped-call]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert dict(caught.value.trailing_metadata())["emomotion-field"] == field


def test_fields_of_the_motion_are_named_as_they_lie_in_the_request(client: Client) -> None:
    request = clip_pb2.ExportRequest()
    stub = clip_pb2_grpc.ClipServiceStub(client._channel)  # type: ignore[no-untyped-call]
    with pytest.raises(grpc.RpcError, match="motion is missing"):
        list(stub.Export(request, timeout=10))
    request.motion.beats.add(text=" ", seconds=1)
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.Export(request, timeout=10))
    assert dict(caught.value.trailing_metadata())["emomotion-field"].startswith("motion.")


def test_bad_folders_and_big_rigs_are_refused_without_a_call(client: Client, live: Live, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="folder does not exist"):
        client.export(WALK, folder=tmp_path / "missing")
    with pytest.raises(InvalidInput, match="cannot read: No such file"):
        client.export(WALK, folder=tmp_path, rig=tmp_path / "me.glb")
    (tmp_path / "big.vrm").write_bytes(bytes(2 << 20))
    with pytest.raises(InvalidInput, match=r"big.vrm has 2.0 MB, a server takes 1 MB; .*emomotion retarget"):
        client.export(
            WALK, folder=tmp_path, rig="big.vrm" if os.getcwd() == str(tmp_path) else str(tmp_path / "big.vrm")
        )
    assert live.engine.compositions == []


def test_a_disk_that_is_full_leaves_what_was_there(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clip.glb").write_bytes(b"yesterday")

    def full(*ignored: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(InvalidInput, match="No space left on device"):
        client.export(WALK, folder=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.glb"] and (tmp_path / "clip.glb").read_bytes() == b"yesterday"


def replies(**contents: bytes) -> list[clip_pb2.ExportReply]:
    return [*files_to_wire(contents), clip_pb2.ExportReply(status=clip_pb2.ExportStatus())]


def test_long_files_come_in_chunks() -> None:
    content = os.urandom(2 * CHUNK_BYTES + 1)
    header, *chunks, _ = replies(clip=content, tags=b"{}")
    assert [len(c.chunk.data) for c in chunks] == [CHUNK_BYTES, CHUNK_BYTES, 1, 2]
    assert header.header.files[0].sha256 == hashlib.sha256(content).hexdigest() and ".glb" in header.header.formats


@pytest.mark.parametrize(
    "damage",
    [
        lambda r: r.pop(0),
        lambda r: r.pop(1),
        lambda r: r.pop(),
        lambda r: r.insert(0, r[0]),
        lambda r: r.insert(1, r[1]),
        lambda r: r.append(r[1]),
        lambda r: r[1].chunk.__setattr__("data", b"other"),
        lambda r: r[1].chunk.__setattr__("file", 9),
        lambda r: r[0].header.files[0].__setattr__("name", "../clip.glb"),
        lambda r: r[0].header.files[0].__setattr__("name", ".."),
        lambda r: r.__setitem__(1, clip_pb2.ExportReply()),
    ],
)
def test_a_server_that_breaks_the_protocol_leaves_no_file(damage: object, tmp_path: Path) -> None:
    messages = replies(clip=b"12345", tags=b"{}")
    damage(messages)  # type: ignore[operator]
    reader = FileReader(folder=tmp_path)
    with pytest.raises(ServerError, match="the server broke the protocol"):
        for message in messages:
            reader.add(message)
        reader.publish()
    assert not list(tmp_path.iterdir())


def test_a_server_that_warms_up_says_so(cold: Live, tmp_path: Path) -> None:
    cold.start(warm=False)
    with Client(cold.address) as client, pytest.raises(ServerError, match="warming up"):
        client.export(WALK, folder=tmp_path)


def test_cancelling_stops_the_work(live: Live, tmp_path: Path) -> None:
    live.engine.gate.clear()

    async def begin() -> None:
        async with AsyncClient(live.address) as client:
            task = asyncio.create_task(client.export(WALK, folder=tmp_path))
            await asyncio.to_thread(live.engine.entered.acquire)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    live.loop.call(begin())
    assert live.engine.was_cancelled.wait(10) and not list(tmp_path.iterdir())


def test_a_browser_gets_the_same_files(start: Callable[..., Live], tmp_path: Path) -> None:
    live = start(web_port=0)
    request = export_to_wire(WALK, folder=tmp_path)
    reply = post(live.server.web_address, "/emomotion.v1.ClipService/Export", frame(request.SerializeToString()))
    assert reply.status == 0
    reader = FileReader(folder=tmp_path)
    for message in reply.messages:
        reader.add(clip_pb2.ExportReply.FromString(message))
    assert read_tags(reader.publish().files[0]).conflicts == ()
