"""The studio's web server: orders in, packets out, and everything that is refused."""

import asyncio
import io
import json
import re
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[studio]'")

from aiohttp import WSServerHandshakeError

from sdk.clips.tags import ClipTags, describe, read_sidecar
from sdk.clips.write import FORMATS
from sdk.compose_file import composition_from_object
from sdk.emotion import Affect, Emotion
from sdk.runtime.composition import Waypoint
from sdk.runtime.engine import Request
from sdk.service.server import MotionServer
from sdk.studio.bodies import face_of_clip
from sdk.studio.desk import MAX_BODY_BYTES, PAGE
from sdk.studio.packets import motion_arrays, pack, unpack
from tests.service.fake_engine import FakeEngine, motion_of
from tests.studio.desks import WALK, Studio, in_a_loop, studio
from tests.synthetic import walking


@in_a_loop
async def test_a_clip_comes_back_as_it_was_made() -> None:
    async with studio() as desk:
        reply = await desk.make(WALK)
        assert reply.status == 200
        header, arrays = unpack(await reply.read())
    affect = Affect({Emotion.JOY: 1.0}, 0.8)
    expected = motion_of(Request(text="a person walks", affect=affect, seconds=2, seed=7, plan="default", fps=30.0))
    assert header["fps"] == 30 and header["made"]["seed"] == "7" and header["request"] == WALK
    assert header["made"]["affect"] == {"weights": {"joy": 1.0}, "intensity": 0.8}
    assert header["tags"]["licence"] == "CC0-1.0" and header["tags"]["prompt"] == "a person walks"
    assert set(header["tags"]["made_with"]) == {"onnxruntime", "processor"}
    np.testing.assert_array_equal(arrays["root"], expected.root.astype(np.float32))
    # The wire keeps neighbouring frames in one hemisphere, which the fake does, too.
    np.testing.assert_array_equal(arrays["rotations"], expected.rotations.astype(np.float32))
    assert arrays["contacts"].shape == (61, 4)
    np.testing.assert_array_equal(arrays["face"], face_of_clip(affect, None, seed=7, frames=61, fps=30))
    assert np.abs(arrays["face"] - arrays["face"][0]).max() > 0.01, "it lives"


@in_a_loop
async def test_a_feeling_may_be_left_out() -> None:
    async with studio() as desk:
        reply = await desk.make({"beats": [{"text": "a person walks", "seconds": 1}]})
        header, _ = unpack(await reply.read())
        assert header["made"]["affect"]["weights"] == {"neutral": 1.0}
        assert int(header["made"]["seed"]) == 12345, "the fake draws this one"


def beat(**change: Any) -> dict[str, Any]:
    return {**WALK, "beats": [{**WALK["beats"][0], **change}]}


def felt(**affect: Any) -> dict[str, Any]:
    return beat(affect={"weights": {"joy": 1}, "intensity": 0.5, **affect})


@pytest.mark.parametrize(
    ("order", "field", "words"),
    [
        (beat(text="  "), "beats.0.text", "what the character does"),
        (beat(text=3), "beats.0.text", "what the character does"),
        (beat(text="x" * 1001), "beats.0.text", "1000"),
        (beat(seconds=0.1), "beats.0.seconds", "0.5"),
        (beat(seconds=600), "beats.0.seconds", "30"),
        (beat(seconds="4"), "beats.0.seconds", "number"),
        (beat(seconds=None), "beats.0.seconds", "number"),
        (felt(weights={"joyy": 1}), "beats.0.affect.weights.joyy", "did you mean 'joy'"),
        (felt(weights={"joy": -1}), "beats.0.affect.weights", "joy"),
        (felt(weights={"joy": "much"}), "beats.0.affect.weights.joy", "number"),
        (felt(weights={}), "beats.0.affect.weights", "at least one"),
        (felt(weights=[1]), "beats.0.affect", "weights"),
        (felt(intensity=1.5), "beats.0.affect.intensity", "0..1"),
        (beat(affect="joy"), "beats.0.affect", "weights"),
        ({**WALK, "seed": "-1"}, "seed", "whole number"),
        ({**WALK, "seed": "0x10"}, "seed", "whole number"),
        ({**WALK, "seed": str(2**64)}, "seed", "seed"),
        ({**WALK, "seed": 1.5}, "seed", "whole number"),
        ({**WALK, "plan": "slow"}, "plan", "slow"),
        ({**WALK, "plan": 3}, "plan", "name"),
        ({**WALK, "fps": 1000}, "fps", "120"),
        ({**WALK, "beats": []}, "beats", "beat"),
        ({**WALK, "beats": 3}, "beats", "list"),
        ({**WALK, "beats": ["walk"]}, "beats", "beat"),
        ([1], "body", "object"),
    ],
)
@in_a_loop
async def test_what_is_wrong_is_named_at_its_field(order: Any, field: str, words: str) -> None:
    async with studio() as desk:
        found = await desk.fault(await desk.make(order), 400)
        assert found["field"].startswith(field) and words in found["error"] and not found["away"]
        assert not desk.engine.requests


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"beats": NaN}', b"[" * 100_000, b'"text"', b"null"]
)  # fmt: skip
@in_a_loop
async def test_bad_json_is_refused(body: bytes) -> None:
    async with studio() as desk:
        for path in ("/api/make", "/api/look"):
            reply = await desk.client.post(path, data=body, headers={"Content-Type": "application/json"})
            assert (await desk.fault(reply, 400))["field"] == "body"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@in_a_loop
