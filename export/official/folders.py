"""The folders in which MoMask and MDM are published, read into checked networks."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from export.official.files import Options, digest, existing, fill, load_pickle, read_options, read_statistics
from export.official.layers import sinusoids
from export.official.mdm import MdmNet, MdmSizes
from export.official.momask import CLIP_WIDTH, LengthNet, MaskedNet, ResidualNet, TokenSizes, VqNet, VqSizes
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion import hml263

FRAMES_A_TOKEN = 4
MAX_FRAMES = 196
"""Longest clip that either family was trained on."""
_MOST_LAYERS = 64


@dataclass(frozen=True, eq=False)
class Momask:
    """A MoMask of one folder; `length` is None where the folder has no length estimator."""

    vq: VqNet
    masked: MaskedNet
    residual: ResidualNet
    length: LengthNet | None
    mean: Tensor
    std: Tensor
    max_tokens: int
    files: dict[str, str]
    """SHA-256 of every file that was read, by its path inside the folder."""


@dataclass(frozen=True, eq=False)
class Mdm:
    """An MDM of one folder."""

    net: MdmNet
    mean: Tensor
    std: Tensor
    files: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)


def read_momask(folder: Path, *, masked: str | None = None, residual: str | None = None) -> Momask:
    """The models below e.g. `checkpoints/t2m`: the masked and the residual transformer and their RVQ-VAE.

    masked, residual: names of their folders, where there is more than one `t2m_...` or `tres_...`.
    Raises InvalidInput for options that are not supported, MalformedFile for files that break their format.
    """
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder; give the one that holds rvq_..., t2m_... and tres_...")
    m_options = _transformer_options(_subfolder(folder, "t2m_", masked, "masked"))
    r_options = _transformer_options(_subfolder(folder, "tres_", residual, "residual"))
    name = m_options.text("vq_name")
    if r_options.text("vq_name") != name:
        theirs = r_options.text("vq_name")
        raise InvalidInput(f"{r_options.path} was trained on {theirs!r}, {m_options.path} on {name!r}", field="vq_name")
    if Path(name).name != name:
        raise InvalidInput(f"{m_options.path}: vq_name is {name!r}, not the name of a folder", field="vq_name")
    v_options = read_options(folder / name / "opt.txt")
    for options in (v_options, m_options, r_options):
        options.expect("dataset_name", "t2m")  # KIT-ML has 251 features of 21 joints
    sizes = _vq_sizes(v_options)
    paths = {
        "vq": folder / name / "model" / "net_best_fid.tar",
        "masked": _first(m_options.path.parent / "model", "latest.tar", "net_best_fid.tar"),
        "residual": r_options.path.parent / "model" / "net_best_fid.tar",
        "length": folder / "length_estimator" / "model" / "finest.tar",
    }
    with torch.device("meta"):
        vq = VqNet(sizes)
        m_net = MaskedNet(_token_sizes(m_options, sizes))
        r_net = ResidualNet(_token_sizes(r_options, sizes, residual=True))
        length = LengthNet() if paths["length"].exists() else None
    _fill_from(vq, paths["vq"], "the RVQ-VAE", "vq_model", "net")
    _fill_from(m_net, paths["masked"], "the masked transformer", "t2m_transformer", "trans")
    _fill_from(r_net, paths["residual"], "the residual transformer", "res_transformer")
    if length is not None:
        _fill_from(length, paths["length"], "the length estimator", "estimator")
    max_tokens = m_options.size("max_motion_length") // FRAMES_A_TOKEN
    for net in (m_net, r_net):
        net.keep_positions(max_tokens)
    statistics = [folder / name / "meta" / f"{kind}.npy" for kind in ("mean", "std")]
    mean, std = read_statistics(*statistics, expected="divided by 25")
    used = [v_options.path, m_options.path, r_options.path, *statistics]
    used += [path for path in paths.values() if path.exists()]
    files = {path.relative_to(folder).as_posix(): digest(path) for path in used}
    return Momask(vq, m_net, r_net, length, mean, std, max_tokens, files)


def _subfolder(folder: Path, start: str, name: str | None, which: str) -> Path:
    if name is not None:
        return folder / name
    # The evaluator's text_mot_match and the like lie beside; a model's folder has its options in it.
    found = sorted(path.parent for path in folder.glob(f"{start}*/opt.txt"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        remedy = f"name one with --{which}" if found else "give the folder that the published archive calls t2m"
        raise InvalidInput(f"{folder} must hold one folder {start}... with an opt.txt, found: {names}; {remedy}")
    return found[0]


def _first(folder: Path, *names: str) -> Path:
    """The first of these files that exists, else where the first one should be."""
    return next((folder / name for name in names if (folder / name).exists()), folder / names[0])


def _transformer_options(folder: Path) -> Options:
    options = read_options(folder / "opt.txt")
    options.expect("unit_length", FRAMES_A_TOKEN, absent=FRAMES_A_TOKEN)
    return options


def _vq_sizes(options: Options) -> VqSizes:
    options.expect("down_t", 2)
    options.expect("stride_t", 2)
    options.expect("vq_act", "relu")
    options.expect("vq_norm", None)
    options.expect("shared_codebook", False)
    code_width = options.size("code_dim")
    options.expect("output_emb_width", code_width)
    return VqSizes(
        features=hml263.NUM_FEATURES, codes=options.size("nb_code"), code_width=code_width,
        width=options.size("width"), depth=options.size("depth", most=8),
        dilation_growth=options.size("dilation_growth_rate", most=8),
        quantisers=_at_least(options, "num_quantizers", 3),
    )  # fmt: skip


def _at_least(options: Options, name: str, least: int) -> int:
    value = options.size(name, most=_MOST_LAYERS)
    if value < least:
        raise InvalidInput(f"{options.path}: {name} must be at least {least} to be imported, got {value}", field=name)
    return value


def _token_sizes(options: Options, vq: VqSizes, *, residual: bool = False) -> TokenSizes:
    width, heads = options.size("latent_dim"), options.size("n_heads")
    if width % heads or width % 2:
        message = f"latent_dim {width} must be even and a multiple of n_heads {heads}"
        raise InvalidInput(f"{options.path}: {message}", field="latent_dim")
    shared = options.values.get("share_weight", False) if residual else False
    if not isinstance(shared, bool):
        raise InvalidInput(f"{options.path}: share_weight must be True or False, got {shared!r}", field="share_weight")
    return TokenSizes(
        codes=vq.codes, code_width=vq.code_width, quantisers=vq.quantisers, width=width, heads=heads,
        layers=options.size("n_layers", most=_MOST_LAYERS), hidden=options.size("ff_size"), shared=shared,
    )  # fmt: skip


def _fill_from(net: torch.nn.Module, path: Path, meaning: str, *keys: str) -> None:
    """Fill a network from the first of `keys` that the file has; a frozen CLIP beside it is left out."""
    loaded = load_pickle(path, f"the weights of {meaning}")
    key = next((key for key in keys if key in loaded), None)
    if key is None:
        raise MalformedFile(f"{path} is not {meaning}: it has no {keys[0]!r}, but {', '.join(map(str, loaded))[:80]}")
    fill(net, _without_encoder(loaded[key]), f"{path}, {key}")


def _without_encoder(state: Any) -> Any:
    if not isinstance(state, dict):
        return state  # refused where its names are compared
    return {name: value for name, value in state.items() if not str(name).startswith("clip_model.")}


def read_mdm(folder: Path, mean: Path, std: Path, *, model: str | None = None) -> Mdm:
    """The model of a folder with `args.json` and `model<number>.pt`, and HumanML3D's own Mean.npy and Std.npy.

    model: name of the file, the one with the largest number unless given.
    Raises InvalidInput for options that are not supported, MalformedFile for files that break their format.
    """
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder; give the one that holds args.json and model....pt")
    options = _read_args(folder / "args.json")
    path = folder / model if model else _last_model(folder)
    sizes = _mdm_sizes(options)
    with torch.device("meta"):
        net = MdmNet(sizes)
    loaded = load_pickle(path, "the weights of the denoiser")
    where, state = str(path), loaded
    if "model_avg" in loaded or "model" in loaded:
        averaged = "model_avg" in loaded and options.values.get("use_ema", False) is True
        key = "model_avg" if averaged or "model" not in loaded else "model"
        where, state = f"{path}, {key}", loaded[key]
    state = _without_encoder(state)
    if isinstance(state, dict):
        # The table of positions is saved twice and in sizes that differ between releases; it is a formula.
        state = {k: v for k, v in state.items() if not str(k).endswith("sequence_pos_encoder.pe")}
        state["sequence_pos_encoder.pe"] = sinusoids(sizes.positions, sizes.width)
    fill(net, state, where)
    statistics = read_statistics(mean, std, expected="raw")
    files = {p.name: digest(p) for p in (options.path, path, mean, std)}
    kept = ("dataset", "arch", "layers", "latent_dim", "diffusion_steps", "noise_schedule", "sigma_small", "use_ema")
    return Mdm(net, *statistics, files, {k: options.values[k] for k in kept if k in options.values})


def _read_args(path: Path) -> Options:
    existing(path, "the options that the checkpoint was trained with")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise MalformedFile(f"{path} is not JSON") from None
    if not isinstance(values, dict):
        raise MalformedFile(f"{path} must hold a JSON object")
    return Options(path, values)


def _last_model(folder: Path) -> Path:
    found = {int(m[1]): path for path in folder.glob("model*.pt") if (m := re.fullmatch(r"model(\d+)\.pt", path.name))}
    if not found:
        raise InvalidInput(f"{folder} holds no model<number>.pt; give the folder of the published archive")
    return found[max(found)]


def _mdm_sizes(options: Options) -> MdmSizes:
    """Sizes, after everything that would make another network of it is refused."""
    values = options.values
    options.expect("dataset", "humanml")
    if values.get("context_len") or values.get("pred_len"):
        remedy = "it makes two seconds behind a prefix from data and is not imported; import an MDM"
        raise InvalidInput(f"{options.path} is a DiP (context_len, pred_len): {remedy}", field="pred_len")
    if values.get("text_encoder_type", "clip") != "clip":
        found = f"text encoder {values['text_encoder_type']!r} is not imported"
        remedy = "give a checkpoint that was trained with CLIP, e.g. humanml_enc_512_50steps"
        raise InvalidInput(f"{options.path}: {found}; {remedy}", field="text_encoder_type")
    arch = values.get("arch")
    if arch not in ("trans_enc", "trans_dec"):
        raise InvalidInput(f"{options.path}: arch must be trans_enc or trans_dec, got {arch!r}", field="arch")
    # Releases differ in what such a network gives its prefix: text and step, or the step alone. The file cannot tell.
    options.expect("emb_trans_dec", False, absent=False)
    options.expect("unconstrained", False, absent=False)
    options.expect("multi_target_cond", False, absent=False)
    options.expect("emb_policy", "add", absent="add")
    options.expect("noise_schedule", "cosine", absent="cosine")
    options.expect("sigma_small", True, absent=True)
    if "text" not in str(values.get("cond_mode", "text")):
        raise InvalidInput(f"{options.path}: cond_mode {values['cond_mode']!r} knows no text", field="cond_mode")
    width = options.size("latent_dim")
    if width % 4:
        raise InvalidInput(f"{options.path}: latent_dim must be a multiple of 4 heads, got {width}", field="latent_dim")
    steps = 1000 if "diffusion_steps" not in values else options.size("diffusion_steps", most=1000)
    return MdmSizes(
        features=hml263.NUM_FEATURES, width=width, layers=options.size("layers", most=_MOST_LAYERS), steps=steps,
        text_width=CLIP_WIDTH, max_frames=MAX_FRAMES, decoder=arch == "trans_dec",
    )  # fmt: skip
