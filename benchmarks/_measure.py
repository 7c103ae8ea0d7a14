"""How times are taken: what is compared takes turns, so that what else the machine does meets all alike."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Line:
    """One line of the table: ours beside another, in `unit`; `target` bounds the ratio where there is one."""

    what: str
    ours: float
    other: float
    beside: str
    unit: str
    target: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.other

    @property
    def reached(self) -> bool | None:
        return None if self.target is None else self.ratio <= self.target

    def plain(self) -> dict[str, object]:
        return {**asdict(self), "ratio": round(self.ratio, 3), "reached": self.reached}


def in_turns(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """What each measure gave, in each round; the first round warms up and is not counted."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds + 1):
        for name, measure in measures.items():
            value = measure()
            if number:
                found[name].append(value)
    return found


def least(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Of CPU time: whatever disturbs a process makes it longer, never shorter."""
    return {name: min(values) for name, values in found.items()}


def each(count: int, call: Callable[[], object]) -> Callable[[], float]:
    """Microseconds of CPU for one call, over `count` of them."""

    def measure() -> float:
        begin = time.process_time()
        for _ in range(count):
            call()
        return (time.process_time() - begin) / count * 1e6

    return measure


def program(python: Path | str, code: str, *arguments: str, cwd: Path | None = None) -> Callable[[], float]:
    """Milliseconds of CPU of a process that runs this code, and of its own start."""
    return command(str(python), "-c", code, *arguments, cwd=cwd)


def command(*words: str, cwd: Path | None = None) -> Callable[[], float]:
    """Milliseconds of CPU of a process, user and system: waiting for a core is not its own doing."""

    def measure() -> float:
        begin = _of_children()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=cwd)
        return (_of_children() - begin) * 1000

    return measure


def _of_children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory_mib() -> float:
    """The most that this process ever held. Not `ru_maxrss`, where Linux begins with what the parent held."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def answers_of(*words: str) -> list[dict[str, float]]:
    """What a program of ours prints as JSON, a line each."""
    done = subprocess.run([sys.executable, *words], check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in done.stdout.splitlines()]
