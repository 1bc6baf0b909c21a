"""What `emomotion compose` does around its maker: which seeds it takes, and what it does not write over."""

from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner, Result

import sdk.compose as compose
from sdk.clips.read import read_tags
from sdk.clips.tags import ClipTags
from sdk.edit import command as edit
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.making import Made
from sdk.motion.bvh import bvh_text
from sdk.runtime.composition import Composition
from tests.synthetic import walking

BEATS = "beats: [{text: a person waves, seconds: 1}]\n"
DRAWN = 41
"""Seed of the fake maker's choice."""


class FakeMaker:
    """Walks; `seeds` holds those that were asked for."""

    def __init__(self, *ignored: object) -> None:
        self.seeds: list[int | None] = []

    def compose(self, composition: Composition) -> Made:
        self.seeds.append(composition.seed)
        felt, seed = Affect.neutral(), DRAWN if composition.seed is None else composition.seed
        tags = ClipTags(prompt="x", requested=felt, applied=felt, seed=seed, plan="best", licence="CC0-1.0")
        return Made(motion=walking(composition.seconds), tags=tags, total_ms=1.0, evidence={})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeMaker:
    made = FakeMaker()
    monkeypatch.setattr(compose, "EngineMaker", lambda bundle: made)
    monkeypatch.chdir(tmp_path)
    return made


def run(script: str, *options: str) -> Result:
    Path("script.yaml").write_text(script)
    return CliRunner().invoke(compose.command, ["script.yaml", *options], standalone_mode=False)


def test_a_single_take_leaves_the_seed_to_its_maker(maker: FakeMaker) -> None:
    assert f"seed     {DRAWN}\n" in run(BEATS, "--out", "a.bvh").output and maker.seeds == [None]


def test_takes_count_on_from_a_drawn_seed_which_is_told(maker: FakeMaker) -> None:
    for _ in range(2):
        result = run(BEATS, "--out", "a.bvh", "--variations", "3")
        assert result.exception is None, result.output
    first, second = maker.seeds[:3], maker.seeds[3:]
    for seeds in (first, second):
        assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
        assert all(read_tags(Path(f"a.seed{seed}.bvh")).tags.seed == seed for seed in seeds)
    assert not set(first) & set(second)
    assert [line for line in result.output.splitlines() if line.startswith("seed")] == [f"seed     {s}" for s in second]


@pytest.mark.parametrize(("script", "options"), [(BEATS, ("--seed", "7")), (BEATS + "seed: 7\n", ())])
def test_takes_count_on_from_a_seed_that_is_given(maker: FakeMaker, script: str, options: tuple[str, ...]) -> None:
    run(script, "--out", "a.bvh", "--variations", "2", *options)
    assert maker.seeds == [7, 8]


@pytest.mark.parametrize("count", ["0", "-1", "65"])
def test_a_number_of_takes_has_a_range(maker: FakeMaker, count: str) -> None:
    result = run(BEATS, "--out", "a.bvh", "--variations", count)
    assert isinstance(result.exception, InvalidInput) and "variations must lie in 1..64" in str(result.exception)
    assert sorted(Path().iterdir()) == [Path("script.yaml")]


@pytest.mark.parametrize(
    ("more", "options"),
    [
        ("source: walk.bvh\nkeep: [[0, 0.5]]\n", ("--out", "walk.bvh")),
        ("keyframes: [{seconds: 1, pose: walk.bvh, at: 0.5}]\n", ("--out", "walk.bvh")),
        ("source: walk.seed8.bvh\nkeep: [[0, 0.5]]\n", ("--out", "walk.bvh", "--variations", "3", "--seed", "7")),
        ("source: walk.bvh\nkeep: [[0, 0.5]]\n", ("--out", "other.bvh")),  # a second name of the same file
    ],
)
def test_a_motion_that_the_script_names_is_not_written_over(
    maker: FakeMaker, more: str, options: tuple[str, ...]
) -> None:
    for name in ("walk.bvh", "walk.seed8.bvh"):
        Path(name).write_text(bvh_text(walking(2.0)))
    Path("other.bvh").hardlink_to("walk.bvh")
    before = {path: path.read_bytes() for path in Path().glob("*.bvh")}
    result = run(BEATS + more, *options)
    assert isinstance(result.exception, InvalidInput) and result.exception.field == "out"
    assert "is a motion that script.yaml names; write to another file" in str(result.exception)
    assert {path: path.read_bytes() for path in Path().glob("*.bvh*")} == before and maker.seeds == []


def test_a_take_of_an_edit_is_not_written_over_its_clip(maker: FakeMaker) -> None:
    clip = Path("walk.seed8.bvh")
    clip.write_text(bvh_text(walking(2.0)))
    before = clip.read_bytes()
    words = "walk.seed8.bvh --text x --redo 0.5:1 --out walk.bvh --variations 3 --seed 7"
    result = CliRunner().invoke(edit, words.split(), standalone_mode=False)
    assert isinstance(result.exception, InvalidInput) and "is the clip itself" in str(result.exception)
    assert clip.read_bytes() == before and maker.seeds == []
