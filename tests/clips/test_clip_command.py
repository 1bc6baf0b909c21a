"""The command, with an engine and a server that are made up here: what it asks, writes, prints and refuses."""

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdk.clip import command
from sdk.clips.read import read_tags
from sdk.console import run
from sdk.emotion import Affect, Emotion
from sdk.errors import BundleError, InvalidInput, MalformedFile, ServerError
from tests.synthetic import walking

SHA = "0123456789abcdef" * 4
FACTS = {
    "name": "fake", "version": "1.0", "licence": "CC BY-NC 4.0",
    "attribution": "Somebody's data",
}  # fmt: skip
EVIDENCE = {"neutral": "mocap", "joy": "mocap", "anger": "mocap", "fear": "proxy", "surprise": "none"}


@dataclass(frozen=True, kw_only=True)
class Request:
    text: str
    affect: Affect = field(default_factory=Affect.neutral)
    seconds: float = 4.0
    seed: int | None = None
    plan: str | None = None
    generator: str | None = None
    fps: float | None = None


class Engine:
    bundle = SimpleNamespace(
        manifest=SimpleNamespace(
            **FACTS,
            plans=[SimpleNamespace(name="default")],
            emotions=[SimpleNamespace(name=n, evidence=e) for n, e in EVIDENCE.items()],
        ),
        sha256=SHA,
    )
    requests: list[Request]
    loaded: list[Path | None]

    @classmethod
    def load(cls, path: Path | None = None) -> "Engine":
        cls.loaded.append(path)
        if path is not None and not path.is_dir():
            raise BundleError(f"{path} is no bundle")
        return cls()

    def generate(self, request: Request) -> Any:
        self.requests.append(request)
        if not request.text.strip():
            raise InvalidInput("text is empty", field="text")
        if not 0.5 <= request.seconds <= 30:
            raise InvalidInput(f"seconds must lie in 0.5..30, got {request.seconds:g}", field="seconds")
        used = replace(request, seed=41 if request.seed is None else request.seed, plan=request.plan or "default",
                       generator="emo-mask")  # fmt: skip
        motion = walking(request.seconds, request.fps or 30.0)
        return SimpleNamespace(
            motion=motion, request=used, plan=used.plan, stage_ms={"total": 12.0}, made_with={"onnxruntime": "1.2.3"}
        )


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    module = ModuleType("sdk.runtime.engine")
    module.Engine, module.Request = Engine, Request  # type: ignore[attr-defined]
    Engine.requests, Engine.loaded = [], []
    monkeypatch.setitem(sys.modules, "sdk.runtime.engine", module)
    return Engine


def call(*args: object) -> Result:
    return CliRunner().invoke(command, [str(a) for a in args], catch_exceptions=True)


