"""Imported checkpoints as bundles: graphs against torch, the runtime on them, what the folder says of itself."""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from export.bundle import CARD, LICENCE_FILE, REFERENCE  # noqa: E402
from export.graphs import GraphSpec  # noqa: E402
from export.official import bundle as bundle_module  # noqa: E402
from export.official.__main__ import command  # noqa: E402
from export.official.bundle import assembled, mdm_source, momask_source, write_bundle  # noqa: E402
from export.official.folders import read_mdm, read_momask  # noqa: E402
from export.official.graphs import mdm_graphs, momask_graphs  # noqa: E402
from sdk.bundle import Bundle  # noqa: E402
from sdk.bundle.manifest import MANIFEST  # noqa: E402
from sdk.console import run as run_command  # noqa: E402
from sdk.emotion import Affect  # noqa: E402
from sdk.errors import InvalidInput  # noqa: E402
from sdk.motion import hml263  # noqa: E402
from sdk.motion.motion import Motion  # noqa: E402
from sdk.runtime.decode import Condition, Schedule, gumbel_noise, refine, unmask  # noqa: E402
from sdk.runtime.diffusion import GraphDenoiser, Known, NoiseSchedule, normal_noise, sample  # noqa: E402
from sdk.runtime.engine import Engine, Request  # noqa: E402
from sdk.runtime.generators import TokenGenerator  # noqa: E402
from sdk.runtime.graphs import OnnxPasses  # noqa: E402
from sdk.runtime.sessions import open_session  # noqa: E402
from sdk.runtime.text import open_encoder  # noqa: E402
from tests.export.official import published  # noqa: E402

CLOSE = 1e-4


def exit_of(*args: str) -> int:
    with pytest.raises(SystemExit) as left:
        run_command(command, list(args), name="python -m export.official")
    return int(left.value.code or 0)


def encoder_args() -> list[str]:
    return ["--clip", str(published.clip()), "--clip-vocabulary", str(published.vocabulary())]


@cache
def momask() -> Bundle:
    out = published.tiny.folder("official-momask-out") / "bundle"
    assert exit_of("momask", str(published.momask()), *encoder_args(), "--out", str(out)) == 0
    return Bundle.load(out)


@cache
def mdm() -> Bundle:
    """With the encoder of the other bundle, of which one export is enough."""
    folder, out = published.mdm(), published.tiny.folder("official-mdm-out") / "bundle"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle_module, "write_encoder", copied_encoder)
        statistics = ["--mean", str(folder / "Mean.npy"), "--std", str(folder / "Std.npy")]
        assert exit_of("mdm", str(folder), *statistics, *encoder_args(), "--out", str(out)) == 0
    return Bundle.load(out)


def copied_encoder(source: Path, vocabulary: Path, folder: Path, *, width: int, words: int) -> str:
    for name in ("text.onnx", "tokenizer.json"):
        shutil.copy(momask().path / name, folder)
    return f"an encoder of {width} that reads {words} words"


@cache
def specs(which: str) -> dict[str, GraphSpec]:
    if which == "momask":
        return momask_graphs(read_momask(published.momask()))
    folder = published.mdm()
    return mdm_graphs(read_mdm(folder, folder / "Mean.npy", folder / "Std.npy"))


@cache
def session(which: str, name: str):
    return open_session((momask() if which == "momask" else mdm()).path / f"{name}.onnx", threads=1)


