"""Guidance baked into the weights: the student comes nearer to its guided teacher, without being asked twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.bundle import Plan  # noqa: E402
from sdk.emotion import Emotion  # noqa: E402
from sdk.runtime.decode import Condition  # noqa: E402
from sdk.runtime.generators import emotion_scale, felt_of  # noqa: E402
from tests.export import tiny  # noqa: E402
from training import checkpoint, distill  # noqa: E402
from training.distill import FELT_ANEW, Scales, distil, felt_anew, guided  # noqa: E402
from training.generator import Generator  # noqa: E402
from training.recipes import TokenLoss  # noqa: E402
from training.tokens import TokenSet  # noqa: E402

SCALES = Scales(text=3.0, emotion=4.0, residual=2.0)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator.load(tiny.run())


@pytest.fixture(scope="module")
def tokens(generator: Generator) -> TokenSet:
    with pytest.MonkeyPatch.context() as patched, torch.no_grad():
        patched.setattr("training.tokens.embed_captions", tiny.letters)
        return TokenSet.encode(tiny.clips(), generator.rvq, label="test")


def test_guidance_is_the_runtimes(generator: Generator, tokens: TokenSet) -> None:
    how = TokenLoss(drop_text=0, drop_affect=0, crop=0)
    batch = tokens.draw(np.random.default_rng(0), 2, generator.masked.config.max_tokens, how)
    halfway = torch.eye(9)[[Emotion.NEUTRAL, Emotion.JOY]].mean(0)
    batch = batch._replace(affect=torch.stack((torch.eye(9)[Emotion.NEUTRAL], halfway)))
    plan = Plan(
        name="guided", generator="emo-mask", iterations=1, residual_layers=0, text_guidance=3.0, emotion_guidance=4.0,
        residual_guidance=1.0,
    )  # fmt: skip
    base_BN = batch.tokens[:, 0]
    with torch.no_grad():
        found = guided(generator.masked, (base_BN,), batch, (3.0, 4.0))
        for row in range(2):
            affect_E = batch.affect[row].numpy()
            scale = emotion_scale(plan, felt_of(affect_E))
            rows = Condition.guided(batch.text[row].numpy(), affect_E, text_scale=3.0, emotion_scale=scale)
            text, affect, weight = (torch.from_numpy(x) for x in (rows.text_RS, rows.affect_RE, rows.weight_R))
            count = len(weight)
            logits = generator.masked(base_BN[row].expand(count, -1), text, affect, batch.real[row].expand(count, -1))
            expected = (weight[:, None, None] * logits).sum(0)
            torch.testing.assert_close(found[row], expected, atol=1e-4, rtol=1e-4)


def test_feelings_are_drawn_anew_for_a_part_of_the_batch() -> None:
    neutral = torch.zeros(4000, 9)
    neutral[:, Emotion.NEUTRAL] = 1
    found = felt_anew(neutral, np.random.default_rng(0))
    changed = (found != neutral).any(-1)
    assert changed.float().mean().item() == pytest.approx(FELT_ANEW, abs=0.03)
    torch.testing.assert_close(found.sum(-1), torch.ones(4000))
    assert (found >= 0).all() and len(set(found[changed].argmax(-1).tolist())) == 9
    assert (found[changed][:, 1:] > 0).sum(-1).max() == 1


@pytest.mark.parametrize("stage", ["masked", "residual"])
def test_a_student_comes_nearer_to_its_guided_teacher(
    generator: Generator, tokens: TokenSet, stage: str, tmp_path: Path
) -> None:
    fast = replace(getattr(tiny.RECIPE, stage), rate=3e-3)
    teacher = getattr(generator, stage)

    def distilled(steps: int, out: Path) -> dict[str, float]:
        short = replace(tiny.RECIPE, **{stage: replace(fast, steps=steps, validate_every=steps)})
        meta = {"schedule": {"steps": steps}}
        return distil(stage, teacher, short, tokens, tokens, out, scales=SCALES, seed=0, meta=meta)

    gaps = [distilled(steps, tmp_path / str(steps))["gap"] for steps in (1, 40)]
    assert 0 < gaps[1] < 0.8 * gaps[0]
    assert not any(p.requires_grad for p in teacher.parameters()), "the teacher stays as it is"


def test_the_command_makes_a_run_that_says_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.tokens.embed_captions", tiny.letters)
    monkeypatch.setattr(distill, "recipe_named", lambda name: tiny.RECIPE)
    out = tmp_path / "student"
    args = [str(tiny.run()), "--data", str(tiny.prepared()), "--out", str(out), "--steps", "2", "--text-guidance", "3"]
    distill.command.main(args, standalone_mode=False)
    student = Generator.load(out)
    assert student.meta["masked"]["meta"]["distilled"] == {"text": 3.0, "emotion": 5.0, "residual": 2.0}
    assert student.masked.config == Generator.load(tiny.run()).masked.config
    before = checkpoint.load(out / "masked.pt")["step"]
    distill.command.main(args, standalone_mode=False)
    assert checkpoint.load(out / "masked.pt")["step"] == before == 2, "a finished run is not trained again"
