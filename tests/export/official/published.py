"""Files as MoMask, MDM and CLIP are published, with random weights: every key and shape of the released models.

The tables are written from the description of the published files, not from the importer. Sizes shrink; names do not.
"""

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.export import tiny

State = dict[str, torch.Tensor]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes of a MoMask; the defaults are those of a small one, `RELEASED` those of the released one."""

    codes: int = 512
    code: int = 32
    conv: int = 32
    quantisers: int = 6
    width: int = 48
    heads: int = 6
    layers: int = 2
    hidden: int = 64


RELEASED = Sizes(code=512, conv=512, width=384, layers=8, hidden=1024)
SMALL = Sizes()


def linear(name: str, outputs: int, inputs: int, *kernel: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, *kernel), f"{name}.bias": (outputs,)}


def norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def attention(name: str, width: int) -> Shapes:
    weights = {f"{name}.in_proj_weight": (3 * width, width), f"{name}.in_proj_bias": (3 * width,)}
    return weights | linear(f"{name}.out_proj", width, width)


def encoder_layers(name: str, count: int, width: int, hidden: int, *, cross: bool = False) -> Shapes:
    shapes: Shapes = {}
    for k in range(count):
        layer = f"{name}.layers.{k}"
        shapes |= attention(f"{layer}.self_attn", width)
        shapes |= linear(f"{layer}.linear1", hidden, width) | linear(f"{layer}.linear2", width, hidden)
        shapes |= norm(f"{layer}.norm1", width) | norm(f"{layer}.norm2", width)
        if cross:
            shapes |= attention(f"{layer}.multihead_attn", width) | norm(f"{layer}.norm3", width)
    return shapes


def vq_shapes(s: Sizes) -> Shapes:
    shapes = linear("encoder.model.0", s.conv, 263, 3) | linear("encoder.model.4", s.code, s.conv, 3)
    shapes |= linear("decoder.model.0", s.conv, s.code, 3) | linear("decoder.model.4", s.conv, s.conv, 3)
    shapes |= linear("decoder.model.6", 263, s.conv, 3)
    for i in (2, 3):
        shapes |= linear(f"encoder.model.{i}.0", s.conv, s.conv, 4) | linear(f"decoder.model.{i}.2", s.conv, s.conv, 3)
        for blocks in (f"encoder.model.{i}.1", f"decoder.model.{i}.0"):
            for k in range(3):
                shapes |= linear(f"{blocks}.model.{k}.conv1", s.conv, s.conv, 3)
                shapes |= linear(f"{blocks}.model.{k}.conv2", s.conv, s.conv, 1)
    return shapes | {f"quantizer.layers.{q}.codebook": (s.codes, s.code) for q in range(s.quantisers)}


def trunk_shapes(s: Sizes, outputs: int) -> Shapes:
    shapes = linear("input_process.poseEmbedding", s.width, s.code) | {"position_enc.pe": (5000, 1, s.width)}
    shapes |= linear("cond_emb", s.width, 512) | encoder_layers("seqTransEncoder", s.layers, s.width, s.hidden)
    shapes |= linear("output_process.dense", s.width, s.width) | norm("output_process.LayerNorm", s.width)
    return shapes | linear("output_process.poseFinal", outputs, s.width)


def masked_shapes(s: Sizes) -> Shapes:
    return trunk_shapes(s, s.codes) | {"token_emb.weight": (s.codes + 2, s.code)}


def residual_shapes(s: Sizes, *, shared: bool) -> Shapes:
    rows, above = s.codes + 1, s.quantisers - 1
    tables: Shapes = {"token_embed_weight": (above, rows, s.code), "output_proj_weight": (above, rows, s.code)}
    tables |= {"output_proj_bias": (s.quantisers, rows)}
    if shared:
        tables = {name: (1, rows, s.code) for name in ("token_embed_weight_", "output_proj_weight_")}
        tables |= {"embed_proj_shared_weight": (above - 1, rows, s.code)}
    return trunk_shapes(s, s.code) | linear("quant_emb", s.width, s.quantisers) | tables


def length_shapes() -> Shapes:
    shapes: Shapes = {}
    for place, outputs, inputs in ((0, 512, 512), (4, 256, 512), (8, 128, 256), (11, 50, 128)):
        shapes |= linear(f"output.{place}", outputs, inputs)
    return shapes | norm("output.1", 512) | norm("output.5", 256) | norm("output.9", 128)


def mdm_shapes(width: int, layers: int, *, decoder: bool = False) -> Shapes:
    stack = "seqTransDecoder" if decoder else "seqTransEncoder"
    shapes = linear("input_process.poseEmbedding", width, 263) | linear("output_process.poseFinal", 263, width)
    shapes |= {f"{place}sequence_pos_encoder.pe": (5000, 1, width) for place in ("", "embed_timestep.")}
    shapes |= linear("embed_timestep.time_embed.0", width, width) | linear("embed_timestep.time_embed.2", width, width)
    return shapes | linear("embed_text", width, 512) | encoder_layers(stack, layers, width, 1024, cross=decoder)


def clip_shapes(width: int, layers: int, outputs: int) -> Shapes:
    shapes: Shapes = {"token_embedding.weight": (49408, width), "positional_embedding": (77, width)}
    for k in range(layers):
        layer = f"transformer.resblocks.{k}"
        shapes |= attention(f"{layer}.attn", width) | norm(f"{layer}.ln_1", width) | norm(f"{layer}.ln_2", width)
        shapes |= linear(f"{layer}.mlp.c_fc", 4 * width, width) | linear(f"{layer}.mlp.c_proj", width, 4 * width)
    shapes |= norm("ln_final", width) | {"text_projection": (width, outputs)}
    return shapes | {"logit_scale": (), "visual.conv1.weight": (8, 3, 2, 2)}


def random_state(shapes: Shapes, seed: int) -> State:
    """Weights of a size that keeps activations near one, so that an error in a layer shows at its output."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator)
        if name.endswith(".pe"):
            value = sinusoids(shape[-1])[:, None]
        elif len(shape) < 2:
            value = 0.1 * value + float(name.endswith("weight"))
        elif not name.endswith(("codebook", "embedding.weight", "positional_embedding")):
            inputs = shape[-1:] if "embed" in name or "proj_weight" in name else shape[1:]
            value = value / np.sqrt(np.prod(inputs))
        state[name] = value
    return state


