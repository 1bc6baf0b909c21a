"""Faces by the C interface, beside what Python's client gets."""

import ctypes as c
import time
from collections.abc import Callable

import numpy as np
import pytest

from emomotion.v1 import face_pb2
from sdk.client import Client
from sdk.face.blendshapes import NAMES
from sdk.face_client import FaceFrame as PythonFrame
from tests.cpp import core as em
from tests.cpp.core import Core, CoreError, FaceFrame, FaceHeader, FaceOptions, FaceState, FaceWish
from tests.service.conftest import Live
from tests.service.fake_faces import FakeFaces
from tests.service.fake_faces import read as read_python
from tests.service.programs import serving


def shapes(frame: FaceFrame) -> np.ndarray:
    return np.array(frame.shapes)


def feels(core: Core, words: str) -> FaceWish:
    return FaceWish(affect=c.pointer(core.affect(words)))


@pytest.fixture
def live(start: Callable[..., Live]) -> Live:
    """A server with faces."""
    return start(FakeFaces())


def test_the_tables_are_those_of_python(core: Core) -> None:
    library = core.library
    assert tuple(library.em_shape_name(i).decode() for i in range(em.SHAPES)) == NAMES
    visemes = [library.em_viseme_name(i).decode() for i in range(em.VISEMES)]
    assert [f"VISEME_{name}" for name in visemes] == face_pb2.Viseme.keys()[1:]
    for name in (library.em_shape_name, library.em_viseme_name):
        assert name(-1) is None and name(em.SHAPES) is None


def both_faces(core: Core, client: c.c_void_p, address: str) -> tuple[list[FaceFrame], list[PythonFrame], FaceHeader]:
    """The same 20 frames by the core and by Python, and what the core says they have in common."""
    options = FaceOptions(wish=feels(core, "joy:1"), has_seed=1, seed=7, fps=50.0, every_frame=1)
    face, header = core.face(client, options), FaceHeader()
    mine = [frame for _ in range(20) if (frame := core.next_face(face)) is not None]
    assert core.library.em_face_get_header(face, c.byref(header)) == em.OK
    core.library.em_face_close(face)
    with Client(address) as python, python.express(
        "joy", seed=7, fps=50, every_frame=True, options={"blendshapes": True}
    ) as other:  # fmt: skip
        theirs = read_python(other, 20)
        assert (header.model.decode(), NAMES) == (other.model_id, other.blendshape_names)
    return mine, theirs, header


def difference(mine: list[FaceFrame], theirs: list[PythonFrame]) -> float:
    """The largest of any blendshape."""
    return float(np.abs([shapes(a) - b.blendshapes for a, b in zip(mine, theirs, strict=True)]).max())


def test_a_face_is_the_one_that_python_gets(core: Core, client: c.c_void_p, live: Live) -> None:
    mine, theirs, header = both_faces(core, client, live.address)
    assert (header.fps, header.seed) == (50, 7)
    assert [frame.number for frame in mine] == [frame.number for frame in theirs] == list(range(20))
    assert difference(mine, theirs) < 1e-6
    assert mine[-1].affect.weights[1] == 1 and shapes(mine[-1]).max() > 0.1


