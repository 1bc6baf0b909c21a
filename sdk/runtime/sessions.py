"""ONNX Runtime sessions, opened in the one way that was measured to be fastest and kindest to its neighbours.

Every graph of a bundle is opened here, so that all sessions of a process share one thread count and none of them spins
while another works.
"""

import platform
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from sdk.errors import BundleError, InvalidInput

# The CPU kernel of the fused SkipLayerNormalization takes 150 us where LayerNormalization takes 19 (ORT 1.31).
DISABLED_OPTIMIZERS = ("SkipLayerNormFusion",)
PROVIDERS = ("CPUExecutionProvider",)
FATAL_ONLY = 4  # ORT would print its own multi-line report beside the one-line error raised here


def made_with() -> dict[str, str]:
    """On what the last digits of an outcome depend besides bundle and settings: name -> version or kind."""
    return {"onnxruntime": ort.__version__, "processor": platform.machine()}


def session_options(*, threads: int) -> ort.SessionOptions:
    """Options shared by all sessions; `threads` is the intra-op pool size, 0 for one thread a core."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = FATAL_ONLY
    # An idle pool that spins steals its cores from the next session: the p95 of a pass doubled without this.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def open_session(path_or_bytes: str | PathLike[str] | bytes, *, threads: int) -> ort.InferenceSession:
    """A CPU session for one graph, from a file or from its bytes.

    Use the same `threads` (0 for one a core) for every session of a process. Raises BundleError if the file is missing,
    truncated or corrupt, or needs an operator this ONNX Runtime lacks, InvalidInput
    for negative `threads`.
    """
    if threads < 0:
        raise InvalidInput(f"threads is {threads}; use 0 for one a core, or a positive number", field="threads")
    if isinstance(path_or_bytes, bytes):
        name, graph = f"graph of {len(path_or_bytes)} bytes", path_or_bytes
    else:
        path = Path(path_or_bytes)
        name = f"graph {path.name}"
        try:
            graph = path.read_bytes()
        except OSError as error:
            raise BundleError(f"{name} cannot be read ({error.strerror}): {path}") from error
    if not graph:
        raise BundleError(f"{name} is empty; fetch or export the bundle again")
    try:
        return ort.InferenceSession(
            graph,
            session_options(threads=threads),
            providers=list(PROVIDERS),
            disabled_optimizers=list(DISABLED_OPTIMIZERS),
        )
    except Exception as error:  # ORT's classes share no public base and differ between releases
        raise BundleError(
            f"{name} is truncated, corrupt or made for another ONNX Runtime than {ort.__version__} "
            f"({one_line(error)}); fetch or export the bundle again"
        ) from error


def run_session(
    session: ort.InferenceSession, inputs: Mapping[str, NDArray[np.generic]], *, name: str
) -> list[NDArray[np.generic]]:
    """All outputs of one run. Raises BundleError naming the graph `name` if it refuses these inputs."""
    try:
        return list(session.run(None, dict(inputs)))
    except Exception as error:
        raise BundleError(f"graph {name} failed ({one_line(error)}); the bundle does not fit this runtime") from error


def one_line(error: Exception, limit: int = 120) -> str:
    """First line of an error's text without ORT's code prefix, at most `limit` characters."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0].rpartition(" : ")[2]
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