def test_writes_a_tagged_clip_and_says_so(tmp_path: Path, engine: type[Engine]) -> None:
    out = tmp_path / "walk.glb"
    result = call("a person walks", "--emotion", "anger", "--intensity", 0.8, "--seconds", 1, "--seed", 7, "--out", out)
    assert result.exit_code == 0, result.output
    assert engine.requests == [Request(text="a person walks", affect=Affect.of("anger", 0.8), seconds=1.0, seed=7)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["walk.glb", "walk.glb.emotion.json"]
    for words in (
        str(out),
        "31 frames, 30 fps, 1.00 s",
        "anger; intensity 0.8",
        "seed     7",
        "default, 12 ms",
        "CC BY-NC",
    ):
        assert words in result.output
    reading = read_tags(out)
    tags = reading.tags
    assert reading.conflicts == ()
    assert (tags.prompt, tags.seed, tags.plan, tags.bundle_sha256) == ("a person walks", 7, "default", SHA)
    assert tags.requested == tags.applied == Affect.of("anger", 0.8)
    assert (tags.model_name, tags.generator, tags.licence) == ("fake", "emo-mask", "CC BY-NC 4.0")
    assert (tags.seconds, tags.fps, tags.root_motion, tags.synthetic) == (1.0, None, "travel", True)
    assert tags.dataset_licences == ("Somebody's data",)
    assert "evidence" not in result.output


def test_without_options_neutral_and_a_drawn_seed(tmp_path: Path, engine: type[Engine]) -> None:
    result = call("a person walks", "--out", tmp_path / "a.bvh")
    assert result.exit_code == 0 and "seed     41" in result.output and "neutral" in result.output
    assert engine.requests == [Request(text="a person walks")] and engine.loaded == [None]


def test_options_reach_the_engine(tmp_path: Path, engine: type[Engine]) -> None:
    result = call("x", "--emotion", "joy:3,trust:1", "--fps", 60, "--plan", "fast", "--bundle", tmp_path, "--in-place",
                  "--seconds", 1, "--out", tmp_path / "a.glb", "--preview", tmp_path / "a.gif")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert engine.loaded == [tmp_path]
    assert (engine.requests[0].fps, engine.requests[0].plan) == (None, "fast")
    assert (tmp_path / "a.gif").stat().st_size > 1000 and "a.gif" in result.output
    tags = read_tags(tmp_path / "a.glb").tags
    assert (tags.root_motion, tags.postprocess) == ("in_place", (("resample", {"fps": 60.0}), ("in_place", {})))
    assert "61 frames, 60 fps, 1.00 s" in result.output
    assert "joy 0.75, trust 0.25; intensity 0.7" in result.output


def test_it_says_when_an_emotion_was_never_recorded(tmp_path: Path) -> None:
    result = call("x", "--emotion", "joy:2,fear:1,surprise:1", "--out", tmp_path / "a.glb", "--seconds", 1)
    assert result.exit_code == 0, result.output
    assert "evidence fear was learned from a related style" in result.output
    assert "evidence surprise was never shown to this model" in result.output
    assert "evidence joy" not in result.output


def test_valence_and_arousal_name_a_point(tmp_path: Path, engine: type[Engine]) -> None:
    out = tmp_path / "a.glb"
    result = call("x", "--valence", -0.6, "--arousal", -0.3, "--out", out, "--seconds", 1)
    assert result.exit_code == 0, result.output
    assert engine.requests[0].affect == Affect.from_valence_arousal(-0.6, -0.3)
    tags = read_tags(out).tags
    assert (tags.valence, tags.arousal) == (-0.6, -0.3)
    call("x", "--valence", 0.8, "--arousal", 0.5, "--intensity", 0.25, "--out", out, "--seconds", 1)
    assert engine.requests[1].affect.intensity == 0.25


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--valence", 0.5), "--valence and --arousal are one point; give both"),
        (("--valence", 0.5, "--arousal", 0, "--emotion", "joy"), "give either --emotion or --valence and --arousal"),
        (("--valence", 2, "--arousal", 0), "valence must lie in -1..1, got 2"),
        (("--valence", "nan", "--arousal", 0), "valence must lie in -1..1, got nan"),
    ],
)
def test_points_that_are_refused(args: tuple[object, ...], words: str, tmp_path: Path) -> None:
    result = call("x", *args, "--out", tmp_path / "a.glb")
    assert isinstance(result.exception, InvalidInput) and words in str(result.exception)
    assert not list(tmp_path.iterdir())


class FakeClient:
    calls: list[tuple[str, dict[str, Any]]]

    def __init__(self, target: str, **_connection: object) -> None:
        if target != "localhost:50051":
            raise ServerError(f"no server answers at {target}", status="UNAVAILABLE")

    def close(self) -> None:
        pass

    def info(self) -> Any:
        emotions = {Emotion[n.upper()]: SimpleNamespace(kind=e) for n, e in EVIDENCE.items()}
        return SimpleNamespace(emotions=emotions, **FACTS)

    def generate(self, text: str, **options: Any) -> Any:
        self.calls.append((text, options))
        motion = walking(options["seconds"], options["fps"] or 30.0)
        return SimpleNamespace(
            motion=motion, text=text, affect=Affect.of("joy", 0.5), seed=99, plan="fast", generator="emo-mask",
            stage_ms={"total": 3.0}, bundle_sha256=SHA, made_with={"onnxruntime": "1.2.4"},
        )  # fmt: skip


