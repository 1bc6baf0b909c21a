"""Figures of hard times: mutated messages, a killed server, characters without end, an hour under load."""

import asyncio
import itertools
import json
import random
import signal
import time
from collections import Counter
from contextlib import ExitStack

import grpc
import numpy as np

from sdk.client import AsyncClient, Client
from sdk.client_errors import BROKEN
from sdk.drive import LiveFrame
from sdk.emotion import Affect
from sdk.motion.idle import idle_loop
from sdk.motion.motion import Motion
from sdk.runtime.character import Character, Postures, Wish
from sdk.runtime.engine import Engine, Request
from tests.figures.report import REPO, Report
from tests.service.mutants import CLEAN, mutants, valid_messages
from tests.service.programs import FAKE, REAL, Program, serving
from tests.service.seams import seam

WALK = "a person walks forward"
MESSAGES, STREAMS = 200_000, 1_000
REAL_MESSAGES = 4_000
KILLED = 32
SOAK = REPO / "docs" / "results" / "soak.json"
ENDLESS_MINUTES = 10
HIDDEN = "refused while the client was writing"
GENERATE, DRIVE = "/emomotion.v1.MotionService/Generate", "/emomotion.v1.LiveService/Drive"


def measure(report: Report) -> None:
    """All of it, in about twelve minutes; the hour is read from its results."""
    fuzz_figures(report)
    kill_figures(report)
    endless_figures(report)
    soak_figures(report)


