"""The published networks once more, from torch's own layers and functions: what the importer's are compared with.

Tensors are sequence-first, as in the published code. Nothing here is shared with the importer.
"""

import math

import torch
import torch.nn.functional as fn
from torch import Tensor, nn

State = dict[str, Tensor]


def part(state: State, prefix: str) -> State:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def linear(state: State, name: str, x: Tensor) -> Tensor:
    return fn.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])


def encoder(state: State, heads: int, x: Tensor, pad: Tensor | None = None) -> Tensor:
    """torch's own post-norm encoder over (L, B, D)."""
    layers = 1 + max(int(name.split(".")[1]) for name in state)
    hidden, width = state["layers.0.linear1.weight"].shape
    layer = nn.TransformerEncoderLayer(width, heads, hidden, 0.2, "gelu")
    stack = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    stack.load_state_dict(state)
    return stack.eval()(x, src_key_padding_mask=pad)


# --- MoMask ---


def head(state: State, x: Tensor) -> Tensor:
    x = fn.gelu(linear(state, "output_process.dense", x))
    norm = part(state, "output_process.LayerNorm.")
    x = fn.layer_norm(x, x.shape[-1:], norm["weight"], norm["bias"], 1e-12)
    return linear(state, "output_process.poseFinal", x)


def masked_logits(state: State, heads: int, tokens: Tensor, text: Tensor, *, padded: int = 49) -> Tensor:
    """(N,), (S,) -> (N, C), computed as published: padded to 49 with PAD = C + 1 and a key-padding mask."""
    count, codes = len(tokens), state["token_emb.weight"].shape[0] - 2
    ids = torch.full((1, padded), codes + 1)
    ids[0, :count] = tokens
    x = linear(state, "input_process.poseEmbedding", fn.embedding(ids, state["token_emb.weight"]).permute(1, 0, 2))
    x = x + state["position_enc.pe"][:padded]
    x = torch.cat([linear(state, "cond_emb", text[None])[None], x])
    pad = torch.arange(padded + 1)[None] > count
    return head(state, encoder(part(state, "seqTransEncoder."), heads, x, pad)[1:])[:count, 0]


def residual_logits(state: State, heads: int, tokens: Tensor, layer: int, text: Tensor) -> Tensor:
    """(Q, N) with PAD as C, q, (S,) -> (N, C + 1), with the tables and the sum of the published code."""
    if "token_embed_weight_" in state:
        inputs = torch.cat([state["token_embed_weight_"], state["embed_proj_shared_weight"]])
        outputs = torch.cat([state["embed_proj_shared_weight"], state["output_proj_weight_"]])
    else:
        inputs, outputs = state["token_embed_weight"], state["output_proj_weight"]
    history = torch.zeros(tokens.shape[1], inputs.shape[-1])
    for k in range(layer):
        history = history + inputs[k][tokens[k]]
    x = linear(state, "input_process.poseEmbedding", history[:, None]) + state["position_enc.pe"][: tokens.shape[1]]
    which = fn.one_hot(torch.tensor([layer]), state["quant_emb.weight"].shape[1]).float()
    x = torch.cat([linear(state, "cond_emb", text[None])[None], linear(state, "quant_emb", which)[None], x])
    h = head(state, encoder(part(state, "seqTransEncoder."), heads, x)[2:])[:, 0]
    logits = h @ outputs[layer - 1].T
    if "output_proj_bias" in state:
        logits += logits + state["output_proj_bias"][layer - 1]
    return logits


def blocks(state: State, name: str, x: Tensor) -> Tensor:
    for k, dilation in enumerate((9, 3, 1)):
        conv1, conv2 = part(state, f"{name}.model.{k}.conv1."), part(state, f"{name}.model.{k}.conv2.")
        h = fn.conv1d(torch.relu(x), conv1["weight"], conv1["bias"], padding=dilation, dilation=dilation)
        x = x + fn.conv1d(torch.relu(h), conv2["weight"], conv2["bias"])
    return x


def conv(state: State, name: str, x: Tensor, **how: int) -> Tensor:
    return fn.conv1d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=1, **how)