def test_everything_that_can_change_is_understood(core: Core, client: c.c_void_p) -> None:
    face = core.face(client, FaceOptions(still=1))

    def settled(wish: FaceWish) -> np.ndarray:
        core.call("face_change", face, c.byref(wish))
        return [shapes(core.next_face(face)) for _ in range(75)][-1]

    neutral = settled(FaceWish())
    jaw, left, smile = (NAMES.index(name) for name in ("jawOpen", "eyeLookOutLeft", "mouthSmileLeft"))
    visemes = (c.c_double * em.VISEMES)()
    visemes[0] = 1.0  # A
    spoken = settled(FaceWish(visemes=visemes))
    assert spoken[jaw] > neutral[jaw] + 0.1
    looked = settled(FaceWish(set=em.SET_LOOK_LEFT | em.SET_LOOK_UP, look_left_deg=30.0, look_up_deg=5.0))
    assert looked[left] > neutral[left] + 0.2 and abs(looked[jaw] - spoken[jaw]) < 0.02, "it goes on talking"
    silent = settled(FaceWish(visemes=(c.c_double * em.VISEMES)()))
    assert abs(silent[jaw] - neutral[jaw]) < 0.05 and silent[left] > neutral[left] + 0.2
    away = settled(FaceWish(set=em.SET_LOOK_FREELY))
    assert abs(away[left] - neutral[left]) < 0.15
    keys = (em.AffectKey * 2)(em.AffectKey(seconds=0.0, affect=core.affect("neutral")),
                              em.AffectKey(seconds=0.5, affect=core.affect("joy:1")))  # fmt: skip
    assert settled(FaceWish(track=keys, track_count=2))[smile] > neutral[smile] + 0.2
    core.library.em_face_close(face)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (FaceOptions(fps=5.0), "fps"),
        (FaceOptions(fps=float("nan")), "fps"),
        (FaceOptions(reconnect_s=-1.0), "reconnect_s"),
        (FaceOptions(wish=FaceWish(set=em.SET_LOOK_LEFT, look_left_deg=61.0)), "look_left"),
        (FaceOptions(wish=FaceWish(set=64)), "set"),
    ],
)
def test_refusals_name_the_field(core: Core, client: c.c_void_p, options: FaceOptions, field: str) -> None:
    with pytest.raises(CoreError) as caught:
        core.face(client, options)
    assert (caught.value.code, caught.value.field) == (em.INVALID, field)


def test_a_server_without_faces_says_so(core: Core, start: Callable[..., Live]) -> None:
    client = core.connect(start().address)
    face = core.face(client, FaceOptions(reconnect_s=60.0))
    with pytest.raises(CoreError, match=r"has no faces; start it without --no-face") as caught:
        core.next_face(face)
    assert caught.value.code == em.UNIMPLEMENTED
    core.library.em_face_close(face)
    core.library.em_close(client)


def test_a_slow_reader_gets_the_present(core: Core, client: c.c_void_p) -> None:
    face = core.face(client, FaceOptions())
    first = core.next_face(face)
    time.sleep(1.0)
    late, state = core.next_face(face), FaceState()
    core.library.em_face_get_state(face, c.byref(state))
    assert late.number > first.number + 30 and state.passed_over >= 20
    core.library.em_face_close(face)


def test_a_closed_client_ends_its_faces(core: Core, live: Live) -> None:
    client = core.connect(live.address)
    face = core.face(client, FaceOptions())
    core.next_face(face)
    core.library.em_close(client)
    with pytest.raises(CoreError, match="closed") as caught:
        while True:
            core.next_face(face)
    assert caught.value.code == em.CANCELLED
    core.library.em_face_close(face)


def test_a_face_goes_on_with_its_last_wish_when_the_server_is_back(core: Core) -> None:
    jaw, state, visemes = NAMES.index("jawOpen"), FaceState(), (c.c_double * em.VISEMES)()
    visemes[0] = 1.0  # A

    def read(face: c.c_void_p) -> FaceFrame | None:
        try:
            return core.next_face(face, 0.1)
        except CoreError as error:
            assert error.code == em.NOT_YET
            return None

    with serving() as first:
        client = core.connect(first.address)
        face = core.face(client, FaceOptions(still=1, reconnect_s=60.0))
        core.call("face_change", face, c.byref(FaceWish(visemes=visemes)))
        while (before := core.next_face(face)).shapes[jaw] < 0.2:
            pass
        first.process.kill()
        first.process.wait()
        with serving(port=first.port):
            frame: FaceFrame | None = None
            while not state.lost or frame is None or frame.number < before.number + 20 or frame.shapes[jaw] < 0.2:
                frame = read(face) or frame
                core.library.em_face_get_state(face, c.byref(state))
            core.library.em_face_close(face)
            core.library.em_close(client)
    assert state.lost >= 1
