"""The C interface against a server, beside what Python's client gets."""

import ctypes as c
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk.client import Client
from sdk.emotion import ALIASES, Emotion
from sdk.emotion import Affect as PythonAffect
from sdk.motion.skeleton import BODY, JOINT_NAMES, PARENTS
from sdk.service.access import Tokens
from sdk.service.core import MAX_RECEIVE_BYTES
from tests.cpp import core as em
from tests.cpp.build import SOURCE
from tests.cpp.core import Core, CoreError, DriveOptions, Request, Sink, Status, Wish
from tests.service.conftest import TOKEN, Live

WALK = "a person walks forward"


def rotations(pose: em.Pose) -> np.ndarray:
    return np.array(pose.rotations).reshape(em.JOINTS, 4)


def generate(core: Core, client: c.c_void_p, **request: object) -> tuple[list[tuple[np.ndarray, np.ndarray]], Status]:
    frames: list[tuple[np.ndarray, np.ndarray]] = []

    def take(_user: object, index: int, pose: "c._Pointer[em.Pose]") -> int:
        assert index == len(frames)
        frames.append((rotations(pose[0]), np.array(pose[0].root)))
        return 0

    sink, status = Sink(on_frame=em.ON_FRAME(take)), Status()
    core.call("generate", client, c.byref(Request(**request)), c.byref(sink), c.byref(status))
    return frames, status


def options(text: str = WALK, **more: object) -> DriveOptions:
    return DriveOptions(wish=Wish(text=text), **more)


def test_the_tables_are_those_of_python(core: Core) -> None:
    library = core.library
    header = (SOURCE / "include" / "emomotion.h").read_text()
    assert library.em_abi_version() == int(re.search(r"#define EM_ABI_VERSION (\d+)", header)[1])  # type: ignore[index]
    assert library.em_version().decode() == sdk.__version__
    assert [library.em_joint_name(j).decode() for j in range(em.JOINTS)] == list(JOINT_NAMES)
    assert [library.em_joint_parent(j) for j in range(em.JOINTS)] == list(PARENTS)
    assert [library.em_emotion_name(e).decode() for e in range(em.EMOTIONS)] == [e.label for e in Emotion]
    assert library.em_joint_name(22) is library.em_joint_name(-1) is library.em_emotion_name(9) is None
    skeleton = em.Skeleton(ankle_height=BODY.ankle_height, toe_height=BODY.toe_height)
    skeleton.rest_offsets[:] = BODY.offsets.ravel().tolist()
    assert library.em_rest_height(c.byref(skeleton)) == pytest.approx(BODY.rest_height)


@pytest.mark.parametrize("words", [*(e.label for e in Emotion), *ALIASES, "joy:0.6,trust:0.4", " Rage ,joy: 2"])
def test_words_mean_the_same(core: Core, words: str) -> None:
    found, wanted = core.affect(words), PythonAffect.of(words)
    weights = np.array(found.weights)
    np.testing.assert_allclose(weights / weights.sum(), wanted.vector, atol=1e-6)
    assert found.intensity == wanted.intensity


def test_info_is_what_python_reads(core: Core, client: c.c_void_p, live: Live) -> None:
    core.call("wait_ready", client, 20.0)
    found = c.POINTER(em.Info)()
    core.call("get_info", client, 0.0, c.byref(found))
    info = found[0]
    with Client(live.address) as python:
        wanted = python.info()
    for name in ("name", "version", "sha256", "licence", "attribution"):
        assert getattr(info, name).decode() == getattr(wanted, name)
    plans = [
        (p.name.decode(), p.generator.decode(), bool(p.is_default), p.expected_ms)
        for p in info.plans[: info.plan_count]
    ]
    assert plans == [(p.name, p.generator, p.is_default, p.expected_ms) for p in wanted.plans]
    assert list(info.minutes) == [wanted.emotions[e].minutes for e in Emotion]
    np.testing.assert_allclose(np.array(info.skeleton.rest_offsets).reshape(-1, 3), BODY.offsets, atol=1e-6)
    assert (info.fps, info.max_seconds, info.max_text_chars) == (30, 30, 1000)
    core.library.em_info_free(found)