async def test_what_a_form_of_another_site_could_send_is_refused(kind: str) -> None:
    async with studio() as desk:
        for path in ("/api/make", "/api/look", "/api/export"):
            reply = await desk.client.post(path, data=json.dumps(WALK).encode(), headers={"Content-Type": kind})
            assert (await desk.fault(reply, 400))["field"] == "body"


@in_a_loop
async def test_a_page_that_leaves_stops_the_work() -> None:
    async with studio() as desk:
        desk.engine.gate.clear()
        asking = asyncio.create_task(desk.make(WALK))
        assert await asyncio.to_thread(desk.engine.entered.acquire, timeout=10)
        asking.cancel()
        assert await asyncio.to_thread(desk.engine.was_cancelled.wait, 10)


@in_a_loop
async def test_the_server_goes_and_comes_back() -> None:
    async with studio() as desk:
        port = desk.server.port
        await desk.server.drain(notice_s=0, grace_s=0)
        found = await desk.fault(await desk.make(WALK), 503)
        assert found["away"] and str(port) in found["error"]
        state = await desk.until("away")
        assert "emomotion serve" in state["message"] and state["info"]["name"] == "fake", "what was known stays"
        assert (await desk.client.get("/")).status == 200 and (await desk.client.get("/api/figure")).status == 200
        again = await MotionServer.bind("127.0.0.1", port)
        try:
            await again.start(FakeEngine())
            await again.warm_up()
            assert (await desk.until("ready"))["server"] == f"127.0.0.1:{port}"
            assert (await desk.make(WALK)).status == 200
        finally:
            await again.drain(notice_s=0, grace_s=0)


@in_a_loop
async def test_a_server_that_warms_up_is_waited_for() -> None:
    async with studio(warm=False) as desk:
        assert (await desk.fault(await desk.make(WALK), 503))["away"]
        await desk.server.warm_up()
        state = await desk.until("ready")
        assert {plan["name"] for plan in state["info"]["plans"]} == {"default", "fast"}
        assert (
            state["info"]["evidence"]["joy"] == "mocap"
            and ".glb" in state["formats"]
            and set(state["formats"]) <= set(FORMATS)
        )
        assert state["composes"] is any(s.name == "ComposeService" for s in desk.server.core.services)


@in_a_loop
async def test_points_and_looks() -> None:
    async with studio() as desk:
        reply = await desk.client.get("/api/affect?valence=0.8&arousal=0.5")
        found = await reply.json()
        assert max(found["weights"], key=found["weights"].get) == "joy"
        for query in ("valence=2&arousal=0", "valence=x&arousal=0", "arousal=0", "valence=nan&arousal=0"):
            fault = await desk.fault(await desk.client.get(f"/api/affect?{query}"), 400)
            assert fault["field"].endswith("valence")
        looks = []
        for affect in (None, {"weights": {"joy": 1}, "intensity": 1}):
            reply = await desk.client.post("/api/look", json={"affect": affect})
            looks.append(np.array((await reply.json())["controls"]))
        assert looks[0].shape == (30,) and np.abs(looks[1] - looks[0]).max() > 0.2


# --- who may ask ---


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8440", True), ("localhost:8440", True), ("LOCALHOST", True), ("[::1]:8440", True),
        ("127.3.2.1", True), ("evil.example", False), ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:80", False),
        ("192.168.1.5:8440", False), ("", False), ("a@localhost", False), ("localhost:x", False), ("[", False),
    ],
)  # fmt: skip
@in_a_loop
async def test_only_its_own_names_open_a_studio(host: str, allowed: bool) -> None:
    async with studio() as desk:
        for path in ("/", "/api/figure", "/page/main.js"):
            reply = await desk.client.get(path, headers={"Host": host})
            assert reply.status == (200 if allowed else 403), (host, path)


