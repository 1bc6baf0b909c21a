"""Ray on this machine, for tests and figures: replicas that can be counted and killed, and callers that keep asking."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sdk.client import Client
from sdk.deploy.fleet import NAME, Fleet, ray_serve
from sdk.deploy.replica import Load
from sdk.deploy.start import deploy
from sdk.drive import LiveFrame
from sdk.errors import ServerError

REPO = Path(__file__).resolve().parents[2]
WALK = "a person walks forward"
DRAIN_S = 3
"""Replicas that are replaced take the last calls for so long; ten times less than is usual, for the tests' sake."""
PATIENCE_S = 60.0
SEEN_S = 5.0
"""After this HAProxy sends calls to a replica that Ray has started."""


@dataclass(frozen=True)
class Cluster:
    """Ray Serve on ports of its own."""

    port: int
    http_port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def deploy(self, fleet: Fleet, load: Load) -> None:
        """Start replicas, or replace those that run, and wait until they answer."""
        deploy(fleet, port=self.port, http_port=self.http_port, load=load)
        with Client(self.address) as client:
            until(lambda: answers(client))

    def replicas(self) -> set[str]:
        """Names of the replicas' actors that live."""
        import ray

        listed = ray.util.list_named_actors(all_namespaces=True)
        return {actor["name"] for actor in listed if actor["name"].startswith("SERVE_REPLICA")}

    def kill(self, replica: str) -> None:
        """As a machine dies: without a word."""
        import ray

        ray.kill(ray.get_actor(replica, namespace="serve"))


def free_ports(count: int) -> list[int]:
    """Different ones: all are taken before the first is given back."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("0.0.0.0", 0))  # as the proxies will, which listen on every address
        return [int(one.getsockname()[1]) for one in taken]


@contextmanager
def cluster(cpus: int) -> Iterator[Cluster]:
    """Ray with so many CPUs, whether the machine has them or not."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPO), str(REPO / "protos")])
    os.environ["RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S"] = str(DRAIN_S)
    serve = ray_serve()
    import ray

    ray.init(address="local", num_cpus=cpus, include_dashboard=False, log_to_driver=False)
    try:
        yield Cluster(*free_ports(2))
    finally:
        serve.shutdown()
        ray.shutdown()


def until(true: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
    """Wait for something that Ray does in its own time."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.1)


def answers(client: Client) -> bool:
    try:
        client.info()
    except ServerError:
        return False
    return True


@dataclass
class Calls:
    """Calls that were made: how many, why some failed at first, and which failed after all."""

    made: int = 0
    failed_once: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@contextmanager
def callers(address: str, *, count: int = 4, retry_s: float = 0.0) -> Iterator[Calls]:
    """Threads that ask for clips while the block runs; UNAVAILABLE is tried again for `retry_s`."""
    calls, stop, lock = Calls(), threading.Event(), threading.Lock()

    def ask(client: Client, number: int) -> None:
        end = time.monotonic() + retry_s
        while True:
            try:
                client.generate(WALK, seconds=1, seed=number)
                return
            except ServerError as error:
                with lock:
                    calls.failed_once.append(f"{error.status}: {error}")
                    if error.status != "UNAVAILABLE" or time.monotonic() >= end:
                        calls.failed.append(f"{error.status}: {error}")
                        return
            time.sleep(0.05)

    def call(number: int) -> None:
        with Client(address) as client:
            while not stop.is_set():
                ask(client, number)
                with lock:
                    calls.made += 1
                time.sleep(0.01)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield calls
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)


class Character(threading.Thread):
    """A live character that is watched from a thread, frame by frame, until it is told to end.

    seams: indices of the first frames that came from another replica.
    """

    def __init__(self, address: str, seed: int) -> None:
        super().__init__()
        self.frames: list[LiveFrame] = []
        self.seams: list[int] = []
        self.error: Exception | None = None
        self._client = Client(address)
        self._live = self._client.drive(WALK, affect="joy", seed=seed, reconnect_s=30, every_frame=True)

    def run(self) -> None:
        header_at = 0.0
        try:
            for frame in self._live:
                if self.frames and self._live.header_at != header_at:
                    self.seams.append(len(self.frames))
                header_at = self._live.header_at
                self.frames.append(frame)
        except Exception as error:
            self.error = error
        self._client.close()

    def end(self) -> None:
        self._live.end()
        self.join(PATIENCE_S)

    @property
    def resumed(self) -> bool:
        """Whether it went on in another stream."""
        return bool(self.seams)


@contextmanager
def characters(address: str, count: int) -> Iterator[list[Character]]:
    """So many, walking."""
    found = [Character(address, seed) for seed in range(count)]
    for character in found:
        character.start()
    try:
        until(lambda: all(len(character.frames) > 30 or character.error for character in found))
        yield found
    finally:
        for character in found:
            character.end()


def kill_in_turn(running: Cluster) -> None:
    """Kill every replica, one after the other, each when there is another one in the place of the one before."""
    before = running.replicas()
    for number, replica in enumerate(sorted(before)):
        until(lambda needed=number: len(running.replicas() - before) >= needed)  # type: ignore[misc]
        until(healthy)
        time.sleep(SEEN_S)
        running.kill(replica)


def healthy() -> bool:
    """Whether Ray has as many replicas as it should."""
    return str(ray_serve().status().applications["emomotion"].deployments[NAME].status.value) == "HEALTHY"
