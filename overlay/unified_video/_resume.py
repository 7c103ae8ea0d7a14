"""Going on with what a ledger holds unfinished: what is `new` is sent first, then all is waited for in turns.

A service works on several tasks at once, so none waits for another here. What has succeeded is fetched as soon as a
query has seen it, with the link of that query: while others go on, no link grows old. The end of a task makes room
for what a service at its limit did not take.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from . import _files, _settle
from ._errors import ConfigurationError, RateLimited, UnifiedVideoError
from ._ledger.record import LedgerRecord
from ._ledger.row import SETTLED
from ._models import Task
from ._retry import LONGEST
from ._watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ._core import Core
    from ._download import Progress
    from ._files import Place
    from ._ledger.row import Ledger, LedgerRow
    from ._models import Video

_NAMED = 20
"""Rows that an interruption names; `unified-video tasks` lists the others."""


class Ended(NamedTuple):
    """How one row ended: with a video or an error, `RowTaken` where another process has it."""

    row: LedgerRow
    video: Video | None = None
    error: Exception | None = None


class Told(NamedTuple):
    """Who is told of the tasks, the bytes and the ends of rows."""

    on_update: Callable[[Task], object] | None = None
    on_progress: Progress | None = None
    on_end: Callable[[Ended], object] | None = None


def unfinished(ledger: Ledger) -> tuple[LedgerRow, ...]:
    """Every row that has something left to do, for this service or another one."""
    ledger.bury()
    return tuple(row for row in ledger.rows() if row.state not in SETTLED)


def workable(rows: Iterable[LedgerRow], base_url: str) -> tuple[LedgerRow, ...]:
    """Those that may be gone on with: at this service only, so that the key goes nowhere else; nothing uncertain."""
    return tuple(row for row in rows if row.base_url == base_url and row.state in {"new", "running", "succeeded"})


async def resume(
    core: Core, ledger: Ledger, rows: Iterable[LedgerRow], timeout: float | None, told: Told
) -> tuple[Ended, ...]:
    """All rows to their ends, as they come. `timeout`: seconds of each wait. What fails ends one row only."""
    found = tuple(rows)
    work = _Work(core, ledger, timeout, told, found, sorted(found, key=lambda row: row.state != "new"))
    with work.named():
        while work.left or work.turns:
            await work.begin()
            await work.ask()
    return tuple(work.ended)


@dataclass(slots=True)
class _Turn:
    """One accepted row, and when it is asked about next."""

    row: LedgerRow
    place: Place | None
    watch: Watch
    deadline: float | None
    due: float


@dataclass(slots=True)
class _Work:
    """The rows of one call: those to begin with, those to ask about, and those that ended."""

    core: Core
    ledger: Ledger
    timeout: float | None
    told: Told
    rows: tuple[LedgerRow, ...]
    left: list[LedgerRow]
    turns: list[_Turn] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    full: dict[object, RateLimited] = field(default_factory=dict)
    """Models that take no more until a task has ended."""

    async def begin(self) -> None:
        """With all, but what is new for models at their limit: each is accepted at most once, as by any create."""
        for row in tuple(self.left):
            if row.state != "new" or _model(row) not in self.full:
                await self._begin(row)

    async def _begin(self, row: LedgerRow) -> None:
        try:
            place = await self._place(row)
            watch = Watch(await self._sent(row) if row.state == "new" else _accepted(row), self.told.on_update)
        except RateLimited as error:
            self.full[_model(row)] = error
            return
        except (UnifiedVideoError, OSError) as error:
            self._end(Ended(row, error=error))
        else:
            self._wait_for(row, place, watch)
        self.left.remove(row)

    async def _sent(self, row: LedgerRow) -> Task:
        io = self.core.io
        prepared = await io.call(lambda: _settle.prepared_of(row))
        return await self.core.calls.create(prepared, LedgerRecord(self.ledger, row, io.time()))

    async def _place(self, row: LedgerRow) -> Place | None:
        return None if row.path is None else await self.core.io.call(lambda: _files.place(str(row.path)))

    def _wait_for(self, row: LedgerRow, place: Place | None, watch: Watch) -> None:
        now = self.core.io.now()
        deadline = None if self.timeout is None else now + min(self.timeout, LONGEST)
        self.turns.append(_Turn(row, place, watch, deadline, now))
        watch.begin()

    async def ask(self) -> None:
        """The next query of all, at its time. Where nothing is left to wait for, a service at its limit is an end."""
        if not self.turns:
            return self._give_up()
        turn = min(self.turns, key=lambda turn: turn.due)
        await self._until(turn.due)
        try:
            pause = await self.core.ask(turn.watch, self._deadline(turn))
            if pause is not None:
                turn.due = self.core.io.now() + pause
                return None
            ended = Ended(turn.row, await self._fetched(turn))
        except (UnifiedVideoError, OSError) as error:
            ended = Ended(turn.row, error=error)
        self.turns.remove(turn)
        self.full.clear()
        return self._end(ended)

    def _give_up(self) -> None:
        for row in self.left:
            self._end(Ended(row, error=self.full[_model(row)]))
        self.left.clear()

    async def _until(self, due: float) -> None:
        left = due - self.core.io.now()
        if left > 0:
            await self.core.io.sleep(left)

    def _deadline(self, turn: _Turn) -> float | None:
        # Where the time ran out during another row's download, the last query still gets its own.
        return None if turn.deadline is None else max(turn.deadline, self.core.io.now())

    async def _fetched(self, turn: _Turn) -> Video:
        video = turn.watch.video()
        if turn.place is None:
            return video
        return await self.core.saving.save(video, turn.place.file_for(video.task_id), self.told.on_progress)

    def _end(self, ended: Ended) -> None:
        self.ended.append(ended)
        if self.told.on_end:
            self.told.on_end(ended)

    @contextmanager
    def named(self) -> Iterator[None]:
        """What comes from outside, such as Ctrl-C, carries what is unfinished."""
        try:
            yield
        except BaseException as error:
            error.add_note(self._unfinished())
            raise

    def _unfinished(self) -> str:
        ended = {end.row.key for end in self.ended}
        known = {turn.row.key: turn.watch.task_id for turn in self.turns}
        left = [(row.key, known.get(row.key, row.task_id)) for row in self.rows if row.key not in ended]
        named = [f"row {key} ({f'task {task_id}' if task_id else 'no task id yet'})" for key, task_id in left[:_NAMED]]
        more = [f"and {len(left) - _NAMED} more"] if len(left) > _NAMED else []
        return f"unfinished: {', '.join([*named, *more])}"


def _model(row: LedgerRow) -> object:
    return row.request.get("model")


def _accepted(row: LedgerRow) -> Task:
    """The task of a row, of the age of its create: a service may not know it for the first moments."""
    if row.task_id is None:
        raise ConfigurationError(f"row {row.key} of the ledger is {row.state} and has no task id")
    return Task(row.task_id, created_at=row.sent_at or row.created_at, request=row.request)
