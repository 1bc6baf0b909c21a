"""`python -m tests.figures.face_soak`: an hour of the bridge and the virtual robot, beside a live body and a face.

A writer sends 60 frames a second, with a gap of a second each minute. Missed ticks, latency and memory every ten
seconds go to docs/results/face_soak.json.
"""

import json
import math
import subprocess
import time
from typing import Any

import click
import numpy as np

from robot_bridge.client import BridgeClient, Writer, state_of
from sdk.console import run
from tests.figures.face_bridge import SOAK, body_and_face
from tests.figures.report import REPO
from tests.robot_bridge.bridges import SCHEMA, pose
from tests.robot_bridge.programs import running
from tests.service.programs import Program

EVERY_S = 10.0
GAP_EVERY_S, GAP_S = 60.0, 1.0
SETTLED_MINUTES = 10.0


@click.command()
@click.option("--minutes", default=60.0, show_default=True)
@click.option("--beside/--alone", default=True, show_default=True, help="A live body and a face on the same machine.")
def command(minutes: float, beside: bool) -> None:
    """Run it for so long."""
    with (
        body_and_face(beside),
        running("--robot", "sim", "--arm") as (process, address),
        BridgeClient(address) as client,
    ):
        found = soak(client, Program(process, address, []), minutes)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=REPO)
    found |= {"command": f"python -m tests.figures.face_soak --minutes {minutes:g}", "commit": commit.stdout.strip()}
    SOAK.write_text(json.dumps(found, indent=1) + "\n")
    click.echo(f"{found['missed']} ticks missed, at most {found['worst_burst']} in a row; memory grew by "
               f"{found['growth_percent']:.2f} %")  # fmt: skip


def soak(client: BridgeClient, program: Program, minutes: float) -> dict[str, Any]:
    """Write for so long; what was seen."""
    began = last = time.monotonic()
    waits: list[float] = []
    memory: list[tuple[float, float]] = []
    bursts: list[int] = []
    with client.control(SCHEMA, writer="soak") as writer:
        while time.monotonic() - began < 60 * minutes:
            write(writer, min(EVERY_S, 60 * minutes - (time.monotonic() - began)), waits)
            status = client.status()
            bursts.append(status.worst_burst)
            memory.append(((time.monotonic() - began) / 60, program.resident_mb()))
            click.echo(f"{memory[-1][0]:6.1f} min  {memory[-1][1]:7.1f} MB  missed {status.missed_count}, worst burst "
                       f"{status.worst_burst}  {state_of(status)}")  # fmt: skip
            if time.monotonic() - last > GAP_EVERY_S:
                time.sleep(GAP_S)
                last = time.monotonic()
        write(writer, 1.0, waits)
        status = client.status()
    at, mb = np.array(memory).T
    settled = at >= min(SETTLED_MINUTES, minutes / 6)
    slope, start = np.polyfit(at[settled], mb[settled], 1) if settled.sum() > 1 else (0.0, mb[-1])
    first, end = (start + slope * at[settled][k] for k in (0, -1))
    return {
        "minutes": minutes, "ticks": status.tick_count, "missed": status.missed_count,
        "worst_burst": status.worst_burst, "state": state_of(status), "frames": len(waits),
        "arrival_to_write_p50_ms": float(np.percentile(waits, 50)),
        "arrival_to_write_p99_ms": float(np.percentile(waits, 99)),
        "growth_percent": float(100 * (end / first - 1)),
        "memory_mb": [[round(a, 2), round(b, 1)] for a, b in memory],
        "worst_burst_so_far": bursts,
    }  # fmt: skip


def write(writer: Writer, seconds: float, waits: list[float]) -> None:
    """Send for so long, 60 a second."""
    due = time.monotonic()
    for _ in range(max(round(seconds * 60), 1)):
        phase = due % (2 * math.pi * 20)
        writer.send(pose(Head_Yaw=15 * math.sin(3 * phase), Nose_Wrinkle=0.5 + 0.5 * math.sin(8 * phase)))
        waits += [(ack.applied_ns - ack.received_ns) / 1e6 for ack in writer.acks() if ack.applied_ns]
        due += np.random.uniform(0.5, 1.5) / 60
        time.sleep(max(due - time.monotonic(), 0.0))


if __name__ == "__main__":
    run(command, name="python -m tests.figures.face_soak")
