"""Decides what a batch does next; `_work` does it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unified_video._models import Task

    from ._limits import Limit

OCCUPYING = {"sending", "running", "uncertain"}
"""States in which a row has one of its model's slots: its task runs, or may."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a batch knows of a row that it works on. Times are seconds on `now`."""

    key: str
    model: str
    state: str
    due: float = 0.0
    """When something is to be done; for a row that is `uncertain`, when its slot is free again."""
    task: Task | None = None
    """As last seen; None before the create."""
    gives_up: float = math.inf
    """When its task is not asked for any more in this run."""
    polls: int = 0
    faults: int = 0
    """In a row: what looks final may be a passing fault of the service."""
    missing: int = 0
    """How often it was said to have succeeded, without a video."""
    busy: bool = False
    """In hand just now."""


@dataclass(frozen=True, slots=True)
class Create:
    key: str


@dataclass(frozen=True, slots=True)
class Retrieve:
    key: str


@dataclass(frozen=True, slots=True)
class Download:
    key: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Until something in hand is done, at most so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    pass


Step = Create | Retrieve | Download | Sleep | Done


def next_step(rows: Iterable[Item], now: float, limits: Mapping[str, Limit], closing: float = math.inf) -> Step:
    """What is due first. `rows`: those in work, and of each model the first that waits, where creates are wanted.

    What is due after `closing` is not begun, and not waited for.
    """
    rows = tuple(row for row in rows if row.state != "uncertain" or row.due > now)
    used = Counter(row.model for row in rows if row.state in OCCUPYING)
    moments = [(_due(row, used, limits), row) for row in rows if not row.busy]
    due, row = min(moments, key=lambda moment: moment[0], default=(math.inf, None))
    if due > closing or row is None or _only_held(rows):
        return Sleep(math.inf) if any(row.busy for row in rows) else Done()
    if due > now:
        return Sleep(due - now)
    return _step(row)


def _due(row: Item, used: Mapping[str, int], limits: Mapping[str, Limit]) -> float:
    if row.state != "new":
        return row.due
    limit = limits[row.model]
    return limit.opens if used[row.model] < limit.slots else math.inf


def _only_held(rows: Iterable[Item]) -> bool:
    """Whether all there is are slots of rows that no program may touch."""
    return all(row.state == "uncertain" for row in rows)


def _step(row: Item) -> Step:
    if row.state == "new":
        return Create(row.key)
    if row.state == "succeeded" and row.task is not None and row.task.done:
        return Download(row.key)
    return Retrieve(row.key)
