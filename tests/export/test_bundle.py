"""Writing a bundle: what it says of itself, that the engine lives on it, and that it appears whole or not at all.

The graphs and the sentence encoder are exported once; where a test writes another bundle, those files are copied.
"""

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

import click
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from export import bundle as bundle_module  # noqa: E402
from export.__main__ import command  # noqa: E402
from export.bundle import CARD, LICENCE_FILE, REFERENCE, emotion_evidence, put_in_place, write_bundle  # noqa: E402
from sdk.bundle import Bundle  # noqa: E402
from sdk.bundle.manifest import MANIFEST  # noqa: E402
from sdk.console import run as run_command  # noqa: E402
from sdk.emotion import Affect, Emotion  # noqa: E402
from sdk.errors import BundleError, InvalidInput  # noqa: E402
from sdk.runtime.engine import Engine, Request  # noqa: E402
from sdk.runtime.sessions import open_session  # noqa: E402
from tests.export import tiny  # noqa: E402
from training import checkpoint  # noqa: E402

GRAPHS = ("masked", "distilled", "residual", "decode", "encode")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs and sentence encoder come from the bundle that is there already."""
    tiny.bundle()
    monkeypatch.setattr(bundle_module, "export_graph", tiny.copy_graph)
    monkeypatch.setattr(bundle_module, "export_text", tiny.copy_encoder)


def write(out: Path, *, run: Path | None = None, version: str = "0.0.1") -> Bundle:
    return write_bundle(
        run or tiny.run(), out, data=(tiny.prepared(),), version=version, quality=tiny.QUALITY, student=tiny.student()
    )


def contents(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# --- what it says of itself ---


def test_the_manifest_covers_every_file() -> None:
    bundle = Bundle.load(tiny.bundle())
    assert set(bundle.manifest.files) == set(contents(tiny.bundle())) - {MANIFEST}
    names = {f"{graph}.onnx" for graph in GRAPHS}
    assert {*names, "text.onnx", "tokenizer.json", REFERENCE, CARD, LICENCE_FILE} == set(bundle.manifest.files)


def test_the_manifest_says_what_the_generator_is() -> None:
    manifest = Bundle.load(tiny.bundle()).manifest
    assert (list(manifest.generators), manifest.representation, manifest.fps) == (["emo-mask"], "rot272", 30.0)
    info = manifest.generators["emo-mask"]
    assert (info.kind, info.codes, info.quantisers, info.downsampling, info.max_tokens) == ("tokens", 16, 3, 4, 64)
    assert info.emotion_points == ["mask", "residual", "vq"]
    assert manifest.default_plan in {plan.name for plan in manifest.plans}
    assert manifest.quality == {"note": "random weights"}
    training = manifest.provenance["training"]["emo-mask"]
    for stage in ("rvq", "masked", "residual"):
        assert (training[stage]["recipe"], training[stage]["steps"], training[stage]["seed"]) == ("tiny", 30, 0)
        assert training[stage]["validation"] == {"loss": 1.0}
    assert training["masked"]["rvq_sha256"] == training["residual"]["rvq_sha256"]
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", manifest.provenance["commit"])


def test_emotions_rest_on_the_training_clips_that_carry_them() -> None:
    lines = [json.loads(line) for line in (tiny.prepared() / "index.jsonl").read_text().splitlines()]
    found = {e.name: e for e in emotion_evidence((tiny.prepared(),))}
    assert list(found) == [e.label for e in Emotion]
    sad = sum(line["frames"] for line in lines if line["split"] == "train" and "sadness" in line["affect"])
    assert found["sadness"].evidence == "mocap"
    assert found["sadness"].minutes == pytest.approx(sad / 1800, abs=0.006)
    assert (found["anger"].evidence, found["anger"].minutes) == ("none", 0)
    assert all((e.evidence, e.minutes) == ("none", 0) for e in emotion_evidence(()))


@pytest.mark.parametrize(
    ("kinds", "best"),
    [(["proxy"], "proxy"), (["proxy", "mocap"], "mocap"), (["style"], "mocap"), (["synthetic"], "synthetic")],
)
def test_the_best_evidence_of_an_emotion_counts(tmp_path: Path, kinds: list[str], best: str) -> None:
    lines = [{"split": "train", "frames": 1800, "affect": {"fear": 1.0}, "evidence": kind} for kind in kinds]
    lines.append({"split": "val", "frames": 9000, "affect": {"fear": 1.0, "joy": 0.5}, "evidence": "mocap"})
    (tmp_path / "index.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = {e.name: e for e in emotion_evidence((tmp_path,))}
    assert (found["fear"].evidence, found["fear"].minutes) == (best, len(kinds))
    assert found["joy"].evidence == "none", "held-out clips taught nobody anything"


def test_the_card_and_the_terms_say_what_a_person_must_know() -> None:
    card, terms = ((tiny.bundle() / name).read_text() for name in (CARD, LICENCE_FILE))
    manifest = Bundle.load(tiny.bundle()).manifest
    assert manifest.licence in card and "no commercial use" in card and manifest.attribution in card
    assert "| anger | none | 0 |" in card and "mask, residual, vq" in card
    assert "NO COMMERCIAL USE" in terms and "Apache License 2.0" in terms and manifest.attribution in terms
    for name in (CARD, LICENCE_FILE, MANIFEST):
        text = (tiny.bundle() / name).read_text()
        assert text.isascii() and str(tiny.run().parent) not in text, "nothing of this machine"


def test_the_reference_replays_in_onnx_runtime() -> None:
    with np.load(tiny.bundle() / REFERENCE) as arrays:
        for name in GRAPHS:
            session = open_session(tiny.bundle() / f"{name}.onnx", threads=1)
            feed = {node.name: arrays[f"{name}.in.{node.name}"] for node in session.get_inputs()}
            for node, found in zip(session.get_outputs(), session.run(None, feed), strict=True):
                expected = arrays[f"{name}.out.{node.name}"]
                assert found.dtype == expected.dtype
                np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_engine_lives_on_it() -> None:
    engine = Engine.load(tiny.bundle(), threads=1)
    request = Request(text="a person walks forward", affect=Affect.of("joy"), seconds=2.0, seed=5)
    first, again = engine.generate(request), engine.generate(request)
    assert len(first.motion) == 61
    np.testing.assert_array_equal(first.motion.rotations, again.motion.rotations)
    assert first.tokens.shape == (3, 16) and first.tokens.min() >= 0 and first.tokens.max() < 16
    others = {
        "seed": {"seed": 6}, "text": {"text": "someone bows"}, "affect": {"affect": Affect.of("anger")},
        "plan": {"plan": "fast"},
    }  # fmt: skip
    for what, change in others.items():
        made = engine.generate(Request(**{**vars(request), **change}))
        assert not np.array_equal(made.motion.rotations, first.motion.rotations), what
    long = engine.generate(Request(text="a person walks forward", seconds=30.0, seed=5))
    assert len(long.motion) == 901 and long.tokens.min() >= 0


# --- whole or not at all ---


@pytest.mark.usefixtures("quick")
def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "new" / "bundle")
    torch.manual_seed(77)
    np.random.seed(77)
    second = write(tmp_path / "other")
    assert contents(tmp_path / "new" / "bundle") == contents(tmp_path / "other") == contents(tiny.bundle())
    assert second.sha256 == Bundle.load(tiny.bundle()).sha256


@pytest.mark.usefixtures("quick")
def test_an_old_bundle_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    write(out)
    (out / "left-over.txt").write_text("of an older version")
    shutil.copytree(out, tmp_path / ".bundle.old")  # what a kill at the wrong moment leaves
    assert write(out, version="0.0.2").manifest.version == "0.0.2"
    assert not (out / "left-over.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert out.stat().st_mode & 0o777 == 0o755


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("where", ["export_text", "model_card", "reference_arrays"])
def test_a_failure_leaves_the_old_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    out = tmp_path / "bundle"
    write(out)
    before = contents(out)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(bundle_module, where, fail)
    with pytest.raises(OSError, match="disk full"):
        write(out, version="0.0.2")
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.usefixtures("quick")
def test_a_bundle_that_would_not_load_again_is_not_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "bundle"
    write(out)
    before = contents(out)
    monkeypatch.setattr(bundle_module, "FORMAT_VERSION", 99)
    with pytest.raises(BundleError, match="has format_version 99"):
        write(out)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_when_the_last_rename_fails_the_old_folder_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "absent", target)
    assert (target / "old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "absent", tmp_path / "never")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.usefixtures("quick")
def test_an_empty_folder_is_filled_and_another_one_is_left_alone(tmp_path: Path) -> None:
    empty, precious = tmp_path / "empty", tmp_path / "precious"
    empty.mkdir()
    write(empty)
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match=r"precious exists and is no bundle; choose an empty folder"):
        write(precious)
    assert (precious / "thesis.txt").read_text() == "years of work"


def test_an_unfinished_run_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    run = tiny.copy_of(tiny.run(), tmp_path / "run")
    saved = checkpoint.load(run / "residual.pt")
    (run / "residual.pt").unlink()
    checkpoint.save(run / "residual.pt", **{**saved, "step": 12})
    with pytest.raises(InvalidInput, match=r"residual\.pt stands at step 12 of 30"):
        write(tmp_path / "out" / "bundle", run=run)
    assert not (tmp_path / "out").exists()


# --- the command ---


def exit_of(command: click.Command, *args: str) -> int:
    with pytest.raises(SystemExit) as left:
        run_command(command, list(args), name="python -m export")
    return int(left.value.code or 0)


@pytest.mark.usefixtures("quick")
def test_the_command_writes_a_bundle_and_says_how_to_check_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out, quality = tmp_path / "bundle", tmp_path / "quality.json"
    quality.write_text('{"quality": {"mpjpe_mm": 7.5}, "plans": {"fast": {"fid": 0.25}}}')
    args = [str(tiny.run()), "--out", str(out), "--data", str(tiny.prepared()), "--version", "1.2.3"]
    assert exit_of(command, *args, "--quality", str(quality)) == 0
    manifest = Bundle.load(out).manifest
    assert (manifest.version, manifest.quality) == ("1.2.3", {"mpjpe_mm": 7.5})
    assert {plan.name: plan.quality for plan in manifest.plans} == {"best": {}, "fast": {"fid": 0.25}}
    text = capsys.readouterr().out
    assert "1.2.3" in text and f"python -m export.parity {out}" in text and " MB" in text


@pytest.mark.usefixtures("quick")
def test_what_cannot_be_exported_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no JSON")
    (tmp_path / "empty").mkdir()
    (tmp_path / "flat.json").write_text('{"mpjpe_mm": 7.5}')
    run = str(tiny.run())
    cases = {
        "rvq.pt does not exist": [str(tmp_path / "empty"), "--out", str(tmp_path / "out")],
        "is no bundle": [run, "--out", str(tmp_path)],
        "can be made beside": [run, "--out", str(tmp_path / "file" / "bundle")],
        "holds no JSON": [run, "--out", str(tmp_path / "out"), "--quality", str(tmp_path / "file")],
        "must hold": [run, "--out", str(tmp_path / "out"), "--quality", str(tmp_path / "flat.json")],
        "index.jsonl does not exist": [run, "--out", str(tmp_path / "out"), "--data", str(tmp_path / "empty")],
    }
    for words, args in cases.items():
        assert exit_of(command, *args) == 2
        err = capsys.readouterr().err.splitlines()[-1]
        assert err.startswith("error: ") and words in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "flat.json"]