def test_a_clip_is_the_one_that_python_gets(core: Core, client: c.c_void_p, live: Live) -> None:
    affect = core.affect("joy:0.6,trust:0.4")
    frames, status = generate(
        core, client, text=WALK, affect=c.pointer(affect), seconds=10, has_seed=1, seed=2**64 - 1, fps=60
    )
    with Client(live.address) as python:
        wanted = python.generate(WALK, affect="joy:0.6,trust:0.4", seconds=10, seed=2**64 - 1, fps=60)
    assert len(frames) == len(wanted.motion) == 601  # more than two chunks
    np.testing.assert_array_equal(np.array([r for r, _ in frames]), wanted.motion.rotations)
    np.testing.assert_array_equal(np.array([p for _, p in frames]), wanted.motion.root)
    assert (status.seed, status.plan.decode(), status.sha256.decode()) == (
        wanted.seed,
        wanted.plan,
        wanted.bundle_sha256,
    )
    np.testing.assert_allclose(status.affect.weights, wanted.affect.vector, atol=1e-6)
    stages = {stage.name.decode(): stage for stage in status.stages[: status.stage_count]}
    assert set(stages) == set(wanted.stage_ms) and stages["masked"].ms == wanted.stage_ms["masked"]
    assert {name: stage.passes for name, stage in stages.items() if stage.passes} == wanted.passes
    assert not status.has_budget_left


@pytest.mark.parametrize(
    ("request_", "code", "field", "said"),
    [
        ({"seconds": 99}, em.INVALID, "seconds", "seconds"),
        ({"text": "  "}, em.INVALID, "text", "text is empty"),
        ({"text": "x" * 1001}, em.INVALID, "text", "1..1000"),
        ({"plan": "best"}, em.INVALID, "plan", "best"),
        ({"budget_ms": 1.0}, em.PRECONDITION, "", "plan"),
    ],
)
def test_refusals_name_the_field(
    core: Core, client: c.c_void_p, request_: dict, code: int, field: str, said: str
) -> None:
    with pytest.raises(CoreError, match=re.escape(said)) as caught:
        generate(core, client, **{"text": WALK, **request_})
    assert (caught.value.code, caught.value.field) == (code, field)
    affect = em.Affect(intensity=2.0)
    with pytest.raises(CoreError, match=r"intensity must lie in 0\.\.1"):
        generate(core, client, text=WALK, affect=c.pointer(affect))


def test_a_deadline_and_a_closed_client_end_a_clip_that_hangs(core: Core, live: Live) -> None:
    live.engine.gate.clear()
    client = core.connect(live.address)
    with pytest.raises(CoreError, match="did not finish within 0.3 s") as caught:
        generate(core, client, text=WALK, timeout_s=0.3)
    assert caught.value.code == em.DEADLINE
    assert live.engine.was_cancelled.wait(10)
    core.library.em_close(client)


def test_tokens_and_tls(core: Core, start: Callable[..., Live], pems: dict[str, Path], tokens: Tokens) -> None:
    from sdk.service.access import server_credentials

    running = start(credentials=server_credentials(pems["cert"], pems["key"], pems["ca"]), tokens=tokens)
    server = running.address.replace("127.0.0.1", "localhost")
    files = {"tls_ca": str(pems["ca"]), "tls_cert": str(pems["client_cert"]), "tls_key": str(pems["client_key"])}
    info = c.POINTER(em.Info)()

    def asked(**how: object) -> int:
        client = core.connect(server, **how)
        try:
            core.call("get_info", client, 5.0, c.byref(info))
        finally:
            core.library.em_close(client)
        core.library.em_info_free(info)
        return em.OK

    assert asked(token=TOKEN, **files) == em.OK
    with pytest.raises(CoreError, match=r"wants a valid token: set em_connection.token") as caught:
        asked(token="another-token-of-ours", **files)
    assert caught.value.code == em.UNAUTHENTICATED
    for wrong in ({}, {"tls": 1}):  # not encrypted, and an authority that nobody knows
        with pytest.raises(CoreError) as caught:
            asked(token=TOKEN, **wrong)
        assert caught.value.code == em.UNAVAILABLE
    with pytest.raises(CoreError, match="needs its key"):
        asked(tls_cert=str(pems["cert"]))


