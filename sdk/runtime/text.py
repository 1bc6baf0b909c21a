"""Sentences to vectors: what the motion graphs read instead of words.

Shapes: L tokens, D = `dim` of the encoder. A new encoder only has to be a `TextEncoder`.
"""

import html
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sdk.errors import BundleError, InvalidInput
from sdk.runtime.sessions import one_line, open_session, run_session

MAX_TOKENS = 128
"""Longest text in tokens, its two end marks included; what goes beyond is cut off."""
CLIP_TOKENS = 77
"""Token ids that CLIP's text tower takes, always so many; behind the end mark they are zeros."""
CACHE_SIZE = 512
"""Prompts whose embedding is remembered; at 384 or 512 floats each this is about 1 MB."""


class TextEncoder(Protocol):
    """Anything that turns a sentence into one vector."""

    @property
    def dim(self) -> int:
        """Length D of an embedding."""

    def encode(self, text: str) -> NDArray[np.float32]:
        """Embedding (D,) of `text`, read-only. Raises InvalidInput if there is nothing to encode."""

    def known(self, text: str) -> bool:
        """Whether `encode` would give the text from a cache."""


class OnnxEncoder:
    """What encoders on ONNX Runtime share. Thread-safe; a repeated prompt costs no run."""

    INPUTS: list[str]
    """What `text.onnx` must take."""

    def __init__(
        self, graph: Path, tokenizer: Path, *, threads: int, session: ort.InferenceSession | None = None
    ) -> None:
        """Open `text.onnx` and `tokenizer.json` of a bundle; `threads` as for open_session. Raises BundleError.

        `session` is the graph where it is open already.
        """
        self._session = open_session(graph, threads=threads) if session is None else session
        self._tokenizer = self._open_tokenizer(tokenizer)
        self._graph_name = graph.name
        shape = self._session.get_outputs()[0].shape
        found = input_names(self._session)
        if found != self.INPUTS or len(shape) != 1 or not isinstance(shape[0], int):
            raise BundleError(f"graph {graph.name} is not a sentence encoder: inputs {found}, output {shape}")
        self._dim: int = shape[0]
        self._cache: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def dim(self) -> int:
        """Length D of an embedding."""
        return self._dim

    def encode(self, text: str) -> NDArray[np.float32]:
        """Embedding (D,) of `text`, read-only since it is shared with the cache.

        A text that is too long for the encoder is cut. Raises InvalidInput(field="text") for an empty text or one that
        is not valid Unicode.
        """
        words = text.strip()
        if not words:
            raise InvalidInput("text is empty; describe the motion, e.g. 'a person walks forward'", field="text")
        try:
            words.encode()
        except UnicodeEncodeError:  # a lone surrogate: a str that no UTF-8 can hold, and the tokenizer takes for no str
            raise InvalidInput("text is not valid Unicode; send well-formed text", field="text") from None
        with self._lock:
            if words in self._cache:
                self._cache.move_to_end(words)
                return self._cache[words]
        embedding = self._run(words)
        with self._lock:
            self._cache[words] = embedding
            while len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        return embedding

    def known(self, text: str) -> bool:
        """Whether `encode` would give the text from the cache."""
        with self._lock:
            return text.strip() in self._cache

    def _run(self, text: str) -> NDArray[np.float32]:
        embedding = np.asarray(run_session(self._session, self._inputs(text), name=self._graph_name)[0], np.float32)
        embedding.flags.writeable = False
        return embedding

    def _open_tokenizer(self, path: Path) -> Tokenizer:
        return open_tokenizer(path)

    def _inputs(self, text: str) -> dict[str, NDArray[np.int64]]:
        raise NotImplementedError


class MiniLM(OnnxEncoder):
    """The sentence encoder all-MiniLM-L6-v2: unit embeddings of 384.

    Texts are not case-sensitive, and of a long one only the first 126 word pieces count.
    """

    INPUTS = ["attention_mask", "input_ids"]

    def _inputs(self, text: str) -> dict[str, NDArray[np.int64]]:
        input_ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        return {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}


class Clip(OnnxEncoder):
    """CLIP's text tower, which official MoMask and MDM checkpoints were trained with: raw embeddings, no unit vectors.

    The tokenizer's file says how many word pieces of a text count: 75 for MoMask, 20 for MDM.
    """

    INPUTS = ["input_ids"]

    def _open_tokenizer(self, path: Path) -> Tokenizer:
        return open_tokenizer(path, longest=CLIP_TOKENS, keep_limit=True)

    def _inputs(self, text: str) -> dict[str, NDArray[np.int64]]:
        # The published cleaning undoes HTML twice: captions of the web were escaped twice.
        ids = self._tokenizer.encode(html.unescape(html.unescape(text))).ids
        return {"input_ids": np.array([ids + [0] * (CLIP_TOKENS - len(ids))], np.int64)}


def open_encoder(graph: Path, tokenizer: Path, *, threads: int) -> MiniLM | Clip:
    """The encoder whose inputs a bundle's `text.onnx` has. Raises BundleError."""
    session = open_session(graph, threads=threads)
    kind = Clip if input_names(session) == Clip.INPUTS else MiniLM
    return kind(graph, tokenizer, threads=threads, session=session)


def input_names(session: ort.InferenceSession) -> list[str]:
    """Names of a graph's inputs in alphabetical order."""
    return sorted(node.name for node in session.get_inputs())


def open_tokenizer(path: Path, *, longest: int = MAX_TOKENS, keep_limit: bool = False) -> Tokenizer:
    """The tokenizer of a `tokenizer.json`, without padding, cutting at `longest` tokens. Raises BundleError.

    `keep_limit` cuts where the file says, if that is earlier.
    """
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
    limit = (tokenizer.truncation or {}).get("max_length", longest) if keep_limit else longest
    tokenizer.enable_truncation(min(limit, longest))
    return tokenizer
