"""What checkpoints of others are made of: torch pickles, options, statistics. All of it is checked before it is used.

A pickle is only ever read with torch's restricted unpickler, which knows tensors and plain values and runs no code.
"""

import hashlib
import math
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sdk.errors import InvalidInput, MalformedFile
from sdk.motion import hml263
from sdk.motion.hml263 import StdKind

Named = dict[str, Tensor]
MOST = 65536
"""Largest size that an option may name; nothing published comes near it."""
_LARGEST_HALF = 65504.0  # weights are stored as float16 in a bundle


def existing(path: Path, meaning: str) -> Path:
    """The path of a file that must be there. Raises InvalidInput that says what it is."""
    if not path.is_file():
        raise InvalidInput(f"{path} does not exist; it is {meaning}")
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_pickle(path: Path, meaning: str) -> dict[str, Any]:
    """The dict of a torch file, on the CPU. Raises MalformedFile for code in it and for what is no dict."""
    existing(path, meaning)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on old formats; what cannot be read is refused below
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"(?:GLOBAL|class|function|callable) `?([\w.]*\w)", str(error))
        what = f"it calls {named[1]}" if named else "it holds more than tensors and plain values"
        raise MalformedFile(f"{path} is refused: {what}, and a pickle's code is never run here") from None
    except Exception as error:
        if "TorchScript" in str(error):
            remedy = "save its weights alone: torch.save(torch.jit.load(FILE).state_dict(), NEW)"
            raise MalformedFile(f"{path} is a TorchScript program, which is not run here; {remedy}") from None
        raise MalformedFile(f"{path} is no torch file ({type(error).__name__}); fetch it again") from None
    if not isinstance(loaded, dict):
        raise MalformedFile(f"{path} holds a {type(loaded).__name__}, not a dict of weights")
    return loaded


def fill(net: nn.Module, state: Any, where: str) -> None:
    """Give `net`, made on the meta device, the weights of `state`; afterwards it is in evaluation mode.

    Keys must be exactly the net's, shapes too, values finite. Raises MalformedFile that names the first difference.
    """
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    pairs = state.items() if isinstance(state, Mapping) else [(None, None)]
    if not all(isinstance(name, str) and isinstance(value, Tensor) for name, value in pairs):
        raise MalformedFile(f"{where} is no state dict: it must map names to tensors")
    missing, extra = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    if missing or extra:
        lacks = f"lacks {_some(missing)}" if missing else ""
        has = f"has unknown {_some(extra)}" if extra else ""
        raise MalformedFile(f"{where} {' and '.join(filter(None, (lacks, has)))}; its options ask for other weights")
    checked = {}
    for name, shape in expected.items():
        value = state[name]
        if tuple(value.shape) != shape:
            raise MalformedFile(f"{where}: {name} is {tuple(value.shape)}, the options make it {shape}")
        if not value.is_floating_point() or value.layout != torch.strided:
            raise MalformedFile(f"{where}: {name} holds {value.dtype}, not floating-point numbers")
        # A comparison with NaN is false, so NaN is refused too.
        if not bool((value.abs() <= _LARGEST_HALF).all()):
            raise MalformedFile(f"{where}: {name} holds NaN, infinite or enormous values")
        checked[name] = value.detach().to(torch.float32).contiguous()
    net.load_state_dict(checked, assign=True)
    net.eval().requires_grad_(False)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@dataclass(frozen=True)
class Options:
    """Options that a checkpoint was trained with, by name, and the file they come from."""

    path: Path
    values: Mapping[str, Any]

    def size(self, name: str, *, most: int = MOST) -> int:
        """A whole number in 1..most. Raises InvalidInput."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise InvalidInput(f"{self.path}: {name} must be a whole number in 1..{most}, got {value!r}", field=name)
        return value

    def text(self, name: str) -> str:
        """A word. Raises InvalidInput."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{self.path}: {name} must be a name, got {value!r}", field=name)
        return value

    def expect(self, name: str, wanted: Any, *, absent: Any = ...) -> None:
        """Refuse another value than `wanted`; `absent` is what a file that does not say it means."""
        value = self.values.get(name, absent)
        if value != wanted or isinstance(value, bool) is not isinstance(wanted, bool):
            found = "nothing" if value is ... else repr(value)
            raise InvalidInput(f"{self.path}: {name} must be {wanted!r} to be imported, got {found}", field=name)


def read_options(path: Path) -> Options:
    """Options of an `opt.txt`: lines `key: value` between two rulers. Raises MalformedFile with the line's number.

    Unlike the published reader, None and numbers such as 1e-05 are read as what they are.
    """
    existing(path, "the options that the checkpoint was trained with")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise MalformedFile(f"{path} is no text file") from None
    values: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("-----"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedFile(f"{path}, line {number}: expected 'key: value', got {line[:40]!r}")
        values[name.strip()] = _parsed(value.strip())
    return Options(path, values)


def _parsed(text: str) -> Any:
    words: dict[str, Any] = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def read_statistics(mean: Path, std: Path, *, expected: StdKind) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, each (263,) float32.

    Raises MalformedFile for another shape or values that are not finite, InvalidInput for a deviation of another kind
    than the checkpoint was trained with: MoMask's is divided by 25 in four blocks, MDM's is not.
    """
    arrays = []
    for path in (mean, std):
        existing(path, "the statistics that the checkpoint's features were normalised with")
        try:
            array = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise MalformedFile(f"{path} is no array of numbers in numpy's format") from None
        if not isinstance(array, np.ndarray) or array.shape != (hml263.NUM_FEATURES,) or array.dtype.kind != "f":
            raise MalformedFile(f"{path} must hold {hml263.NUM_FEATURES} numbers of HumanML3D")
        if not np.isfinite(array).all():
            raise MalformedFile(f"{path} holds NaN or infinite values")
        arrays.append(array)
    if not (arrays[1] > 0).all():
        raise InvalidInput(f"{std} is no deviation: it holds values <= 0; are mean and std exchanged?", field="std")
    try:
        hml263.check_std(arrays[1], expected=expected)
    except InvalidInput as error:
        raise InvalidInput(f"{std}: {error}", field="std") from None
    height = float(arrays[0][hml263.SLICES["height"]][0])
    if not math.isfinite(height) or not 0.3 < height < 3:
        found = f"the mean height of the root is {height:g} m"
        raise InvalidInput(f"{mean}: {found}; give the mean that came with the checkpoint", field="mean")
    return torch.from_numpy(arrays[0].astype(np.float32)), torch.from_numpy(arrays[1].astype(np.float32))
