"""Does what `_plan` decides, one step of one row at a time, and keeps the board."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from unified_video import _document, _task
from unified_video._call import Transient
from unified_video._errors import (
    AuthenticationError,
    ConfigurationError,
    InsufficientBalance,
    LinkExpired,
    NotSent,
    PermissionDenied,
    RateLimited,
    SubmissionUncertain,
    TaskFailed,
    TaskNotFound,
    UnifiedVideoError,
)
from unified_video._ledger.record import RowTaken, words
from unified_video._models import Task, TaskState
from unified_video._retry import poll_delay

from ._pen import BatchRecord
from ._plan import Create, Done, Download, Item, Retrieve, Sleep, next_step
from ._report import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from unified_video._validate import Prepared

    from ._act import Act
    from ._board import Board
    from ._hands import Hands
    from ._options import Options

INTERRUPTED = "interrupted"
NEAR = 10.0
"""Seconds for which a batch that is to stop goes on with what it has begun."""

_ACCOUNT = (AuthenticationError, InsufficientBalance, PermissionDenied)
RUN = 3
"""Errors of the account in a row: then it is the account, and no whim of a gateway."""
_MOST_REFUSALS = 40
"""Pauses without an answer to any create, half an hour in all: then the rest is left for another run."""
MOST_FAULTS = 4
_LONGEST_REST = 1.0
"""Seconds between two looks at the clock of a batch that is watched."""
LAST_ERRORS = 3


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row comes from, and where its file goes."""

    model: str
    prepared: Callable[[], Prepared]
    target: Path


