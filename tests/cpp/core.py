"""The C interface of the core from Python, by ctypes: written from emomotion.h, as any other language would."""

import ctypes as c
from pathlib import Path

JOINTS, CONTACTS, EMOTIONS, REMEMBERED, SHAPES, VISEMES = 22, 4, 9, 64, 52, 14
OK, CANCELLED, INVALID, DEADLINE, EXHAUSTED, PRECONDITION = 0, 1, 3, 4, 8, 9
UNIMPLEMENTED, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED, NOT_YET, ENDED = 12, 14, 15, 16, -1, -2
SET_SPEED, SET_HEADING, SET_FREE = 1, 2, 4
SET_LOOK_LEFT, SET_LOOK_UP, SET_LOOK_FREELY = 1, 2, 4


class Struct(c.Structure):
    """Text goes in as str."""

    def __init__(self, **values: object) -> None:
        super().__init__()
        for name, value in values.items():
            setattr(self, name, value.encode() if isinstance(value, str) else value)


class Error(Struct):
    _fields_ = [
        ("code", c.c_int32),
        ("retry_after_ms", c.c_int32),
        ("field", c.c_char * 64),
        ("message", c.c_char * 512),
    ]


class Affect(Struct):
    _fields_ = [("weights", c.c_double * EMOTIONS), ("intensity", c.c_double)]


class Pose(Struct):
    _fields_ = [("rotations", c.c_float * (4 * JOINTS)), ("root", c.c_float * 3), ("contacts", c.c_uint8 * CONTACTS)]


class Skeleton(Struct):
    _fields_ = [("rest_offsets", c.c_float * (3 * JOINTS)), ("ankle_height", c.c_double), ("toe_height", c.c_double)]


class Connection(Struct):
    _fields_ = [
        ("server", c.c_char_p), ("token", c.c_char_p), ("tls", c.c_int32), ("tls_ca", c.c_char_p),
        ("tls_cert", c.c_char_p), ("tls_key", c.c_char_p),
    ]  # fmt: skip


class Plan(Struct):
    _fields_ = [("name", c.c_char_p), ("generator", c.c_char_p), ("is_default", c.c_int32), ("expected_ms", c.c_double)]


class Info(Struct):
    _fields_ = [
        ("name", c.c_char_p), ("version", c.c_char_p), ("sha256", c.c_char_p), ("licence", c.c_char_p),
        ("attribution", c.c_char_p), ("fps", c.c_double), ("plans", c.POINTER(Plan)), ("plan_count", c.c_uint32),
        ("evidence", c.c_int32 * EMOTIONS), ("minutes", c.c_double * EMOTIONS), ("skeleton", Skeleton),
        ("min_seconds", c.c_double), ("max_seconds", c.c_double), ("min_fps", c.c_double), ("max_fps", c.c_double),
        ("max_text_chars", c.c_uint32),
    ]  # fmt: skip


class Request(Struct):
    _fields_ = [
        ("text", c.c_char_p), ("affect", c.POINTER(Affect)), ("seconds", c.c_double), ("has_seed", c.c_int32),
        ("seed", c.c_uint64), ("plan", c.c_char_p), ("generator", c.c_char_p), ("fps", c.c_double),
        ("budget_ms", c.c_double), ("timeout_s", c.c_double),
    ]  # fmt: skip


class ClipHeader(Struct):
    _fields_ = [("skeleton", Skeleton), ("fps", c.c_double), ("frame_count", c.c_uint32)]


ON_HEADER = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.POINTER(ClipHeader))
ON_FRAME = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_uint32, c.POINTER(Pose))


class Sink(Struct):
    _fields_ = [("user", c.c_void_p), ("on_header", ON_HEADER), ("on_frame", ON_FRAME)]


class Stage(Struct):
    _fields_ = [("name", c.c_char * 24), ("ms", c.c_double), ("passes", c.c_uint32)]


class Status(Struct):
    _fields_ = [
        ("affect", Affect), ("seconds", c.c_double), ("fps", c.c_double), ("seed", c.c_uint64), ("plan", c.c_char * 65),
        ("generator", c.c_char * 65), ("sha256", c.c_char * 65), ("degraded", c.c_int32),
        ("has_budget_left", c.c_int32), ("budget_left_ms", c.c_double), ("stages", Stage * 16),
        ("stage_count", c.c_uint32),
    ]  # fmt: skip


class AffectKey(Struct):
    _fields_ = [("seconds", c.c_double), ("affect", Affect)]


class Wish(Struct):
    _fields_ = [
        ("text", c.c_char_p), ("affect", c.POINTER(Affect)), ("track", c.POINTER(AffectKey)),
        ("track_count", c.c_uint32), ("set", c.c_uint32), ("speed", c.c_double), ("heading", c.c_double),
        ("path", c.POINTER(c.c_double)), ("path_count", c.c_uint32),
    ]  # fmt: skip


class DriveOptions(Struct):
    _fields_ = [
        ("wish", Wish), ("has_seed", c.c_int32), ("seed", c.c_uint64), ("plan", c.c_char_p), ("generator", c.c_char_p),
        ("reconnect_s", c.c_double), ("every_frame", c.c_int32), ("resume", c.POINTER(Pose)),
        ("resume_count", c.c_uint32),
    ]  # fmt: skip


