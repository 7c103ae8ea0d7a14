"""The matrix: every point, so many times. It ends with 1 where something was paid twice or lost."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch_crash.points import Point, arm, postgres, sqlite
from batch_crash.service import serve
from unified_video import AsyncUnifiedVideo, LedgerRow, UnifiedVideo, read_ledger
from unified_video.batch import _engine, _run, _together

if TYPE_CHECKING:
    from collections.abc import Callable

_ROWS = 3
_KEY = "a-key-of-the-crashes"
_LONGEST = 60.0
_TRIES = 3
_HEAD_START = 0.4
"""Seconds after which the second worker joins: the first one is to come as far as where it dies."""


def main() -> int:
    options = _options()
    url, server = serve()
    try:
        shared = options.ledger != "sqlite"
        if options.ledger == "postgres":
            options.ledger = _made()
        points = postgres() if shared else sqlite()
        began, faults, ends = time.monotonic(), list[str](), Counter[tuple[str, str]]()
        for name, point in points.items():
            if options.points and name not in options.points:
                continue
            for time_of_it in range(options.times):
                # Where the other worker was quicker, the armed one never came to where it dies: another try.
                for _ in range(_TRIES):
                    one = Round(url, name, point, time_of_it, options.ledger if shared else None)
                    faults += one.run()
                    one.clear()
                    if one.was_killed:
                        break
                else:
                    faults.append(f"{one.name}: was never killed")
                ends.update((name, state) for state in one.ends)
    finally:
        os.kill(server, signal.SIGTERM)
    for (name, state), times in sorted(ends.items()):
        print(f"{name:24} {state:10} {times:5}")  # noqa: T201 - figures
    rounds = sum(ends.values()) // _ROWS
    print(f"{rounds} kills in {time.monotonic() - began:.1f} s; {len(faults)} faults", *faults, sep="\n")  # noqa: T201 - figures
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument(
        "--ledger", default="sqlite", help="sqlite, postgres (one of our own), or the URL of a ledger that was made"
    )
    parser.add_argument("--points", nargs="*")
    return parser.parse_args()


def _made() -> str:
    """A ledger on a PostgreSQL of our own."""
    from postgres_cluster import cluster

    return cluster().ledger()


class Round:
    """One kill, the runs after it, and what is left."""

    def __init__(self, url: str, name: str, point: Point, number: int, ledger: str | None) -> None:
        self.url, self.point, self.number = url, point, number
        self.name = f"{name} {number}"
        self.output = Path(tempfile.mkdtemp())
        self.ledger = ledger
        self.stamp = f"{os.getpid()}-{self.output.name}"
        self.ends = list[str]()
        self.was_killed = False

    def run(self) -> list[str]:
        armed = self._fork(lambda: arm(self.point, self.number % _ROWS + 1))
        other = None if self.ledger is None else self._fork(lambda: time.sleep(_HEAD_START))
        killed = _ended(armed)
        self.was_killed = os.WIFSIGNALED(killed)
        # What is sent at this moment, by the dead or by the other worker: nothing else may be uncertain at the end.
        sending = {key for key, row in self._rows().items() if row.state in {"sending", "uncertain"}}
        if other is not None:
            _ended(other)
        again = _ended(self._fork(lambda: None))
        return [f"{self.name}: {fault}" for fault in self._faults(again, sending)]

    def _faults(self, again: int, sending: set[str]) -> list[str]:
        accepted, rows = self._accepted(), self._rows()
        self.ends = [row.state for row in rows.values()]
        found = [f"{key}: {accepted[key]} creates accepted" for key in rows if accepted[key] > 1]
        found += [f"{key} is {row.state}" for key, row in rows.items() if row.state not in {"done", "uncertain"}]
        found += [
            f"{key} has no file"
            for key, row in rows.items()
            if row.state == "done" and not Path(str(row.path)).exists()
        ]
        uncertain = {key for key, row in rows.items() if row.state == "uncertain"}
        if uncertain - sending or (self.ledger is None and sending - uncertain):
            found.append(f"uncertain are {uncertain}, and {sending} were being sent")
        if not os.WIFEXITED(again):
            found.append("did not come to its end")
        return found + ([] if len(rows) == _ROWS else [f"{len(rows)} rows"])

    def _requests(self) -> list[dict[str, str]]:
        keys = [f"{self.stamp}-{number}" for number in range(_ROWS)]
        return [{"key": key, "prompt": key} for key in keys]

    def _fork(self, prepare: Callable[[], None]) -> int:
        child = os.fork()
        if child:
            return child
        status = 70
        try:
            prepare()
            status = self._batch()
        finally:
            os._exit(status)

    def _batch(self) -> int:
        if self.ledger is not None:
            return asyncio.run(self._shared_batch(self.ledger))
        with UnifiedVideo(api_key=_KEY, base_url=self.url) as client:
            return _run.run(self._requests(), output=self.output, client=client).exit_status

    async def _shared_batch(self, ledger: str) -> int:
        """With short leases: a dead worker's rows are to be taken over within seconds."""
        _engine.HEARTBEAT, _engine.SWEEP, _together.GRACE = timedelta(seconds=1.5), 0.5, 0.2
        async with AsyncUnifiedVideo(api_key=_KEY, base_url=self.url, timeout=1.0) as client:
            report = await _run.arun(self._requests(), output=self.output, client=client, ledger=ledger)
            return report.exit_status

    def _rows(self) -> dict[str, LedgerRow]:
        rows = read_ledger(self.ledger or self.output)
        return {row.key: row for row in rows if row.key.startswith(self.stamp)}

    def clear(self) -> None:
        """Uncertain rows keep their slots for half an hour, as they should: the next round has others."""
        if self.ledger is None:
            return
        import psycopg

        with psycopg.connect(self.ledger) as found:
            found.execute("TRUNCATE unified_video_creates, unified_video_limits, pgqueuer")

    def _accepted(self) -> Counter[str]:
        with urllib.request.urlopen(f"{self.url}/sandbox/tasks") as answer:  # noqa: S310 - on loopback
            tasks: Any = json.load(answer)["tasks"]
        return Counter(task["request"]["prompt"] for task in tasks)


def _ended(child: int) -> int:
    """The status of a child, which is not waited for without end."""
    ends = time.monotonic() + _LONGEST
    while time.monotonic() < ends:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


if __name__ == "__main__":
    sys.exit(main())