def both_sides(which: str, name: str, **inputs: torch.Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ONNX Runtime's, torch's) for every output."""
    with torch.no_grad():
        out = specs(which)[name].module(**inputs)
    theirs = [value.numpy() for value in (out if isinstance(out, tuple) else (out,))]
    ours = session(which, name).run(None, {key: value.numpy() for key, value in inputs.items()})
    for a, b in zip(ours, theirs, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return list(zip(ours, theirs, strict=True))


def conditions(rows: int, seed: int) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    arrays = {
        "text": rng.normal(size=(rows, 512)), "affect": rng.dirichlet(np.ones(9), rows),
        "weight": {1: [1], 2: [4, -3], 3: [3, 1, -3]}[rows],
    }  # fmt: skip
    return {name: torch.tensor(np.asarray(value), dtype=torch.float32) for name, value in arrays.items()}


def noise(tokens: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gumbel(size=(tokens, 512))).float()


# --- parity ---


@pytest.mark.parametrize(("tokens", "rows"), [(2, 1), (12, 2), (49, 3)])
def test_token_passes_agree_with_torch(tokens: int, rows: int) -> None:
    base = torch.from_numpy(np.random.default_rng(tokens).integers(0, 513, tokens))
    rest = {**conditions(rows, tokens), "noise": noise(tokens, rows)}
    codes, chance = both_sides("momask", "masked", tokens=base, **rest)
    np.testing.assert_array_equal(*codes)
    np.testing.assert_allclose(*chance, atol=CLOSE)
    below = torch.from_numpy(np.random.default_rng(tokens).integers(-1, 512, (6, tokens)))
    for layer in range(1, 6):
        ((ours, theirs),) = both_sides("momask", "residual", tokens=below, layer=torch.tensor([layer]), **rest)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("tokens", [2, 49, 120])
def test_decoders_and_encoders_agree_with_torch(tokens: int) -> None:
    codes = torch.from_numpy(np.random.default_rng(tokens).integers(-1, 512, (6, tokens)))
    ((ours, theirs),) = both_sides("momask", "decode", tokens=codes, affect=torch.zeros(9))
    assert ours.shape == (4 * tokens, 263)
    np.testing.assert_allclose(ours, theirs, atol=CLOSE)
    ((found, expected),) = both_sides("momask", "encode", features=torch.from_numpy(theirs))
    np.testing.assert_array_equal(found, expected)


def test_lengths_agree_with_torch() -> None:
    ((ours, theirs),) = both_sides("momask", "length", text=conditions(1, 0)["text"][0])
    assert ours.shape == (50,) and abs(ours.sum() - 1) < 1e-5
    np.testing.assert_allclose(ours, theirs, atol=CLOSE)


@pytest.mark.parametrize(("frames", "rows", "step"), [(2, 1, 0), (60, 2, 20), (196, 3, 49)])
def test_denoising_passes_agree_with_torch(frames: int, rows: int, step: int) -> None:
    torch.manual_seed(frames)
    known = (torch.arange(frames) < 20).float()
    given = {"x": torch.randn(frames, 263), "frames": torch.randn(frames, 263), "known": known}
    for ours, theirs in both_sides("mdm", "denoise", **given, step=torch.tensor([step]), **conditions(rows, step)):
        np.testing.assert_allclose(ours, theirs, atol=CLOSE)


@pytest.mark.parametrize("which", ["momask", "mdm"])
def test_the_emotion_has_no_effect(which: str) -> None:
    name = {"momask": "masked", "mdm": "denoise"}[which]
    feed = {key: value.numpy() for key, value in specs(which)[name].example.items()}
    found = session(which, name).run(None, feed)
    feed["affect"] = feed["affect"] + 1
    for a, b in zip(found, session(which, name).run(None, feed), strict=True):
        np.testing.assert_array_equal(a, b)


# --- the runtime on it ---


def test_the_runtime_makes_motion_of_text_with_momask() -> None:
    manifest = momask().manifest
    info = manifest.generators["momask"]
    generator = TokenGenerator(OnnxPasses(momask(), info, threads=1), info)
    encoder = open_encoder(momask().file("text.onnx"), momask().file("tokenizer.json"), threads=1)

    engine = Engine(momask(), {"momask": generator}, encoder)

    def make(text: str, **how: Any) -> Motion:
        result = engine.generate(Request(text=text, **{"seconds": 2.0, "seed": 1, "plan": "fast", **how}))
        assert result.tokens.max() < 512 and result.tokens[0].min() >= 0
        return result.motion

    first = make("a person walks forward")
    assert len(first) == 41 and first.fps == manifest.fps == 20.0
    np.testing.assert_array_equal(first.rotations, make("a person walks forward").rotations)
    for other in (make("someone waves"), make("a person walks forward", seed=2)):
        assert not np.array_equal(first.rotations, other.rotations)
    with_emotion = make("a person walks forward", affect=Affect.of("joy", 1.0))
    np.testing.assert_array_equal(first.rotations, with_emotion.rotations)
    long = make("a person walks forward", seconds=15.0, plan="best", fps=30.0)
    assert len(long) == 451 and np.isfinite(long.positions).all()


def test_the_runtime_passes_take_a_left_out_layer_through() -> None:
    info = momask().manifest.generators["momask"]
    passes = OnnxPasses(momask(), info, threads=1)
    text = np.random.default_rng(0).normal(size=512).astype(np.float32)
    condition = Condition.guided(text, np.zeros(9, np.float32), text_scale=5.0, emotion_scale=5.0)
    assert len(condition.weight_R) == 2
    how = {"codes": 512, "noise": lambda stage, index, shape: gumbel_noise(7, stage, index, shape)}
    tokens = np.full((6, 20), -1)
    tokens[0] = unmask(passes.masked, condition, Schedule(3, 5), tokens[0], **how)
    filled = refine(passes, condition, Schedule(3, 5), tokens, **how)
    assert filled.shape == (6, 20) and filled.min() >= -1
    some = filled.copy()
    some[3, :10] = -1
    assert not np.allclose(passes.decode(some, np.zeros(9, np.float32)), passes.decode(filled, np.zeros(9, np.float32)))


def test_the_sampler_runs_on_the_mdm_graph() -> None:
    graph = session("mdm", "denoise")
    passes = GraphDenoiser(lambda inputs: graph.run(None, inputs))
    text = np.random.default_rng(0).normal(size=512).astype(np.float32)
    condition = Condition.guided(text, np.zeros(9, np.float32), text_scale=2.5, emotion_scale=2.5)
    known = Known(np.zeros((24, 263), np.float32), np.zeros(24, np.float32))
    schedule = NoiseSchedule.cosine(mdm().plan("best").iterations)
    found = sample(passes, condition, schedule, known, noise=lambda k, shape: normal_noise(3, k, shape))
    assert found.shape == (24, 263) and np.isfinite(found).all() and found.std() > 0
    assert len(hml263.decode(found)) == 24


def test_yaw_is_a_half_angle() -> None:
    """Decoded features turn as the published decoder turns them: by twice the sum of feature 0, wxyz, world to body."""
    codes = np.random.default_rng(3).integers(0, 512, (6, 10))
    (features,) = session("momask", "decode").run(None, {"tokens": codes, "affect": np.zeros(9, np.float32)})
    features = features.astype(np.float64)
    half = np.append(0.0, np.cumsum(features[:-1, 0]))
    w, y = np.cos(half), -np.sin(half)  # the conjugate: body to world

    def turned(v: np.ndarray, w: np.ndarray, y: np.ndarray) -> np.ndarray:
        out = v.copy()
        out[..., 0] = (w * w - y * y) * v[..., 0] + 2 * w * y * v[..., 2]
        out[..., 2] = (w * w - y * y) * v[..., 2] - 2 * w * y * v[..., 0]
        return out

    steps = np.zeros((40, 3))
    steps[1:, [0, 2]] = features[:-1, 1:3]
    root = np.cumsum(turned(steps, w, y), 0)
    joints = turned(features[:, 4:67].reshape(40, 21, 3), w[:, None], y[:, None]) + root[:, None]
    root[:, 1] = features[:, 3]
    found = hml263.decode_positions(features)
    np.testing.assert_allclose(found[:, 1:], joints, atol=1e-9)
    np.testing.assert_allclose(found[:, 0], root, atol=1e-9)
    assert np.ptp(half) > 1e-4


# --- what it says of itself ---


def test_the_manifest_has_the_published_numbers() -> None:
    manifest = momask().manifest
    assert (manifest.representation, manifest.fps, manifest.default_plan) == ("hml263", 20.0, "best")
    info = manifest.generators["momask"]
    assert (info.kind, info.downsampling, info.max_tokens, info.codes, info.quantisers) == ("tokens", 4, 49, 512, 6)
    assert info.emotion_points == [] and {e.evidence for e in manifest.emotions} == {"none"}
    numbers = {
        (p.iterations, p.residual_layers, p.text_guidance, p.residual_guidance, p.temperature, p.choice_temperature)
        for p in manifest.plans
    }
    assert numbers == {(18, 5, 4.0, 5.0, 1.0, 0.0), (10, 5, 4.0, 5.0, 1.0, 0.0)}
    files = manifest.provenance["files"]
    assert len(files) == 11 and "length_estimator/model/finest.tar" in files and "CLIP: ViT-B-32.pt" in files
    other = mdm().manifest
    (plan,) = other.plans
    assert (plan.iterations, plan.text_guidance) == (50, 2.5)
    assert (other.generators["mdm"].kind, other.generators["mdm"].graphs) == ("diffusion", {"50": "denoise"})
    assert other.provenance["options"]["diffusion_steps"] == 50
    assert other.text_encoder == "an encoder of 512 that reads 20 words"


@pytest.mark.parametrize("which", ["momask", "mdm"])
def test_graphs_take_and_give_what_the_manifest_says(which: str) -> None:
    bundle = momask() if which == "momask" else mdm()
    for name, graph in bundle.manifest.graphs.items():
        for nodes, described in (
            (session(which, name).get_inputs(), graph.inputs), (session(which, name).get_outputs(), graph.outputs)
        ):  # fmt: skip
            assert {node.name for node in nodes} == set(described)
            for node in nodes:
                shape, kind, _ = described[node.name]
                assert len(node.shape) == len(shape) and kind in node.type.replace("float)", "float32)")
                assert [a for a in node.shape if isinstance(a, int)] == [a for a in shape if isinstance(a, int)]
    with np.load(bundle.path / REFERENCE) as arrays:
        assert {key.partition(".")[0] for key in arrays} == set(bundle.manifest.graphs)


@pytest.mark.parametrize("which", ["momask", "mdm"])
def test_terms_and_card_say_whose_the_weights_are(which: str) -> None:
    path = (momask() if which == "momask" else mdm()).path
    card, terms = ((path / name).read_text() for name in (CARD, LICENCE_FILE))
    assert "The terms of that checkpoint hold" in terms and "MIT licence" in terms and "no redistribution" in terms
    assert "It knows no emotion" in card and "terms of the imported checkpoint hold" in card
    for name in (CARD, LICENCE_FILE, MANIFEST):
        text = (path / name).read_text()
        assert text.isascii() and str(path.parent.parent) not in text, "nothing of this machine"


# --- whole or not at all ---


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "bundle"
    shutil.copytree(mdm().path, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    monkeypatch.setattr(bundle_module, "write_encoder", lambda *_, **__: 1 / 0)
    folder = published.mdm()
    source = mdm_source(read_mdm(folder, folder / "Mean.npy", folder / "Std.npy"))
    with pytest.raises(ZeroDivisionError):
        write_bundle(source, out, clip=published.clip(), vocabulary=published.vocabulary(), version="2.0.0")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_folder_that_is_no_bundle_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for out in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(InvalidInput, match="exists and is no bundle"), assembled(out):
            pytest.fail("never begun")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_checkpoint_without_a_length_estimator_makes_no_graph_of_it(tmp_path: Path) -> None:
    shutil.copytree(published.momask(), tmp_path / "t2m", ignore=shutil.ignore_patterns("length_estimator"))
    part = momask_source(read_momask(tmp_path / "t2m")).part
    assert set(part.specs) == set(part.info.graphs) == {"masked", "residual", "decode", "encode"}


def test_what_cannot_be_imported_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert exit_of("momask", str(tmp_path), *encoder_args(), "--out", out) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")
    folder = str(published.mdm())
    swapped = ["--mean", f"{folder}/Std.npy", "--std", f"{folder}/Mean.npy"]
    assert exit_of("mdm", folder, *swapped, *encoder_args(), "--out", out) == 2
    assert "are mean and std exchanged" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
