"""The collapse study: each defect does what it says, and the tiny study writes its table."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("tensorboard", reason="tensorboard is absent: pip install -e '.[train]'")

from sdk.motion import rot272  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.synthetic import standing, walking  # noqa: E402
from training import checkpoint, tokens, train_mmm  # noqa: E402
from training.collapse import study as study_module  # noqa: E402
from training.collapse.__main__ import command  # noqa: E402
from training.collapse.defects import (  # noqa: E402
    CAUSES,
    Decoding,
    defective,
    forget_averages,
    half_speed,
    shrunk_root,
)
from training.collapse.report import effects, verdict  # noqa: E402
from training.collapse.study import STUDY_RECIPES, all_variants, causes_name, still_frames  # noqa: E402
from training.guards import energy  # noqa: E402
from training.recipes import StageRecipe  # noqa: E402
from training.recipes_mmm import GUIDANCE, MMM_RECIPES, SCHEDULE  # noqa: E402


def speed(motion) -> float:
    return float(np.linalg.norm(motion.root[-1] - motion.root[0]) / motion.seconds)


# --- defects ---


def test_the_root_path_shrinks_by_six_and_a_half_and_the_poses_stay() -> None:
    walk = walking(2.0, speed=1.3)
    small = shrunk_root(walk)
    assert speed(small) == pytest.approx(speed(walk) / 6.5, rel=0.01)
    assert np.ptp(small.root[:, 1]) == pytest.approx(np.ptp(walk.root[:, 1]) / 6.5)
    assert small.root[:, 1].mean() == pytest.approx(walk.root[:, 1].mean())
    np.testing.assert_array_equal(small.rotations, walk.rotations)
    assert len(small) == len(walk) and small.fps == walk.fps


def test_half_speed_shows_the_same_movement_in_twice_the_time() -> None:
    walk = walking(2.0, speed=1.2)
    slow = half_speed(walk)
    assert slow.fps == walk.fps and slow.seconds == pytest.approx(2 * walk.seconds)
    assert speed(slow) == pytest.approx(speed(walk) / 2, rel=0.01)
    np.testing.assert_allclose(slow.positions[::2], walk.positions, atol=1e-9)


def test_the_clips_get_the_named_defects_and_keep_their_labels() -> None:
    clips = tiny.clips()
    whole, both = defective(clips, ()), defective(clips, ("rate", "root", "greedy"))
    for clip, same, changed in zip(clips.clips, whole.clips, both.clips, strict=True):
        np.testing.assert_allclose(same.features, clip.features, atol=1e-4)
        assert (changed.name, changed.affect, changed.captions) == (clip.name, clip.affect, clip.captions)
        assert len(changed.features) == 2 * len(clip.features) - 1
        step, slow = (np.linalg.norm(c.features[:, :2], axis=-1).sum() for c in (clip, changed))
        assert step / slow == pytest.approx(6.5, rel=0.05), "the path is 6.5 x shorter, over twice the frames"


def test_forgotten_averages_are_drawn_anew_by_the_first_batch(tmp_path: Path) -> None:
    recipe = MMM_RECIPES["tiny"]
    brief = replace(recipe, mmm_vq=replace(recipe.mmm_vq, steps=10, rate=1e-5))
    train_mmm.train_mmm_vq(brief, tiny.prepared(), tmp_path / "base", seed=1)
    forget_averages(tmp_path / "base" / "mmm_vq.pt", tmp_path / "forgotten.pt")
    kept, forgotten = (checkpoint.load(tmp_path / p)["model"] for p in ("base/mmm_vq.pt", "forgotten.pt"))
    assert torch.equal(kept["quantisers.0.codebook"], forgotten["quantisers.0.codebook"])
    once = replace(recipe, mmm_vq=replace(recipe.mmm_vq, steps=1, rate=1e-5))
    change = {}
    for name, start in (("kept", "base/mmm_vq.pt"), ("forgotten", "forgotten.pt")):
        train_mmm.train_mmm_vq(once, tiny.prepared(), tmp_path / name, seed=9, init=tmp_path / start)
        new = checkpoint.load(tmp_path / name / "mmm_vq.pt")["model"]["quantisers.0.codebook"]
        old = kept["quantisers.0.codebook"]
        change[name] = float((new - old).norm(dim=-1).mean() / old.norm(dim=-1).mean())
    assert change["kept"] < 0.3 * change["forgotten"]


def test_decoding_has_the_named_defects_and_no_others() -> None:
    assert Decoding.with_defects(("root", "codes")) == Decoding(SCHEDULE, GUIDANCE)
    greedy = Decoding.with_defects(("greedy",))
    assert (greedy.schedule.temperature, greedy.schedule.choice_temperature, greedy.guidance) == (0, 0, GUIDANCE)
    assert Decoding.with_defects(("unguided",)) == Decoding(SCHEDULE, 1.0)


# --- measures ---


def test_a_statue_is_still_and_a_walk_is_not() -> None:
    assert still_frames(standing(1.0)).all()
    assert not still_frames(walking(1.0)).any()
    walk = rot272.encode(walking(2.0, speed=1.2))
    assert energy(rot272.encode(shrunk_root(walking(2.0, speed=1.2)))) < 0.6 * energy(walk)


def test_every_combination_of_causes_is_a_variant() -> None:
    variants = all_variants()
    assert len(variants) == len({causes_name(v) for v in variants}) == 2 ** len(CAUSES)
    assert causes_name(()) == "cure" and causes_name({"greedy", "root"}) == "root+greedy"


def made_up(energy_of) -> dict:
    """A study's result in which the energy is a function of the causes."""
    fixed = {"code_change": 0.9, "perplexity": 90.0, "still": 0.1, "walk_speed": 1.0, "refused": ""}
    variants = {causes_name(c): {"causes": list(c), "energy": energy_of(c), **fixed} for c in all_variants()}
    return {"variants": variants, "controls": {"base": {"perplexity": 100.0}}, "real": {}}


