"""Which frames a slow reader is spared, by made-up clocks."""

from sdk.catch_up import MOST_LAG_S, PATIENCE_S, CatchUp

FPS = 30.0


def shown(arrivals: list[float]) -> list[int]:
    """Numbers of the frames that are not passed over, read at these moments."""
    judge = CatchUp()
    return [number for number, now in enumerate(arrivals) if not judge.past(number / FPS, now)]


def test_frames_in_time_are_all_shown_however_long_the_way() -> None:
    assert shown([7.0 + n / FPS for n in range(300)]) == list(range(300))
    assert shown([7.0 + n / FPS + 0.2 * (n % 3 == 1) for n in range(300)]) == list(range(300))


def test_a_pile_is_passed_over_up_to_the_present() -> None:
    pause_s = 4.0
    arrivals = [max(n / FPS, pause_s) if n > 30 else n / FPS for n in range(300)]
    spared = set(range(300)) - set(shown(arrivals))
    assert spared == {n for n in range(31, 300) if pause_s - n / FPS > MOST_LAG_S}


def test_a_slow_reader_sees_the_present_for_ever() -> None:
    now, number, lags = 0.0, 0, []
    judge = CatchUp()
    while now < 60:
        if not judge.past(number / FPS, now):
            lags.append(now - number / FPS)
            now = max(now, number / FPS) + 1 / 12  # it takes so long to show a frame
        number += 1
        now = max(now, number / FPS)
    assert len(lags) > 600 and max(lags) <= MOST_LAG_S + 1e-9


def test_a_way_that_becomes_longer_is_taken_as_it_is() -> None:
    arrivals = [n / FPS + (0.6 if n >= 90 else 0.0) for n in range(300)]
    numbers = shown(arrivals)
    missing = [n for n in range(300) if n not in numbers]
    assert missing[0] == 90 and len(missing) / FPS <= PATIENCE_S + 2 / FPS
    assert numbers[-100:] == list(range(200, 300))
