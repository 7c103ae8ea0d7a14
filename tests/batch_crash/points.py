"""Where a batch may be killed: before or after every step that matters, at any of its passings."""

from __future__ import annotations

import functools
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unified_video import _files
from unified_video._io import asynchronous as _async
from unified_video._io import blocking as _blocking
from unified_video._ledger import postgres as _ledger_postgres
from unified_video._ledger import sqlite as _ledger_sqlite
from unified_video.batch import _shared

Passes = Callable[..., bool]


@dataclass(frozen=True)
class Point:
    """One place in the code; `after` it was passed, or before."""

    place: Callable[[], tuple[type, str]]
    after: bool
    passes: Passes = lambda *_, **__: True


def _moves(state: str) -> Passes:
    return lambda *args, **_: args[3] == state if len(args) == 4 else args[4] == state


def _method(name: str) -> Passes:
    return lambda _io, request, *_, **__: request.method == name


def _points(claim: tuple[type, str], move: tuple[type, str], accepted: tuple[type, str], io: type) -> dict[str, Point]:
    def place(owner: type, name: str) -> Callable[[], tuple[type, str]]:
        return lambda: (owner, name)

    running = _moves("running") if accepted == move else lambda *_, **__: True
    return {
        "before the claim": Point(place(*claim), after=False),
        "claimed, not sent": Point(place(*claim), after=True),
        "before the send": Point(place(io, "send"), after=False, passes=_method("POST")),
        "sent, answer not read": Point(place(io, "send"), after=True, passes=_method("POST")),
        "answer not written": Point(place(*accepted), after=False, passes=running),
        "running": Point(place(*accepted), after=True, passes=running),
        "before a query": Point(place(io, "send"), after=False, passes=_method("GET")),
        "after a query": Point(place(io, "send"), after=True, passes=_method("GET")),
        "succeeded": Point(place(*move), after=True, passes=_moves("succeeded")),
        "in a download": Point(place(_files.PartFile, "write"), after=True),
        "whole, no name": Point(place(_files.PartFile, "finish"), after=False),
        "in place": Point(place(_files.PartFile, "finish"), after=True),
        "before done": Point(place(*move), after=False, passes=_moves("done")),
        "done": Point(place(*move), after=True, passes=_moves("done")),
    }


def sqlite() -> dict[str, Point]:
    owner = _ledger_sqlite.SqliteLedger
    return _points((owner, "claim"), (owner, "move"), (owner, "move"), _blocking.BlockingIO)


def postgres() -> dict[str, Point]:
    owner = _ledger_postgres.PostgresLedger
    return _points((_shared.Shared, "begin"), (owner, "move"), (_shared.Shared, "accepted"), _async.AsyncIO)


def arm(point: Point, passing: int) -> None:
    """From now on this process dies at that passing."""
    owner, name = point.place()
    original, left = getattr(owner, name), [passing]

    def die(*args: Any, **kwargs: Any) -> None:
        if point.passes(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(original)
    def passed(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            die(*args, **kwargs)
        found = original(*args, **kwargs)
        if point.after:
            die(*args, **kwargs)
        return found

    @functools.wraps(original)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            die(*args, **kwargs)
        found = await original(*args, **kwargs)
        if point.after:
            die(*args, **kwargs)
        return found

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else passed)
