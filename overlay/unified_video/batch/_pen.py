"""Writes down what happened. It happened, whether or not the ledger can be written just now."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from unified_video._errors import ConfigurationError, NotSent, RateLimited
from unified_video._ledger.record import RowTaken, words

if TYPE_CHECKING:
    from unified_video._io import IO
    from unified_video._ledger.row import Ledger

log = logging.getLogger("unified_video")


class Pen:
    """Keeps what cannot be written, in order, and writes it before the next."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.fault: ConfigurationError | None = None
        """Why the ledger cannot be written: nothing is created meanwhile."""
        self._unwritten = deque[Callable[[], object]]()
        self._lock = Lock()

    def move(self, key: str, before: list[str], after: str, **changes: str | float | None) -> None:
        self.write(partial(self.ledger.move, key, before, after, **changes), f"row {key} is {after}, {changes}")

    def write(self, change: Callable[[], object], what: str) -> None:
        with self._lock:
            self._unwritten.append(change)
            if not self._catch_up():
                log.error("the ledger could not be written (%s): it is tried again", what)

    def flush(self) -> bool:
        """Whether everything is written."""
        with self._lock:
            return self._catch_up()

    def _catch_up(self) -> bool:
        while self._unwritten:
            try:
                self._unwritten[0]()
            except ConfigurationError as error:
                self.fault = error
                return False
            self._unwritten.popleft()
        self.fault = None
        return True


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One create of a batch. What was surely not accepted is `new` again: the batch sends it another time."""

    pen: Pen
    io: IO
    key: str

    def sending(self) -> None:
        if not self.pen.flush() and self.pen.fault is not None:
            raise self.pen.fault
        if not self.pen.ledger.claim(self.key, self.io.time()):
            raise RowTaken(f"row {self.key} of the ledger is in other hands")

    def not_accepted(self) -> None:
        self.pen.move(self.key, ["sending"], "new")

    def accepted(self, task_id: str) -> None:
        # A late answer to what was taken for lost counts too.
        self.pen.move(self.key, ["sending", "uncertain"], "running", task_id=task_id, error=None)

    def refused(self, error: BaseException) -> None:
        if isinstance(error, RateLimited | NotSent) or not isinstance(error, Exception):
            return self.not_accepted()  # also where the program was interrupted before it sent anything
        return self.pen.move(self.key, ["sending"], "failed", error=words(error))

    def uncertain(self, error: BaseException) -> None:
        self.pen.move(self.key, ["sending"], "uncertain", error=why(error))


def why(error: BaseException) -> str:
    """As the ledger tells it. What ends a program says nothing of use itself."""
    return words(error) if isinstance(error, Exception) else "interrupted while the create was on its way"
