"""Figures of the runtime: speed beside a published model, what gRPC adds, live characters, budgets under load.

Every ratio is of one run on one machine that should do nothing else; sides that would disturb each other are processes
of their own. In about half an hour.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import grpc
import numpy as np

from emomotion.v1 import motion_pb2
from sdk.bench import Ask, Row, closed_loop
from sdk.bundle import Bundle, Plan
from sdk.client import OPTIONS, AsyncClient, Client, build_request
from tests.figures import hardship
from tests.figures.bare import METHOD, answering
from tests.figures.report import REPO, Report
from tests.figures.timing import SECONDS, TOKENS
from tests.service.programs import REAL, Program, serving

WALK = "a person walks forward"
GOALS = {"best": 5.0, "fast": 8.0, "instant": 20.0}
"""How much faster than the published model the plans are to be."""
CHARACTERS, CHARACTER_SECONDS = 32, 300
LADDER, LADDER_SECONDS = (8, 16, 32, 48, 64, 96, 128), 20
BUDGETS_MS = (5.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0)
CONCURRENCY = (1, 4, 16)
REQUESTS = 2000
REFUSED = ("FAILED_PRECONDITION", "RESOURCE_EXHAUSTED")


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Measure what the issue of the runtime asks for; no data is needed."""
    clip_figures(report, Bundle.load())
    with serving("--max-streams", "1000", "--max-streams-per-client", "1000", module=REAL) as program:
        wire_figures(report, program.address)
        live_figures(report, program.address)
        asyncio.run(crowd_figures(report, program))
        asyncio.run(budget_figures(report, program.address))
    hardship.measure(report)
    if find_spec("ray") is None:
        report.holds("replicas of Ray Serve", "not measured: make extras", "measured", False)
    else:
        from tests.figures.deploy import deploy_figures

        deploy_figures(report)


def side(name: str) -> dict[str, float]:
    """One side of `tests.figures.timing`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.figures.timing", name], capture_output=True, text=True, cwd=REPO
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 and done.stdout else {}


def clip_figures(report: Report, bundle: Bundle) -> None:
    """One clip of 196 frames: against the published sizes in eager PyTorch, and against the machine's own limit."""
    # Alternating, for the machine's speed changes over minutes.
    rounds = [{name: side(name) for name in ("published", "onnx", "gemm")} for _ in range(3)]
    nan = {"published": float("nan"), "gflops": float("nan")}
    published = statistics.median(r["published"].get("published", nan["published"]) for r in rounds)
    limit = statistics.median(r["gemm"].get("gflops", nan["gflops"]) for r in rounds)
    report.show("published MoMask sizes in eager PyTorch, 196 frames", f"{published:.0f} ms")
    report.show("matrix product of ONNX Runtime", f"{limit:.0f} GFLOP/s")
    plans = [plan for plan in bundle.manifest.plans if plan.generator == "emo-mask"]
    for plan in plans:
        ms = statistics.median(r["onnx"].get(plan.name, float("nan")) for r in rounds)
        name = f"196 frames, plan {plan.name}: {ms:.0f} ms, times faster than published"
        report.at_least(name, published / ms, GOALS.get(plan.name, 1.0), "x")
        share = 100 * flops(bundle, plan) / (ms / 1000) / (limit * 1e9)
        report.at_least(f"share of the matrix product's speed, plan {plan.name}", share, 50.0, "%")
        felt = statistics.median(r["onnx"].get(f"{plan.name}, joy", float("nan")) for r in rounds)
        report.show(f"196 frames with joy, plan {plan.name}", f"{felt:.0f} ms")