@in_a_loop
async def test_a_studio_for_others_takes_addresses_and_given_names() -> None:
    async with studio(host="0.0.0.0", names=["Desk.Example"]) as desk:
        for host, status in (
            ("192.168.1.5:8440", 200), ("desk.example", 200), ("[2001:db8::1]", 200), ("localhost", 200),
            ("evil.example", 403),
        ):  # fmt: skip
            assert (await desk.client.get("/", headers={"Host": host})).status == status, host


@in_a_loop
async def test_pages_of_other_origins_are_refused() -> None:
    async with studio() as desk:
        host = f"{desk.client.host}:{desk.client.port}"
        for origin, status in (
            (f"http://{host}", 200), ("http://evil.example", 403), ("null", 403), (f"http://{desk.client.host}:1", 403),
            (f"http://{host}.evil.example", 403), (f"http://{host}/x", 403),
        ):  # fmt: skip
            reply = await desk.client.post("/api/make", json=WALK, headers={"Origin": origin})
            assert reply.status == status, origin
        for path in ("/api/live", "/api/state"):
            with pytest.raises(WSServerHandshakeError) as refused:
                await desk.client.ws_connect(path, origin="http://evil.example")
            assert refused.value.status == 403


@in_a_loop
async def test_every_reply_says_what_a_page_may_load() -> None:
    async with studio() as desk:
        for path in ("/", "/page/main.js", "/api/figure", "/api/affect", "/nowhere"):
            headers = (await desk.client.get(path)).headers
            assert "script-src 'self'" in headers["Content-Security-Policy"], path
            assert headers["X-Content-Type-Options"] == "nosniff"
        for path in ("/page/../desk.py", "/page/%2e%2e/desk.py", "/page/"):
            assert (await desk.client.get(path)).status in (403, 404), path


def test_the_page_loads_nothing_from_elsewhere() -> None:
    files = [path for path in PAGE.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg")]
    assert {"index.html", "main.js", "style.css"} <= {path.name for path in files}
    for path in files:
        if path.parent.name == "vendor":
            continue
        text = path.read_text()
        found = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\"'\s]*", text))
        assert found <= {"http://www.w3.org/2000/svg"}, path.name
        for name in re.findall(r'from "(\./[^"]+)"', text):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"


# --- export ---


def clip(frames: int = 61, **header: Any) -> bytes:
    """What the page sends of a clip."""
    motion = walking(frames / 30, speed=1.2)[:frames]
    joy = Affect({Emotion.JOY: 1.0}, 0.8)
    tags = ClipTags(prompt="a person walks", requested=joy, applied=joy, seed=7, plan="default", licence="CC0-1.0",
                    bundle_sha256="ab" * 32)  # fmt: skip
    told = describe(tags, motion, clip_format="glb")
    plain = {"fps": 30.0, "tags": told, "name": "walk", "format": ".glb"}
    return pack({**plain, **header}, motion_arrays(motion))


async def files_of(desk: Studio, packet: bytes) -> dict[str, bytes]:
    reply = await desk.sent("/api/export", packet)
    assert reply.status == 200, await reply.text()
    assert reply.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(await reply.read())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@in_a_loop
async def test_an_export_holds_clip_and_sidecar(tmp_path: Path) -> None:
    async with studio() as desk:
        files = await files_of(desk, clip())
        assert list(files) == ["walk.glb", "walk.glb.emotion.json"]
        assert files == await files_of(desk, clip()), "the same clip, the same bytes"
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        tags = read_sidecar(tmp_path / "walk.glb")
        assert (tags.prompt, tags.seed, tags.plan, tags.licence) == ("a person walks", 7, "default", "CC0-1.0")
        assert tags.applied == Affect({Emotion.JOY: 1.0}, 0.8) and tags.bundle_sha256 == "ab" * 32
        assert tags.clip is not None and tags.clip.frames == 61

        still = await files_of(desk, clip(in_place=True, rate=60))
        (tmp_path / "walk.glb.emotion.json").write_bytes(still["walk.glb.emotion.json"])
        tags = read_sidecar(tmp_path / "walk.glb")
        assert tags.root_motion == "in_place" and tags.clip is not None and tags.clip.frames == 121


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": ".exe"}, "format"), ({"format": 3}, "format"), ({"name": "../up"}, "name"),
        ({"name": "x" * 101}, "name"), ({"name": ".hidden"}, "name"), ({"fps": 0}, "fps"), ({"fps": "30"}, "fps"),
        ({"rate": 10_000}, "fps"),
        ({"rate": "x"}, "rate"), ({"in_place": "yes"}, "in_place"), ({"tags": None}, "tags"),
        ({"tags": {"seed": 7}}, "tags"), ({"tags": 3}, "tags"),
    ],
)  # fmt: skip
@in_a_loop
async def test_exports_that_cannot_be(change: dict[str, Any], field: str) -> None:
    async with studio() as desk:
        assert (await desk.fault(await desk.sent("/api/export", clip(**change)), 400))["field"] == field


