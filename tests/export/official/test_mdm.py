"""MDM's denoiser against an independent forward pass and the published sampling loop, and folders that do not fit."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")

from export.official.folders import Mdm, read_mdm  # noqa: E402
from export.official.passes import DenoisePass  # noqa: E402
from sdk.errors import InvalidInput, MalformedFile  # noqa: E402
from sdk.runtime.decode import Condition  # noqa: E402
from sdk.runtime.diffusion import Known, NoiseSchedule, sample  # noqa: E402
from tests.export.official import published, reference  # noqa: E402

CLOSE = 1e-5


def read(folder: Path, **how: Any) -> Mdm:
    return read_mdm(folder, folder / "Mean.npy", folder / "Std.npy", **how)


def gap(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    return float((a - b).abs().max())


@pytest.mark.parametrize("arch", ["trans_enc", "trans_dec"])
def test_the_denoiser_computes_what_the_published_one_does(tmp_path: Path, arch: str) -> None:
    state = published.write_mdm(tmp_path, arch=arch)
    net = read(tmp_path).net
    torch.manual_seed(0)
    with torch.no_grad():
        for frames, step in ((2, 0), (40, 7), (196, 49)):
            x = torch.randn(frames, 263)
            for text in (torch.randn(512), torch.zeros(512)):
                expected = reference.denoised(state, x, step, text)
                assert expected.abs().max() > 0.1
                assert gap(net(x[None], torch.tensor([step]), text[None])[0], expected) < CLOSE


def test_the_released_sizes_and_key_counts(tmp_path: Path) -> None:
    state = published.write_mdm(tmp_path, width=512, layers=8)
    assert len(state) == 108 and len(published.mdm_shapes(512, 8, decoder=True)) == 156
    net = read(tmp_path).net
    torch.manual_seed(0)
    x, text = torch.randn(60, 263), torch.randn(512)
    with torch.no_grad():
        assert gap(net(x[None], torch.tensor([31]), text[None])[0], reference.denoised(state, x, 31, text)) < CLOSE


# --- the pass and the sampler ---


class Graph:
    """`DenoisePasses` over a pass of the importer."""

    def __init__(self, step: DenoisePass) -> None:
        self.step = step

    def denoise(self, x: Any, frames: Any, known: Any, step: int, text: Any, affect: Any, weight: Any) -> Any:
        arrays = (x, frames, known, np.array([step]), text, affect, weight)
        with torch.no_grad():
            return tuple(out.numpy() for out in self.step(*map(torch.from_numpy, arrays)))


@cache
def small() -> tuple[Mdm, reference.State]:
    state = published.write_mdm(published.tiny.folder("official-mdm-again"), width=32)
    return read(published.mdm()), state


def published_loop(
    state: reference.State, steps: int, noise: list[torch.Tensor], text: torch.Tensor, scale: float,
    known: torch.Tensor, flags: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """The published ancestral loop in normalised space, in float64 where it is; noise[0] starts it."""

    def kept(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = np.array([min(1 - kept((k + 1) / steps) / kept(k / steps), 0.999) for k in range(steps)])
    bar = np.cumprod(1 - betas)
    before = np.append(1.0, bar[:-1])
    variance = betas * (1 - before) / (1 - bar)
    log_variance = np.log(np.append(variance[1], variance[1:]))
    x, nothing = noise[0], torch.zeros_like(text)
    for t in reversed(range(steps)):
        u = reference.denoised(state, x, t, nothing)
        clean = u + scale * (reference.denoised(state, x, t, text) - u)
        clean = torch.where(flags[:, None], known, clean)
        mean = betas[t] * math.sqrt(before[t]) / (1 - bar[t]) * clean
        mean = mean + (1 - before[t]) * math.sqrt(1 - betas[t]) / (1 - bar[t]) * x
        x = mean + (t != 0) * math.exp(0.5 * log_variance[t]) * noise[steps - t]
    return x


@pytest.mark.parametrize("given", [0, 5])
def test_the_sdk_sampler_with_this_pass_is_the_published_loop(given: int) -> None:
    model, state = small()
    steps, frames = 50, 12
    rng = np.random.default_rng(0)
    noise = [rng.normal(size=(frames, 263)).astype(np.float32) for _ in range(steps + 1)]
    text = rng.normal(size=512).astype(np.float32)
    flags = np.arange(frames) < given
    clean = rng.normal(size=(frames, 263)).astype(np.float32) * flags[:, None]
    mean, std = published.mean(), published.raw_std()
    condition = Condition.guided(text, np.zeros(9, np.float32), text_scale=2.5, emotion_scale=2.5)
    known = Known(((clean * std + mean) * flags[:, None]).astype(np.float32), flags.astype(np.float32))
    found = sample(
        Graph(DenoisePass(model.net, model.mean, model.std)), condition, NoiseSchedule.cosine(steps), known,
        noise=lambda index, shape: noise[0 if index == steps else steps - index],
    )  # fmt: skip
    with torch.no_grad():
        tensors = [torch.from_numpy(x) for x in noise]
        expected = published_loop(
            state, steps, tensors, torch.from_numpy(text), 2.5, torch.from_numpy(clean), torch.from_numpy(flags)
        )
    assert np.abs((found - mean) / std - expected.numpy()).max() < 1e-3
    np.testing.assert_array_equal(found[:given], known.frames[:given])


def test_known_frames_come_out_and_do_not_go_into_the_noise() -> None:
    model, _ = small()
    step = DenoisePass(model.net, model.mean, model.std)
    torch.manual_seed(1)
    x, frames, text = torch.randn(9, 263), torch.randn(9, 263), torch.randn(1, 512)
    known = (torch.arange(9) == 3).float()
    rest = (torch.tensor([20]), text, torch.zeros(1, 9), torch.ones(1))
    clean, features = step(x, frames, known, *rest)
    free, _ = step(x, frames, torch.zeros(9), *rest)
    assert gap(features[3], frames[3]) < CLOSE and gap(clean * model.std + model.mean, features) < CLOSE
    others = torch.arange(9) != 3
    assert torch.equal(clean[others], free[others])


# --- folders ---


def refusal(folder: Path, **how: Any) -> str:
    with pytest.raises((InvalidInput, MalformedFile)) as caught:
        read(folder, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"dataset": "kit"}, "dataset must be 'humanml' to be imported, got 'kit'"),
        ({"arch": "gru"}, "arch must be trans_enc or trans_dec, got 'gru'"),
        ({"text_encoder_type": "bert"}, "text encoder 'bert' is not imported; give a checkpoint"),
        ({"context_len": 20, "pred_len": 40}, "is a DiP (context_len, pred_len)"),
        ({"unconstrained": True}, "unconstrained must be False"),
        ({"emb_trans_dec": True}, "emb_trans_dec must be False"),
        ({"multi_target_cond": True}, "multi_target_cond must be False"),
        ({"noise_schedule": "linear"}, "noise_schedule must be 'cosine' to be imported, got 'linear'"),
        ({"sigma_small": False}, "sigma_small must be True"),
        ({"cond_mode": "action"}, "cond_mode 'action' knows no text"),
        ({"latent_dim": 64}, "input_process.poseEmbedding.weight is (32, 263), the options make it (64, 263)"),
        ({"latent_dim": 30}, "latent_dim must be a multiple of 4 heads"),
        ({"layers": 3}, "lacks seqTransEncoder.layers.2"),
        ({"layers": 1}, "has unknown seqTransEncoder.layers.1"),
        ({"diffusion_steps": 2000}, "diffusion_steps must be a whole number in 1..1000"),
        ({"diffusion_steps": "50"}, "diffusion_steps must be a whole number in 1..1000, got '50'"),
    ],
)
def test_options_that_are_not_supported_are_named(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    published.write_mdm(tmp_path)
    (tmp_path / "args.json").write_text(json.dumps({**published.mdm_args(32, 2), **changed}))
    assert words in refusal(tmp_path)


def test_old_folders_say_less_and_are_read(tmp_path: Path) -> None:
    published.write_mdm(tmp_path)
    args = published.mdm_args(32, 2, cond_mode="text")
    kept = ("dataset", "arch", "layers", "latent_dim", "cond_mask_prob", "noise_schedule", "sigma_small", "cond_mode")
    (tmp_path / "args.json").write_text(json.dumps({name: args[name] for name in kept}))
    state = torch.load(tmp_path / "model000200000.pt", weights_only=True)
    state["sequence_pos_encoder.pe"] = torch.zeros(1000, 1, 32)  # tables of positions were of another size
    del state["embed_timestep.sequence_pos_encoder.pe"]
    torch.save(state, tmp_path / "model000200000.pt")
    net = read(tmp_path).net
    assert net.sizes.steps == 1000
    torch.manual_seed(0)
    x, text = torch.randn(8, 263), torch.randn(512)
    with torch.no_grad():
        expected = reference.denoised(published.random_state(published.mdm_shapes(32, 2), 5), x, 999, text)
        assert gap(net(x[None], torch.tensor([999]), text[None])[0], expected) < CLOSE


@pytest.mark.parametrize("use_ema", [True, False])
def test_the_average_is_taken_where_the_options_say_so(tmp_path: Path, use_ema: bool) -> None:
    state = published.write_mdm(tmp_path, use_ema=use_ema)
    average = {name: value + 1 for name, value in state.items()}
    torch.save({"model": state, "model_avg": average}, tmp_path / "model000200000.pt")
    wanted = (average if use_ema else state)["embed_text.weight"]
    assert torch.equal(read(tmp_path).net.embed_text.weight, wanted)


def test_the_last_model_is_taken_unless_one_is_named(tmp_path: Path) -> None:
    state = published.write_mdm(tmp_path)
    torch.save({name: value + 1 for name, value in state.items()}, tmp_path / "model000600000.pt")
    assert "model000600000.pt" in read(tmp_path).files
    assert torch.equal(read(tmp_path, model="model000200000.pt").net.embed_text.weight, state["embed_text.weight"])
    assert "gone.pt does not exist" in refusal(tmp_path, model="gone.pt")


def test_weights_and_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    state = published.write_mdm(tmp_path)
    model = tmp_path / "model000200000.pt"
    torch.save({**state, "extra": torch.ones(1)}, model)
    assert "has unknown extra" in refusal(tmp_path)
    torch.save({**state, "embed_text.weight": torch.full((32, 512), math.inf)}, model)
    assert "embed_text.weight holds NaN, infinite" in refusal(tmp_path)
    torch.save({"model_avg": [1]}, model)
    assert "model_avg is no state dict" in refusal(tmp_path)
    model.unlink()
    assert "holds no model<number>.pt" in refusal(tmp_path)
    (tmp_path / "args.json").write_text("[1]")
    assert "must hold a JSON object" in refusal(tmp_path)
    (tmp_path / "args.json").write_text("{")
    assert "is not JSON" in refusal(tmp_path)
    (tmp_path / "args.json").unlink()
    assert "args.json does not exist" in refusal(tmp_path)


def test_the_evaluators_statistics_are_refused(tmp_path: Path) -> None:
    published.write_mdm(tmp_path)
    np.save(tmp_path / "Std.npy", published.divided_std())
    assert "std is divided by 25 (yaw 0.000513) but raw is expected" in refusal(tmp_path)