def decoded(state: State, tokens: Tensor) -> Tensor:
    """(Q, N), -1 for a zero code -> normalised features (4N, 263)."""
    z = torch.zeros(tokens.shape[1], state["quantizer.layers.0.codebook"].shape[1])
    for q, row in enumerate(tokens):
        codes = state[f"quantizer.layers.{q}.codebook"][row.clamp_min(0)]
        z = z + codes.masked_fill((row < 0)[:, None], 0)
    x = torch.relu(conv(state, "decoder.model.0", z.T[None]))
    for i in (2, 3):
        x = blocks(state, f"decoder.model.{i}.0", x).repeat_interleave(2, -1)
        x = conv(state, f"decoder.model.{i}.2", x)
    x = torch.relu(conv(state, "decoder.model.4", x))
    return conv(state, "decoder.model.6", x)[0].T


def encoded(state: State, features: Tensor) -> Tensor:
    """Normalised features (4N, 263) -> tokens (Q, N)."""
    x = torch.relu(conv(state, "encoder.model.0", features.T[None]))
    for i in (2, 3):
        x = blocks(state, f"encoder.model.{i}.1", conv(state, f"encoder.model.{i}.0", x, stride=2))
    residual = conv(state, "encoder.model.4", x)[0].T
    tokens = []
    for q in range(len([name for name in state if name.endswith("codebook")])):
        table = state[f"quantizer.layers.{q}.codebook"]
        tokens.append(torch.cdist(residual[None], table[None])[0].argmin(-1))
        residual = residual - table[tokens[-1]]
    return torch.stack(tokens)


def lengths(state: State, text: Tensor) -> Tensor:
    x = text[None]
    for place in (0, 4, 8):
        norm = part(state, f"output.{place + 1}.")
        x = linear(state, f"output.{place}", x)
        x = fn.leaky_relu(fn.layer_norm(x, x.shape[-1:], norm["weight"], norm["bias"]), 0.2)
    return linear(state, "output.11", x).softmax(-1)[0]


# --- MDM ---


def denoised(state: State, x: Tensor, step: int, text: Tensor) -> Tensor:
    """Normalised (T, 263), step, (S,) -> x_0 (T, 263)."""
    table = state["sequence_pos_encoder.pe"]
    time = linear(state, "embed_timestep.time_embed.0", table[[step]])
    time = linear(state, "embed_timestep.time_embed.2", time * torch.sigmoid(time))
    emb = time + linear(state, "embed_text", text[None])[None]
    frames = linear(state, "input_process.poseEmbedding", x[:, None])
    if any(name.startswith("seqTransDecoder") for name in state):
        weights = part(state, "seqTransDecoder.")
        layers = 1 + max(int(name.split(".")[1]) for name in weights)
        stack = nn.TransformerDecoder(nn.TransformerDecoderLayer(x_width(table), 4, 1024, 0.1, "gelu"), layers)
        stack.load_state_dict(weights)
        h = stack.eval()(frames + table[: len(frames)], emb)
    else:
        sequence = torch.cat([emb, frames])
        h = encoder(part(state, "seqTransEncoder."), 4, sequence + table[: len(sequence)])[1:]
    return linear(state, "output_process.poseFinal", h)[:, 0]


def x_width(table: Tensor) -> int:
    return table.shape[-1]


# --- CLIP ---


def quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


def clip_embedding(state: State, ids: Tensor) -> Tensor:
    """(77,) -> (S,)."""
    width, layers = state["ln_final.weight"].shape[0], sum(name.endswith("ln_1.bias") for name in state)
    x = state["token_embedding.weight"][ids] + state["positional_embedding"]
    causal = torch.full((77, 77), -math.inf).triu(1)
    names = {"attn": "self_attn", "ln_1": "norm1", "ln_2": "norm2", "mlp.c_fc": "linear1", "mlp.c_proj": "linear2"}
    for k in range(layers):
        layer = nn.TransformerEncoderLayer(width, width // 64, 4 * width, 0.0, quick_gelu, norm_first=True)
        weights = part(state, f"transformer.resblocks.{k}.")
        pairs = [(new, name, v) for old, new in names.items() for name, v in part(weights, f"{old}.").items()]
        layer.load_state_dict({f"{new}.{name}": v for new, name, v in pairs})
        x = layer.eval()(x[:, None], src_mask=causal)[:, 0]
    x = fn.layer_norm(x, (width,), state["ln_final.weight"], state["ln_final.bias"])
    return x[ids.argmax()] @ state["text_projection"]
