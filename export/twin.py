"""The torch twin of a bundle, read from its graphs: what parity is checked against, and where fine-tuning can start."""

import onnx
import torch
from torch import nn

from export.storage import round_weights, stored_weights
from sdk.bundle import Bundle
from sdk.errors import BundleError
from training.generator import Generator
from training.models.rvq import Rvq, RvqConfig
from training.models.transformer import MaskedTransformer, ResidualTransformer, TransformerConfig


def graph_weights(bundle: Bundle, graph: str) -> dict[str, torch.Tensor]:
    """Weights of one graph under the names that `export.graphs.name_weights` gave them."""
    if graph not in bundle.manifest.graphs:
        raise BundleError(f"bundle {bundle.manifest.name!r} has no graph {graph!r}")
    model = onnx.load(bundle.file(bundle.manifest.graphs[graph].file))
    return {k.removeprefix("model."): torch.from_numpy(value) for k, value in stored_weights(model).items()}


def fill(module: nn.Module, weights: dict[str, torch.Tensor], *, graph: str) -> None:
    """Fill a module's state; raises BundleError for a weight that the graph does not hold."""
    state = module.state_dict()
    missing = [name for name in state if name not in weights]
    if missing:
        raise BundleError(f"graph {graph!r} does not name the weight {missing[0]!r}; export the bundle again")
    module.load_state_dict({name: weights[name].reshape(value.shape) for name, value in state.items()})


def load_twin(bundle: Bundle) -> Generator:
    """The bundle's models in torch, in evaluation mode. Raises BundleError when the graphs lack a weight."""
    trained = bundle.manifest.provenance["training"]["emo-mask"]
    decode = graph_weights(bundle, "decode")
    rvq = Rvq(RvqConfig(**trained["rvq"]["model"]))
    fill(rvq.decoder, {k.removeprefix("decoder."): v for k, v in decode.items()}, graph="decode")
    encode = graph_weights(bundle, "encode")
    fill(rvq.encoder, {k.removeprefix("encoder."): v for k, v in encode.items()}, graph="encode")
    rvq.mean.copy_(decode["mean"])
    rvq.std.copy_(decode["std"])
    for quantiser, codebook in zip(rvq.quantisers, decode["codebooks"].split(rvq.config.codes), strict=True):
        quantiser.codebook.copy_(codebook)
        quantiser.initialised.fill_(True)
    masked = MaskedTransformer(TransformerConfig(**trained["masked"]["model"]))
    fill(masked, graph_weights(bundle, "masked"), graph="masked")
    residual = ResidualTransformer(TransformerConfig(**trained["residual"]["model"]))
    fill(residual, graph_weights(bundle, "residual"), graph="residual")
    models: list[nn.Module] = [rvq.eval(), masked.eval(), residual.eval()]
    distilled = None
    if "distilled" in trained:
        distilled = MaskedTransformer(TransformerConfig(**trained["distilled"]["model"]))
        fill(distilled, graph_weights(bundle, "distilled"), graph="distilled")
        models.append(distilled.eval())
    for model in models:
        round_weights(
            model, int8=True
        )  # position codes are no weights of a checkpoint, yet the graphs hold them rounded too
        model.requires_grad_(False)
    return Generator(rvq, masked, residual, trained, distilled)
