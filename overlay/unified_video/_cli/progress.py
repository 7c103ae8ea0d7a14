"""Progress on stderr: in a terminal one line that is written over, the time running; elsewhere a line a state."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Self

from .show import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

    from unified_video._models import Task, TaskState

    from .show import Session

_TICK = 0.25  # seconds between two looks at the clock
_CLEAR = "\r\x1b[K"
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class Progress:
    """Told of tasks and bytes by the client."""

    def __init__(
        self, stream: TextIO | None = None, *, live: bool | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._live = is_live(self._stream) if live is None else live
        self._now, self._started = now, now()
        self._lock, self._over = Lock(), Event()
        self._ticker = Thread(target=self._tick, daemon=True)
        self._task: Task | None = None
        self._states: dict[str, TaskState] = {}
        self._bytes: _Bytes | None = None

    def __enter__(self) -> Self:
        if self._live:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live:
            self._over.set()
            self._ticker.join()
        self.over(well=error is None)

    def over(self, *, well: bool) -> None:
        """Ends what was going on, so that something else may follow on a line of its own."""
        with self._lock:
            if self._live:
                self._write(_CLEAR)
            if self._bytes and well:
                self._line(self._bytes.summary(self._now()))
            self._bytes = None

    def task(self, task: Task) -> None:
        with self._lock:
            before = self._states.get(task.task_id)
            self._task, self._states[task.task_id] = task, task.state
            if before is None:
                self._started = self._now()
                self._line(f"task {task.task_id}")
            elif not self._live and before != task.state:
                self._line(self._of_task(task))
            self._draw()

    def bytes(self, received: int, total: int | None) -> None:
        with self._lock:
            if self._bytes is None:
                self._bytes = _Bytes(self._now(), received)
            self._bytes.received, self._bytes.total = received, total

    def _tick(self) -> None:
        while not self._over.wait(_TICK):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        if not self._live:
            return
        self._write(f"{_CLEAR}{self._now_going_on()[: shutil.get_terminal_size().columns - 1]}")

    def _now_going_on(self) -> str:
        if self._bytes:
            return self._bytes.line(self._now())
        return self._of_task(self._task) if self._task else ""

    def _of_task(self, task: Task) -> str:
        percent = "" if task.progress is None else f" {task.progress:.0%}"
        named = f"{task.task_id} " if len(self._states) > 1 else ""
        return f"{named}{task.state.value}{percent}, {clock(self._now() - self._started)}"

    def _line(self, text: str) -> None:
        self._write(f"{_CLEAR if self._live else ''}{printable(text)}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # nobody reads it: no reason to end the work
            self._stream.write(text)
            self._stream.flush()


def is_live(stream: TextIO) -> bool:
    """Whether a line can be written over, with somebody to see it: some CI gives its log a terminal."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


class _Bytes:
    """One download; speed counts what came now, not what an earlier try left."""

    def __init__(self, started: float, resumed_at: int) -> None:
        self._started, self._resumed_at = started, resumed_at
        self.received: int = resumed_at
        self.total: int | None = None

    def _speed(self, now: float) -> str:
        seconds = max(now - self._started, 0.001)
        return f"{size(max(0, self.received - self._resumed_at) / seconds)}/s"

    def line(self, now: float) -> str:
        whole = "" if self.total is None else f" of {size(self.total)}"
        return f"downloading {size(self.received)}{whole}, {self._speed(now)}"

    def summary(self, now: float) -> str:
        return f"downloaded {size(self.received)}, {self._speed(now)}"


def seen(session: Session, progress: Progress) -> Callable[[Task], None]:
    """Who is told of a task: the session, so that the way on can be told, and then the user."""

    def tell(task: Task) -> None:
        session.task_id = task.task_id
        progress.task(task)

    return tell


def seconds(timeout: float) -> float | None:
    """A time limit as the client takes it: without end is None."""
    return None if timeout == float("inf") else timeout


def size(count: float) -> str:
    return next((f"{count / unit:.1f} {name}" for unit, name in _UNITS if count >= unit), f"{count:.0f} B")


def clock(seconds: float) -> str:
    """As 0:07 or 1:02:03."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
