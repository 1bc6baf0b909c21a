"""How fast a server answers: `python -m sdk.bench --server HOST:PORT`, the same as `emomotion bench`.

A closed loop keeps so many calls open; an open loop sends them at random moments (Poisson) whether or not earlier ones
were answered, as players do. Every call is a row of the CSV; the table shows percentiles of the time to the first chunk
and to the end.
"""

import asyncio
import csv
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import click
import numpy as np

from sdk.client import AsyncClient, Chunk, Options, Status
from sdk.console import run as run_command
from sdk.errors import InvalidInput, ServerError
from sdk.extras import how_to_install
from sdk.server_options import Connection, server_options

TEXTS = ("a person walks forward", "a person runs", "a person waves the right hand", "a person bows")
EMOTIONS = ("neutral", "joy", "sadness", "fear", "anger")
QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One call: when it began (s after the first), milliseconds to the first chunk and to the end, and how it ended.

    budget_ms: 0 without one. late: its first chunk came after the budget, by the client's clock.
    """

    load: str
    began_s: float
    budget_ms: float
    first_ms: float
    total_ms: float
    status: str
    plan: str
    degraded: bool
    late: bool


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is asked for: length, budgets to draw from (0: none), plan or None, seed of the draws."""

    seconds: float = 4.0
    budgets_ms: Sequence[float] = (0.0,)
    plan: str | None = None
    seed: int = 0


async def call(client: AsyncClient, ask: Ask, load: str, number: int, start: float) -> Row:
    """Ask for one clip and read it to its end."""
    draw = random.Random(ask.seed * 1_000_003 + number)
    budget = draw.choice(ask.budgets_ms)
    began, first, plan, degraded, status = time.perf_counter(), 0.0, "", False, "OK"
    options = Options(
        affect=draw.choice(EMOTIONS), seconds=ask.seconds, seed=number, plan=ask.plan, budget_ms=budget or None
    )
    try:
        async for part in client.stream(draw.choice(TEXTS), **options):
            if isinstance(part, Chunk):
                first = first or time.perf_counter()
            elif isinstance(part, Status):
                plan, degraded = part.plan, part.degraded
    except ServerError as error:
        status = error.status
    end = time.perf_counter()
    first_ms = 1000 * ((first or end) - began)
    return Row(
        load=load, began_s=round(began - start, 4), budget_ms=budget, first_ms=round(first_ms, 3),
        total_ms=round(1000 * (end - began), 3), status=status, plan=plan, degraded=degraded,
        late=bool(budget) and status == "OK" and first_ms > budget,
    )  # fmt: skip


async def closed_loop(
    target: str, ask: Ask, *, concurrency: int, requests: int, connection: Connection | None = None
) -> list[Row]:
    """So many calls open at any time until all were made."""
    numbers, rows, start = iter(range(requests)), [], time.perf_counter()

    async def worker(client: AsyncClient) -> None:
        for number in numbers:
            rows.append(await call(client, ask, f"{concurrency} at once", number, start))

    async with AsyncClient(target, **(connection or {})) as client:
        await asyncio.gather(*(worker(client) for _ in range(concurrency)))
    return rows


async def open_loop(
    target: str, ask: Ask, *, rate: float, requests: int, connection: Connection | None = None
) -> list[Row]:
    """Calls at random moments, `rate` a second in the mean."""
    draw, start, at, tasks = random.Random(ask.seed), time.perf_counter(), 0.0, []
    async with AsyncClient(target, **(connection or {})) as client:
        for number in range(requests):
            at += draw.expovariate(rate)
            await asyncio.sleep(max(start + at - time.perf_counter(), 0))
            tasks.append(asyncio.create_task(call(client, ask, f"{rate:g}/s", number, start)))
        return list(await asyncio.gather(*tasks))


def table(rows: Iterable[Row]) -> str:
    """Percentiles by load, as Markdown; refused calls count for themselves."""
    head = "| load | calls | ok | refused | late | degraded | first ms p50, p95, p99 | end ms p50, p95, p99 | calls/s |"
    lines = [head, "| --- |" + " --: |" * 5 + " --- | --- | --: |"]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.load, []).append(row)
    for load, group in groups.items():
        done = [row for row in group if row.status == "OK"]
        cells = [percentiles([getattr(row, name) for row in done]) for name in ("first_ms", "total_ms")]
        spent = max(row.began_s + row.total_ms / 1000 for row in group) - min(row.began_s for row in group)
        late, degraded = sum(row.late for row in done), sum(row.degraded for row in done)
        counts = f"{len(group)} | {len(done)} | {len(group) - len(done)} | {late} | {degraded}"
        lines.append(f"| {load} | {counts} | {cells[0]} | {cells[1]} | {len(done) / max(spent, 1e-9):.1f} |")
    return "\n".join(lines)


def percentiles(values: Sequence[float]) -> str:
    """QUANTILES of some milliseconds, or a dash."""
    return " ".join(f"{value:.1f}" for value in np.quantile(values, QUANTILES)) if values else "-"


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Every call as a row. Raises InvalidInput where the file cannot be written."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Row)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)
    except OSError as error:
        raise InvalidInput(f"--csv cannot be written ({error.strerror}): {path}", field="csv") from None


def figure_class() -> Any:
    """Matplotlib's figure. Raises InvalidInput without matplotlib, so that nobody measures in vain."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        message = f"--plot needs matplotlib; {how_to_install('bench')}"
        raise InvalidInput(message, field="plot") from None
    return Figure


def plot(path: Path, rows: Sequence[Row]) -> None:
    """Share of calls that were answered within a time, a line for each load. Raises InvalidInput without matplotlib."""
    figure = figure_class()(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for load in dict.fromkeys(row.load for row in rows):
        times = np.sort([row.first_ms for row in rows if row.load == load and row.status == "OK"])
        if len(times):
            axes.step(times, np.arange(1, len(times) + 1) / len(times), where="post", label=load)
    axes.set(xlabel="to the first chunk, ms", ylabel="share of calls", ylim=(0, 1.02), xscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:  # ValueError: a suffix that is no picture's
        raise InvalidInput(f"--plot cannot be written ({error}): {path}", field="plot") from None


def numbers(text: str, option: str, *, least: float = 0.0) -> list[float]:
    """Numbers with commas between, none below `least`. Raises InvalidInput, naming the option."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if not values or not min(values) >= least:
        what = f"numbers from {least:g} up with commas between"
        raise InvalidInput(f"--{option} takes {what}, got {text[:40]!r}", field=option)
    return values


async def measured(
    server: str, ask: Ask, requests: int, concurrency: Sequence[float], rates: Sequence[float], connection: Connection
) -> list[Row]:
    """Rows of one loop after the other: open ones where rates are given, else closed ones.

    Raises ServerError where there is no server, or one that does not let us in.
    """
    async with AsyncClient(server, **connection) as client:
        await client.info()
    rows: list[Row] = []
    for rate in rates:
        rows += await open_loop(server, ask, rate=rate, requests=requests, connection=connection)
    for number in () if rates else concurrency:
        rows += await closed_loop(server, ask, concurrency=int(number), requests=requests, connection=connection)
    return rows


@click.command("bench")
@click.option("--server", default="localhost:50051", show_default=True, help="HOST:PORT.")
@click.option("--concurrency", default="1,4,16", show_default=True, help="Closed loops: calls that are open at once.")
@click.option("--rate", default="", help="Open loops instead: calls a second, with commas between.")
@click.option("--requests", type=click.IntRange(1), default=100, show_default=True, help="Calls of each loop.")
@click.option("--seconds", type=float, default=4.0, show_default=True, help="Length of the clips.")
@click.option("--budgets-ms", default="0", show_default=True, help="Budgets to draw from; 0 is none.")
@click.option("--plan", help="Plan to ask for.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write every call here.")
@click.option("--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path), help="Draw the times here (PNG).")
@server_options
def command(
    server: str, concurrency: str, rate: str, requests: int, seconds: float, budgets_ms: str, plan: str | None,
    csv_file: Path | None, plot_file: Path | None, connection: Connection,
) -> None:  # fmt: skip
    """Measure a running server: percentiles of the time to the first chunk and to the end."""
    if plot_file is not None:
        figure_class()
    ask = Ask(seconds=seconds, budgets_ms=numbers(budgets_ms, "budgets-ms"), plan=plan)
    rates = numbers(rate, "rate") if rate else []
    rows = asyncio.run(measured(server, ask, requests, numbers(concurrency, "concurrency", least=1), rates, connection))
    click.echo(table(rows))
    if csv_file is not None:
        write_csv(csv_file, rows)
    if plot_file is not None:
        plot(plot_file, rows)


if __name__ == "__main__":
    run_command(command, name="python -m sdk.bench")