def test_a_character_is_the_one_that_python_gets(core: Core, client: c.c_void_p) -> None:
    affect = core.affect("sadness")
    begin = options(has_seed=1, seed=5, every_frame=1)
    begin.wish.affect = c.pointer(affect)
    drive = core.drive(client, begin)
    frames = [core.next(drive) for _ in range(30)]
    assert [frame.number for frame in frames] == list(range(30))
    header = em.DriveHeader()
    assert core.library.em_drive_get_header(drive, c.byref(header)) == em.OK
    assert (header.seed, header.fps, header.sha256.decode()) == (5, 30, "ab" * 32)
    assert frames[-1].affect.weights[Emotion.SADNESS] == 1 and frames[-1].affect.intensity == 0.7
    np.testing.assert_allclose(np.linalg.norm(rotations(frames[-1].pose), axis=-1), 1, atol=1e-5)
    core.library.em_drive_end(drive)
    while frame := core.next(drive):
        frames.append(frame)
    state = core.state(drive)
    assert state.ended and state.frame_count == len(frames) == state.received
    core.library.em_drive_close(drive)


def test_everything_that_can_change_is_understood(core: Core, client: c.c_void_p, live: Live) -> None:
    drive = core.drive(client, options())
    core.next(drive)
    keys = (em.AffectKey * 2)(
        em.AffectKey(seconds=0, affect=core.affect("joy")), em.AffectKey(seconds=0.3, affect=core.affect("fear"))
    )
    path = (c.c_double * 4)(0, 0, 0, -5)
    changes = (
        Wish(text="a person jumps"), Wish(set=em.SET_SPEED, speed=1.2), Wish(set=em.SET_HEADING, heading=1.0),
        Wish(path=path, path_count=2), Wish(set=em.SET_FREE), Wish(track=keys, track_count=2),
    )  # fmt: skip
    for change in changes:
        core.call("drive_change", drive, c.byref(change))
    while (frame := core.next(drive)).affect.weights[Emotion.FEAR] < 1:
        assert frame.number < 200
    while core.next(drive).wish < len(changes):
        pass
    assert live.engine.windows[-1].text == "a person jumps"
    for wrong, field in (
        (Wish(set=em.SET_SPEED, speed=9), "speed"), (Wish(set=em.SET_HEADING, heading=90), "heading"),
        (Wish(text=""), "text"), (Wish(path=path, path_count=1), "path"), (Wish(set=64), "set"),
        (Wish(track=keys, track_count=0), "track"),
    ):  # fmt: skip
        with pytest.raises(CoreError) as caught:
            core.call("drive_change", drive, c.byref(wrong))
        assert (caught.value.code, caught.value.field) == (em.INVALID, field)
    assert core.next(drive) is not None  # and the character lives on
    core.library.em_drive_close(drive)
    live.until(lambda: live.server.core.streams == 0)


def test_a_slow_reader_gets_the_present(core: Core, client: c.c_void_p) -> None:
    drive = core.drive(client, options())
    first = core.next(drive)
    time.sleep(1.0)
    late = core.next(drive)
    assert late.number > first.number + 15 and core.state(drive).passed_over >= 10
    core.library.em_drive_close(drive)


def test_a_frame_that_nobody_waits_for_is_not_waited_for(core: Core, live: Live) -> None:
    client = core.connect(live.address)
    drive = core.drive(client, options())
    began, frame = time.monotonic(), em.Frame()
    assert core.call("drive_next", drive, 0.0, c.byref(frame), accept=(em.NOT_YET,)) == em.NOT_YET
    assert core.call("drive_sample", drive, 0.0, c.byref(frame), accept=(em.NOT_YET,)) == em.NOT_YET
    assert time.monotonic() - began < 0.1
    core.library.em_close(client)
    with pytest.raises(CoreError, match="closed") as caught:
        while True:
            core.next(drive)
    assert caught.value.code == em.CANCELLED
    core.library.em_drive_close(drive)


def test_a_server_that_is_no_emomotion_is_named(core: Core, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    import concurrent.futures

    import grpc

    other = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    client, info = core.connect(f"127.0.0.1:{port}"), c.POINTER(em.Info)()
    with pytest.raises(CoreError, match=r"does not speak emomotion.v1") as caught:
        core.call("get_info", client, 5.0, c.byref(info))
    assert caught.value.code == em.UNIMPLEMENTED
    drive = core.drive(client, options(reconnect_s=60.0))
    with pytest.raises(CoreError, match=r"does not speak emomotion.v1"):
        core.next(drive)
    core.library.em_drive_close(drive)
    core.library.em_close(client)
    other.stop(None)


def test_one_message_is_enough_for_any_wish() -> None:
    longest = 512 * 8 + 256 * (9 * 20 + 20) + 4 * 1000 + 64 * 500  # path, track, text and poses of a start
    assert longest < MAX_RECEIVE_BYTES
