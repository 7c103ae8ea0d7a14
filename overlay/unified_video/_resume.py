"""Going on with what a ledger holds unfinished: send the `new`, wait for the `running`, fetch the `succeeded`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import _files, _settle
from ._errors import ConfigurationError, UnifiedVideoError
from ._ledger import SETTLED
from ._models import Task
from ._record import LedgerRecord, RowTaken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._core import Core
    from ._download import Progress
    from ._ledger import Ledger, LedgerRow
    from ._models import Video


@dataclass(frozen=True, slots=True)
class Ended:
    """How one row ended: with a video, with an error, or not touched (`uncertain`, or of another service)."""

    row: LedgerRow
    video: Video | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of the tasks and bytes of a row while it is worked on."""

    on_update: Callable[[Task], object] | None = None
    on_progress: Progress | None = None


def unfinished(ledger: Ledger) -> tuple[LedgerRow, ...]:
    """Every row that has something left to do, for this service or another one."""
    ledger.bury()
    return tuple(row for row in ledger.rows() if row.state not in SETTLED)


def workable(rows: tuple[LedgerRow, ...], base_url: str) -> Iterator[LedgerRow]:
    """Those that may be gone on with: at this service only, so that the key goes nowhere else; nothing uncertain."""
    return (row for row in rows if row.base_url == base_url and row.state in {"new", "running", "succeeded"})


async def resume(core: Core, ledger: Ledger, row: LedgerRow, timeout: float | None, told: Told) -> Ended | None:
    """One row to its end; None where another process has it."""
    try:
        place = None if row.path is None else await core.io.call(lambda: _files.place(str(row.path)))
        task = await _task_of(core, ledger, row)
        video = await core.wait(task, timeout=timeout, on_update=told.on_update)
        if place is None:
            return Ended(row, video)
        return Ended(row, await core.save(video, place.file_for(task.task_id), told.on_progress))
    except RowTaken:
        return None
    except (UnifiedVideoError, OSError) as error:
        return Ended(row, error=error)


async def _task_of(core: Core, ledger: Ledger, row: LedgerRow) -> Task:
    """The task of a row; what is new is sent, by the same rules as any create."""
    if row.state != "new":
        if row.task_id is None:
            raise ConfigurationError(f"row {row.key} of the ledger is {row.state} and has no task id")
        return Task(row.task_id, request=row.request)
    prepared = await core.io.call(lambda: _settle.prepared_of(row))
    return await core.calls.create(prepared, LedgerRecord(ledger, row, written=True))
