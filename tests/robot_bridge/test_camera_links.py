"""What leaves the camera program: the page in a browser, frames to a bridge, landmarks to a FaceService."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[robot]'")
pytest.importorskip("cv2", reason="OpenCV is absent: pip install -e '.[robot]'")

from emomotion.v1 import face_pb2, face_pb2_grpc, robot_pb2, robot_pb2_grpc  # noqa: E402
from robot_bridge.camera_engine import EngineMind, ServerMind, StillMind  # noqa: E402
from robot_bridge.camera_mind import Wish  # noqa: E402
from robot_bridge.camera_out import BridgeSink  # noqa: E402
from robot_bridge.camera_web import PAGE, Page  # noqa: E402
from robot_bridge.schema import ameca  # noqa: E402
from sdk.errors import InvalidInput, ServerError  # noqa: E402
from sdk.runtime.face import Following  # noqa: E402
from sdk.runtime.face_finder import Face, FaceFinder  # noqa: E402
from sdk.runtime.face_mapper import Mapped  # noqa: E402
from tests.face.photographs import astronaut  # noqa: E402
from tests.robot_bridge.camera_parts import JAW, reading, serving  # noqa: E402

CONNECTION = {"token": None, "tls": None}


@pytest.fixture(scope="module")
def face() -> Face:
    found = FaceFinder.open().find(astronaut())
    assert found is not None
    return found


@pytest.fixture
def calibrations() -> list[str]:
    return []


@pytest.fixture
def page(calibrations: list[str]) -> Iterator[tuple[Page, str]]:
    page = Page(ameca(), "tight", lambda: calibrations.append("again"))
    address = page.start(0)
    yield page, address
    page.close()
    page.close()  # twice does no harm


def test_the_page_and_its_setup(page: tuple[Page, str]) -> None:
    async def ask() -> None:
        async with aiohttp.ClientSession(page[1]) as session:
            async with session.get("/") as reply:
                assert reply.status == 200 and await reply.text() == PAGE.read_text(encoding="utf-8")
                assert "default-src 'self'" in reply.headers["Content-Security-Policy"]
            async with session.get("/setup.json") as reply:
                setup = await reply.json()
            controls = setup["controls"]
            assert [control["name"] for control in controls] == list(ameca().names)
            assert [(c["low"], c["high"]) for c in controls] == list(zip(*ameca().bounds("tight"), strict=True))
            assert [control["neutral"] for control in controls] == ameca().neutral.tolist()
            assert all(0 <= point < 478 for line in setup["lines"] for point in line["points"])

    asyncio.run(ask())


def test_a_viewer_sees_readings_and_may_calibrate(page: tuple[Page, str], face: Face, calibrations: list[str]) -> None:
    page[0].show(reading(astronaut(), face, note="bridge: tracking"))

    async def watch() -> None:
        async with aiohttp.ClientSession(page[1]) as session, session.ws_connect("/live") as ws:
            first = json.loads(await ws.receive_str(timeout=5))  # the last one, for whoever comes later
            with Image.open(io.BytesIO(await ws.receive_bytes(timeout=5))) as picture:
                assert picture.format == "JPEG" and picture.size == (512, 512)
            assert first["state"] == "follow" and first["note"] == "bridge: tracking" and len(first["values"]) == 30
            np.testing.assert_allclose(np.array(first["points"]) * 512 - 0.5, face.points[:, :2], atol=0.01)
            page[0].show(reading(np.zeros((1200, 1600, 3), np.uint8)))
            second = json.loads(await ws.receive_str(timeout=5))
            with Image.open(io.BytesIO(await ws.receive_bytes(timeout=5))) as picture:
                assert picture.size == (720, 540)
            assert second["state"] == "no face" and second["points"] == [] and second["reason"]
            for words in ("no json", '["calibrate"]', '{"do": "else"}', "[" * 900, '{"do": "calibrate"}'):
                await ws.send_str(words)
            for _ in range(100):
                if calibrations:
                    break
                await asyncio.sleep(0.02)

    asyncio.run(watch())
    assert calibrations == ["again"]


def test_a_slow_viewer_gets_the_newest(page: tuple[Page, str]) -> None:
    async def watch() -> None:
        async with aiohttp.ClientSession(page[1]) as session, session.ws_connect("/live") as ws:
            while not page[0]._viewers:
                await asyncio.sleep(0.01)
            for number in range(60):
                page[0].show(reading(astronaut(), fps=float(number)))
            seen = []
            while not seen or seen[-1] != 59:
                seen.append(json.loads(await ws.receive_str(timeout=5))["fps"])
                await ws.receive_bytes(timeout=5)
            assert seen == sorted(seen)

    asyncio.run(watch())


@pytest.mark.parametrize("headers", [{"Host": "camera.example"}, {"Origin": "https://elsewhere.example"}])
def test_pages_of_others_see_nothing(page: tuple[Page, str], headers: dict[str, str]) -> None:
    async def ask() -> None:
        async with aiohttp.ClientSession(page[1]) as session:
            for path in ("/", "/setup.json", "/live"):
                async with session.get(path, headers=headers) as reply:
                    assert reply.status == 403

    asyncio.run(ask())


def test_a_port_in_use_is_told(page: tuple[Page, str]) -> None:
    with pytest.raises(InvalidInput, match="already in use; choose another with --browser"):
        Page(ameca(), "tight", lambda: None).start(int(page[1].rpartition(":")[2]))


class FakeBridge(robot_pb2_grpc.BridgeServiceServicer):
    """Acknowledges frames, as one that is armed or not."""

    def __init__(self, *, armed: bool) -> None:
        self.armed, self.frames = armed, []
        self.got, self.ended = threading.Event(), threading.Event()

    def Control(self, requests, context):  # noqa: N802, ANN001, ANN201
        self.start = next(requests).start
        yield robot_pb2.ControlReply(header=robot_pb2.ControlHeader(lease="secret"))
        for request in requests:
            if request.WhichOneof("part") == "end":
                self.ended.set()
                return
            self.frames.append(request.frame)
            outcome = robot_pb2.FRAME_OUTCOME_APPLIED if self.armed else robot_pb2.FRAME_OUTCOME_NOT_ARMED
            state = robot_pb2.BRIDGE_STATE_TRACKING if self.armed else robot_pb2.BRIDGE_STATE_DISARMED
            limits = [0] * 28 + [4, 1]
            ack = robot_pb2.ControlAck(number=request.frame.number, outcome=outcome, state=state, limits=limits)
            yield robot_pb2.ControlReply(ack=ack)
            self.got.set()


@pytest.mark.parametrize(("armed", "note"), [(True, "bridge: tracking, 2 controls limited"), (False, "not armed")])
def test_values_go_to_the_bridge(face: Face, armed: bool, note: str) -> None:
    bridge = FakeBridge(armed=armed)
    values = ameca().neutral.copy()
    values[JAW] = 0.7
    with serving(robot_pb2_grpc.add_BridgeServiceServicer_to_server, bridge) as address:
        sink = BridgeSink(address, "tight", CONNECTION)
        sink.show(reading(astronaut(), face, wish=Wish(values, "follow", 0.8)))
        for _ in range(200):
            sink.show(reading(astronaut(), face, wish=Wish(values, "hold", 0.5)))
            if sink.note:
                break
            bridge.got.wait(0.1)
            bridge.got.clear()
            time.sleep(0.001)  # the acknowledgement is on its way to the sink
        sink.finish()
        sink.close()
        assert bridge.ended.wait(5)
    assert note in sink.note
    assert bridge.start.schema_sha256 == ameca().sha256 and bridge.start.range_set == "tight"
    first, second = bridge.frames[:2]
    assert (first.number, second.number) == (0, 1)
    assert first.mode == face_pb2.FACE_MODE_FOLLOW and second.mode == face_pb2.FACE_MODE_HOLD
    np.testing.assert_allclose(first.values, values, rtol=1e-6)
    assert first.made_in_ms == pytest.approx(5.5) and first.confidence == pytest.approx(0.8) and first.ttl_ms > 0


def test_no_bridge_is_one_clear_line() -> None:
    with pytest.raises(ServerError, match="no bridge answers"):
        BridgeSink("127.0.0.1:1", "tight", CONNECTION)


class FakeFaces(face_pb2_grpc.FaceServiceServicer):
    """Answers each face with values that tell what came."""

    def __init__(self) -> None:
        self.came, self.calibrations = [], 0

    def Track(self, requests, context):  # noqa: N802, ANN001, ANN201
        self.start = next(requests).start
        header = face_pb2.FaceHeader(
            stream_id="test", schema_sha256=ameca().sha256, range_set="tight", control_names=ameca().names
        )
        yield face_pb2.FaceReply(header=header)
        number = 0
        for request in requests:
            part = request.WhichOneof("part")
            if part == "end":
                return
            self.calibrations += part == "calibrate"
            if part != "landmarks":
                continue
            self.came.append(request.landmarks)
            sure = request.landmarks.confidence
            mode = face_pb2.FACE_MODE_FOLLOW if sure else face_pb2.FACE_MODE_NEUTRAL
            values = ameca().neutral.copy()
            values[JAW] = 0.6 if sure else 1.0
            yield face_pb2.FaceReply(frame=face_pb2.FaceFrame(
                number=number, capture_ns=request.landmarks.capture_ns, values=values, mode=mode, confidence=sure,
                ttl_ms=200,
            ))  # fmt: skip
            number += 1


def test_landmarks_go_to_a_server_and_values_come_back(face: Face) -> None:
    faces = FakeFaces()
    with serving(face_pb2_grpc.add_FaceServiceServicer_to_server, faces) as address:
        mind = ServerMind(address, ameca(), "tight", smoothing=0.2, calibration_faces=7, connection=CONNECTION)
        shown = mind.wish(face, 0.1)
        assert shown.mode == "follow" and shown.values[JAW] == pytest.approx(0.6)
        mind.calibrate()
        gone = mind.wish(None, 0.2)
        assert gone.mode == "neutral" and gone.values[JAW] == 1.0 and gone.confidence == 0
        mind.close()
    assert faces.start.smoothing == 0.2 and faces.start.calibration_faces == 7 and faces.calibrations == 1
    assert faces.start.schema_sha256 == ameca().sha256
    np.testing.assert_allclose(np.reshape(faces.came[0].points, (-1, 3)), face.points, rtol=1e-5, atol=1e-3)
    assert [landmarks.capture_ns for landmarks in faces.came] == [100_000_000, 200_000_000]
    assert faces.came[1].confidence == 0


def test_a_server_that_is_not_there_is_one_clear_line(face: Face) -> None:
    mind = ServerMind("127.0.0.1:1", ameca(), "tight", smoothing=0.5, calibration_faces=15, connection=CONNECTION)
    with pytest.raises(ServerError, match="no server answers"):
        mind.wish(face, 0.0)
    mind.close()


class JawMapper:
    """Maps the height of the lips' gap alone."""

    schema = ameca()

    def features(self, points: np.ndarray) -> np.ndarray:
        return points[[13, 14], 1]

    def map(self, points: np.ndarray, calibration: object = None) -> Mapped:
        values = ameca().neutral.copy()
        values[JAW] = 0.7 if calibration is not None else 0.8
        return Mapped(values, 0.5)


