"""A bundle with all three generators: what the manifest lists, and that a request reaches each of them."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from export.bundle import write_bundle  # noqa: E402
from export.graphs import GraphSpec, export_graph  # noqa: E402
from export.parts import PARTS, parts_of  # noqa: E402
from export.twin import load_twin  # noqa: E402
from sdk.emotion import Affect  # noqa: E402
from sdk.errors import InvalidInput  # noqa: E402
from sdk.runtime.engine import Engine, Request  # noqa: E402
from tests.export import tiny  # noqa: E402
from training import checkpoint  # noqa: E402
from training.models.diffusion import Denoiser  # noqa: E402
from training.models.transformer import MaskedTransformer  # noqa: E402
from training.passes import TorchPasses  # noqa: E402
from training.recipes_diffusion import DIFFUSION_RECIPES, STEPS  # noqa: E402
from training.recipes_mmm import MMM_RECIPES  # noqa: E402
from training.train_diffusion import Averaged  # noqa: E402
from training.train_tokens import load_rvq  # noqa: E402


def write_others(run: Path) -> Path:
    """Finished checkpoints of MMM and MDM with random weights."""
    rest = {"optimiser": {}, "scalars": {"loss": 1.0}}
    mmm = MMM_RECIPES["tiny"]
    vq = tiny.random_rvq(mmm.mmm_vq_model)
    checkpoint.save(run / "mmm_vq.pt", model=vq.state_dict(), meta=mmm.part("mmm_vq"), step=mmm.mmm_vq.steps, **rest)
    torch.manual_seed(1)
    masked = MaskedTransformer(mmm.mmm_model)
    meta = {**mmm.part("mmm"), "rvq_sha256": load_rvq(run, "mmm_vq")[1]}
    checkpoint.save(run / "mmm.pt", model=masked.state_dict(), meta=meta, step=mmm.mmm.steps, **rest)
    recipe = DIFFUSION_RECIPES["tiny"]
    for stage, steps in STEPS.items():
        torch.manual_seed(steps)
        model = Averaged(Denoiser(replace(recipe.model, steps=steps)), 0.0)
        meta = recipe.part(stage)
        checkpoint.save(run / f"{stage}.pt", model=model.state_dict(), meta=meta, step=recipe.schedule.steps, **rest)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_others(tiny.write_run(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def engine(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The bundle; what it has in common with the one of EMo-Mask alone is copied from there."""
    tiny.bundle()
    out = tmp_path_factory.mktemp("exported") / "bundle"

    def graph(spec: GraphSpec, path: Path) -> None:
        known = (tiny.bundle() / path.name).exists()
        (tiny.copy_graph if known else export_graph)(spec, path)

    with patch.multiple("export.bundle", export_graph=graph, export_text=tiny.copy_encoder):
        write_bundle(run, out, generators=tuple(PARTS), version="0.0.1", quality={"plans": {"mdm10": {"fid": 0.25}}})
    return Engine.load(out, threads=1)


def test_the_manifest_lists_every_generator_with_its_plans(engine: Engine) -> None:
    manifest = engine.bundle.manifest
    assert {name: info.kind for name, info in manifest.generators.items()} == {
        "emo-mask": "tokens", "mmm": "tokens", "mdm": "diffusion"
    }  # fmt: skip
    assert [(p.name, p.generator, p.iterations) for p in manifest.plans] == [
        ("best", "emo-mask", 10), ("fast", "emo-mask", 5), ("mmm", "mmm", 10),
        ("mdm50", "mdm", 50), ("mdm10", "mdm", 10),
    ]  # fmt: skip
    assert manifest.default_plan == "best"
    assert {p.name: p.quality for p in manifest.plans if p.quality} == {"mdm10": {"fid": 0.25}}
    assert set(manifest.provenance["training"]) == {"emo-mask", "mmm", "mdm"}
    assert manifest.generators["mmm"].quantisers == 1 and "residual" not in manifest.generators["mmm"].graphs


@pytest.mark.parametrize(
    ("asked", "plan", "stages"),
    [
        ({"generator": "mmm"}, "mmm", ["text", "masked", "residual", "decode", "finish", "total"]),
        ({"generator": "mdm"}, "mdm50", ["text", "denoise", "finish", "total"]),
        ({"plan": "mdm10"}, "mdm10", ["text", "denoise", "finish", "total"]),
        ({"plan": "mdm10", "generator": "mdm"}, "mdm10", ["text", "denoise", "finish", "total"]),
    ],
)
def test_a_request_reaches_the_generator_it_names(
    engine: Engine, asked: dict[str, str], plan: str, stages: list[str]
) -> None:
    request = Request(text="a person walks", affect=Affect.of("joy", 1.0), seconds=2.0, seed=3, **asked)
    first, again = engine.generate(request), engine.generate(request)
    assert first.plan == plan and first.request.generator == engine.bundle.plan(plan).generator
    assert list(first.stage_ms) == stages
    assert len(first.motion) == 61 and np.array_equal(first.motion.rotations, again.motion.rotations)
    sad = engine.generate(replace(request, affect=Affect.of("sadness", 1.0)))
    assert not np.array_equal(first.motion.rotations, sad.motion.rotations), "the emotion reaches it too"


def test_a_plan_of_another_generator_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="plan 'best' of generator mdm is unknown; known: mdm50, mdm10") as caught:
        engine.generate(Request(text="a person walks", plan="best", generator="mdm"))
    assert caught.value.field == "plan"


def test_a_student_decodes_the_plans_that_ask_for_no_guidance() -> None:
    engine = Engine.load(tiny.bundle(), threads=1)
    info, plans = engine.bundle.manifest.generators["emo-mask"], engine.bundle.manifest.plans
    assert info.graphs["distilled"] == "distilled"
    unguided = {p.name for p in plans if p.text_guidance == p.emotion_guidance == 1}
    assert [p.name for p in plans] == ["best", "fast", "instant"] and unguided == {"fast", "instant"}
    twin = load_twin(engine.bundle)
    assert twin.distilled is not None
    swapped = TorchPasses(twin.rvq, twin.distilled, twin.residual, distilled=twin.masked)
    request = Request(text="a person walks", affect=Affect.of("joy", 1.0), seconds=2.0, seed=3)
    for plan in ("best", "fast"):
        asked = replace(request, plan=plan)
        ours = engine.generate(asked).tokens
        theirs = [engine.with_passes("emo-mask", p).generate(asked).tokens for p in (TorchPasses.of(twin), swapped)]
        assert (ours == theirs[0]).mean() > 0.9
        assert (ours == theirs[1]).mean() < 0.6, f"{plan} is decoded by its own weights"


def test_only_a_run_that_was_distilled_on_the_same_tokens_is_a_student(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="was not distilled; make it with training.distill"):
        parts_of(tiny.run(), ("emo-mask",), tiny.run())
    with pytest.raises(InvalidInput, match="distilled on the tokens of another RVQ-VAE"):
        parts_of(tiny.write_run(tmp_path, seed=5), ("emo-mask",), tiny.student())
    with pytest.raises(InvalidInput, match="a student stands beside emo-mask"):
        parts_of(tiny.run(), ("mmm",), tiny.student())


def test_what_is_not_there_is_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="generator 'gan' is unknown; known: emo-mask, mmm, mdm"):
        parts_of(run, ("gan",))
    with pytest.raises(InvalidInput, match=r"neither of mdm50\.pt, mdm10\.pt"):
        parts_of(tmp_path, ("mdm",))
