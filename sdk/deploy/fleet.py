"""How many replicas, how large, and how much each may take: options, and the application that Ray makes of them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from sdk.deploy.replica import Load, Replica, load_engine
from sdk.errors import InvalidInput
from sdk.extras import how_to_install
from sdk.service.access import Tokens
from sdk.service.core import MAX_RECEIVE_BYTES, Rules

NAME = "EmoMotion"
GRACE_S = 10.0
"""How long running calls may go on after a replica was told to stop."""
SETTINGS = {
    "RAY_SERVE_ENABLE_HA_PROXY": "1",  # HAProxy straight to the replicas' own gRPC, without a proxy in Python
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",  # one event loop in a replica, so that slow readers are felt
    "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": f"{GRACE_S:g}",
    "RAY_SERVE_GRPC_MAX_MESSAGE_SIZE": str(MAX_RECEIVE_BYTES),
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is told to anybody outside
    "RAY_worker_niceness": "0",  # Ray's own 15 starves replicas beside anything else that runs
}
"""What the processes of Ray read from their environment; of a cluster that runs already, all nodes need them."""


def ray_serve() -> Any:
    """The module `ray.serve`, with our settings wherever the environment has none. Raises InvalidInput without Ray."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from ray import serve
    except ImportError:
        raise InvalidInput(f"deploying needs Ray; {how_to_install('ray')}", field="ray") from None
    return serve


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Options of a deployment.

    bundle: folder, on every node; empty for the one that comes along. replicas: at least; max_replicas: at most, 0 for
    no more than that. threads: of each replica, which takes as many CPUs of the cluster. busy_at: calls and live
    characters of a replica from which on Ray starts another. max_calls: calls and live characters of a replica at once;
    max_queued: that wait for them to end; more are refused. tokens: file; without one everybody may call. The rest is
    as in `sdk.service.core.Rules` and counts for each replica. Raises InvalidInput for a number out of range.
    """

    bundle: str = ""
    replicas: int = 1
    max_replicas: int = 0
    threads: int = 1
    busy_at: float = 8.0
    max_calls: int = 96
    max_queued: int = 32
    tokens: str = ""
    rate: float = 0.0
    burst: float = 20.0
    max_streams: int = 64
    max_streams_per_client: int = 64

    def __post_init__(self) -> None:
        for name in ("replicas", "threads", "busy_at", "max_calls", "max_queued", "burst"):
            if not getattr(self, name) >= 1:
                raise InvalidInput(f"{name} must be 1 or more, got {getattr(self, name)}", field=name)
        for name in ("rate", "max_streams", "max_streams_per_client"):
            if not getattr(self, name) >= 0:
                raise InvalidInput(f"{name} must be 0 or more, got {getattr(self, name)}", field=name)
        if self.max_replicas and self.max_replicas < self.replicas:
            what = f"must be {self.replicas} (replicas) or more, or 0, got {self.max_replicas}"
            raise InvalidInput(f"max_replicas {what}", field="max_replicas")
        if self.max_streams >= self.max_calls:
            what = f"must be more than max_streams ({self.max_streams}), or clips have no room, got {self.max_calls}"
            raise InvalidInput(f"max_calls {what}", field="max_calls")

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> Self:
        """From the arguments of `serve run` or the `args` of a Serve config file. Raises InvalidInput, naming one."""
        kinds: dict[str, type] = {field.name: type(field.default) for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in args.items():
            if name not in kinds:
                raise InvalidInput(f"a fleet has no {name!r}; known: {', '.join(kinds)}", field=name)
            try:
                values[name] = kinds[name](value)
            except (TypeError, ValueError):
                what = f"{name} must be {kinds[name].__name__}, got {str(value)[:40]!r}"
                raise InvalidInput(what, field=name) from None
        return cls(**values)

    @property
    def rules(self) -> Rules:
        """Who may call a replica, and how much. Raises InvalidInput for a file of tokens that is none."""
        return Rules(
            tokens=Tokens.read(Path(self.tokens)) if self.tokens else Tokens(), rate=self.rate, burst=self.burst,
            max_streams=self.max_streams, max_streams_per_client=self.max_streams_per_client,
        )  # fmt: skip


def app(args: dict[str, Any]) -> Any:
    """The application for `serve run sdk.deploy:app replicas=2` and Serve config files; args: fields of `Fleet`."""
    return application(Fleet.of(args))


def application(fleet: Fleet, load: Load = load_engine) -> Any:
    """The application of Ray Serve. Raises InvalidInput without Ray."""
    size: dict[str, Any] = {"num_replicas": fleet.replicas}
    if fleet.max_replicas > fleet.replicas:
        scaling = {"min_replicas": fleet.replicas, "max_replicas": fleet.max_replicas}
        size = {"autoscaling_config": scaling | {"target_ongoing_requests": fleet.busy_at}}
    deployment = ray_serve().deployment(
        Replica,
        name=NAME,
        **size,
        ray_actor_options={"num_cpus": fleet.threads},
        max_ongoing_requests=fleet.max_calls,
        max_queued_requests=fleet.max_queued,
        # A new bundle alone does not start replicas anew: they load it while they answer.
        user_config={"bundle": fleet.bundle},
        graceful_shutdown_timeout_s=GRACE_S,
    )
    return deployment.bind(load, fleet.threads, fleet.rules)