def flops(bundle: Bundle, plan: Plan) -> float:
    """Multiplications and additions of the transformers' matrix products for one clip; the decoder's are left out."""
    trained = bundle.manifest.provenance["training"]["emo-mask"]
    # The clip that is timed feels nothing, as the published model knows nothing to feel: two rows, not three.
    rows = 1 if plan.text_guidance == 1 else 2
    above = 1 if plan.residual_guidance == 1 else 2
    total = 0.0
    for stage, passes, count in (("masked", plan.iterations, rows), ("residual", plan.residual_layers, above)):
        sizes = trained[stage]["model"]
        width, hidden, codes = sizes["width"], sizes["hidden"], sizes["codes"]
        tokens = TOKENS + 3
        block = 2 * tokens * (4 * width**2 + 2 * width * hidden) + 4 * tokens**2 * width
        ends = 2 * TOKENS * (5 * width**2 + codes * width)
        total += passes * count * (sizes["layers"] * block + ends)
    return total


def wire_figures(report: Report, address: str) -> None:
    """What a call takes beyond the engine's own time, and one that answers with as many bytes and does nothing else."""
    request = build_request(WALK, seconds=SECONDS, seed=1)
    with grpc.insecure_channel(address, OPTIONS) as channel:
        method = f"/{motion_pb2.DESCRIPTOR.package}.MotionService/Generate"
        sizes = [len(message) for message in channel.unary_stream(method)(request.SerializeToString())]
    with answering(sizes) as bare, grpc.insecure_channel(bare, OPTIONS) as channel:
        calls = []
        for _ in range(60):
            began = time.perf_counter()
            list(channel.unary_stream(METHOD)(request.SerializeToString()))
            calls.append(1000 * (time.perf_counter() - began))
            time.sleep(0.05)  # as long as the engine would work
    floor = f"{statistics.median(calls[10:]):.2f} ms"
    report.show("a gRPC call that answers with as many bytes and does nothing else, median", floor)
    with Client(address) as client:
        gaps = []
        for seed in range(60):
            began = time.perf_counter()
            clip = client.generate(WALK, seconds=SECONDS, seed=seed)
            gaps.append(1000 * (time.perf_counter() - began) - clip.stage_ms["total"])
    report.at_most("gRPC adds at the median, 196 frames", statistics.median(gaps[10:]), 1.0, "ms")


def live_figures(report: Report, address: str) -> None:
    """One character: its first frame, and how soon a change reaches the wire."""
    firsts, motions, reactions = [], [], []
    with Client(address) as client:
        for seed in range(60):
            with client.drive(WALK, affect="joy", seed=seed) as live:
                for _ in live:
                    firsts.append(1000 * (time.perf_counter() - live.header_at))
                    break
        for seed in range(12):
            waits, waited = change_waits(client, seed)
            motions += waits
            reactions += waited
    report.at_most("Drive: header to first frame, p99", float(np.quantile(firsts, 0.99)), 80.0, "ms")
    report.at_most("a changed emotion in the motion on the wire, p99", float(np.quantile(motions, 0.99)), 100.0, "ms")
    report.at_most("a changed emotion in the posture on the wire, frames, worst", float(max(reactions)), 1.0, "frames")


def change_waits(client: Client, seed: int) -> tuple[list[float], list[float]]:
    """Ten changes of one character: milliseconds until its motion, frames until its posture show each."""
    waits, frames, asked, said = [], [], 0.0, -1
    with client.drive(WALK, affect="joy", seed=seed) as live:
        changes = 0
        for frame in live:
            if asked and frame.wish == changes:
                waits.append(1000 * (time.perf_counter() - asked))
                asked = 0.0
            if said >= 0 and (frame.reacting or frame.wish == changes):
                frames.append(float(frame.number - said - 1))
                said = -1
            if frame.number % 40 == 39:
                if changes == 10:
                    break
                changes += 1
                live.change(affect=("anger", "sadness", "joy", "fear")[changes % 4])
                asked, said = time.perf_counter(), frame.number
    return waits, frames