def fuzz_figures(report: Report) -> None:
    """Mutated messages and streams. Most meet a server without models, for many of them are valid and ask for work."""
    with serving(module=FAKE) as program, serving("--threads", "1", module=REAL) as real:
        warm = asyncio.run(statuses(program.address, MESSAGES // 10, STREAMS // 10, seed=0))
        before_mb = program.resident_mb()
        found = asyncio.run(statuses(program.address, MESSAGES - MESSAGES // 10, STREAMS - STREAMS // 10, seed=1))
        grown = 100 * (program.resident_mb() / before_mb - 1)
        small = asyncio.run(statuses(real.address, REAL_MESSAGES, 0, seed=2))
        total = warm + found + small
        alive = all(answers(each) for each in (program, real))
    report.at_least("mutated messages and malformed streams sent", total.total(), MESSAGES + STREAMS)
    counts = ", ".join(f"{name} {count}" for name, count in total.most_common())
    wrong = sum(count for name, count in total.items() if name not in CLEAN | {HIDDEN})
    report.holds("their statuses", counts, "only clean ones", wrong == 0)
    report.holds("the server after them", "answers" if alive else "is gone", "answers", alive)
    report.at_most("its memory after nine tenths of them, growth", grown, 2.0, "%")


async def statuses(address: str, messages: int, streams: int, *, seed: int) -> Counter[str]:
    """How so many mutated calls ended, a few at a time."""
    found: Counter[str] = Counter()
    valid, draw = valid_messages(), random.Random(seed)
    single = itertools.islice(mutants(valid[0], draw), messages)
    several = itertools.islice(zip(*(mutants(each, draw) for each in valid[1:]), strict=True), streams)
    async with grpc.aio.insecure_channel(address) as channel:
        generate, drive = channel.unary_stream(GENERATE), channel.stream_stream(DRIVE)

        async def send() -> None:
            for data in single:
                found[await status_of(generate(data, timeout=60))] += 1
            for first, second, change in several:
                parts = draw.choice(([first], [second, change], [change], [first, first], []))
                found[await status_of(drive(iter(parts), timeout=60))] += 1

        await asyncio.gather(*(send() for _ in range(8)))
    return found


async def status_of(call: grpc.aio.Call) -> str:
    """How a call ended, its replies thrown away."""
    try:
        async for _ in call:
            pass
    except grpc.RpcError:
        pass
    # A refusal that comes while the client still writes is hidden from it by grpc.aio, which then makes up an INTERNAL.
    return HIDDEN if await call.details() == BROKEN else str((await call.code()).name)


def answers(program: Program) -> bool:
    """Whether a server still makes a clip."""
    with Client(program.address) as client:
        return program.process.poll() is None and len(client.generate(WALK, seconds=1).motion) == 31


def kill_figures(report: Report) -> None:
    """32 characters whose server is killed and started anew."""
    frames: dict[int, list[tuple[float, LiveFrame]]] = {number: [] for number in range(KILLED)}
    with ExitStack() as stack:
        first = stack.enter_context(serving("--max-streams", str(KILLED), module=REAL))
        ready, lost_at = asyncio.run(_killed(stack, first, frames))
    backs, metres, degrees = [], [], []
    for got in frames.values():
        at = next((k for k, (when, _) in enumerate(got) if when > lost_at), None)
        if at is None or at + 1 >= len(got):
            backs.append(float("nan"))
            continue
        backs.append(got[at][0] - ready)
        jump = seam([frame for _, frame in got], at)
        metres.append(jump[0])
        degrees.append(jump[1])
    report.at_most(f"kill -9 with {KILLED} characters: back after the restart, worst", max(backs), 1.0, "s")
    report.at_most("jump of the root at the seam, worst", 100 * max(metres), 5.0, "cm")
    report.at_most("jump of a joint at the seam, worst", max(degrees), 10.0, "degrees")


async def _killed(
    stack: ExitStack, first: Program, frames: dict[int, list[tuple[float, LiveFrame]]]
) -> tuple[float, float]:
    """When the second server was ready and when the first one was killed, by `time.perf_counter`."""
    done = asyncio.Event()

    async def play(client: AsyncClient, number: int) -> None:
        await asyncio.sleep(number / KILLED)
        options = {"affect": "joy", "seed": number, "reconnect_s": 120.0, "every_frame": True}
        async with client.drive(WALK, **options) as live:
            async for frame in live:
                frames[number].append((time.perf_counter(), frame))
                if done.is_set():
                    return

    async with AsyncClient(first.address) as client:
        playing = asyncio.gather(*(play(client, number) for number in frames))
        await asyncio.sleep(8)
        first.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(first.process.wait)
        await asyncio.sleep(0.3)  # what was on its way may come
        lost_at = time.perf_counter()
        again = serving("--max-streams", str(KILLED), module=REAL, port=first.port)
        await asyncio.to_thread(stack.enter_context, again)
        ready = time.perf_counter()
        await asyncio.sleep(5)
        done.set()
        await playing
    return ready, lost_at


def endless_figures(report: Report) -> None:
    """Characters that are played for long, as fast as they can be made: do they sink, rise or freeze?"""
    engine = Engine.load()
    engine.warm_up()
    postures = engine.measured_postures()
    lowest, highest, still, upright = [], [], [], []
    for seed, (text, affect) in enumerate(((WALK, "joy"), ("a person runs", "anger"), ("a person walks", "sadness"))):
        motion = endless(engine, postures, text, affect, seed=seed)
        feet = motion.positions[:, [7, 8, 10, 11], 1].min(1)
        seconds = feet[: len(feet) // 30 * 30].reshape(-1, 30)
        lowest.append(np.abs(seconds.min(1)).max())
        highest.append(motion.root[:, 1].max())
        moved = np.linalg.norm(np.diff(motion.root[::30], axis=0)[:, [0, 2]], axis=-1)
        still.append(float((moved < 0.1).mean()))
        upright.append(motion.root[:, 1].min())
    name = f"endless characters, 3 x {ENDLESS_MINUTES} minutes"
    report.at_most(f"{name}: lowest foot of a second from the ground, worst", 100 * max(lowest), 10.0, "cm")
    report.holds(f"{name}: height of the hips", f"{min(upright):.2f} to {max(highest):.2f} m", "0.6 to 1.2 m",
                 min(upright) > 0.6 and max(highest) < 1.2)  # fmt: skip
    report.at_most(f"{name}: seconds in which a walker covers less than 10 cm", 100 * max(still), 2.0, "%")


def endless(engine: Engine, postures: Postures, text: str, affect: str, *, seed: int) -> Motion:
    """What a character plays in ten minutes when every window comes in time."""
    wish = Wish(text, Affect.of(affect, 1.0))
    character = Character(wish, seed=seed, idle=idle_loop(fps=30.0), postures=postures)
    rotations, root = [], []
    for _ in range(ENDLESS_MINUTES * 60 * 30):
        order = character.due()
        if order is not None:
            request = Request(text=order.text, affect=order.affect, seed=order.seed, plan="fast")
            character.accept(order, engine.extend(request, order.played, order.frames).motion)
        frame = character.next()
        rotations.append(frame.rotations)
        root.append(frame.root)
    return Motion(np.stack(rotations), np.stack(root), 30.0)


def soak_figures(report: Report) -> None:
    """What `python -m tests.figures.soak` saw in its hour."""
    if not SOAK.exists():
        report.holds("an hour at 80 % load", "not measured", "memory flat within 2 %", False)
        return
    found = json.loads(SOAK.read_text())
    report.show("an hour at 80 % load", f"{found['minutes']:.0f} minutes, {found['calls']} calls, {found['frames']} "
                f"live frames; {found['command']} at {found['commit']}")  # fmt: skip
    report.at_most("memory in that hour, after ten minutes to its end, growth", found["growth_percent"], 2.0, "%")
    report.at_most("calls that failed in that hour", found["failed"], 0, "calls")
