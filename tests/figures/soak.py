"""`python -m tests.figures.soak`: an hour at 80 % of what the machine can do; is the server's memory flat?

Four live characters play all the time; beside them clips are asked for at random moments, at a rate at which the
server is busy 80 % of the time. Calls, frames and the server's memory every ten seconds go to docs/results/soak.json.
"""

import asyncio
import json
import subprocess
import time
from collections import Counter
from itertools import count

import click
import numpy as np

from sdk.bench import Ask, Row, call
from sdk.client import AsyncClient
from sdk.console import run
from tests.figures.hardship import SOAK, WALK
from tests.figures.report import REPO
from tests.service.programs import REAL, Program, serving

CHARACTERS = 4
BUSY = 0.8
EVERY_S = 10.0
MOST_WAITING = 8
"""With more calls than that under way the machine, busy with something else, gives the server less than it asks for."""
SETTLED_MINUTES = 10.0
"""By then every cache and pool has its size."""


@click.command()
@click.option("--minutes", default=60.0, show_default=True)
def command(minutes: float) -> None:
    """Load a server of one thread for so long."""
    with serving("--threads", "1", module=REAL) as program:
        found = asyncio.run(soak(program, minutes))
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=REPO)
    found |= {"command": f"python -m tests.figures.soak --minutes {minutes:g}", "commit": commit.stdout.strip()}
    SOAK.write_text(json.dumps(found, indent=1) + "\n")
    click.echo(f"memory grew by {found['growth_percent']:.2f} %, {found['failed']} of {found['calls']} calls failed")


async def soak(program: Program, minutes: float) -> dict[str, object]:
    """Load it; what was seen."""
    end = time.monotonic() + 60 * minutes
    rows: list[Row] = []
    frames = [0] * CHARACTERS
    memory: list[tuple[float, float]] = []
    async with AsyncClient(program.address) as client:
        players = [asyncio.create_task(play(client, number, frames, end)) for number in range(CHARACTERS)]
        await asyncio.sleep(5)
        pace = asyncio.create_task(ask(client, program, rows, end))
        began = time.monotonic()
        while (now := time.monotonic()) < end:
            memory.append(((now - began) / 60, program.resident_mb()))
            click.echo(f"{memory[-1][0]:6.1f} min  {memory[-1][1]:7.1f} MB  {len(rows)} calls  {sum(frames)} frames")
            await asyncio.sleep(min(EVERY_S, end - now))
        await pace
        await asyncio.gather(*players)
    at, mb = np.array(memory).T
    settled = at >= min(SETTLED_MINUTES, minutes / 6)
    # A line through all of it, for single samples jump with what is being made just then.
    slope, start = np.polyfit(at[settled], mb[settled], 1)
    first, last = (start + slope * at[settled][k] for k in (0, -1))
    return {
        "minutes": minutes, "calls": len(rows), "failed": sum(row.status != "OK" for row in rows),
        "statuses": Counter(row.status for row in rows),
        "frames": sum(frames), "growth_percent": float(100 * (last / first - 1)),
        "memory_mb": [[round(a, 2), round(b, 1)] for a, b in memory],
    }  # fmt: skip


async def play(client: AsyncClient, number: int, frames: list[int], end: float) -> None:
    """One character to the end, another feeling every ten seconds."""
    async with client.drive(WALK, affect="joy", seed=number) as live:
        async for frame in live:
            frames[number] += 1
            if time.monotonic() >= end:
                return
            if frame.number % 300 == 299:
                await live.change(affect=("anger", "sadness", "joy", "fear")[frame.number // 300 % 4])


async def ask(client: AsyncClient, program: Program, rows: list[Row], end: float) -> None:
    """Clips at random moments; the rate follows the share of time for which the server's one thread was busy."""
    draw, rate, start = np.random.default_rng(0), 2.0, time.perf_counter()
    tasks: set[asyncio.Task[Row]] = set()
    looked, used = time.monotonic(), program.cpu_s()
    for number in count():
        if time.monotonic() >= end:
            break
        await asyncio.sleep(draw.exponential(1 / rate))
        task = asyncio.create_task(call(client, Ask(seed=1), "soak", number, start))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda done: rows.append(done.result()))
        if time.monotonic() - looked > EVERY_S:
            busy = 1.0 if len(tasks) > MOST_WAITING else (program.cpu_s() - used) / (time.monotonic() - looked)
            rate = float(np.clip(rate * BUSY / max(busy, 0.1), rate / 1.2, rate * 1.2))
            looked, used = time.monotonic(), program.cpu_s()
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    run(command, name="python -m tests.figures.soak")
