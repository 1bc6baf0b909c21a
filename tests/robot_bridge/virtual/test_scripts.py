"""Scripts on the robot: called in turn, with controls that are None until acquired, as strong as their bids."""

from pathlib import Path

import pytest

from robot_bridge.virtual.script_host import FAILED, MOST_WAITING, PAUSED, RUNNING, STOPPED, ScriptHost
from sdk.errors import InvalidInput
from tests.robot_bridge.virtual.robots import SCHEMA, TICK_S, asked, at, robot

HERE = Path(__file__).parent
NAME = "face_script.py"


@pytest.fixture
def host() -> ScriptHost:
    return ScriptHost(robot(), HERE)


def run(host: ScriptHost, seconds: float) -> None:
    for _ in range(round(seconds / TICK_S)):
        host.step()
        host._robot.tick(TICK_S)


def told(host: ScriptHost) -> list[object]:
    return host.scripts[NAME]._activity.told


def test_a_script_ticks_at_its_own_rate_and_writes_with_its_bid(host: ScriptHost) -> None:
    host.start(NAME)
    host.post("pose", [0.3, 1.0])
    run(host, 2.0)
    assert told(host).count("tick") == pytest.approx(40, abs=1)
    assert at(host._robot, "Jaw Pitch") == pytest.approx(0.3, abs=0.01)
    assert at(host._robot, "Nose Wrinkle") == pytest.approx(1.0, abs=0.01)


def test_controls_are_none_until_acquired_and_where_not_asked_for(host: ScriptHost) -> None:
    script = host.start(NAME)
    assert told(host) == [("start", None, None)]
    host.post("pose", [0.5, 0.0])
    run(host, 0.5)
    watched, position, unasked, low, high = script.probes["jaw"]
    assert watched and unasked is None and (low, high) == (0.0, 1.0)
    assert position == pytest.approx(at(host._robot, "Jaw Pitch"), abs=0.05)


def test_a_demand_outside_a_bid_is_ignored(host: ScriptHost) -> None:
    host.start(NAME)
    host.post("without a bid", 0.2)
    run(host, 0.5)
    assert asked(host._robot, "Jaw Pitch") == 1.0 and host._robot.counters["without_bid"] == 1


def test_a_pose_by_name_is_applied(host: ScriptHost) -> None:
    host.start(NAME)
    host.post("pose", [0.3, 1.0])
    run(host, 0.5)
    host.post("pose", None)
    host.post("neutral", None)
    run(host, 0.4)
    assert asked(host._robot, "Jaw Pitch") == 1.0


def test_stop_releases_the_bids_and_start_makes_it_anew(host: ScriptHost) -> None:
    host.start(NAME)
    host.post("pose", [0.3, 1.0])
    run(host, 0.5)
    assert host.start(NAME) is host.scripts[NAME] and len(host._robot.bids) == 1
    script = host.stop(NAME)
    assert script.status == STOPPED and host._robot.bids == ()
    run(host, 3.0)
    assert at(host._robot, "Jaw Pitch") == pytest.approx(1.0, abs=0.01)
    assert host.start(NAME).status == RUNNING
    events = [entry["event"] for entry in host._robot.log.events]
    assert events == ["script started", "bid", "release", "script stopped", "script started", "bid"]


def test_a_paused_script_does_nothing_until_it_goes_on(host: ScriptHost) -> None:
    host.start(NAME)
    run(host, 0.2)
    host.pause(NAME)
    assert host.scripts[NAME].status == PAUSED
    before = told(host).count("tick")
    host.post("pose", [0.0, 1.0])
    run(host, 0.5)
    assert told(host).count("tick") == before and host.scripts[NAME]._activity.pose is None
    host.resume(NAME)
    run(host, 0.5)
    assert told(host).count("tick") > before and {"pause", "resume"} <= set(told(host)[1:])


@pytest.mark.parametrize(("channel", "error"), [("raise", "RuntimeError: enough"), ("wait", "waited")])
def test_a_script_that_fails_ends_alone_and_is_named(host: ScriptHost, channel: str, error: str) -> None:
    script = host.start(NAME)
    host.post("pose", [0.3, 1.0])
    run(host, 0.2)
    host.post(channel, "enough")
    run(host, 0.2)
    assert script.status == FAILED and error in script.error and host._robot.bids == ()
    assert host._robot.log.events[-1]["event"] in ("script failed", "release")
    assert host.start(NAME).status == RUNNING


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x = 1", "must define a class Activity"),
        ("class Activity", "SyntaxError"),
        ("system.control('Nose', None)\nclass Activity: pass", "'Nose' is unknown"),
        ("system.control('Nose Wrinkle', None)\nclass Activity: pass", "has the namespace 'Mesmer Nose 1'"),
        ("class Activity:\n  @system.tick(fps=0)\n  def on_tick(self): pass", "fps must lie in"),
        ("class Activity:\n  def on_start(self): system.unstable.owner", "no attribute 'unstable'"),
        ("class Activity:\n  def on_start(self): system.arbitration.make_bid(['Arms'])", "names no control"),
    ],
)
def test_a_broken_script_is_refused_with_the_reason(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "broken.py").write_text(text, encoding="utf-8")
    script = ScriptHost(robot(), tmp_path).start("broken.py")
    assert script.status == FAILED and error in script.error


@pytest.mark.parametrize("path", ["absent.py", "../test_scripts.py", ""])
def test_only_scripts_of_the_robot_can_be_started(path: str) -> None:
    with pytest.raises(InvalidInput, match="there is no script"):
        ScriptHost(robot(), HERE / "nowhere").start(path)
    with pytest.raises(InvalidInput, match="never started"):
        ScriptHost(robot(), HERE).stop(NAME)


def test_messages_that_nobody_takes_do_not_pile_up(host: ScriptHost) -> None:
    for number in range(MOST_WAITING + 5):
        host.post("pose", number)
    assert host._robot.counters["messages_dropped"] == 5


def test_weights_of_the_mouth_driver_are_controls_too(tmp_path: Path) -> None:
    (tmp_path / "smile.py").write_text(
        "happy = system.control('Mouth Happy', 'Mesmer Mouth 2', acquire=['min', 'max', 'demand'])\n"
        "class Activity:\n"
        "  def on_start(self):\n"
        "    self.bid = system.arbitration.make_bid(['Control/Mesmer Mouth 2'], Precedence.HIGH)\n"
        "  @system.tick(fps=60)\n"
        "  def on_tick(self):\n"
        "    with self.bid.use(): happy.demand = 1.0\n"
        "    probe('happy', (happy.min, happy.max, happy.demand, happy.position))\n",
        encoding="utf-8",
    )
    host = ScriptHost(robot(), tmp_path)
    script = host.start("smile.py")
    run(host, 0.5)
    assert script.status == RUNNING and script.probes["happy"] == (0.0, 1.0, 1.0, None)
    raised = SCHEMA.index("Lip Corner Raise Left")
    assert host._robot.positions[raised] > SCHEMA.neutral[raised] + 0.1
