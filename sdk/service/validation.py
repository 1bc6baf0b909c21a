"""From a GenerateRequest to the engine's Request: defaults filled in, every field checked, the offending one named."""

from dataclasses import replace

from emomotion.v1 import motion_pb2
from sdk.runtime.engine import Request
from sdk.runtime.limits import validate_request
from sdk.wire import affect_from_wire


def request_from_wire(message: motion_pb2.GenerateRequest) -> Request:
    """The request a message stands for. Raises InvalidInput naming the field."""
    request = Request(text=message.text, plan=message.plan or None, generator=message.generator or None)
    if message.HasField("affect"):
        request = replace(request, affect=affect_from_wire(message.affect))
    if message.HasField("seconds"):
        request = replace(request, seconds=message.seconds)
    if message.HasField("seed"):
        request = replace(request, seed=message.seed)
    if message.HasField("fps"):
        request = replace(request, fps=message.fps)
    if message.HasField("budget_ms"):
        request = replace(request, budget_ms=message.budget_ms)
    validate_request(request)
    return request
