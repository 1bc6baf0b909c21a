"""Figures of the bridge: a million frames, every loss of signal, every fault, the time from arrival to write, an hour.

Nothing here is a robot: the bridge drives the virtual one, and demands are judged by `tests.robot_bridge.checker`.
"""

import asyncio
import json
import logging
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from robot_bridge.client import BridgeClient, Writer
from robot_bridge.governor import Governor, Limit
from robot_bridge.limits import PROFILES, Limits
from robot_bridge.replay import replay
from robot_bridge.schema import ameca
from sdk.client import AsyncClient
from sdk.emotion import Affect, Emotion
from sdk.face.affect_face import FaceActor, FaceWish
from tests.figures.report import REPO, Report
from tests.robot_bridge.bridges import SCHEMA, Rig, pose
from tests.robot_bridge.checker import Checker
from tests.robot_bridge.faults import FAULTS
from tests.robot_bridge.programs import running
from tests.service.programs import REAL, serving

FRAMES = 1_000_000
STEPS = 400
KINDS = ("uniform", "ends", "flips", "steps", "steered", "wild", "replayed", "replayed twice as large")
POSES, LOSSES = 5_000, 400
BRIDGE_FRAMES = 40_000
WRITE_S = 20.0
SOAK = REPO / "docs" / "results" / "face_soak.json"
MOST_BURST = 3
LONGEST_HOLD_S = 0.15
Array = np.ndarray


def measure(report: Report) -> None:
    """All of it, in about five minutes; the hour is read from its results."""
    governor_figures(report)
    bridge_figures(report)
    loss_figures(report)
    fault_figures(report)
    latency_figures(report)
    soak_figures(report)


