"""A batch on stderr while it runs: in a terminal some lines that are written over, elsewhere a line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from .progress import clock, is_live
from .show import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

    from unified_video.batch import Progress

_LIVE_EVERY, _PLAIN_EVERY = 0.5, 10.0  # seconds
_STATES = ("done", "failed", "uncertain", "succeeded", "running", "sending", "admitted", "new")


class Live:
    """Called with the progress after every step; shows it as often as somebody can read."""

    def __init__(
        self, stream: TextIO | None = None, *, live: bool | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._live = is_live(self._stream) if live is None else live
        self._now, self._next = now, now()
        self._lines = 0
        self._told: tuple[str, ...] = ()

    def __call__(self, progress: Progress) -> None:
        if self._now() < self._next:
            return
        self._next = self._now() + (_LIVE_EVERY if self._live else _PLAIN_EVERY)
        if self._live:
            self._redraw([_summary(progress), *progress.errors])
        else:
            self._append(progress)

    def _redraw(self, lines: list[str]) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._clear()
        self._write("".join(f"{printable(line)[:width]}\n" for line in lines))
        self._lines = len(lines)

    def _clear(self) -> None:
        if self._lines:
            self._write(f"\x1b[{self._lines}A\x1b[J")
            self._lines = 0

    def _append(self, progress: Progress) -> None:
        news = [error for error in progress.errors if error not in self._told]
        self._told = progress.errors
        for line in (*news, _summary(progress)):
            self._write(f"{printable(line)}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # nobody reads it: no reason to end the work
            self._stream.write(text)
            self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._clear()


def _summary(progress: Progress) -> str:
    counts = [f"{progress.counts[state]} {state}" for state in _STATES if state in progress.counts]
    left = "" if progress.seconds_left is None else f", {clock(progress.seconds_left)} left"
    stopped = f" (nothing new: {progress.stopped})" if progress.stopped else ""
    return f"{clock(progress.elapsed)}  {', '.join(counts)}; {progress.per_minute:.1f} a minute{left}{stopped}"
