"""The diffusion generator's denoising pass as an ONNX graph, one for each number of steps.

Shapes: T frames, F features, R condition rows, S text width, E = 9 emotions, K steps.
"""

from functools import partial

import torch
from torch.export import Dim

from export.graphs import GraphSpec, described
from sdk.emotion import NUM_EMOTIONS
from training.models.diffusion import Denoiser, DenoiseStep


def denoise_spec(model: Denoiser) -> GraphSpec:
    """The graph of one denoiser, for `export.graphs.export_graph`; round the model's weights first."""
    config = model.config
    patch, features, width = config.patch, config.features, config.text_width
    tokens, rows = Dim("tokens", min=2, max=config.max_frames // patch), Dim("rows", min=1, max=3)
    f32, i64 = partial(described, "float32"), partial(described, "int64")
    frames = 12 * patch
    span, row = {0: patch * tokens}, {0: rows}
    inputs = {
        "x": (torch.randn(frames, features), span, f32("noisy motion, normalised", "T", features)),
        "frames": (torch.randn(frames, features), span, f32("known frames in their units", "T", features)),
        "known": (torch.arange(frames).lt(20).float(), span, f32("1: the frame is known, 0: it is to be made", "T")),
        "step": (torch.tensor([3]), {}, i64(f"denoising step, {config.steps - 1} (pure noise) to 0", 1)),
        "text": (torch.randn(2, width), row, f32("sentence embeddings; zeros: no text", "R", width)),
        "affect": (torch.rand(2, NUM_EMOTIONS), row, f32("Affect.condition; zeros: none", "R", NUM_EMOTIONS)),
        "weight": (torch.tensor([3.0, -2.0]), row, f32("weight of each row's prediction, summing to 1", "R")),
    }
    outputs = {
        "clean": f32("predicted clean motion, normalised, known frames in it", "T", features),
        "features": f32("the same as rot272 features in their units", "T", features),
    }
    return GraphSpec(
        DenoiseStep(model).eval(), {k: v[0] for k, v in inputs.items()}, {k: v[1] for k, v in inputs.items()},
        {k: v[2] for k, v in inputs.items()}, outputs,
    )  # fmt: skip