def governor_figures(report: Report) -> None:
    """A million frames through the governor: robots side by side, each with a kind of adversary, ticks at any rate."""
    frames, worst, broken, acted = 0, dict.fromkeys(("range", "coupled", "slew", "acceleration", "jerk"), 0.0), [], 0
    cases = [(range_set, profile) for range_set in SCHEMA.range_sets for profile in PROFILES]
    robots = -(-FRAMES // (STEPS * len(cases)))
    for number, (range_set, profile) in enumerate(cases):
        limits = Limits(ameca(), range_set=range_set, profile=profile)
        draw = np.random.default_rng(number)
        governor = Governor(limits, np.tile(limits.rest, (robots, 1)))
        dts, made = draw.uniform(1 / 120, 1 / 20, STEPS), [governor.values.astype(float)]
        for asked, dt in zip(adversaries(limits, robots, draw), dts, strict=True):
            demand = governor.step(asked, dt)
            made.append(demand.values)
            acted += int((demand.mask & (Limit.RANGE | Limit.COUPLED | Limit.SLEW) > 0).any(-1).sum())
            frames += robots
        verdict = Checker(range_set, profile).verdict(np.concatenate([[0.0], np.cumsum(dts)]), np.array(made))
        worst = {law: max(found, verdict.worst[law]) for law, found in worst.items()}
        broken += [f"{range_set}, {profile}: {line}" for line in verdict.broken]
    report.at_least("random, adversarial and replayed frames through the governor", frames, FRAMES)
    report.show("of them changed by range, coupled limits or slew", f"{100 * acted / frames:.0f} %")
    text = ", ".join(f"{law} {found:.3g}" for law, found in worst.items())
    report.holds("demands outside range, coupled limits, slew, acceleration or jerk, by the independent checker",
                 "; ".join(broken) or "none", "none", not broken)  # fmt: skip
    report.show("nearest they came (outside by, of its own unit; share of the limit)", text)


def adversaries(limits: Limits, robots: int, draw: np.random.Generator) -> Iterator[Array]:
    """STEPS times what each robot is asked for, (N, C); robots take turns in KINDS."""
    kind, shape = np.arange(robots)[:, None] % len(KINDS), (robots, 30)
    span, centre = limits.high - limits.low, (limits.high + limits.low) / 2
    # Steered: each control swings at the rate at which its motion is hardest to bound, near slew over range.
    rates = np.array([c.motion.slew for c in limits.schema]) / span * draw.uniform(0.5, 4, shape)
    phase, held = draw.uniform(0, 2 * np.pi, shape), limits.rest + np.zeros(shape)
    clips, start = actor_frames(), draw.integers(0, 10_000, robots)
    for step in range(STEPS):
        uniform = draw.uniform(limits.low, limits.high, shape)
        ends = np.where(draw.random(shape) < 0.5, limits.low, limits.high)
        held = np.where(draw.random(shape) < 0.05, np.where(draw.random(shape) < 0.5, ends, uniform), held)
        shown = clips[(start + step) % len(clips)]
        choices = (
            uniform, ends, np.where(step % 2, limits.low, limits.high) + np.zeros(shape), held,
            centre + 0.7 * span * np.sin(2 * np.pi * rates * step / 60 + phase),
            draw.normal(size=shape) * 10.0 ** draw.uniform(-2, 9, shape), shown,
            limits.rest + 2 * (shown - limits.rest),
        )  # fmt: skip
        yield np.choose(kind, choices)


def actor_frames() -> Array:
    """Frames (T, 30) of the face that shows feelings, half a minute of each emotion at 60 a second."""
    actor, made = FaceActor(ameca(), seed=0), []
    for emotion in Emotion:
        actor.change(FaceWish(Affect.of(emotion.label, 1.0)))
        made += [actor.step(1 / 60) for _ in range(1800)]
    return np.array(made)


def bridge_figures(report: Report) -> None:
    """Frames of every kind through the whole bridge with a clock in hand, and its log played again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bridge.log"
        rig, draw = Rig(log=path, range_set="x2c").armed(), np.random.default_rng(0)
        low, high = SCHEMA.bounds("x2c")
        for _ in range(BRIDGE_FRAMES // 2):
            sent = draw.uniform(low - 1, high + 1)
            damage = draw.random()
            if damage < 0.1:
                sent[draw.integers(30)] = draw.choice([np.nan, np.inf, -np.inf])
            elif damage < 0.2:
                sent = sent[: draw.integers(30)]
            rig.send(sent, number=rig.number - 2 * (draw.random() < 0.1), made_in_ms=draw.uniform(0, 230))
            if draw.random() < 0.5:
                rig.send(draw.uniform(low, high))
            if draw.random() < 0.005:
                rig.clock.now += draw.uniform(0, 0.2)
            rig.clock.now += draw.uniform(1 / 120, 1 / 50)
            rig.bridge.tick()
            rig.number += 1
        frames = rig.bridge.status().frames
        rig.bridge.close()
        made = replay(path)
    counts = ", ".join(f"{name} {count}" for name, count in frames.items())
    report.show(f"{sum(frames.values())} frames through the whole bridge", counts)
    # A pause of the loop counts as a twentieth of a second at most: that is the time in which demands move.
    dts = np.minimum(np.diff(rig.robot.times), 1 / 20)
    verdict = Checker("x2c").verdict(np.concatenate([[0.0], np.cumsum(dts)]), np.array(rig.robot.written))
    report.holds(f"their {len(rig.robot.written)} demands, by the independent checker",
                 "; ".join(verdict.broken) or "lawful", "lawful", not verdict.broken)  # fmt: skip
    report.holds("replay of their log", made.differs or f"{made.demands} demands identical to the byte",
                 "identical", not made.differs and not made.torn)  # fmt: skip


def loss_figures(report: Report) -> None:
    """Loss of signal: from any legal pose at rest, and from anywhere in motion through the whole bridge."""
    hold = LONGEST_HOLD_S
    slowest, jumps = 0.0, []
    for hz in (20.0, 60.0, 120.0):
        limits = Limits(ameca(), range_set="x2c")
        draw = np.random.default_rng(int(hz))
        ends = np.where(draw.random((POSES, 30)) < 0.5, limits.low, limits.high)
        start = limits.legal(np.where(draw.random((POSES, 30)) < 0.6, ends, draw.uniform(limits.low, limits.high)))
        governor, made, ticks = Governor(limits, start), [start], 0
        while (np.abs(governor.values - limits.rest) > 1e-9).any():
            made.append(governor.step(limits.rest, 1 / hz).values)
            ticks += 1
        # The loss is seen up to a tick late.
        slowest = max(slowest, hold + (1 + ticks) / hz)
        jumps += Checker("x2c").verdict(np.arange(ticks + 1) / hz, np.array(made)).broken
    name = f"loss of signal, {3 * POSES} random poses at 20, 60 and 120 Hz: in neutral after, slowest"
    report.at_most(name, slowest, 1.0, "s")
    times = []
    for number in range(LOSSES):
        found, broken = lost_in_motion(number)
        times.append(found)
        jumps += broken
    report.at_most(f"loss of signal in motion, {LOSSES} times through the bridge, slowest", max(times), 1.0, "s")
    report.holds("jumps on those ways", "; ".join(jumps[:3]) or "none", "none", not jumps)


def lost_in_motion(seed: int) -> tuple[float, list[str]]:
    """Seconds from the last frame to neutral, and broken laws on the way, after random frames at a random rate."""
    draw = np.random.default_rng(seed)
    hz, rig = float(draw.choice([20, 30, 60, 120])), Rig(range_set="x2c", hold_s=LONGEST_HOLD_S).armed()
    low, high = SCHEMA.bounds("x2c")
    wish = draw.uniform(low, high)
    for _ in range(int(hz * draw.uniform(0.2, 1.2))):
        wish = np.where(draw.random(30) < 0.1, np.where(draw.random(30) < 0.5, low, high), wish)
        rig.tick(hz=hz, values=wish)
    lost = rig.clock.now - 1 / hz
    while np.abs(rig.demand - rig.bridge.rest).max() > 1e-9 and rig.clock.now < lost + 5:
        rig.tick(hz=hz)
    verdict = Checker("x2c").verdict(np.array(rig.robot.times), np.array(rig.robot.written))
    return rig.clock.now - lost, verdict.broken


def fault_figures(report: Report) -> None:
    """Everything that may go wrong, one after the other."""
    logging.disable()  # one scene fails inside a tick, which the bridge logs with its traceback
    try:
        unsafe = [name for name, holds in FAULTS.items() if not holds()]
    finally:
        logging.disable(logging.NOTSET)
    value = f"{len(FAULTS) - len(unsafe)} of {len(FAULTS)}" + (f"; not {', '.join(unsafe)}" if unsafe else "")
    report.holds("fault paths that end safe", value, "all", not unsafe)
    report.table("Fault paths: " + "; ".join(FAULTS) + ".")


def latency_figures(report: Report) -> None:
    """From the arrival of a frame at the real server to the write to the virtual robot, alone and beside a body."""
    for name, beside in (("alone", False), ("beside a live body and a face", True)):
        waits = np.array(arrival_to_write(beside=beside))
        report.show(f"frame arrival to demand written, {name}, median of {len(waits)}", f"{np.median(waits):.1f} ms")
        slow = float(np.percentile(waits, 99))
        report.at_most(f"the same, p99 (camera and motors not included), {name}", slow, 30.0, "ms")


def arrival_to_write(*, beside: bool) -> list[float]:
    """Milliseconds for each frame of a writer at 60 a second."""
    with (
        body_and_face(beside),
        running("--robot", "sim", "--arm") as (_, address),
        BridgeClient(address) as client,
        client.control(SCHEMA, writer="figures") as writer,
    ):
        return waits_of(writer, WRITE_S)


def waits_of(writer: Writer, seconds: float) -> list[float]:
    """Send about 60 a second for so long; milliseconds from arrival to write of each frame that was applied.

    The moments are random, or a writer in step with the bridge's own 60 a second would always wait equally long.
    """
    waits, due, draw = [], time.monotonic(), np.random.default_rng(0)
    for number in range(round(seconds * 60)):
        writer.send(pose(Head_Yaw=15 * np.sin(number / 20), Nose_Wrinkle=0.5 + 0.5 * np.sin(number / 7)))
        waits += [(ack.applied_ns - ack.received_ns) / 1e6 for ack in writer.acks() if ack.applied_ns]
        due += draw.uniform(0.5, 1.5) / 60
        time.sleep(max(due - time.monotonic(), 0.0))
    return waits


@contextmanager
def body_and_face(wanted: bool) -> Iterator[None]:
    """The SDK's server with one live character and one face that expresses, both read, if wanted."""
    if not wanted:
        yield
        return
    with serving(module=REAL) as program:
        end = threading.Event()

        async def read() -> None:
            async with AsyncClient(program.address) as client:

                async def body() -> None:
                    async with client.drive("a person walks forward", affect="joy", seed=1) as live:
                        async for _ in live:
                            if end.is_set():
                                return

                async def face() -> None:
                    async with client.express("joy", seed=1) as shown:
                        async for _ in shown:
                            if end.is_set():
                                return

                await asyncio.gather(body(), face())

        reader = threading.Thread(target=lambda: asyncio.run(read()), daemon=True)
        reader.start()
        time.sleep(3)
        try:
            yield
        finally:
            end.set()
            reader.join(10)


def soak_figures(report: Report) -> None:
    """What `python -m tests.figures.face_soak` saw in its hour."""
    if not SOAK.exists():
        report.holds("an hour of the bridge", "not measured", f"no more than {MOST_BURST} ticks missed in a row", False)
        return
    found = json.loads(SOAK.read_text())
    report.show("an hour of the bridge", f"{found['minutes']:.0f} minutes, {found['ticks']} demands, "
                f"{found['missed']} moments missed; {found['command']} at {found['commit']}")  # fmt: skip
    report.at_least("its length", found["minutes"], 60.0, "minutes")
    report.at_most("most ticks missed in a row in that hour", found["worst_burst"], MOST_BURST, "ticks")
    report.at_most("frame arrival to demand written in that hour, p99", found["arrival_to_write_p99_ms"], 30.0, "ms")
    report.at_most("its memory, after ten minutes to its end, growth", found["growth_percent"], 2.0, "%")
    report.holds("its end", found["state"], "tracking", found["state"] == "tracking")
