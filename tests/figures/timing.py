"""`python -m tests.figures.timing torch|onnx`: median milliseconds of one clip of 196 frames, per plan, as JSON."""

import json
import statistics
import sys

from sdk.runtime.engine import Engine, Request

SECONDS = 6.5  # 196 frames, 49 tokens
REPEATS = 9


def main(side: str) -> None:
    """Time one side; the prompt's embedding is cached after the first run on both."""
    engine = Engine.load()
    if side == "torch":
        from export.twin import load_twin
        from training.passes import TorchPasses

        engine = engine.with_passes("emo-mask", TorchPasses.of(load_twin(engine.bundle)))
    found = {}
    for plan in (p for p in engine.bundle.manifest.plans if p.generator == "emo-mask"):
        request = Request(text="a person walks forward", seconds=SECONDS, seed=1, plan=plan.name)
        runs = [engine.generate(request).stage_ms["total"] for _ in range(REPEATS + 2)]
        found[plan.name] = statistics.median(runs[2:])
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
