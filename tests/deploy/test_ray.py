"""Replicas of Ray Serve over the fake engine: every kind of call, an update under load, a replica that dies."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sdk.client import Client
from sdk.clips.read import read_tags
from sdk.deploy.fleet import Fleet
from sdk.emotion import Affect
from sdk.errors import InvalidInput, ServerError
from sdk.runtime.composition import Beat, Composition, Span
from tests.deploy.cluster import WALK, Cluster, callers, characters, cluster, kill_in_turn, until
from tests.deploy.fakes import load_fake
from tests.service.seams import seam
from tests.synthetic import walking

pytest.importorskip("ray", reason="Ray is absent: pip install -e '.[ray]'")
# Ray's own use of pydantic is nothing that we could mend.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
FLEET = Fleet(replicas=2)


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    """Two replicas."""
    with cluster(cpus=8) as started:
        started.deploy(FLEET, load_fake)
        yield started


@pytest.fixture
def client(running: Cluster) -> Iterator[Client]:
    with Client(running.address) as connected:
        yield connected


def test_every_kind_of_call_is_answered(running: Cluster, client: Client) -> None:
    assert len(running.replicas()) == 2
    assert client.info().name == "fake"
    first, second = (client.generate(WALK, seconds=2, seed=7) for _ in range(2))
    assert len(first.motion) == 61 and np.array_equal(first.motion.rotations, second.motion.rotations)
    with client.drive(WALK, affect="joy", seed=1) as stream:
        for frame in stream:
            if frame.number == 10:
                stream.change(affect="sadness")
            if frame.number == 40:
                stream.end()
    assert frame.affect.label == "sadness" and stream.ended is not None
    assert stream.ended.frame_count == frame.number + 1


def test_compositions_and_clip_files_come_from_replicas_too(client: Client, tmp_path: Path) -> None:
    source = walking(2.0)
    beats = [Beat(WALK, Affect.of("joy"), 1.0), Beat("a person bows", None, 1.0)]
    asked = Composition(beats=beats, seed=7, source=source, keep=[Span(0, 1)])
    made = client.compose(asked)
    assert len(made.motion) == 61 and made.seed == 7 and made.notes == ("nothing was bent",)
    assert np.abs(made.motion.positions[:31] - source.positions[:31]).max() < 1e-6
    clip = client.export(asked, folder=tmp_path, name="walk", rig="mixamo")
    assert [path.name for path in clip.files] == ["walk.glb", "walk.glb.emotion.json"]
    tags = read_tags(clip.files[0]).tags
    assert tags.composition is not None and tags.postprocess[-1][0] == "retarget" and tags.seed == 7
    with pytest.raises(InvalidInput) as refusal:
        client.export(asked, folder=tmp_path, rig="maximo")
    assert refusal.value.field == "rig_name"


def test_refusals_keep_their_field_and_status(client: Client) -> None:
    with pytest.raises(InvalidInput) as refusal:
        client.generate(WALK, seconds=99)
    assert refusal.value.field == "seconds"
    with pytest.raises(InvalidInput) as refusal:
        list(client.drive(WALK, plan="turbo"))
    assert refusal.value.field == "plan"
    with pytest.raises(ServerError) as failure:
        client.generate(WALK, budget_ms=2)
    assert failure.value.status == "FAILED_PRECONDITION"


def test_no_call_fails_while_all_replicas_are_replaced(running: Cluster) -> None:
    before = running.replicas()
    with characters(running.address, 2) as found, callers(running.address) as calls:
        running.deploy(FLEET, load_fake)
        until(lambda: not before & running.replicas())
    assert calls.made > 100 and calls.failed_once == [], calls
    assert len(running.replicas()) == 2
    assert [character.error for character in found] == [None, None]


def test_when_replicas_die_calls_and_characters_go_on_at_others(running: Cluster) -> None:
    with characters(running.address, 4) as found, callers(running.address, retry_s=10) as calls:
        kill_in_turn(running)
        until(lambda: all(character.resumed or character.error for character in found))
    assert [character.error for character in found] == [None] * 4
    print(f"{calls.made} calls, tried again: {len(calls.failed_once)}: {set(calls.failed_once)}")
    assert calls.made > 50 and calls.failed == [], calls
    for character in found:
        frames = character.frames
        assert np.diff([frame.number for frame in frames]).min() >= 1, "frames are counted on"
        for at in character.seams:
            metres, degrees = seam(frames, at)
            # The fake's walk begins anew in every window: where those are joined a joint turns by 12.7 degrees.
            assert metres < 0.05 and degrees < 15, "and go on from the last pose"