@dataclass(slots=True)
class Work:
    """One run."""

    act: Act
    board: Board
    options: Options
    sources: Mapping[str, Source]
    _began: float = 0.0
    _closing: float = math.inf
    _in_a_row: list[str] = field(default_factory=list)
    _failures: int = 0
    _ended: int = 0
    _sent_again: Counter[str] = field(default_factory=Counter)
    _errors: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_ERRORS))

    async def to_the_end(self, hands: Hands) -> None:
        """Until there is nothing left to do, or until it is to stop and what was near is finished."""
        self._began = self._now()
        while True:
            self._look_up()
            step = next_step(self.board.rows(), self._now(), self.board.limits, self._closing)
            match step:
                case Done():
                    return
                case Sleep(seconds):
                    await hands.rest(min(seconds, _LONGEST_REST) if self._is_watched else seconds)
                case Create(key):
                    await hands.take(self._create(self.board.begin_new(key)))
                case Retrieve(key):
                    await hands.take(self._retrieve(self.board.begin(key)))
                case Download(key):  # pragma: no branch - the last of the steps that there are
                    await hands.take(self._download(self.board.begin(key)))

    def _now(self) -> float:
        return self.act.core.io.now()

    @property
    def _is_watched(self) -> bool:
        return self.options.stop is not None or self.options.on_update is not None

    def _look_up(self) -> None:
        """Between two steps: is it to stop, and who wants to know how it goes?"""
        if self.options.stop is not None and self._closing == math.inf and self.options.stop():
            self._closing = self._now() + NEAR
            self._stop(INTERRUPTED)
        if self.options.on_update is not None:
            self.options.on_update(self.progress())

    def progress(self) -> Progress:
        counts = {state: number for state, number in self.board.counts.items() if number}
        elapsed = self._now() - self._began
        return Progress(counts, len(self.sources), elapsed, self._ended, tuple(self._errors), self.board.stopped)

    def _stop(self, why: str) -> None:
        """No new creates; what runs is finished."""
        self.board.stopped = self.board.stopped or why

    async def _create(self, item: Item) -> None:
        sent_at = self._now()
        try:
            record = BatchRecord(self.act.pen, self.act.core.io, item.key)
            task = await self.act.send(record, self.sources[item.key].prepared)
        except (RateLimited, NotSent) as error:
            self._refused(item, error, sent_at)
        except RowTaken:
            self.board.end(item, "new")  # as the ledger had it; what became of it is seen at the end
        except ConfigurationError as error:
            self.board.put_back(item)
            self._stop(words(error))
        except SubmissionUncertain as error:
            self._answered(item)
            self._settled(item, error)
            self.board.hold(item, self.options.longest)
            if self.options.stops_on(words(error)):
                self._stop(words(error))
        except (UnifiedVideoError, OSError) as error:
            self._answered(item)
            await self.act.fail(item.key, error)
            self._failed(item, error)
            self._count_account(item, error)
        else:
            self._answered(item)
            self._in_a_row.clear()
            now = self._now()
            # The first query at once.
            self.board.put(replace(item, state="running", task=task, due=now, gives_up=now + self.options.longest))

    def _answered(self, item: Item) -> None:
        self.board.limits[item.model] = self.board.limits[item.model].answered()

    def _refused(self, item: Item, error: RateLimited | NotSent, sent_at: float) -> None:
        asked = error.retry_after if isinstance(error, RateLimited) else None
        limit = self.board.limits[item.model].slowed(self._now(), sent_at, asked)
        self.board.limits[item.model] = limit
        self._errors.append(f"{item.key}: {words(error)}")
        self.board.put_back(item)
        if limit.refused >= _MOST_REFUSALS:
            self._stop(f"no create was taken in {limit.refused} tries: {words(error)}")

    def _settled(self, item: Item, error: BaseException) -> None:
        self._errors.append(f"{item.key}: {words(error)}")
        self._ended += 1

    def _failed(self, item: Item, error: BaseException) -> None:
        """The ledger says failed; is the row sent again, or is enough failed by now?"""
        text = words(error)
        self.board.end(item, "failed")
        if self._sent_again[item.key] < self.options.retries(text):
            self._sent_again[item.key] += 1
            self._again(item)
            return
        self._settled(item, error)
        self._failures += 1
        if self.options.stops_on(text):
            self._stop(text)
        if self._failures == self.options.max_failures:
            self._stop(f"{self._failures} rows failed, the last one with {text}")

    def _again(self, item: Item) -> None:
        self.act.pen.move(item.key, ["failed"], "new", task_id=None, error=None, ended_at=None, tokens=None)
        self.board.put_back(item)

    def _count_account(self, item: Item, error: BaseException) -> None:
        """A run of errors of the account ends all creates. Its rows are not to blame: they are `new` again."""
        if not isinstance(error, _ACCOUNT):
            self._in_a_row.clear()
            return
        self._in_a_row.append(item.key)
        if len(self._in_a_row) < RUN:
            return
        self._stop(words(error))
        for key in [key for key in self._in_a_row if self.board.states[key] == "failed"]:
            self._again(Item(key, self.sources[key].model, "failed"))
        self._in_a_row.clear()

    async def _retrieve(self, item: Item) -> None:
        task = item.task or Task(item.key)
        try:
            found = await self.act.core.calls.query(task.task_id, task, None)
            if isinstance(found, Transient):
                self._later(item, found.retry_after)
            elif found.done or item.missing >= _document.polling()["queries_for_missing_video"]:
                video = await self.act.over(item.key, found)
                self.board.put(replace(item, state="succeeded", task=video.task, due=self._now(), faults=0))
            else:
                missing = item.missing + (found.state is TaskState.SUCCEEDED)
                self._later(replace(item, task=found, missing=missing, faults=0), None)
        except TaskFailed as error:
            await self.act.fail(item.key, error, ended_at=self.act.core.io.time())
            self._failed(item, error)
        except UnifiedVideoError as error:
            await self._fault(item, error, final=isinstance(error, TaskNotFound))

    def _later(self, item: Item, retry_after: float | None) -> None:
        """Asked again after the document's pause; left for another run where it takes too long."""
        polling, io = _document.polling(), self.act.core.io
        jitter = io.jitter() * float(polling["jitter"])
        due = io.now() + poll_delay(polling["pauses_seconds"], item.polls + 1, jitter, retry_after)
        if io.now() >= item.gives_up:
            self._errors.append(
                f"{item.key}: task {item.task and item.task.task_id} took too long; it goes on at the service"
            )
            self.board.end(item, item.state)
            return
        self.board.put(replace(item, polls=item.polls + 1, due=min(due, item.gives_up)))

    async def _fault(self, item: Item, error: BaseException, *, final: bool) -> None:
        """What should be the end may be a whim of a gateway: some more tries. Then it failed, or is left."""
        if item.faults + 1 < MOST_FAULTS:
            self._later(replace(item, faults=item.faults + 1), None)
        elif final:
            await self.act.fail(item.key, error)
            self._failed(item, error)
        else:
            await self.act.note(item.key, item.state, error)
            self._settled(item, error)
            self.board.end(item, item.state)

    async def _download(self, item: Item) -> None:
        task = item.task or Task(item.key)
        try:
            await self.act.fetch(item.key, _task.video_of(task), self.sources[item.key].target)
        except OSError as error:
            # This disk: more videos would find no room either.
            self._stop(words(error))
            await self.act.note(item.key, item.state, error)
            self.board.end(item, item.state)
            self._settled(item, error)
        except UnifiedVideoError as error:
            await self._fault(item, error, final=isinstance(error, LinkExpired))
        else:
            self.board.end(item, "done")
            self._ended += 1
