"""Sentences to vectors: what the motion graphs read instead of words.

Shapes: L tokens, D = `dim` of the encoder. A new encoder (CLIP, say) only has to be a `TextEncoder`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sdk.errors import BundleError, InvalidInput
from sdk.runtime.sessions import one_line, open_session, run_session

MAX_TOKENS = 128
"""Longest text in tokens, its two end marks included; what goes beyond is cut off."""
CACHE_SIZE = 512
"""Prompts whose embedding is remembered; at 384 floats each this is under 1 MB."""


class TextEncoder(Protocol):
    """Anything that turns a sentence into one vector."""

    @property
    def dim(self) -> int:
        """Length D of an embedding."""

    def encode(self, text: str) -> NDArray[np.float32]:
        """Embedding (D,) of `text`, read-only. Raises InvalidInput if there is nothing to encode."""


class MiniLM:
    """The sentence encoder all-MiniLM-L6-v2 on ONNX Runtime. Thread-safe; a repeated prompt costs no run.

    Texts are not case-sensitive, and of a long one only the first 126 word pieces count.
    """

    def __init__(self, graph: Path, tokenizer: Path, *, threads: int) -> None:
        """Open `text.onnx` and `tokenizer.json` of a bundle; `threads` as for open_session. Raises BundleError."""
        self._session = open_session(graph, threads=threads)
        self._tokenizer = open_tokenizer(tokenizer)
        self._graph_name = graph.name
        shape = self._session.get_outputs()[0].shape
        inputs = sorted(node.name for node in self._session.get_inputs())
        if inputs != ["attention_mask", "input_ids"] or len(shape) != 1 or not isinstance(shape[0], int):
            raise BundleError(f"graph {graph.name} is not a sentence encoder: inputs {inputs}, output {shape}")
        self._dim: int = shape[0]
        self._cached = lru_cache(maxsize=CACHE_SIZE)(self._run)

    @property
    def dim(self) -> int:
        """Length D of an embedding, 384."""
        return self._dim

    def encode(self, text: str) -> NDArray[np.float32]:
        """Unit embedding (D,) of `text`, read-only since it is shared with the cache.

        A text of more than MAX_TOKENS tokens is cut there. Raises InvalidInput(field="text") for an empty text
        or one that is not valid Unicode.
        """
        words = text.strip()
        if not words:
            raise InvalidInput("text is empty; describe the motion, e.g. 'a person walks forward'", field="text")
        try:
            words.encode()
        except UnicodeEncodeError:  # a lone surrogate: a str that no UTF-8 can hold, and the tokenizer takes for no str
            raise InvalidInput("text is not valid Unicode; send well-formed text", field="text") from None
        return self._cached(words)

    def _run(self, text: str) -> NDArray[np.float32]:
        input_ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        inputs = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        embedding = np.asarray(run_session(self._session, inputs, name=self._graph_name)[0], np.float32)
        embedding.flags.writeable = False
        return embedding


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a `tokenizer.json`, cutting at MAX_TOKENS and without padding. Raises BundleError."""
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"tokenizer {path.name} cannot be read ({error.strerror}): {path}") from error
    except Exception as error:  # the library raises bare Exception for content it cannot parse
        raise BundleError(
            f"tokenizer {path.name} is truncated or corrupt ({one_line(error)}); fetch or export the bundle again"
        ) from error
    # Whatever the file says: padded tokens would cost time, and a longer text would overrun the position table.
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer
