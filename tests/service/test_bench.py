"""The load tool against the fake server: every call is counted for what it was."""

import csv
from pathlib import Path

import pytest

from sdk import bench
from sdk.bench import Ask, Row, closed_loop, open_loop, percentiles, table
from sdk.console import run
from tests.service.conftest import Live


def exit_of(*args: str) -> int:
    with pytest.raises(SystemExit) as left:
        run(bench.command, list(args), name="bench")
    return int(left.value.code or 0)


def test_a_closed_loop_makes_every_call(live: Live) -> None:
    rows = live.loop.call(closed_loop(live.address, Ask(seconds=0.5), concurrency=4, requests=12))
    assert [row.status for row in rows] == ["OK"] * 12
    assert all(0 < row.first_ms <= row.total_ms for row in rows)
    assert {row.plan for row in rows} == {"default"} and {row.load for row in rows} == {"4 at once"}
    assert sorted(request.seed or 0 for request in live.engine.requests) == list(range(12))


def test_equal_seeds_ask_for_the_same(live: Live) -> None:
    asked = []
    for _ in range(2):
        live.engine.requests.clear()
        live.loop.call(closed_loop(live.address, Ask(seconds=0.5, seed=3), concurrency=1, requests=6))
        asked.append([(request.text, request.affect) for request in live.engine.requests])
    assert asked[0] == asked[1] and len(set(map(str, asked[0]))) > 2


def test_budgets_are_drawn_and_refusals_told_from_answers(live: Live) -> None:
    ask = Ask(seconds=0.5, budgets_ms=(5, 45, 5000))
    rows = live.loop.call(closed_loop(live.address, ask, concurrency=1, requests=30))
    status = {budget: {row.status for row in rows if row.budget_ms == budget} for budget in ask.budgets_ms}
    assert status == {5: {"FAILED_PRECONDITION"}, 45: {"OK"}, 5000: {"OK"}}
    assert all(row.degraded == (row.budget_ms == 45) for row in rows if row.status == "OK")


def test_an_open_loop_does_not_wait_for_answers(live: Live) -> None:
    live.engine.gate.clear()
    calls = live.loop.begin(open_loop(live.address, Ask(seconds=0.5), rate=200, requests=10))
    live.until(lambda: live.server.core.waiting == 9)
    live.engine.gate.set()
    rows = calls.result(20)
    assert len(rows) == 10 and rows[-1].began_s > rows[0].began_s


def row(**changes: object) -> Row:
    values = {
        "load": "1 at once", "began_s": 0.0, "budget_ms": 0.0, "first_ms": 10.0, "total_ms": 20.0, "status": "OK",
        "plan": "best", "degraded": False, "late": False,
    }  # fmt: skip
    return Row(**{**values, **changes})  # type: ignore[arg-type]


def test_the_table_has_a_line_for_each_load() -> None:
    rows = [row(first_ms=float(k), degraded=k > 90) for k in range(1, 101)]
    rows += [row(status="RESOURCE_EXHAUSTED", first_ms=1.0), row(load="8/s", status="UNAVAILABLE")]
    lines = table(rows).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| 1 at once | 101 | 100 | 1 | 0 | 10 | 50.5 95.0 99.0 |")
    assert lines[3].startswith("| 8/s | 1 | 0 | 1 | 0 | 0 | - | - |")
    assert percentiles([]) == "-"


def test_the_command_prints_and_writes(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "calls.csv"
    assert exit_of("--server", live.address, "--requests", "5", "--concurrency", "1,2", "--seconds", "0.5",
                   "--csv", str(out)) == 0  # fmt: skip
    assert "| 2 at once | 5 | 5 | 0 |" in capsys.readouterr().out
    with out.open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == 10 and set(found[0]) == set(Row.__dataclass_fields__)


def test_a_plot_is_a_picture_or_says_what_is_missing(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is absent: pip install -e '.[bench]'")
    out = tmp_path / "times.png"
    bench.plot(out, [row(first_ms=float(k)) for k in range(1, 30)])
    assert out.read_bytes().startswith(b"\x89PNG")


def test_without_a_server_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of("--server", "localhost:9", "--requests", "2") == 2
    assert "no server answers at localhost:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--concurrency", "many"], "--concurrency takes numbers"),
        (["--budgets-ms", "-5"], "--budgets-ms takes numbers"),
        (["--rate", "1,,2"], "--rate takes numbers"),
        (["--server", "nowhere"], "server must be HOST:PORT"),
    ],
)
def test_what_is_wrong_is_one_line(capsys: pytest.CaptureFixture[str], args: list[str], words: str) -> None:
    assert exit_of(*args) == 2
    assert words in capsys.readouterr().err