def test_effects_are_mean_differences_and_the_verdict_names_the_guilty() -> None:
    weights = {"root": 0.1, "rate": 0.5, "codes": 0.0, "greedy": 0.3, "unguided": -0.05}
    found = made_up(lambda causes: 1 - sum(weights[c] for c in causes))
    assert effects(found, "energy") == pytest.approx({cause: -weight for cause, weight in weights.items()})
    said = " ".join(verdict(found))
    assert "Static by itself: rate (50%)." in said and "collapse is wrong" in said
    found["variants"]["codes"] |= {"energy": 0.2, "perplexity": 10.0}
    assert "collapse is right" in " ".join(verdict(found))


# --- the command ---


def test_the_tiny_study_writes_table_and_sheet_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(captions: list[str]) -> np.ndarray:
        return np.stack([np.full(384, 0.01 * len(text)) for text in captions]).astype(np.float32)

    monkeypatch.setattr(tokens, "embed_captions", embed)
    monkeypatch.setattr(study_module, "embed_captions", embed)
    recipe, run, out = MMM_RECIPES["tiny"], tmp_path / "run", tmp_path / "out"
    few = StageRecipe(steps=4, batch=4, rate=1e-3, warmup=2, validate_every=4, save_every=4)
    recipe = replace(recipe, mmm_vq=few, mmm=few)
    train_mmm.train_mmm_vq(recipe, tiny.prepared(), run, seed=1)
    train_mmm.train_mmm(recipe, tiny.prepared(), run, seed=1)
    options = ["--data", str(tiny.prepared()), "--run", str(run), "--out", str(out), "--recipe", "tiny"]

    stopped = RuntimeError("killed")
    whole = study_module.Study.measure
    calls = []

    def measure_some(self, model, decoding):
        calls.append(decoding)
        if len(calls) == 4:
            raise stopped
        return whole(self, model, decoding)

    monkeypatch.setattr(study_module.Study, "measure", measure_some)
    assert CliRunner().invoke(command, options).exception is stopped
    assert len(list((out / "measures").glob("*.json"))) == 3
    result = CliRunner().invoke(command, options)
    assert result.exit_code == 0, result.output
    assert len(calls) == 3 + 1 + 29 + len(json.loads((out / "collapse.json").read_text())["controls"])

    found = json.loads((out / "collapse.json").read_text())
    assert len(found["variants"]) == 32 and found["variants"]["cure"]["code_change"] == 0
    assert found["variants"]["codes"]["code_change"] > 0
    assert "both alike" in found["variants"]["rate"]["refused"]
    assert "the root above all" in found["variants"]["root"]["refused"]
    assert found["variants"]["cure"]["refused"] == found["variants"]["greedy+unguided"]["refused"] == ""
    page = (out / "collapse.md").read_text()
    for row in ("as published", *(f"{c} alone" for c in CAUSES), *(f"all but {c}" for c in CAUSES), "cure", "recorded"):
        assert f"| {row}" in page
    assert (out / "collapse.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_study_recipe_is_named(tmp_path: Path) -> None:
    options = ["--data", str(tmp_path), "--run", str(tmp_path), "--out", str(tmp_path), "--recipe", "huge"]
    error = CliRunner().invoke(command, options).exception
    assert f"known: {', '.join(STUDY_RECIPES)}" in str(error)
