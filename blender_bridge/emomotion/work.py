# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that goes on while Blender stays usable: one task at a time, looked after by a timer.

A task is a generator. It yields while the command runs and does its part in Blender when that is done; whatever
happens, its folder goes. In background mode there is no event loop, so the caller waits instead.
"""

import time
from collections.abc import Callable, Generator

import bpy

from .command import CommandFailed, Run
from .gltf import BadFile

POLL_S = 0.1
Report = Callable[[set[str], str], None]


class Task:
    """A piece of work on its way; `state` says in a few words how far it is."""

    def __init__(self, name: str, run: Run, steps: Generator[str, None, str], report: Report) -> None:
        self.name, self.run, self.state = name, run, "starting"
        self._steps, self._report = steps, report

    def step(self) -> bool:
        """Go on a little. Returns whether there is more to do; errors end the task and are reported."""
        try:
            self.state = next(self._steps)
            return True
        except StopIteration as done:
            bpy.ops.ed.undo_push(message=self.name)
            self._report({"INFO"}, str(done.value))
        except (CommandFailed, BadFile) as error:
            self._report({"ERROR"}, str(error))
        except ReferenceError:
            self._report({"ERROR"}, "the armature was removed meanwhile; select one and try again")
        except Exception:
            self._report({"ERROR"}, "the add-on failed; see the console, and please tell us")
            self.close()
            raise
        self.close()
        return False

    def close(self) -> None:
        """Stop it and remove its files."""
        self._steps.close()
        self.run.close()


_task: Task | None = None


def current() -> Task | None:
    """What is being worked on."""
    return _task


def begin(task: Task) -> None:
    """Work on it from now on, while Blender stays usable."""
    global _task
    _task = task
    bpy.app.timers.register(tick, first_interval=0.0)
    _redraw()


def tick() -> float | None:
    """The timer: go on, and come again until there is nothing left to do."""
    global _task
    task = _task
    if task is None:
        return None
    more = False
    try:
        # A timer has no window of its own; what a task calls wants one.
        windows = bpy.context.window_manager.windows
        if windows:
            with bpy.context.temp_override(window=windows[0]):
                more = task.step()
        else:
            more = task.step()
    finally:
        if not more:
            _task = None
        _redraw()
    return POLL_S if more else None


def wait(task: Task) -> None:
    """Work on it to its end: for scripts and background mode."""
    while task.step():
        time.sleep(POLL_S)


def cancel() -> bool:
    """Stop what is being worked on; nothing of it stays. Returns whether there was something."""
    global _task
    task, _task = _task, None
    if task is None:
        return False
    task.close()
    _redraw()
    return True


@bpy.app.handlers.persistent
def on_load(*_: object) -> None:
    """Another file is opened: what was being made belonged to the old one."""
    cancel()


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