def sinusoids(width: int) -> torch.Tensor:
    """(5000, width) as both code bases fill their tables."""
    table, position = torch.zeros(5000, width), torch.arange(0, 5000, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2).float() * (-np.log(10000.0) / width))
    table[:, 0::2], table[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
    return table


# --- statistics ---


def raw_std() -> np.ndarray:
    """HumanML3D's Std.npy in shape and size."""
    blocks = {1: 0.012826, 3: 0.016927, 4: 0.153766, 67: 0.122244, 193: 0.299692, 259: 0.01947, 263: 0.355933}
    return np.repeat(list(blocks.values()), np.diff([0, *blocks])).astype(np.float32)


def divided_std() -> np.ndarray:
    """The deviation that MoMask was trained with: its loaders divide four blocks by 5, twice."""
    std = raw_std()
    for block in (slice(0, 4), slice(259, 263)):
        std[block] /= 25
    return std


def mean() -> np.ndarray:
    """A mean with a root at the height of a standing person."""
    values = np.random.default_rng(0).normal(0, 0.1, 263)
    values[3] = 0.93
    return values.astype(np.float32)


# --- folders ---

VQ_NAME, M_NAME, R_NAME = "rvq_nq6_dc512_nc512_noshare_qdp0.2", "t2m_nlayer8_nhead6", "tres_nlayer8_sw"


def write_opt(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name}: {value}" for name, value in sorted(values.items())]
    text = ["------------ Options -------------", *lines, "-------------- End ----------------", ""]
    path.write_text("\n".join(text))


def save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path)


def vq_options(s: Sizes, **changed: Any) -> dict[str, Any]:
    return {
        "name": VQ_NAME, "dataset_name": "t2m", "nb_code": s.codes, "code_dim": s.code, "output_emb_width": s.code,
        "down_t": 2, "stride_t": 2, "width": s.conv, "depth": 3, "dilation_growth_rate": 3, "vq_act": "relu",
        "vq_norm": None, "num_quantizers": s.quantisers, "shared_codebook": False, "quantize_dropout_prob": 0.2,
        "mu": 0.99, "weight_decay": 1e-05, "milestones": [150000, 250000], "ext": "default", **changed,
    }  # fmt: skip


def token_options(s: Sizes, name: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": name, "vq_name": VQ_NAME, "dataset_name": "t2m", "latent_dim": s.width, "n_heads": s.heads,
        "n_layers": s.layers, "ff_size": s.hidden, "dropout": 0.2, "cond_drop_prob": 0.1, "unit_length": 4,
        "max_motion_length": 196, "gpu_id": 0, "checkpoints_dir": "./checkpoints", **changed,
    }  # fmt: skip


