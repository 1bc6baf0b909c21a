"""Feelings over time."""

import numpy as np
import pytest

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.runtime.track import MAX_KEYS, AffectTrack

JOY, FEAR = Affect.of("joy", 1.0), Affect.of("fear", 0.5)


def test_keys_hold_and_what_lies_between_is_their_mixture() -> None:
    track = AffectTrack([1.0, 3.0], [JOY, FEAR])
    assert track.at(0.0) == track.at(1.0) == JOY
    assert track.at(3.0) == track.at(1e6) == FEAR
    found = track.at(1.5).condition
    np.testing.assert_allclose(found, 0.75 * JOY.condition + 0.25 * FEAR.condition, atol=1e-6)
    assert track.at(2.0).condition[Emotion.NEUTRAL] == pytest.approx(0.25)


def test_one_key_holds_for_ever() -> None:
    assert AffectTrack([5.0], [JOY]).at(0.0) == AffectTrack([5.0], [JOY]).at(50.0) == JOY


@pytest.mark.parametrize(
    ("seconds", "count", "words"),
    [
        ([], 0, "1..256 keys"),
        ([0.0, 1.0], 1, "got 2 times and 1 affects"),
        (list(map(float, range(MAX_KEYS + 1))), MAX_KEYS + 1, "1..256 keys"),
        ([1.0, 1.0], 2, "key 1 is at 1"),
        ([2.0, 1.0], 2, "must rise"),
        ([-0.1], 1, "key 0 is at -0.1"),
        ([3601.0], 1, "0..3600 s"),
        ([float("nan")], 1, "must rise"),
    ],
)
def test_a_track_that_is_none_is_refused(seconds: list[float], count: int, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        AffectTrack(seconds, [JOY] * count)
    assert caught.value.field.startswith("track")