def test_with_a_server_no_engine_is_loaded(
    tmp_path: Path, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeClient.calls = []
    monkeypatch.setattr("sdk.client.Client", FakeClient)
    out = tmp_path / "a.glb"
    result = call("a person waves", "--emotion", "joy", "--server", "localhost:50051", "--out", out, "--seconds", 1)
    assert result.exit_code == 0, result.output
    assert not engine.loaded and FakeClient.calls[0][1]["affect"] == Affect.of("joy")
    tags = read_tags(out).tags
    assert (tags.seed, tags.plan, tags.requested.intensity, tags.applied.intensity) == (99, "fast", 0.7, 0.5)
    assert tags.made_with["onnxruntime"] == "1.2.4", "what the server has, not what this machine has"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["", "--out", "a.glb"], "text is empty"),
        (["x", "--out", "a.obj"], "known: .glb, .vrma, .usda, .usdc, .usdz, .bvh, .fbx, .npz"),
        (["x", "--out", "a.glb", "--unit", "cm"], "GLB cannot hold unit 'cm', only m"),
        (["x", "--out", "a.vrma", "--rest", "a-pose"], "VRMA cannot hold rest 'a-pose', only t-pose"),
        (["x", "--out", "a.bvh", "--up", "z"], "BVH cannot hold up 'z', only y"),
        (["x", "--out", "a.glb", "--body", "smpl"], "body is for .npz"),
        (["x", "--out", "a.bvh", "--body-model", "m.npz"], "takes no body model"),
        (["x", "--out", "a.glb", "--body-model", "m.npz"], "cannot read the body model"),
        (["x", "--out", "a.glb", "--fps", "1000"], "fps must lie in 10..240, got 1000"),
        (["x", "--out", "a.glb", "--fps", "nan"], "fps must lie in 10..240"),
        (["x", "--out", "no/such/a.glb"], "folder does not exist"),
        (["x", "--out", "a.glb", "--preview", "a.mp4"], "known: .gif"),
        (["x", "--out", "a.glb", "--emotion", "angr"], "did you mean 'angry'"),
        (["x", "--out", "a.glb", "--emotion", "joy", "--intensity", "7"], "intensity must lie in 0..1, got 7.0"),
        (["x", "--out", "a.glb", "--emotion", "joy", "--intensity", "nan"], "intensity must lie in 0..1"),
        (["x", "--out", "a.glb", "--intensity", "0.5"], "add --emotion"),
        (["x", "--out", "a.glb", "--seconds", "600"], "seconds must lie in 0.5..30"),
        (["x", "--out", "a.glb", "--seconds", "long"], "'long' is not a valid float"),
        (["x", "--out", "a.glb", "--bundle", "no-such"], "is no bundle"),
        (["x", "--out", "a.glb", "--bundle", ".", "--server", "h:1"], "not both"),
        (["x"], "Missing option '--out'"),
        (["--out", "a.glb"], "Missing argument 'TEXT'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    args: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        run(command, args, name="clip")
    captured = capsys.readouterr()
    assert stop.value.code == 2 and captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1 and words in captured.err
    assert not list(tmp_path.iterdir())


def test_an_absent_server_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sdk.client.Client", FakeClient)
    with pytest.raises(SystemExit) as stop:
        run(command, ["x", "--server", "localhost:1", "--out", str(tmp_path / "a.glb")], name="clip")
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: no server answers at localhost:1\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("args", [["--out", "a.txt"], ["--out", "a.glb", "--preview", "a.png"]])
def test_paths_are_checked_before_an_engine_is_loaded(
    args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: type[Engine]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(call("x", *args).exception, InvalidInput)
    assert engine.loaded == []


def again(*args: object) -> Result:
    return call("--again", *args)


def test_a_clip_is_made_again_to_the_byte(tmp_path: Path, engine: type[Engine]) -> None:
    out, other = tmp_path / "walk.bvh", tmp_path / "new" / "walk.bvh"
    other.parent.mkdir()
    first = call("x", "--emotion", "joy:2,fear:1", "--intensity", 0.3, "--seconds", 1, "--seed", 7, "--fps", 24,
                 "--in-place", "--unit", "m", "--out", out)  # fmt: skip
    assert first.exit_code == 0, first.output
    result = again(f"{out}.emotion.json", "--out", other)
    assert result.exit_code == 0 and "again    the same file to the byte" in result.output
    for suffix in ("", ".emotion.json"):
        assert Path(f"{other}{suffix}").read_bytes() == Path(f"{out}{suffix}").read_bytes()
    assert engine.requests[1] == replace(engine.requests[0], plan="default", generator="emo-mask")
    # By the clip's own name, beside itself: compared and left as it is.
    before = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    result = again(out)
    assert result.exit_code == 0 and "walk.bvh (is what was made again)" in result.output
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == before


def test_a_clip_is_made_again_in_another_format(tmp_path: Path) -> None:
    call("x", "--emotion", "joy", "--seconds", 1, "--fps", 60, "--unit", "m", "--out", tmp_path / "a.bvh")
    result = again(tmp_path / "a.bvh", "--out", tmp_path / "a.glb")
    assert result.exit_code == 0 and "\nagain" not in result.output and "61 frames, 60 fps" in result.output
    assert read_tags(tmp_path / "a.glb").conflicts == ()
    assert read_tags(tmp_path / "a.glb").tags.postprocess == (("resample", {"fps": 60.0}),)


def test_a_lost_clip_is_put_back(tmp_path: Path) -> None:
    call("x", "--emotion", "joy", "--seconds", 1, "--out", tmp_path / "a.glb")
    raw = (tmp_path / "a.glb").read_bytes()
    (tmp_path / "a.glb").unlink()
    assert again(tmp_path / "a.glb.emotion.json").exit_code == 0
    assert (tmp_path / "a.glb").read_bytes() == raw


def test_another_outcome_is_told_by_the_exit_code(tmp_path: Path) -> None:
    call("x", "--emotion", "joy", "--seconds", 1, "--out", tmp_path / "a.glb")
    sidecar = tmp_path / "a.glb.emotion.json"
    told = json.loads(sidecar.read_text())
    told["clip"]["sha256"], told["made_with"]["onnxruntime"] = "0" * 64, "0.1"
    sidecar.write_text(json.dumps(told))
    result = CliRunner().invoke(
        command, ["--again", str(sidecar), "--out", str(tmp_path / "b.glb")], standalone_mode=False
    )
    assert result.return_value == 1 and "NOT the same file (onnxruntime was 0.1, is " in result.output
    (tmp_path / "a.glb").write_bytes(b"changed")
    assert "a.glb (is NOT what was made again)" in again(sidecar).output
    assert (tmp_path / "a.glb").read_bytes() == b"changed"


@pytest.mark.parametrize(
    ("change", "args", "words"),
    [
        ({}, ["--seed", "3", "--emotion", "joy"], "leave out --emotion, --seed"),
        ({}, ["a text"], "leave out TEXT"),
        ({}, ["--in-place"], "leave out --in-place"),
        (
            {"model": {"name": "old", "version": "0.9", "sha256": "ab" * 32}},
            [],
            "old 0.9 (abababababab) and this one is",
        ),
        ({"model": {"name": "old", "version": "0.9", "sha256": None}}, [], "does not say which bundle"),
        ({"plan": "gone"}, [], "by plan 'gone'; the bundle has default"),
        ({"postprocess": [{"name": "retarget", "parameters": {}}]}, [], "went through retarget"),
        ({"composition": {"beats": []}}, [], "beats"),
        ({"postprocess": [{"name": "resample", "parameters": {}}]}, [], "'resample' needs a rate"),
        ({"schema": "sdk.emotion/2"}, [], "update the SDK"),
        ({}, ["--body-model", "m.npz"], "made without a body model"),
        ({}, ["--out", "b.txt"], "file type '.txt' is unknown"),
    ],
)
def test_what_cannot_be_made_again(
    change: dict[str, Any], args: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    engine: type[Engine],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    call("x", "--emotion", "joy", "--seconds", 1, "--out", "a.glb")
    sidecar = Path("a.glb.emotion.json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | change))
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    result = again(sidecar, *args)
    assert isinstance(result.exception, InvalidInput | MalformedFile), result.output
    assert words in str(result.exception)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before and len(engine.requests) == 1


def test_again_needs_a_sidecar(tmp_path: Path) -> None:
    result = again(tmp_path / "a.glb")
    assert isinstance(result.exception, InvalidInput) and "cannot read: No such file" in str(result.exception)
