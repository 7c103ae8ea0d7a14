"""What the sandbox remembers: tasks, requests, and the faults to come. All that changes, under one lock."""

from __future__ import annotations

import random
import string
import time
from collections import deque
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

from unified_video import _document

from ._faults import Fault, Script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unified_video._io import Clock

_MOST_RECORDS = 100_000
_QUEUED_PART = 0.1
"""Of the time that a task takes, the part that it stands in the queue."""
_LETTERS = string.ascii_lowercase


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in. In `headers`, names are lower case, and the key is not shown."""

    method: str
    path: str
    """With its query, percent-encoded as it came."""
    headers: Mapping[str, str] = field(hash=False)
    json: object = field(hash=False)
    """The body; None where there is none, or none that is JSON."""
    time: float
    """Unix seconds, on the sandbox's clock."""


@dataclass(frozen=True, slots=True)
class Job:
    """An accepted task. Its videos follow from `request` and `seed` alone."""

    task_id: str
    request: Mapping[str, object]
    seed: int
    created: float
    """On the clock's `now`."""
    submitted: float
    """Unix seconds."""
    seconds: float
    fault: Fault | None = None

    @property
    def prompt(self) -> str:
        return str(self.request["prompt"])

    @property
    def finish(self) -> float:
        return self.submitted + self.seconds


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a task is: a status of the document, and percent."""

    status: str
    percent: int
    started: bool
    ended: bool


def stage(job: Job, now: float) -> Stage:
    passed = now - job.created
    if passed >= job.seconds:
        return Stage("SUCCESS", 100, started=True, ended=True)
    if passed < job.seconds * _QUEUED_PART:
        return Stage("QUEUED", 0, started=False, ended=False)
    return Stage("IN_PROGRESS", int(100 * passed / job.seconds), started=True, ended=False)


def start(job: Job) -> float:
    """When it left the queue, in Unix seconds."""
    return job.submitted + job.seconds * _QUEUED_PART


class State:
    """Safe to share by threads."""

    def __init__(self, clock: Clock, seconds: float, faults: Iterable[Fault]) -> None:
        self.clock = clock
        self._seconds, self._script, self._lock = seconds, Script(faults), Lock()
        self._jobs: dict[str, Job] = {}
        self._received: deque[Received] = deque(maxlen=_MOST_RECORDS)
        self._links: dict[str, int] = {}
        self._dead: dict[tuple[str, int], int] = {}

    @property
    def received(self) -> tuple[Received, ...]:
        with self._lock:
            return tuple(self._received)

    @property
    def jobs(self) -> tuple[Job, ...]:
        with self._lock:
            return tuple(self._jobs.values())

    @property
    def faults(self) -> tuple[Fault, ...]:
        with self._lock:
            return self._script.left

    def record(self, received: Received) -> None:
        with self._lock:
            self._received.append(received)

    def add_faults(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._script.add(faults)

    def clear_faults(self) -> None:
        with self._lock:
            self._script.clear()

    def take_fault(self, operation: str, prompt: str) -> Fault | None:
        with self._lock:
            return self._script.take(operation, prompt)

    def read_prompt(self, prompt: str) -> None:
        """Takes the faults that a prompt asks for into the script; ValueError for one that makes no sense."""
        with self._lock:
            self._script.add_of_prompt(prompt)

    def accept(self, request: Mapping[str, object], fault: Fault | None) -> Job:
        """Starts a task. A seed that was not given is drawn here, and kept."""
        seed = request.get("seed", random.getrandbits(31))
        made = Job("", request, int(seed), self.clock.now(), self.clock.time(), self._seconds, fault)  # type: ignore[call-overload] # checked before
        with self._lock:
            job = replace(made, task_id=self._unused_id(made.submitted))
            self._jobs[job.task_id] = job
            return job

    def _unused_id(self, submitted: float) -> str:
        moment = time.strftime("%Y%m%d%H%M%S", time.gmtime(submitted))
        while True:
            letters = "".join(random.choices(_LETTERS, k=5))  # noqa: S311 - a name, no secret
            found = f"cgt-{moment}-{letters}"
            if found not in self._jobs:
                return found

    def find(self, task_id: str) -> Job | None:
        with self._lock:
            return self._jobs.get(task_id)

    def link(self, task_id: str) -> int:
        """The number of the link that a query gives out: a new one where the last was killed."""
        with self._lock:
            number = self._links.setdefault(task_id, 1)
            if (task_id, number) in self._dead:
                self._links[task_id] = number = number + 1
            return number

    def kill_link(self, task_id: str, number: int, status: int) -> None:
        with self._lock:
            self._dead[task_id, number] = status

    def link_status(self, job: Job, number: int) -> int | None:
        """The status that a dead link answers; None for one that lives."""
        with self._lock:
            killed = self._dead.get((job.task_id, number))
        if killed is None and self.clock.time() > job.finish + _document.link_lifetime():
            return _EXPIRED
        return killed


_EXPIRED = 403
"""What the stores of such links answer after their time."""
