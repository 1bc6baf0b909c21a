"""Runs scripts as the robot does: all on one thread, called back in turn, none may block.

`step` is called once before each tick of the robot. What a script raises ends it and is logged; the robot goes on, and
so do the others. How a real robot treats such a script is not public.
"""

import inspect
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from robot_bridge.virtual.arbitration import BidType, Precedence
from robot_bridge.virtual.robot import VirtualAmeca
from robot_bridge.virtual.script_api import TICKS, WATCHES, Scope, ScriptControl, System, read_back
from sdk.errors import InvalidInput

RUNNING, PAUSED, STOPPED, FAILED = "RUNNING", "PAUSED", "STOPPED", "FAILED"
MOST_WAITING = 1000
"""Messages that wait for the next step; older ones are dropped and counted."""
log = logging.getLogger(__name__)


class Script:
    """One script: its activity, when its ticks are due, and how it fares."""

    def __init__(self, path: str, file: Path, robot: VirtualAmeca, post: Callable[[str, Any], None]) -> None:
        self.path, self.status, self.error = path, RUNNING, ""
        self.probes: dict[str, Any] = {}
        self._robot, self._scope = robot, Scope(robot, post)
        module = ModuleType(file.stem)
        module.__dict__.update(
            __file__=str(file), system=System(self._scope), Precedence=Precedence, BidType=BidType,
            probe=self.probes.__setitem__, log=logging.getLogger(f"{__name__}.{file.stem}"),
        )  # fmt: skip
        self._activity: Any = None
        self._ticks: list[tuple[Any, float]] = []
        self._due: list[float] = []
        self._watches: list[tuple[Any, dict[ScriptControl, Any]]] = []
        self._guarded(self._load, module, file)
        self.call("on_start")

    def _load(self, module: ModuleType, file: Path) -> None:
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), module.__dict__)
        if not inspect.isclass(module.__dict__.get("Activity")):
            raise InvalidInput("a script must define a class Activity")
        self._activity = module.Activity()
        for _, method in inspect.getmembers(self._activity, inspect.ismethod):
            if fps := getattr(method, TICKS, None):
                self._ticks.append((method, 1 / fps))
            if controls := getattr(method, WATCHES, None):
                self._watches.append((method, {control: None for control in controls}))
        self._due = [self._robot.time for _ in self._ticks]

    def call(self, name: str, *arguments: Any) -> None:
        """Call a method of the activity, if it has that one."""
        method = getattr(self._activity, name, None)
        if method is not None and self.status != FAILED:
            self._guarded(method, *arguments)

    def step(self) -> None:
        """Call what is due: ticks at their rate, watchers of what changed."""
        now = self._robot.time
        for number, (method, period) in enumerate(self._ticks):
            if self.status == RUNNING and now >= self._due[number] - 1e-9:
                # A tick that was missed is not made up for.
                self._due[number] = max(self._due[number] + period, now)
                self._guarded(method)
        for method, seen in self._watches:
            now_seen = {}
            for control in seen:
                state = read_back(self._robot, control.name)
                now_seen[control] = state["position"], state["demand"]
            changed = {control for control, state in now_seen.items() if state != seen[control]}
            seen.update(now_seen)
            if changed and self.status == RUNNING:
                self._guarded(method, changed)

    def stop(self) -> None:
        """End it: on_stop, then its bids."""
        self.call("on_stop")
        if self.status != FAILED:
            self.status = STOPPED
        self._scope.close()

    def _guarded(self, function: Callable[..., Any], *arguments: Any) -> None:
        try:
            result = function(*arguments)
            if inspect.iscoroutine(result):
                finish(result)
        except Exception as error:  # noqa: BLE001 a script may raise anything, and must not take the robot with it
            self.status, self.error = FAILED, f"{type(error).__name__}: {error}"
            self._robot.log.event(self._robot.time, "script failed", path=self.path, error=self.error)
            log.warning("script %s failed: %s", self.path, self.error)
            self._scope.close()


def finish(coroutine: Any) -> None:
    """Run an async callback to its end. It may not wait for anything: time stands still in here."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise InvalidInput("an async callback waited; the virtual robot runs only those that do not")


class ScriptHost:
    """Scripts of a robot, by their path below `root`, its repository of scripts."""

    def __init__(self, robot: VirtualAmeca, root: Path) -> None:
        self._robot, self._root = robot, root.resolve()
        self.scripts: dict[str, Script] = {}
        self._waiting: deque[tuple[str, Any]] = deque()

    def start(self, path: str) -> Script:
        """Start a script; one that runs already goes on. Raises InvalidInput where there is none."""
        file = (self._root / path).resolve()
        if not file.is_relative_to(self._root) or not file.is_file():
            raise InvalidInput(f"there is no script {path!r} on this robot")
        running = self.scripts.get(path)
        if running is None or running.status not in (RUNNING, PAUSED):
            self._robot.log.event(self._robot.time, "script started", path=path)
            self.scripts[path] = Script(path, file, self._robot, self.post)
        return self.scripts[path]

    def stop(self, path: str) -> Script:
        """Stop a script. Raises InvalidInput for one that was never started."""
        script = self._known(path)
        if script.status in (RUNNING, PAUSED):
            script.stop()
            self._robot.log.event(self._robot.time, "script stopped", path=path)
        return script

    def pause(self, path: str) -> None:
        """No more ticks, messages and watches for it until `resume`. Raises InvalidInput."""
        script = self._known(path)
        if script.status == RUNNING:
            script.call("on_pause")
            script.status = PAUSED if script.status == RUNNING else script.status

    def resume(self, path: str) -> None:
        """The end of a pause. Raises InvalidInput."""
        script = self._known(path)
        if script.status == PAUSED:
            script.status = RUNNING
            script.call("on_resume")

    def post(self, channel: str, message: Any) -> None:
        """A message for all running scripts, in the next step."""
        if len(self._waiting) == MOST_WAITING:
            self._waiting.popleft()
            self._robot.counters["messages_dropped"] += 1
        self._waiting.append((channel, message))

    def step(self) -> None:
        """Let every script have its turn: messages first, in order, then ticks and watches."""
        waiting, self._waiting = self._waiting, deque()
        for channel, message in waiting:
            for script in list(self.scripts.values()):
                if script.status == RUNNING:
                    script.call("on_message", channel, message)
        for script in list(self.scripts.values()):
            script.step()

    def close(self) -> None:
        """Stop all."""
        for path in list(self.scripts):
            self.stop(path)

    def _known(self, path: str) -> Script:
        if path not in self.scripts:
            raise InvalidInput(f"script {path!r} was never started; started: {', '.join(self.scripts) or 'none'}")
        return self.scripts[path]
