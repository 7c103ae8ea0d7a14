"""What the library gives out: frozen plain data, picklable, with no live connection inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from ._links import without_query


class TaskState(StrEnum):
    """What the status of a task means. UNKNOWN, a status that the document does not list, is not the end."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, repr=False)
class Task:
    """A job of the service, as last seen. `task_id` is all that is needed to come back to it."""

    task_id: str
    status: str = ""
    """As the service wrote it; "" for one that was just created."""
    state: TaskState = TaskState.QUEUED
    progress: float | None = None
    """0.0 to 1.0, coarse; 1.0 comes with failure too."""
    fail_reason: str | None = None
    created_at: datetime | None = None
    """When this client created it; None for one that it did not create."""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    video_url: str | None = None
    """Expires 24 hours after the end of the task."""
    last_frame_url: str | None = None
    usage: Mapping[str, object] | None = attribute(default=None, hash=False)
    request: Mapping[str, object] | None = attribute(default=None, hash=False)
    """What was sent, images shortened; None for a task known by its id alone."""
    raw: Mapping[str, object] | None = attribute(default=None, hash=False)
    """The whole answer that this was read from."""

    @property
    def done(self) -> bool:
        """Whether there is nothing to wait for: succeeded with its link, failed, or cancelled."""
        if self.state is TaskState.SUCCEEDED:
            return self.video_url is not None
        return self.state in {TaskState.FAILED, TaskState.CANCELLED}

    def __repr__(self) -> str:
        link = without_query(self.video_url)
        known = {"progress": self.progress, "fail_reason": self.fail_reason, "video_url": link}
        rest = "".join(f", {name}={value!r}" for name, value in known.items() if value is not None)
        return f"Task(task_id={self.task_id!r}, status={self.status!r}, state={self.state.value!r}{rest})"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from ._notebook import task_html

        return task_html(self)


@dataclass(frozen=True, slots=True, repr=False)
class Video:
    """A finished video: its link, and where it lies on disk once it was downloaded."""

    task_id: str
    url: str
    last_frame_url: str | None = None
    expires_at: datetime | None = None
    """When the links die: 24 hours after the end of the task; None where that end is unknown."""
    path: Path | None = None
    last_frame_path: Path | None = None
    task: Task | None = None

    def __repr__(self) -> str:
        return f"Video(task_id={self.task_id!r}, url={without_query(self.url)!r}, path={self.path!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the video plays, where it lies on disk and is small enough."""
        from ._notebook import video_html

        return video_html(self)


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule."""

    field: str
    """Such as `seed` or `images[0]`."""
    rule: str
    """The JSON Schema word (`enum`, `maximum`) or the title of the document's rule."""
    message: str
    value: object = attribute(hash=False)
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model can do, from the document."""

    id: str
    title: str
    modes: tuple[str, ...]
    """Of `text`, `first_frame`, `first_last_frame`, `reference_images`."""
    resolutions: tuple[str, ...]
    ratios: tuple[str, ...]
    durations: tuple[int, ...]
    requests_per_minute: int | None
    max_concurrent: int | None
    _frame_sizes: tuple[tuple[tuple[str, str], tuple[int, int]], ...] = attribute(default=(), repr=False)

    def frame_size(self, resolution: str, ratio: str) -> tuple[int, int] | None:
        """Width and height in pixels; None where the image decides, or where the model does not make it."""
        return dict(self._frame_sizes).get((resolution, ratio))