class Frame(Struct):
    _fields_ = [
        ("number", c.c_uint64), ("pose", Pose), ("affect", Affect), ("wish", c.c_uint32), ("idle", c.c_uint8),
        ("reacting", c.c_uint8),
    ]  # fmt: skip


class DriveHeader(Struct):
    _fields_ = [("skeleton", Skeleton), ("fps", c.c_double), ("seed", c.c_uint64), ("sha256", c.c_char * 65)]


class DriveState(Struct):
    _fields_ = [
        ("connected", c.c_int32), ("lost", c.c_uint32), ("received", c.c_uint64), ("passed_over", c.c_uint64),
        ("ended", c.c_int32), ("frame_count", c.c_uint64), ("frames_left_out", c.c_uint64), ("frames_idle", c.c_uint64),
        ("delay_s", c.c_double),
    ]  # fmt: skip


class FaceWish(Struct):
    _fields_ = [
        ("affect", c.POINTER(Affect)), ("track", c.POINTER(AffectKey)), ("track_count", c.c_uint32),
        ("visemes", c.POINTER(c.c_double)), ("set", c.c_uint32), ("look_left_deg", c.c_double),
        ("look_up_deg", c.c_double),
    ]  # fmt: skip


class FaceOptions(Struct):
    _fields_ = [
        ("wish", FaceWish), ("has_seed", c.c_int32), ("seed", c.c_uint64), ("fps", c.c_double), ("still", c.c_int32),
        ("reconnect_s", c.c_double), ("every_frame", c.c_int32),
    ]  # fmt: skip


class FaceFrame(Struct):
    _fields_ = [("number", c.c_uint64), ("shapes", c.c_float * SHAPES), ("affect", Affect)]


class FaceHeader(Struct):
    _fields_ = [("fps", c.c_double), ("seed", c.c_uint64), ("model", c.c_char * 101)]


class FaceState(Struct):
    _fields_ = [
        ("connected", c.c_int32), ("lost", c.c_uint32), ("received", c.c_uint64), ("passed_over", c.c_uint64),
        ("delay_s", c.c_double),
    ]  # fmt: skip


class CoreError(Exception):
    def __init__(self, error: Error) -> None:
        super().__init__(error.message.decode())
        self.code, self.field, self.retry_after_ms = error.code, error.field.decode(), error.retry_after_ms


class Core:
    """The loaded library; functions by their names without em_, refusals as CoreError."""

    def __init__(self, path: Path) -> None:
        self.library = c.CDLL(str(path))
        texts = ("version", "code_name", "emotion_name", "joint_name", "axes_name", "shape_name", "viseme_name")
        for name in texts:
            getattr(self.library, f"em_{name}").restype = c.c_char_p
        self.library.em_rest_height.restype = c.c_double
        for name in ("close", "info_free", "drive_close", "drive_end", "face_close", "face_end", "rig_free"):
            getattr(self.library, f"em_{name}").restype = None

    def call(self, name: str, *arguments: object, accept: tuple[int, ...] = (OK,)) -> int:
        """A function whose last argument is an error; Python's floats are doubles, integers int32."""
        error = Error()
        values = [c.c_double(value) if isinstance(value, float) else value for value in arguments]
        code = int(getattr(self.library, f"em_{name}")(*values, c.byref(error)))
        if code not in accept:
            assert code == error.code and error.message
            raise CoreError(error)
        return code

    def connect(self, server: str, **how: object) -> "c.c_void_p":
        """A client; close it with library.em_close."""
        client = c.c_void_p()
        self.call("connect", c.byref(Connection(server=server, **how)), c.byref(client))
        return client

    def affect(self, words: str) -> Affect:
        """A feeling from words."""
        out = Affect()
        self.call("affect_of", words.encode(), c.byref(out))
        return out

    def drive(self, client: "c.c_void_p", options: DriveOptions) -> "c.c_void_p":
        """A stream; close it with library.em_drive_close."""
        drive = c.c_void_p()
        self.call("drive_open", client, c.byref(options), c.byref(drive))
        return drive

    def next(self, drive: "c.c_void_p", timeout_s: float = 20.0) -> Frame | None:
        """The next frame; None at the end. Raises CoreError."""
        frame = Frame()
        code = self.call("drive_next", drive, float(timeout_s), c.byref(frame), accept=(OK, ENDED))
        return frame if code == OK else None

    def state(self, drive: "c.c_void_p") -> DriveState:
        """How a stream is doing."""
        out = DriveState()
        self.library.em_drive_get_state(drive, c.byref(out))
        return out

    def face(self, client: "c.c_void_p", options: FaceOptions) -> "c.c_void_p":
        """A face; close it with library.em_face_close."""
        face = c.c_void_p()
        self.call("face_open", client, c.byref(options), c.byref(face))
        return face

    def next_face(self, face: "c.c_void_p", timeout_s: float = 20.0) -> FaceFrame | None:
        """The next frame; None at the end. Raises CoreError."""
        frame = FaceFrame()
        code = self.call("face_next", face, float(timeout_s), c.byref(frame), accept=(OK, ENDED))
        return frame if code == OK else None