def write_momask(folder: Path, s: Sizes = SMALL, *, shared: bool = True) -> dict[str, State]:
    """A folder like checkpoints/t2m; returns the weights by network."""
    states = {
        "vq": random_state(vq_shapes(s), 1), "masked": random_state(masked_shapes(s), 2),
        "residual": random_state(residual_shapes(s, shared=shared), 3), "length": random_state(length_shapes(), 4),
    }  # fmt: skip
    # What a training run leaves beside the weights; the scheduler counts its milestones in a Counter.
    rest = {"ep": 3, "total_it": 1000, "scheduler": {"milestones": Counter([50000]), "last_epoch": 3}}
    write_opt(folder / VQ_NAME / "opt.txt", vq_options(s))
    write_opt(folder / M_NAME / "opt.txt", token_options(s, M_NAME))
    write_opt(folder / R_NAME / "opt.txt", token_options(s, R_NAME, share_weight=shared))
    save(folder / VQ_NAME / "model" / "net_best_fid.tar", {"vq_model": states["vq"], **rest})
    save(folder / M_NAME / "model" / "latest.tar", {"t2m_transformer": states["masked"], **rest})
    save(folder / R_NAME / "model" / "net_best_fid.tar", {"res_transformer": states["residual"], **rest})
    save(folder / "length_estimator" / "model" / "finest.tar", {"estimator": states["length"], "epoch": 1, "niter": 1})
    (folder / VQ_NAME / "meta").mkdir()
    np.save(folder / VQ_NAME / "meta" / "mean.npy", mean())
    np.save(folder / VQ_NAME / "meta" / "std.npy", divided_std())
    # The evaluator, which is published beside the models and is none of them.
    write_opt(folder / "Comp_v6_KLD005" / "opt.txt", {"name": "Comp_v6_KLD005", "dataset_name": "t2m"})
    return states


def mdm_args(width: int, layers: int, **changed: Any) -> dict[str, Any]:
    return {
        "dataset": "humanml", "arch": "trans_enc", "layers": layers, "latent_dim": width, "cond_mask_prob": 0.1,
        "diffusion_steps": 50, "noise_schedule": "cosine", "sigma_small": True, "unconstrained": False,
        "text_encoder_type": "clip", "emb_trans_dec": False, "mask_frames": True, "use_ema": False, **changed,
    }  # fmt: skip


def write_mdm(folder: Path, *, width: int = 32, layers: int = 2, **changed: Any) -> State:
    """A folder with args.json, a model and the data set's statistics beside it; returns the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "args.json").write_text(json.dumps(mdm_args(width, layers, **changed)))
    state = random_state(mdm_shapes(width, layers, decoder=changed.get("arch") == "trans_dec"), 5)
    torch.save(state, folder / "model000200000.pt")
    torch.save({"state": {}}, folder / "opt000200000.pt")
    np.save(folder / "Mean.npy", mean())
    np.save(folder / "Std.npy", raw_std())
    return state


def write_clip(path: Path, *, width: int = 64, layers: int = 2, outputs: int = 512) -> State:
    """A state dict with OpenAI's names, half of it float16 as published."""
    state = random_state(clip_shapes(width, layers, outputs), 6)
    torch.save({k: v.half() if k.startswith("transformer") else v for k, v in state.items()}, path)
    return state


WORDS = ("person", "walks", "forward", "waves", "turn", "don", "hello", "\u00e9t\u00e9")
MERGES = 48894


@cache
def merges() -> tuple[tuple[str, str], ...]:
    """As many merges as CLIP's list: some whole words, then pairs of letters until it is full."""
    letters = byte_letters()
    found: dict[tuple[str, str], None] = {}
    for word in WORDS:
        pieces = [letters[byte] for byte in word.encode()]
        pieces[-1] += "</w>"
        while len(pieces) > 1:
            found[(pieces[0], pieces[1])] = None
            pieces[:2] = ["".join(pieces[:2])]
    whole = {a + b for a, b in found}
    for a in letters:
        for b in letters:
            if len(found) < MERGES and a + b not in whole:
                found[(a, b)] = None
    return tuple(found)


def byte_letters() -> list[str]:
    """Every byte as a visible letter: those that are visible as themselves, the others from 256 on."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) if byte in visible else chr(256 + hidden.index(byte)) for byte in range(256)]


def write_vocabulary(path: Path) -> Path:
    text = "\n".join(['"a list of merges#version: 0.2', *(f"{a} {b}" for a, b in merges()), "left over"])
    path.write_bytes(gzip.compress(text.encode(), 1, mtime=0))
    return path


# --- made once a process ---


@cache
def momask() -> Path:
    folder = tiny.folder("official-momask")
    write_momask(folder)
    return folder


@cache
def mdm() -> Path:
    folder = tiny.folder("official-mdm")
    write_mdm(folder)
    return folder


@cache
def clip() -> Path:
    path = tiny.folder("official-clip") / "ViT-B-32.pt"
    write_clip(path)
    return path


@cache
def vocabulary() -> Path:
    return write_vocabulary(tiny.folder("official-bpe") / "bpe_simple_vocab_16e6.txt.gz")
