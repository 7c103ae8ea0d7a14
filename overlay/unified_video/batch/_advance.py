"""One row of a shared ledger, one step further: what every worker does, under whatever engine calls it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from unified_video import _document, _files
from unified_video._call import Transient
from unified_video._errors import (
    ConfigurationError,
    DownloadFailed,
    InvalidRequest,
    LinkExpired,
    NotSent,
    RateLimited,
    SubmissionUncertain,
    TaskFailed,
    TaskNotFound,
    UnifiedVideoError,
)
from unified_video._io import run as finish
from unified_video._ledger import is_postgres
from unified_video._ledger.postgres import PostgresLedger
from unified_video._ledger.record import RowTaken, words
from unified_video._models import Task, TaskState, Violation
from unified_video._retry import poll_delay
from unified_video._settle import prepared_of

from ._act import Act
from ._board import task_of
from ._clients import core_of
from ._pen import Pen
from ._shared import NotYet, Shared, SharedRecord
from ._work import MOST_FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from unified_video._client import AsyncUnifiedVideo, UnifiedVideo
    from unified_video._core import Core
    from unified_video._ledger.row import LedgerRow
    from unified_video._validate import Prepared

    from ._options import OnFile

_SOON = 1.0
_PATIENCE = 60
"""Seconds for which what happened is tried to be written, once a second: a database that restarts is back by then."""
_LATE_PAUSE = 60.0
"""Seconds between two queries of a task that takes longer than any should."""


def advance(key: str, *, ledger: str, client: UnifiedVideo, on_file: OnFile | None = None) -> float | None:
    """Takes one row of a ledger in PostgreSQL one step further; for an engine of your own.

    Returns the seconds after which to call again, or None when nothing is left to do. Call it as often as you like,
    from anywhere, twice at once too: a row is sent once. What the ledger raises is raised here: call again later.
    """
    with closing(PostgresLedger(checked_url(ledger))) as opened:
        return finish(Step(core_of(client), Shared(opened), on_file).take(key))


async def aadvance(key: str, *, ledger: str, client: AsyncUnifiedVideo, on_file: OnFile | None = None) -> float | None:
    """As `advance`, awaited."""
    core = core_of(client)
    opened = await core.io.call(lambda: PostgresLedger(checked_url(ledger)))
    with closing(opened):
        return await Step(core, Shared(opened), on_file).take(key)


def checked_url(ledger: object) -> str:
    if isinstance(ledger, str) and is_postgres(ledger):
        return ledger
    raise ConfigurationError("several workers need a ledger in PostgreSQL: give ledger=postgresql://…")


@dataclass(frozen=True, slots=True)
class Step:
    """One worker."""

    core: Core
    shared: Shared
    on_file: OnFile | None = None
    creates: Callable[[], bool] = lambda: True
    """Whether it still begins what is new; what is not is left to others."""

    async def take(self, key: str) -> float | None:
        """Seconds after which to come back; None when nothing is left to do."""
        row = await self.core.io.call(lambda: self.shared.ledger.get(key))
        if row is None or row.state in {"done", "failed", "uncertain"}:
            return None
        if row.base_url != self.core.settings.base_url:
            raise ConfigurationError(f"row {key} belongs to {row.base_url}: the key of this worker goes nowhere else")
        if row.state == "sending" or (row.state in {"new", "admitted"} and not self.creates()):
            return _SOON
        act = Act(self.core, Pen(self.shared.ledger), self.on_file)
        try:
            return await (self._create(row, act) if row.state in {"new", "admitted"} else self._follow(row, act))
        finally:
            await self._written(act.pen)

    async def _written(self, pen: Pen) -> None:
        """Does not leave before what happened is written, if that can be."""
        for _ in range(_PATIENCE):
            if await self.core.io.call(pen.flush):
                return
            await self.core.io.sleep(1.0)

    async def _create(self, row: LedgerRow, act: Act) -> float | None:
        try:
            await act.send(SharedRecord(self.shared, act.pen, row.key), partial(_prepared, row))
        except NotYet as wait:
            return wait.seconds
        except (RateLimited, NotSent, RowTaken):
            return _SOON
        except ConfigurationError:
            raise  # the ledger could not be written before the send
        except SubmissionUncertain:
            return None
        except InvalidRequest as error:
            await self._failed(row, ["new", "admitted"], error)
        except UnifiedVideoError:
            return _SOON  # refused, and written down so; it may be `new` again
        return 0.0

    async def _follow(self, row: LedgerRow, act: Act) -> float | None:
        task = task_of(row)
        if task is None:
            raise ConfigurationError(f"row {row.key} of the ledger is {row.state} and has no task id")
        try:
            found = await self.core.calls.query(task.task_id, task, None)
            if isinstance(found, Transient):
                return self._pause(row, found.retry_after)
            if found.done or found.state is TaskState.SUCCEEDED:
                await self._end(row, act, found)
                return None
        except TaskFailed as error:
            await self._failed(row, ["running", "succeeded"], error)
            return _SOON
        except OSError as error:
            return await self._full(row, act, error)
        except UnifiedVideoError as error:
            return await self._fault(row, act, error)
        await self.core.io.call(lambda: self.shared.no_fault(row.key))
        return self._pause(row, None)

    async def _end(self, row: LedgerRow, act: Act, found: Task) -> None:
        if not found.done:  # it says success, and has no video yet: `wait` gives it some more queries
            found = (await self.core.wait(found, timeout=_LATE_PAUSE, on_update=None)).task or found
        video = await act.over(row.key, found)
        place = await self.core.io.call(lambda: _files.place(str(row.path)))
        await act.fetch(row.key, video, place.file_for(found.task_id))

    def _pause(self, row: LedgerRow, retry_after: float | None) -> float:
        """The document's pauses, by the age of the task: nobody has to remember how often it was asked for."""
        polling = _document.polling()
        age = self.core.io.time() - (row.sent_at or row.created_at).timestamp()
        if age > float(polling["timeout_seconds"]):
            return _LATE_PAUSE
        poll = 1 + sum(moment <= age for moment in accumulate(polling["pauses_seconds"]))
        return poll_delay(polling["pauses_seconds"], poll, self.core.io.jitter() * polling["jitter"], retry_after)

    async def _failed(self, row: LedgerRow, before: list[str], error: UnifiedVideoError) -> None:
        ended_at = self.core.io.time() if row.task_id else None
        await self.core.io.call(lambda: self.shared.failed(row.key, before, error, ended_at))

    async def _full(self, row: LedgerRow, act: Act, error: OSError) -> float:
        """This disk: more videos would find no room either."""
        await self.core.io.call(lambda: self.shared.stop(words(error)))
        await act.note(row.key, "succeeded", error)
        return _LATE_PAUSE

    async def _fault(self, row: LedgerRow, act: Act, error: UnifiedVideoError) -> float | None:
        """What should be the end may be a whim of a gateway: some more tries first."""
        if await self.core.io.call(lambda: self.shared.fault(row.key)) < MOST_FAULTS:
            return self._pause(row, None)
        if isinstance(error, TaskNotFound | LinkExpired):
            await self._failed(row, ["running", "succeeded"], error)
            return _SOON
        state = "succeeded" if isinstance(error, DownloadFailed) else row.state
        await act.note(row.key, state, error)
        return _LATE_PAUSE


def _prepared(row: LedgerRow) -> Prepared:
    """Raises InvalidRequest where its images are not the same any more, or are not here."""
    try:
        return prepared_of(row)
    except ConfigurationError as error:
        raise InvalidRequest((Violation("images", "changed", str(error), row.key),)) from error