async def crowd_figures(report: Report, program: Program) -> None:
    """Many characters at once, in real time, each changing its feeling every five seconds."""
    name = f"{CHARACTERS} characters for {CHARACTER_SECONDS} s"
    crowd = await gathered(program, CHARACTERS, CHARACTER_SECONDS)
    report.at_most(f"{name}: frames more than one frame late", float((crowd.lateness > 1 / 30).sum()), 0, "frames")
    report.show(f"{name}: lateness p50, p99, worst", crowd.lateness_ms())
    report.at_most(f"{name}: frames without generated motion", float(crowd.idle), 0, "frames")
    held, rows = 0, ["| characters | lateness p50, p99, worst | idle frames | server, cores a character |",
                     "| --: | --- | --: | --: |"]  # fmt: skip
    for count in LADDER:
        crowd = await gathered(program, count, LADDER_SECONDS)
        rows.append(f"| {count} | {crowd.lateness_ms()} | {crowd.idle} | {crowd.cores / count:.3f} |")
        if crowd.idle or (crowd.lateness > 1 / 30).any():
            break
        held = count
    report.show(f"most characters in which {LADDER_SECONDS} s passed without a late or an idle frame", str(held))
    report.table("Server and clients share the two cores.\n\n" + "\n".join(rows))


@dataclass(frozen=True)
class Crowd:
    """How late every frame was (s), how many were idle, cores that the server used."""

    lateness: np.ndarray
    idle: int
    cores: float

    def lateness_ms(self) -> str:
        """Median, 99th percentile and worst."""
        return ", ".join(f"{1000 * np.quantile(self.lateness, q):.1f}" for q in (0.5, 0.99, 1.0)) + " ms"


async def gathered(program: Program, count: int, seconds: float) -> Crowd:
    """So many characters for so long."""
    used, began = program.cpu_s(), time.perf_counter()
    async with AsyncClient(program.address) as client:
        found = await asyncio.gather(*(one_of_many(client, seed, count, seconds) for seed in range(count)))
    cores = (program.cpu_s() - used) / (time.perf_counter() - began)
    return Crowd(np.concatenate([late for late, _ in found]), sum(idle for _, idle in found), cores)


async def one_of_many(client: AsyncClient, seed: int, count: int, seconds: float) -> tuple[np.ndarray, int]:
    """Lateness of every frame (s), beside an even rhythm from the first one, and how many were idle."""
    await asyncio.sleep(2 * seed / count)
    # Numbers, not frames: looking through 300,000 of them for garbage held this process up by a quarter of a second.
    times: list[float] = []
    numbers: list[int] = []
    idle = 0
    async with client.drive(WALK, affect="joy", seed=seed, every_frame=True) as live:
        async for frame in live:
            times.append(time.perf_counter())
            numbers.append(frame.number)
            idle += frame.idle and len(numbers) > 10
            if frame.number and frame.number % 150 == 0:
                await live.change(affect=("anger", "sadness", "joy", "fear")[frame.number // 150 % 4])
            if frame.number >= 30 * seconds:
                break
    late = np.array(times) - times[0] - np.array(numbers) / 30
    return np.maximum(late - late.min(), 0.0), idle


async def budget_figures(report: Report, address: str) -> None:
    """Budgets of 5 to 200 ms at several numbers of callers."""
    rows: list[Row] = []
    waits: list[str] = []
    for number in CONCURRENCY:
        ask = Ask(budgets_ms=BUDGETS_MS, seed=number)
        found = await closed_loop(address, ask, concurrency=number, requests=REQUESTS // len(CONCURRENCY))
        own = [row.total_ms for row in found if row.status in REFUSED]
        waits.append(f"{number}: {', '.join(f'{np.quantile(own, q):.1f}' for q in (0.5, 0.99))} ms" if own else "none")
        rows += found
    accepted = [row for row in rows if row.status == "OK"]
    refused = [row.total_ms for row in rows if row.status in REFUSED]
    broken = [row for row in rows if row.status not in ("OK", *REFUSED)]
    report.show("requests with a budget", f"{len(rows)}: {len(accepted)} accepted, {len(refused)} refused at once")
    kept = sum(not row.late for row in accepted) / max(len(accepted) + len(broken), 1)
    report.at_least("accepted requests within their budget", 100 * kept, 99.0, "%")
    report.at_most("refusals, p99", float(np.quantile(refused, 0.99)) if refused else 0.0, 5.0, "ms")
    # A caller who is refused asks again at once: with 16 of them an answer waits for 15 others.
    report.show("refusals by number of callers, p50, p99", "; ".join(waits))
