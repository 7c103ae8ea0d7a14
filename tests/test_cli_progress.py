"""Progress, in a terminal and elsewhere."""

from __future__ import annotations

import io
import threading

import pytest

from unified_video import Task, TaskState
from unified_video._cli import progress
from unified_video._cli.progress import Progress, clock, seconds, size


@pytest.fixture(autouse=True)
def nothing_says_that_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)


class Stream(io.StringIO):
    """Tells when something was written."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal, self.written = terminal, threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)

    @property
    def lines(self) -> list[str]:
        """As a terminal shows what was written, one after the other."""
        return [line for line in self.getvalue().replace("\x1b[K", "").replace("\r", "\n").split("\n") if line]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_terminal_has_one_line_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_TICK", 1000.0)
    stream, now = Stream(terminal=True), Time()
    with Progress(stream, now=now) as shown:
        shown.task(Task("cgt-1"))
        now.now = 65.0
        shown.task(Task("cgt-1", state=TaskState.RUNNING, progress=0.3))
        shown.bytes(0, 4_000_000)
        now.now = 66.0
        shown.bytes(2_000_000, 4_000_000)
        shown._draw()
    assert stream.lines == [
        "task cgt-1",
        "queued, 0:00",
        "running 30%, 1:05",
        "downloading 2.0 MB of 4.0 MB, 2.0 MB/s",
        "downloaded 2.0 MB, 2.0 MB/s",
    ]


def test_the_time_runs_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_TICK", 0.001)
    stream, now = Stream(terminal=True), Time()
    with Progress(stream, now=now) as shown:
        shown.task(Task("cgt-1"))
        now.now = 7.0
        stream.written.clear()
        assert stream.written.wait(10)
    assert "queued, 0:07" in stream.lines


def test_elsewhere_there_is_a_line_for_each_new_state() -> None:
    stream, now = Stream(terminal=False), Time()
    with Progress(stream, now=now) as shown:
        shown.task(Task("cgt-1"))
        shown.task(Task("cgt-1", state=TaskState.RUNNING, progress=0.3))
        shown.task(Task("cgt-1", state=TaskState.RUNNING, progress=0.6))
        shown.bytes(100, None)
        shown.bytes(600, None)
    assert stream.getvalue() == "task cgt-1\nrunning 30%, 0:00\ndownloaded 600 B, 500.0 kB/s\n"


def test_of_several_tasks_each_is_named_once_and_its_states_after_its_name() -> None:
    stream, now = Stream(terminal=False), Time()
    with Progress(stream, now=now) as shown:
        for state in (TaskState.QUEUED, TaskState.RUNNING):
            shown.task(Task("cgt-1", state=state))
            shown.task(Task("cgt-2", state=state))
    assert stream.getvalue() == "task cgt-1\ntask cgt-2\ncgt-1 running, 0:00\ncgt-2 running, 0:00\n"


def test_of_several_downloads_each_is_told_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_TICK", 1000.0)
    stream = Stream(terminal=True)
    with Progress(stream, now=Time()) as shown:
        for size_bytes, well in ((100, True), (200, False), (300, True)):
            shown.bytes(0, None)
            shown.bytes(size_bytes, None)
            shown.over(well=well)
    assert stream.lines == ["downloaded 100 B, 100.0 kB/s", "downloaded 300 B, 300.0 kB/s"]


def test_a_download_that_failed_is_not_called_downloaded() -> None:
    stream = Stream(terminal=False)
    shown = Progress(stream)
    shown.bytes(100, 200)
    shown.__exit__(OSError, OSError("full"), None)
    assert stream.getvalue() == ""


def test_before_the_first_task_a_terminal_shows_nothing() -> None:
    stream = Stream(terminal=True)
    with Progress(stream) as shown:
        shown._draw()
    assert stream.lines == []


def test_a_total_that_is_not_known_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_TICK", 1000.0)
    stream = Stream(terminal=True)
    with Progress(stream, now=Time()) as shown:
        shown.bytes(0, None)
        shown._draw()
    assert stream.lines[0] == "downloading 0 B, 0 B/s"


def test_nobody_to_read_it_ends_nothing() -> None:
    stream = Stream(terminal=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "write", _gone)
        with Progress(stream) as shown:
            shown.task(Task("cgt-1"))
    assert stream.getvalue() == ""


def _gone(_: str) -> int:
    raise BrokenPipeError


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB")])
def test_sizes_have_a_fitting_unit(count: float, text: str) -> None:
    assert size(count) == text


def test_times_read_as_clocks() -> None:
    assert [clock(7.9), clock(65), clock(3723)] == ["0:07", "1:05", "1:02:03"]


def test_a_time_limit_without_end_is_none() -> None:
    assert seconds(float("inf")) is None
    assert seconds(5.0) == 5.0