def test_the_engine_in_this_process_is_told_of_faces_and_of_none(face: Face) -> None:
    options = {"range_set": "tight", "smoothing": 0.0, "calibration_faces": 2}
    mind = EngineMind(Following(None, JawMapper(), ameca(), **options), 2)
    modes = [mind.wish(face, k / 30).mode for k in range(4)]
    assert modes == ["neutral", "neutral", "follow", "follow"]
    assert mind.wish(None, 4 / 30).mode == "hold"
    lost = mind.wish(None, 2.0)
    assert lost.mode == "neutral" and lost.confidence == 0
    mind.calibrate()
    assert [mind.wish(face, 3 + k / 30).mode for k in range(3)] == ["neutral", "neutral", "follow"]


def test_a_single_picture_is_compared_with_the_calm_one(face: Face) -> None:
    alone, compared = (StillMind(JawMapper(), "tight", calm) for calm in (None, face))
    assert alone.wish(face, 0.0).values[JAW] == 0.8 and compared.wish(face, 0.0).values[JAW] == 0.7
    assert compared.wish(face, 0.0).confidence == pytest.approx(0.5 * face.confidence)
    nothing = compared.wish(None, 0.0)
    assert nothing.mode == "neutral" and nothing.confidence == 0
    np.testing.assert_array_equal(nothing.values, ameca().neutral)
