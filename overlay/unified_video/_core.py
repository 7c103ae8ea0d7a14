"""create, retrieve, wait, download and generate, each written once for both clients."""

from __future__ import annotations

import inspect
import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from . import _document
from ._call import Calls, NoRecord, Record, checked_task_id, naming
from ._caller import stack_level
from ._errors import InvalidRequest, UnifiedVideoWarning
from ._models import Task, Video, Violation
from ._retry import LONGEST, poll_delay
from ._validate import Prepared, Wish, prepare
from ._watch import OnUpdate, Watch

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from ._download import Progress
    from ._files import Place
    from ._io import IO
    from ._ledger.record import Book
    from ._saving import Saving
    from ._settings import Settings

GRACE = 0.8
"""Seconds after the deadline for which the last query may run: it begins at the deadline, and ends within a second."""

_NO_TIME = 0.001
"""Seconds that are none: a sum of pauses may miss the deadline by a rounding."""


class Core(NamedTuple):
    """The verbs of a client, over one IO."""

    io: IO
    settings: Settings
    book: Book | None = None

    @property
    def calls(self) -> Calls:
        return Calls(self.io, self.settings, self.book.seen if self.book else None)

    @property
    def saving(self) -> Saving:
        from ._saving import Saving  # with all that writes files, which a create does not need

        return Saving(self.io, self.settings.retry, self.calls, self.book)

    async def create(self, wish: Wish) -> Task:
        return await self._submit(await self._checked(wish), None)

    def prepared(self, wish: Wish) -> Prepared:
        return prepare(wish._replace(defaults=self.settings.defaults, strict=self.settings.strict))

    async def _checked(self, wish: Wish) -> Prepared:
        """Raises InvalidRequest, or warns at the caller's line."""
        prepared = await self.io.call(partial(self.prepared, wish))
        if prepared.errors:
            raise InvalidRequest(prepared.violations)
        for violation in prepared.violations:
            warnings.warn(f"{violation.field}: {violation.message}", UnifiedVideoWarning, stack_level())
        return prepared

    async def _submit(self, prepared: Prepared, place: Place | None) -> Task:
        record: Record = NoRecord()
        if self.book is not None:
            record = await self.io.call(partial(self.book.record, prepared, place, self.io.time()))
        return await self.calls.create(prepared, record)

    async def retrieve(self, task: Task | str) -> Task:
        task_id = checked_task_id(task)
        with naming(task_id):
            return await self.calls.retrieve(task_id, task if isinstance(task, Task) else None)

    async def wait(self, task: Task | str, *, timeout: float | None, on_update: OnUpdate | None) -> Video:
        """Queries until the task is done; only a final answer, the deadline or the caller ends it."""
        checked_timeout(timeout)
        plain_function("on_update", on_update)
        deadline = None if timeout is None else self.io.now() + min(timeout, LONGEST)
        watch = Watch(task, on_update)
        with naming(watch.task_id):
            if not watch.is_over:
                watch.begin()
                while (pause := await self.ask(watch, deadline)) is not None:
                    await self.io.sleep(pause)
            return watch.video()

    async def ask(self, watch: Watch, deadline: float | None) -> float | None:
        """One query of a wait: the seconds until the next, None where the task is done; raises where there is none."""
        polling = _document.polling()
        found = await self.calls.query(watch.task_id, watch.last, None if deadline is None else deadline + GRACE)
        watch.see(found)
        left = LONGEST if deadline is None else deadline - self.io.now()
        if watch.ended(late=left <= _NO_TIME, patience=polling["queries_for_missing_video"]):
            return None
        jitter, retry_after = self.io.jitter() * polling["jitter"], getattr(found, "retry_after", None)
        return min(left, poll_delay(polling["pauses_seconds"], watch.polls, jitter, retry_after))

    async def download(
        self, video: Video | Task | str, path: str | os.PathLike[str], *, on_progress: Progress | None
    ) -> Path:
        plain_function("on_progress", on_progress)
        task_id = checked_task_id(video.task_id if isinstance(video, Video) else video)
        saving = self.saving
        target = (await saving.place(path)).file_for(task_id)
        with naming(task_id):
            found = video if isinstance(video, Video) else await self._ask_once(video)
            await saving.download(found, task_id, target, on_progress)
        return target

    async def _ask_once(self, task: Task | str) -> Video:
        """As `wait` with no time left, but within the client's own time limit for one exchange."""
        watch = Watch(task, None)
        if not watch.is_over:
            watch.see(await self.calls.query(watch.task_id, watch.last, None))
            watch.ended(late=True, patience=0)
        return watch.video()

    async def generate(
        self,
        wish: Wish,
        *,
        output: str | os.PathLike[str] | None,
        timeout: float | None,
        on_update: OnUpdate | None,
        on_progress: Progress | None = None,
    ) -> Video:
        checked_timeout(timeout)
        plain_function("on_update", on_update)
        plain_function("on_progress", on_progress)
        prepared = await self._checked(wish)
        place = None if output is None else await self.saving.place_for(prepared, output)
        task = await self._submit(prepared, place)
        video = await self.wait(task, timeout=timeout, on_update=on_update)
        if place is None:
            return video
        with naming(task.task_id):
            return await self.saving.save(video, place.file_for(task.task_id), on_progress)


def checked_timeout(timeout: float | None) -> None:
    """Seconds from 0, or None for no deadline."""
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if timeout is None or (is_number and timeout >= 0):
        return
    message = f"must be seconds from 0, or None for no deadline, not {timeout!r}"
    raise InvalidRequest((Violation("timeout", "minimum" if is_number else "type", message, timeout),))


def plain_function(name: str, function: object) -> None:
    """A coroutine function would never be awaited."""
    if function is None:
        return
    called = getattr(function, "__call__", None)  # noqa: B004 - an object may have an async __call__
    if not callable(function) or inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
        raise TypeError(f"{name} must be a plain function, also on the async client: it is called, not awaited")
