"""How long the shipped bundle's models take on all cores: whole clips, single passes, sentences, a live window."""

import itertools

import numpy as np
import pytest

from sdk.bundle import Bundle
from sdk.emotion import Affect, Emotion
from sdk.motion.motion import Motion
from sdk.runtime.character import HISTORY_S, WINDOW_S
from sdk.runtime.decode import gumbel_noise
from sdk.runtime.engine import Engine, Request
from sdk.runtime.graphs import OnnxPasses
from sdk.runtime.text import TextEncoder, open_encoder

pytestmark = pytest.mark.benchmark(group="runtime")
FRAMES, TOKENS = 196, 49
PLANS = ("best", "fast", "instant")
"""EMo-Mask's, all of the shipped bundle."""
JOY = Affect({Emotion.JOY: 1.0}, 0.7)


@pytest.fixture(scope="module")
def engine(bundle: Bundle) -> Engine:
    assert [plan.name for plan in bundle.manifest.plans if plan.generator == "emo-mask"] == list(PLANS)
    return Engine.load(bundle.path)


@pytest.fixture(scope="module")
def passes(bundle: Bundle) -> OnnxPasses:
    return OnnxPasses(bundle, bundle.manifest.generators["emo-mask"], threads=0)


@pytest.fixture(scope="module")
def encoder(bundle: Bundle) -> TextEncoder:
    return open_encoder(bundle.file("text.onnx"), bundle.file("tokenizer.json"), threads=0)


def tokens(count: int) -> np.ndarray:
    """Codes (6, N) of all layers."""
    return np.random.default_rng(0).integers(0, 512, (6, count))


@pytest.mark.parametrize("plan", PLANS)
def test_a_clip_of_196_frames(benchmark, engine: Engine, plan: str) -> None:
    request = Request(text="a person walks forward", affect=JOY, seconds=(FRAMES - 1) / 30, seed=1, plan=plan)
    engine.generate(request)
    assert len(benchmark(engine.generate, request).motion) == FRAMES


@pytest.mark.parametrize("count", [16, TOKENS, 64], ids="{} tokens".format)
@pytest.mark.parametrize("rows", [1, 2, 3], ids="{} rows".format)
def test_a_masked_pass(benchmark, passes: OnnxPasses, encoder: TextEncoder, rows: int, count: int) -> None:
    text_RS = np.tile(encoder.encode("a person walks forward"), (rows, 1))
    affect_RE = np.tile(JOY.condition, (rows, 1))
    weight_R = np.full(rows, 1 / rows, np.float32)
    benchmark(passes.masked, tokens(count)[0], text_RS, affect_RE, weight_R, gumbel_noise(1, 0, 0, (count, 512)))


def test_decoding_49_tokens(benchmark, passes: OnnxPasses) -> None:
    benchmark(passes.decode, tokens(TOKENS), JOY.condition)


@pytest.mark.benchmark(group="text")
def test_a_sentence_that_is_cached(benchmark, encoder: TextEncoder) -> None:
    benchmark(encoder.encode, "a person walks forward")


@pytest.mark.benchmark(group="text")
def test_a_sentence_that_is_new(benchmark, encoder: TextEncoder) -> None:
    numbers = itertools.count(1000)
    benchmark(lambda: encoder.encode(f"a person walks forward {next(numbers)} steps"))


@pytest.mark.parametrize("plan", PLANS)
def test_a_live_window_behind_16_played_tokens(benchmark, engine: Engine, walk: Motion, plan: str) -> None:
    played, frames = walk[: round(HISTORY_S * walk.fps)], round(WINDOW_S * walk.fps)
    request = Request(text="a person walks forward", affect=JOY, seed=1, plan=plan)
    engine.extend(request, played, frames)
    benchmark(engine.extend, request, played, frames)
