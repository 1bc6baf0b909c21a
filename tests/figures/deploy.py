"""Figures of Ray Serve on this machine, over the shipped bundle. Needs the extra `ray` and two cores of its own.

About four minutes. Callers run in this process beside the replicas, so a third core is of use.
"""

import asyncio
import statistics
import time

from sdk.bench import Ask, closed_loop
from sdk.deploy.fleet import Fleet
from sdk.deploy.replica import load_engine
from tests.deploy.cluster import Cluster, callers, characters, cluster, kill_in_turn, until
from tests.figures.report import Report

ROUNDS, REQUESTS, AT_ONCE = 3, 60, 8
STREAMS = 4


def deploy_figures(report: Report) -> None:
    """Two replicas of one thread against one, an update under load, and replicas that die."""
    with cluster(cpus=8) as running:
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(ROUNDS):  # alternating, for the machine's speed changes over minutes
            for replicas in rates:
                deployed(running, replicas)
                rates[replicas].append(calls_a_second(running.address))
        one, two = (statistics.median(rates[replicas]) for replicas in (1, 2))
        report.show("clips a second of one replica, of two", f"{one:.1f}, {two:.1f}")
        report.at_least("two replicas of one thread against one, clips a second", two / one, 1.7, "times")
        update_figures(report, running)
        death_figures(report, running)


def deployed(running: Cluster, replicas: int) -> None:
    """So many replicas, and none of those before."""
    before = running.replicas()
    running.deploy(Fleet(replicas=replicas), load_engine)
    until(lambda: not before & running.replicas())


def calls_a_second(address: str) -> float:
    """Clips of 4 seconds that are answered in a second, with enough callers for all replicas."""
    asyncio.run(closed_loop(address, Ask(), concurrency=AT_ONCE, requests=AT_ONCE))
    began = time.perf_counter()
    rows = asyncio.run(closed_loop(address, Ask(), concurrency=AT_ONCE, requests=REQUESTS))
    return sum(row.status == "OK" for row in rows) / (time.perf_counter() - began)


def update_figures(report: Report, running: Cluster) -> None:
    """All replicas are replaced while clips are asked for."""
    with callers(running.address) as calls:
        deployed(running, 2)
    report.show("calls while all replicas were replaced", str(calls.made))
    report.at_most("calls that failed meanwhile", len(calls.failed_once), 0, "calls")


def death_figures(report: Report, running: Cluster) -> None:
    """Every replica dies once while characters walk and clips are asked for."""
    with characters(running.address, STREAMS) as found, callers(running.address, retry_s=10) as calls:
        kill_in_turn(running)
        until(lambda: all(character.resumed or character.error for character in found))
    resumed = sum(character.resumed and character.error is None for character in found)
    report.at_least(f"of {STREAMS} characters went on when their replica was killed", resumed, STREAMS)
    report.show("calls meanwhile, tried again", f"{calls.made}, {len(calls.failed_once)}")
    report.at_most("calls that failed although they were tried again", len(calls.failed), 0, "calls")
