"""What operators see: Prometheus metrics of calls, plans, deadlines, queue, live characters and faces.

No text of a prompt and no name of a client becomes a label.
"""

from collections.abc import Callable
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from sdk.errors import InvalidInput

LATENCIES_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
FACE_S = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0)
LATENESS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.033, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"emomotion_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...] = LATENCIES_S) -> Histogram:
            return Histogram(f"emomotion_{name}_seconds", text, labels, registry=self.registry, buckets=buckets)

        self.calls = counter("calls_total", "Calls that ended, by method and gRPC status.", "method", "status")
        self.latency = histogram("generate", "Arrival of a request to its first chunk, by plan.", "plan")
        self.stage = histogram("stage", "Time in one stage of the work.", "stage")
        self.queue = histogram("queue", "Arrival of a request to the beginning of its work.")
        self.degraded = counter("degraded_total", "Clips of a cheaper plan than asked for, or with passes left out.")
        self.late = counter("late_total", "Clips whose first chunk left after their deadline.")
        self.refused = counter("refused_total", "Requests refused for their budget or the queue.", "reason")
        self.window = histogram("window", "Order of a live window to its arrival.")
        self.frames = counter("frames_total", "Frames sent to live characters, by source.", "source")
        self.lateness = histogram("frame_lateness", "How late a live frame was sent.", buckets=LATENESS_S)
        self.face_frames = counter("face_frames_total", "Frames sent for faces, by method and mode.", "method", "mode")
        self.face_made = histogram("face_made", "Arrival of a picture or landmarks to its frame.", buckets=FACE_S)
        self.face_overtaken = counter("face_overtaken_total", "Pictures and landmarks that newer ones overtook.")
        self.left_out = counter("frames_left_out_total", "Frames that slow readers did not get.")

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A gauge that is read when somebody looks."""
        Gauge(f"emomotion_{name}", text, registry=self.registry).set_function(value)


def serve_metrics(metrics: Metrics, host: str, port: int) -> WSGIServer:
    """Answer GET /metrics on a port of its own, in a thread. Raises InvalidInput if the port cannot be had."""
    try:
        server, _thread = start_http_server(port, addr=host, registry=metrics.registry)
    except OSError as error:
        message = f"metrics cannot be served on {host}:{port}: {error.strerror}; choose another --metrics-port"
        raise InvalidInput(message, field="metrics-port") from None
    return server
