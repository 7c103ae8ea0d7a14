"""One wait for a task: what is known of it, whether it is over, and in which words it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from . import _task
from ._call import Transient, checked_task_id
from ._errors import ResultMissing, TaskFailed, WaitTimeout
from ._models import Task, TaskState, Video

if TYPE_CHECKING:
    from ._errors import UnifiedVideoError

OnUpdate = Callable[[Task], object]


class Watch:
    """One wait: what was given, what was seen last, and whether it is over."""

    def __init__(self, task: Task | str, on_update: OnUpdate | None) -> None:
        self.task_id = checked_task_id(task)
        self.last = task if isinstance(task, Task) else None
        """What is known of the task."""
        self.polls = 0
        self._seen: Task | None = None
        self._without_video = 0
        self._error: UnifiedVideoError | None = None
        self._on_update = on_update

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to ask for."""
        return self.last is not None and self.last.done

    def begin(self) -> None:
        """Tells of a task that was just created, so that its id can be stored."""
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
        """Whether the task is done; raises where the wait is over without that. Asked once a query."""
        if self.is_over:
            return True
        if self._seen and self._seen.state is TaskState.SUCCEEDED:
            self._without_video += 1
            if late or self._without_video > patience:
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