@in_a_loop
async def test_packets_that_are_none() -> None:
    good = clip()
    length = struct.unpack_from("<I", good, 4)[0]
    head = json.loads(good[8 : 8 + length])

    def headed(**arrays: Any) -> bytes:
        text = json.dumps({**head, "arrays": {**head["arrays"], **arrays}}).encode()
        return b"EMO1" + struct.pack("<I", len(text)) + text + good[8 + length :]

    beyond = {"type": "f4", "shape": [61, 22, 4], "at": 1 << 30}
    nan = bytearray(good)
    nan[8 + length : 12 + length] = struct.pack("<f", float("nan"))
    cases = (
        b"", b"EMO1", good[:100], b"EMO2" + good[4:], b"EMO1\xff\xff\xff\xff", good[: len(good) // 2], bytes(nan),
        headed(rotations=beyond), headed(rotations={"type": "f8", "shape": [1], "at": 0}), headed(root="x"),
        headed(rotations={"type": "f4", "shape": [1 << 40, 22, 4], "at": 0}),
        headed(root={"type": "f4", "shape": [-1, 3], "at": 0}),
        headed(root={"type": "f4", "shape": [0, 3], "at": 0}), headed(root={"type": "f4", "shape": [60, 3], "at": 0}),
    )  # fmt: skip
    async with studio() as desk:
        for number, case in enumerate(cases):
            found = await desk.fault(await desk.sent("/api/export", case), 400)
            assert found["error"], number


@in_a_loop
async def test_what_is_too_large_is_refused() -> None:
    async with studio() as desk:
        for kind in ("application/json", "application/octet-stream"):
            large = b"x" * (MAX_BODY_BYTES + 1)
            reply = await desk.client.post("/api/make", data=large, headers={"Content-Type": kind})
            assert "32 MiB" in (await desk.fault(reply, 413))["error"]
        assert (await desk.make(WALK)).status == 200


# --- compositions ---

ANGER = {"weights": {"anger": 1}, "intensity": 1}
TWO = {
    "beats": [{"text": "a person walks", "seconds": 1.5}, {"text": "a person waves", "seconds": 1}],
    "track": [{"seconds": 0, "affect": None}, {"seconds": 2, "affect": ANGER}],
    "seed": "9", "speed": 1.25, "path": [[0, 0], [0, 1], [1, 2]], "post": {"lock_feet": True},
}  # fmt: skip


@in_a_loop
async def test_what_is_more_than_one_thing_is_composed(tmp_path: Path) -> None:
    async with studio() as desk:
        reply = await desk.make(TWO)
        assert reply.status == 200, await reply.text()
        header, arrays = unpack(await reply.read())
        (asked,) = desk.engine.compositions
        assert [beat.text for beat in asked.beats] == ["a person walks", "a person waves"]
        assert asked.track is not None and asked.track.affects[1] == Affect({Emotion.ANGER: 1.0}, 1.0)
        assert (asked.speed, asked.seed, asked.post.lock_feet) == (1.25, 9, True)
        np.testing.assert_array_equal(asked.path, TWO["path"])
        assert np.abs(arrays["face"][-1] - arrays["face"][0]).max() > 0.3, "the face turns angry"
        assert header["made"]["notes"]

        packet = pack({**header, "name": "two"}, {name: arrays[name] for name in ("rotations", "root")})
        for name, content in (await files_of(desk, packet)).items():
            (tmp_path / name).write_bytes(content)
        again = composition_from_object(read_sidecar(tmp_path / "two.glb").composition)
        assert again.beats == asked.beats and again.seed == 9 and again.track == asked.track


@in_a_loop
async def test_a_take_is_changed_but_for_what_is_kept() -> None:
    motion = walking(2, speed=1.2)[:61]
    pose = {"rotations": motion.rotations[10].ravel().tolist(), "root": motion.root[10].tolist()}
    async with studio() as desk:
        order = {**WALK, "fps": 30.0, "keep": [[0, 0.5]], "keyframes": [{"seconds": 1.2, "place": True, **pose}]}
        reply = await desk.sent("/api/make", pack(order, motion_arrays(motion)))
        assert reply.status == 200, await reply.text()
        header, arrays = unpack(await reply.read())
        np.testing.assert_allclose(arrays["root"][:15], motion.root[:15], atol=1e-6)
        (asked,) = desk.engine.compositions
        assert asked.keyframes[0].place and asked.source is not None and len(asked.source) == 61
        assert header["tags"]["composition"]["source"]
        reply = await desk.sent("/api/make", pack({**WALK, "fps": 30.0, "part": "upper"}, motion_arrays(motion)))
        assert reply.status == 200 and desk.engine.compositions[-1].part == "upper"


@in_a_loop
async def test_places_with_times_and_pinned_hands_are_composed() -> None:
    pinned: dict[str, Any] = {"effector": "right_wrist", "seconds": 0.5, "hold": 1, "position": [-0.2, 1.4, 0.4]}
    turned = {**pinned, "effector": "left_ankle", "place": True, "rotation": [0, 0, 0, 1], "ease": 0.8}
    places = [{"seconds": 0, "x": 0, "z": 0}, {"seconds": 1.5, "x": 0.5, "z": 1}]
    async with studio() as desk:
        reply = await desk.make({**WALK, "route": places, "goals": [pinned, turned]})
        assert reply.status == 200, await reply.text()
        (asked,) = desk.engine.compositions
        assert asked.path is None and asked.route == (Waypoint(0, 0, 0), Waypoint(1.5, 0.5, 1))
        hand, foot = asked.goals
        assert (hand.effector, hand.seconds, hand.hold_s, hand.place) == ("right_wrist", 0.5, 1, False)
        assert hand.rotation is None and hand.ease_s is None and hand.position == pytest.approx([-0.2, 1.4, 0.4])
        assert foot.place and foot.ease_s == 0.8 and foot.rotation is not None
        header, _ = unpack(await reply.read())
        assert len(header["tags"]["composition"]["goals"]) == 2, "enough to make it again"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"beats": [{"text": "", "seconds": 1}, {"text": "x", "seconds": 1}]}, "beats.0.text"),
        ({"track": [{"seconds": 1, "affect": None}, {"seconds": 1, "affect": None}]}, "track.seconds"),
        ({"track": [{"seconds": 0, "affect": {"weights": {"joyy": 1}}}]}, "track.0.affect.weights.joyy"),
        ({"speed": 9}, "speed"), ({"loop": "yes"}, "loop"), ({"loop": True}, "path"), ({"path": [[0, 0]]}, "path"),
        ({"path": [[0, 0], [0, "x"]]}, "path"), ({"keep": [[0, 1]]}, "source"), ({"keep": [[0]]}, "keep.0"),
        ({"part": "legs"}, "part"), ({"post": 3}, "post"), ({"post": {"smooth": 2}}, "post.smooth"),
        ({"keyframes": [{"seconds": 0}]}, "keyframes.0"), ({"keyframes": [3]}, "keyframes.0"),
        ({"route": [{"seconds": 0, "x": 0, "z": 0}, {"seconds": 9, "x": 0, "z": 0}]}, "path"),
        ({"heading": "x"}, "heading"), ({"path": None, "route": [{"seconds": 0, "x": 0, "z": 0}]}, "route"),
        ({"goals": [3]}, "goals.0"), ({"goals": [{"seconds": 1, "position": [0, 1, 0]}]}, "goals.effector"),
        ({"goals": [{"effector": "left_wrist", "seconds": 1, "position": [0, 1]}]}, "goals.0.position"),
        ({"goals": [{"effector": "left_wrist", "seconds": "x", "position": [0, 1, 0]}]}, "goals.0.seconds"),
    ],
)  # fmt: skip
@in_a_loop
async def test_compositions_that_cannot_be(change: dict[str, Any], field: str) -> None:
    async with studio() as desk:
        found = await desk.fault(await desk.make({**TWO, **change}), 400)
        assert found["field"] == field, found
        assert not desk.engine.compositions


@in_a_loop
async def test_a_server_that_composes_nothing_says_so() -> None:
    async with studio() as desk:
        desk.link.state = replace(desk.link.state, composes=False)
        assert "ComposeService" in (await desk.fault(await desk.make(TWO), 400))["error"]
