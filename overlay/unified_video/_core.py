"""create, retrieve, wait, download and generate, each written once for both clients."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from . import _document, _files, _task
from ._call import Calls, NoRecord, Record, Transient, checked_task_id, naming
from ._caller import stack_level
from ._download import DeadLink, Fetch, Progress, fetch, png_fault
from ._errors import (
    InvalidRequest,
    LinkExpired,
    ResultMissing,
    TaskFailed,
    UnifiedVideoError,
    UnifiedVideoWarning,
    WaitTimeout,
)
from ._models import Task, TaskState, Video, Violation
from ._retry import LONGEST, poll_delay
from ._validate import Prepared, Wish, prepare

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from ._io import IO
    from ._ledger.record import Book
    from ._settings import Settings

OnUpdate = Callable[[Task], object]

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

    async def _submit(self, prepared: Prepared, place: _files.Place | None) -> Task:
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
        target = (await self.io.call(partial(_files.place, path))).file_for(task_id)
        with naming(task_id):
            found = video if isinstance(video, Video) else await self._ask_once(video)
            await self._fetch(found, Fetch(task_id, found.url, target, on_progress=on_progress))
            await self._saved(task_id, target, last_frame=False)
        return target

    async def _saved(self, task_id: str, target: Path, *, last_frame: bool) -> None:
        if self.book is not None:
            await self.io.call(partial(self.book.saved, task_id, target, last_frame=last_frame))

    async def _ask_once(self, task: Task | str) -> Video:
        """As `wait` with no time left, but within the client's own time limit for one exchange."""
        watch = Watch(task, None)
        if not watch.is_over:
            watch.see(await self.calls.query(watch.task_id, watch.last, None))
            watch.ended(late=True, patience=0)
        return watch.video()

    async def _fetch(self, video: Video, wanted: Fetch) -> None:
        """Fetches, and once more with a new link where the old one is dead."""
        try:
            return await fetch(self.io, self.settings.retry, wanted)
        except DeadLink as dead:
            why = str(dead)
        renewed = await self._new_link(video, wanted, why)
        try:
            return await fetch(self.io, self.settings.retry, wanted._replace(url=renewed))
        except DeadLink as dead:
            raise wanted.failed(f"{dead}, and so it does for a new link", LinkExpired) from dead

    async def _new_link(self, video: Video, wanted: Fetch, why: str) -> str:
        try:
            task = await self.calls.retrieve(video.task_id, None)
        except UnifiedVideoError as error:
            raise wanted.failed(f"{why}, and the service gives no new link ({error})", LinkExpired) from error
        link = task.video_url if wanted.url == video.url else task.last_frame_url
        if link is None:
            raise wanted.failed(f"{why}, and the service gives no new link", LinkExpired)
        return link

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
        place = None if output is None else await self.io.call(partial(_place, prepared, output))
        task = await self._submit(prepared, place)
        video = await self.wait(task, timeout=timeout, on_update=on_update)
        if place is None:
            return video
        with naming(task.task_id):
            return await self.save(video, place.file_for(task.task_id), on_progress)

    async def save(self, video: Video, target: Path, on_progress: Progress | None) -> Video:
        """The video, and beside it the last frame where there is one."""
        await self._fetch(video, Fetch(video.task_id, video.url, target, on_progress=on_progress))
        beside = None
        if video.last_frame_url is not None and video.task and _wants_last_frame(video.task.request or {}):
            beside = _files.last_frame_beside(target)
            try:
                await self._fetch(video, Fetch(video.task_id, video.last_frame_url, beside, check=png_fault))
            except BaseException as error:
                error.add_note(f"the video itself is in place: {target}")
                raise
        await self._saved(video.task_id, target, last_frame=True)
        return replace(video, path=target, last_frame_path=beside)


def _wants_last_frame(request: Mapping[str, object]) -> bool:
    from ._ledger.record import wants_last_frame  # with the ledger, which not every program loads

    return wants_last_frame(request)


def _place(prepared: Prepared, output: str | os.PathLike[str]) -> _files.Place:
    """Where the video and its last frame can be written; an input image is never overwritten."""
    place = _files.place(output)
    if place.is_directory:
        return place
    targets = [place.path, _files.last_frame_beside(place.path)]
    for index, file in enumerate(prepared.files):
        if file is not None and any(target.exists() and target.samefile(file) for target in targets):
            message = f"would overwrite the input image {str(file)!r}: choose another file"
            raise InvalidRequest((Violation("output", "overwrites_input", message, f"images[{index}]"),))
    if _wants_last_frame(prepared.body):
        _files.refuse_special(targets[1])
    return place


class Watch:
    """One wait: what was given, what was seen last, and whether it is over."""

    def __init__(self, task: Task | str, on_update: OnUpdate | None) -> None:
        self.task_id = checked_task_id(task)
        self.last = task if isinstance(task, Task) else None
        """What is known of the task."""
        self.polls = 0
        self._seen: Task | None = None
        self._missing = 0
        self._error: UnifiedVideoError | None = None
        self._on_update = on_update

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to ask for."""
        return self.last is not None and self.last.done

    def begin(self) -> None:
        if self._on_update and self.last and not self.last.status:
            self._on_update(self.last)

    def see(self, found: Task | Transient) -> None:
        self.polls += 1
        if isinstance(found, Transient):
            self._error = found.error
            return
        changed = self.last is None or _shown(found) != _shown(self.last)
        self._seen = self.last = found
        if changed and self._on_update:
            self._on_update(found)

    def ended(self, *, late: bool, patience: int) -> bool:
        """Whether the task is done; raises where the wait is over without that."""
        if self.is_over:
            return True
        if self._seen and self._seen.state is TaskState.SUCCEEDED:
            self._missing += 1
            if late or self._missing > patience:
                raise _missing(self._seen)
        if late:
            raise self._late() from self._error
        return False

    def _late(self) -> WaitTimeout:
        how = f"is still {self._seen.status or 'without a status'}" if self._seen else f"was not seen ({self._error})"
        message = f"task {self.task_id} {how} at the end of the wait: it goes on at the service; wait again with its id"
        return WaitTimeout(message, task=self._seen, task_id=self.task_id)

    def video(self) -> Video:
        """The video of a task that is done; raises TaskFailed."""
        task = cast("Task", self.last)  # it is over: given so, or seen
        if task.state is TaskState.SUCCEEDED:
            return _task.video_of(task)
        raise _failed(task)


def _shown(task: Task) -> tuple[object, ...]:
    """What a person would call a change: not that some field of the raw answer differs."""
    times = task.submitted_at, task.started_at, task.finished_at
    return task.status, task.state, task.progress, task.fail_reason, times, task.video_url, task.last_frame_url


def _failed(task: Task) -> TaskFailed:
    code = _task.reason(_payload(task.raw or {}).get("fail_reason"))[1]
    named = f" [{code}]" if code else ""
    words = "was cancelled" if task.state is TaskState.CANCELLED else "failed"
    why = task.fail_reason or "the service gives no reason"
    message = f"task {task.task_id} {words}{named}: {why}; change the request before you create another"
    return TaskFailed(message, task=task, reason=task.fail_reason, code=code)


def _payload(raw: Mapping[str, object]) -> Mapping[str, object]:
    inner = raw.get("data")
    return inner if "fail_reason" not in raw and isinstance(inner, Mapping) else raw


def _missing(task: Task) -> ResultMissing:
    message = f"task {task.task_id} says {task.status} and has no video: ask the provider, or retrieve it again later"
    return ResultMissing(message, task=task, reason="no video in the answer")


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
