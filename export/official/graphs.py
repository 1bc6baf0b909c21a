"""The graphs of an imported checkpoint: example inputs, free axes, and what the manifest says of them.

Letters as in docs/bundle.md: N tokens, Q layers, C codes, R condition rows, T = 4N frames.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from export.graphs import GraphSpec, described
from export.official.folders import FRAMES_A_TOKEN, Mdm, Momask
from export.official.momask import CLIP_WIDTH, LENGTHS
from export.official.passes import DecodePass, DenoisePass, EncodePass, LengthPass, MaskedPass, ResidualPass
from export.storage import round_weights
from sdk.emotion import NUM_EMOTIONS
from sdk.motion.hml263 import NUM_FEATURES

_MOST_TOKENS = 4096  # of a whole clip, which is decoded at once
_ROWS = Dim("rows", min=1, max=3)
Inputs = dict[str, tuple[Tensor, dict[int, Any], list[Any]]]


_f32, _i64 = partial(described, "float32"), partial(described, "int64")
_UNITS = _f32("hml263 features in their units", "T", NUM_FEATURES)


def _spec(module: nn.Module, inputs: Inputs, outputs: dict[str, list[Any]]) -> GraphSpec:
    example, free, meaning = ({name: entry[k] for name, entry in inputs.items()} for k in range(3))
    return GraphSpec(module.eval(), example, free, meaning, outputs)


def _condition(what: str) -> Inputs:
    """The condition rows that every pass takes."""
    no_emotion = "not read: these weights know no emotion"
    return {
        "text": (torch.randn(2, CLIP_WIDTH), {0: _ROWS}, _f32("CLIP's embeddings; zeros: no text", "R", CLIP_WIDTH)),
        "affect": (torch.rand(2, NUM_EMOTIONS), {0: _ROWS}, _f32(no_emotion, "R", NUM_EMOTIONS)),
        "weight": (torch.tensor([3.0, -2.0]), {0: _ROWS}, _f32(f"weight of each row's {what}, summing to 1", "R")),
    }


def momask_graphs(model: Momask) -> dict[str, GraphSpec]:
    """The graphs of a MoMask by role. Rounds the networks' large weights to what the graphs store."""
    for net in (model.vq, model.masked, model.residual, *([] if model.length is None else [model.length])):
        round_weights(net)
    sizes = model.vq.sizes
    codes, layers = sizes.codes, sizes.quantisers
    tokens, any_tokens = Dim("tokens", min=2, max=model.max_tokens), Dim("any_tokens", min=2, max=_MOST_TOKENS)
    noise = _f32("Gumbel(0, 1) noise; zeros: likeliest code", "N", codes)
    condition = {**_condition("logits"), "noise": (torch.randn(12, codes), {0: tokens}, noise)}
    some = torch.randint(codes, (layers, 12))
    below = _i64("tokens; only those of layers below `layer` count", layers, "N")
    code, found = _i64("a code for every position", "N"), _i64("tokens of all layers", layers, "N")
    specs = {
        "masked": _spec(
            MaskedPass(model.masked),
            {"tokens": (some[0], {0: tokens}, _i64(f"base tokens; {codes} is MASK", "N")), **condition},
            {"codes": code, "chance": _f32("probability of that code before filtering", "N")},
        ),
        "residual": _spec(
            ResidualPass(model.residual),
            {
                "tokens": (some, {1: tokens}, below),
                "layer": (torch.tensor([2]), {}, _i64(f"layer to predict, 1..{layers - 1}", 1)),
                **condition,
            },
            {"codes": _i64("a code for every position, -1: leave the layer out there", "N")},
        ),
        "decode": _spec(
            DecodePass(model.vq, model.mean, model.std),
            {
                "tokens": (some, {1: any_tokens}, _i64("tokens; -1: layer left out", layers, "N")),
                "affect": (torch.rand(NUM_EMOTIONS), {}, _f32("not read", NUM_EMOTIONS)),
            },
            {"features": _UNITS},
        ),
        "encode": _spec(
            EncodePass(model.vq, model.mean, model.std),
            {"features": (torch.randn(48, NUM_FEATURES), {0: FRAMES_A_TOKEN * any_tokens}, _UNITS)},
            {"tokens": found},
        ),
    }
    if model.length is not None:
        text = (torch.randn(CLIP_WIDTH), {}, _f32("CLIP's embedding", CLIP_WIDTH))
        chance = _f32("probability of every number of tokens from 0; sample from it", LENGTHS)
        specs["length"] = _spec(LengthPass(model.length), {"text": text}, {"chance": chance})
    return specs


def mdm_graphs(model: Mdm) -> dict[str, GraphSpec]:
    """The graph of an MDM by name. Rounds the network's large weights to what the graph stores."""
    round_weights(model.net)
    sizes = model.net.sizes
    frames = Dim("frames", min=2, max=sizes.max_frames)
    noisy = _f32("noisy motion, normalised", "T", NUM_FEATURES)
    inputs: Inputs = {
        "x": (torch.randn(12, NUM_FEATURES), {0: frames}, noisy),
        "frames": (torch.randn(12, NUM_FEATURES), {0: frames}, _f32("known frames in units", "T", NUM_FEATURES)),
        "known": ((torch.arange(12) < 3).float(), {0: frames}, _f32("1 where `frames` is to come out, else 0", "T")),
        "step": (torch.tensor([1]), {}, _i64(f"step, 0 the cleanest, up to {sizes.steps - 1}", 1)),
        **_condition("prediction"),
    }
    clean = _f32("clean motion, normalised", "T", NUM_FEATURES)
    denoise = DenoisePass(model.net, model.mean, model.std)
    return {"denoise": _spec(denoise, inputs, {"clean": clean, "features": _UNITS})}
