"""Checkpoints: written beside and renamed, so that a kill at any moment leaves the last complete one."""

import os
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sdk.errors import InvalidInput

PARTS = ("model", "optimiser", "step", "scalars", "meta")
"""What a stage's checkpoint holds; see `loop.train`."""


def save(path: Path, **parts: Any) -> None:
    """Save a dict of state dicts, numbers, strings and dataclasses (as dicts)."""
    parts = {k: asdict(v) if is_dataclass(v) and not isinstance(v, type) else v for k, v in parts.items()}
    part = path.with_suffix(".part")
    torch.save(parts, part)
    os.replace(part, path)


def load(path: Path) -> dict[str, Any]:
    """Load a stage's checkpoint without unpickling code. Raises InvalidInput when it is missing or not a checkpoint."""
    if not path.exists():
        raise InvalidInput(f"checkpoint {path} does not exist; train it first (python -m training.train --help)")
    try:
        loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidInput(f"{path} is not a readable checkpoint: {type(error).__name__}") from None
    lacking = [part for part in PARTS if not isinstance(loaded, dict) or part not in loaded]
    if lacking:
        raise InvalidInput(f"{path} is no checkpoint of a training stage: it lacks {', '.join(lacking)}")
    return loaded


def load_finished(path: Path) -> dict[str, Any]:
    """`load` for what builds on a stage: also raises InvalidInput while its training is not finished."""
    saved = load(path)
    steps = saved["meta"]["schedule"]["steps"]
    if saved["step"] < steps:
        remedy = f"finish it: python -m training.train {path.stem}"
        raise InvalidInput(f"{path} stands at step {saved['step']} of {steps}; {remedy}")
    return saved


def load_weights(module: nn.Module, state: dict[str, Any], path: Path) -> None:
    """Fill a module; a difference of keys or shapes is named in one line."""
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).split("\n")[1].strip() if "\n" in str(error) else str(error)
        raise InvalidInput(f"{path} does not fit this model: {first[:200]}") from None
