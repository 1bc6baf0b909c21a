"""`python -m tests.figures.timing torch|onnx|published|gemm`: medians as JSON, one side a process.

torch, onnx: milliseconds of one clip of 196 frames by plan, the shipped weights in eager PyTorch and in the runtime.
published: the same for MoMask's published sizes with random weights in eager PyTorch (10 iterations, guidance, five
residual passes). gemm: GFLOP/s of ONNX Runtime's matrix product, the machine's own limit.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sdk.emotion import Affect
from sdk.runtime.engine import Engine, Request

SECONDS = 6.5  # 196 frames, 49 tokens
REPEATS = 9
TOKENS, ITERATIONS, LAYERS = 49, 10, 5


def median_ms(run: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median of some runs after two that are not counted."""
    times = []
    for _ in range(repeats + 2):
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[2:])


def by_plan(engine: Engine) -> dict[str, float]:
    """Milliseconds of each of EMo-Mask's plans, neutral and ("PLAN, joy") at full intensity, which takes a row more;
    the prompt's embedding is cached after the first run.
    """
    found = {}
    for plan in (p for p in engine.bundle.manifest.plans if p.generator == "emo-mask"):
        for name, affect in ((plan.name, Affect.neutral()), (f"{plan.name}, joy", Affect.of("joy", 1.0))):
            request = Request(text="a person walks forward", affect=affect, seconds=SECONDS, seed=1, plan=plan.name)
            runs = [engine.generate(request).stage_ms["total"] for _ in range(REPEATS + 2)]
            found[name] = statistics.median(runs[2:])
    return found


def eager() -> dict[str, float]:
    """The shipped weights in PyTorch."""
    from export.twin import load_twin
    from training.passes import TorchPasses

    engine = Engine.load()
    return by_plan(engine.with_passes("emo-mask", TorchPasses.of(load_twin(engine.bundle))))


def published() -> dict[str, float]:
    """MoMask as published, random weights: 10 masked and 5 residual passes of two rows each, and the decoder."""
    import torch

    from export.official.momask import MaskedNet, ResidualNet, TokenSizes, VqNet, VqSizes

    sizes = TokenSizes(
        codes=512, code_width=512, quantisers=6, width=384, heads=6, layers=8, hidden=1024, shared=True
    )  # fmt: skip
    vq_sizes = VqSizes(
        features=263, codes=512, code_width=512, width=512, depth=3, dilation_growth=3, quantisers=6
    )  # fmt: skip
    torch.manual_seed(0)
    masked, residual, vq = MaskedNet(sizes).eval(), ResidualNet(sizes).eval(), VqNet(vq_sizes).eval()
    for net in (masked, residual, vq):
        for value in (*net.parameters(), *net.buffers()):
            if value.is_floating_point():
                torch.nn.init.normal_(value, std=0.02)
    text = torch.randn(2, 512)
    base = torch.full((2, TOKENS), 512)
    tokens = torch.randint(512, (2, 6, TOKENS))

    @torch.no_grad()
    def clip() -> None:
        for _ in range(ITERATIONS):
            logits = masked(base, text)
            (logits[1] + 4 * (logits[0] - logits[1])).topk(51).indices.cpu()
        for layer in range(1, LAYERS + 1):
            logits = residual(tokens, torch.tensor([layer, layer]), text)
            (logits[1] + 5 * (logits[0] - logits[1])).topk(51).indices.cpu()
        vq.decode(tokens[:1])

    return {"published": median_ms(clip)}


def gemm() -> dict[str, float]:
    """GFLOP/s of a large float32 matrix product in ONNX Runtime, as the runtime opens its sessions."""
    from onnx import TensorProto, helper

    from sdk.runtime.sessions import open_session

    size = 1024
    rows = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [size, size]) for name in "abc"]
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "gemm", rows[:2], rows[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = open_session(model.SerializeToString(), threads=0)
    feed = {name: np.random.default_rng(0).normal(size=(size, size)).astype(np.float32) for name in "ab"}
    return {"gflops": 2 * size**3 / median_ms(lambda: session.run(None, feed)) / 1e6}


SIDES: dict[str, Callable[[], dict[str, float]]] = {
    "torch": eager, "onnx": lambda: by_plan(Engine.load()), "published": published, "gemm": gemm,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]]()))
