"""What every ONNX export of a torch module here needs: silence, and a graph without traces of where it was made."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

import onnx


@contextlib.contextmanager
def quiet_exporter() -> Iterator[None]:
    """Keep the exporter's progress, its own deprecations and remarks on absent packages off the screen."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(None):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what is of no use at run time: shapes and names of intermediate values, places in the sources."""
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model
