"""An answer to a query, read leniently into a Task: only `task_id` and `status` can be relied on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from . import _document
from ._answer import plain_and_code
from ._links import without_queries
from ._models import Task, TaskState, Video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._document import Json

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
_CODED = re.compile(r"\s*\[([^\]]{1,200})\]\s*(.*)", re.DOTALL)
_PROGRESS = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*%?\s*")


def read(payload: Json, raw: Json, task_id: str, known: Task | None = None) -> Task:
    """`payload` holds the task, `raw` is the whole answer; what only this client knows of it is kept from `known`."""
    data = payload.get("data")
    data = data if isinstance(data, dict) else {"output": data}
    status = _status(payload, data)
    state = state_of(status)
    last_frame, video = links(payload, data) if state is TaskState.SUCCEEDED else (None, None)
    return Task(
        task_id=task_id,
        status=status,
        state=state,
        progress=_progress(payload.get("progress")),
        fail_reason=None if state is TaskState.SUCCEEDED else reason(payload.get("fail_reason"))[0],
        created_at=known.created_at if known else None,
        submitted_at=_moment(payload.get("submit_time")),
        started_at=_moment(payload.get("start_time")),
        finished_at=_moment(payload.get("finish_time")),
        video_url=video,
        last_frame_url=last_frame,
        usage=next((found for found in (data.get("usage"), payload.get("usage")) if isinstance(found, dict)), None),
        request=known.request if known else None,
        raw=raw,
    )


def _status(payload: Json, data: Json) -> str:
    found = payload.get("status")
    found = data.get("status") if found is None else found
    return "" if found is None else str(found)


def state_of(status: str) -> TaskState:
    return TaskState(_document.states().get(status.strip().upper(), TaskState.UNKNOWN))


def _progress(value: object) -> float | None:
    found = _PROGRESS.fullmatch(str(value)[:40])
    return min(float(found.group(1)) / 100, 1.0) if found and not isinstance(value, bool) else None


def _moment(seconds: object) -> datetime | None:
    """Unix seconds as a moment; 0 means not yet."""
    try:
        number = float(seconds) if isinstance(seconds, (int, float, str)) and not isinstance(seconds, bool) else 0.0
        return datetime.fromtimestamp(number, UTC) if number > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def reason(value: object) -> tuple[str | None, str | None]:
    """Plain words and code of a `fail_reason`: JSON in a string, `[Code] text`, or text."""
    said, code = plain_and_code(value.strip()) if isinstance(value, str) else ("", None)
    text = without_queries(said)
    coded = _CODED.fullmatch(text)
    if coded:
        return coded.group(2).strip() or coded.group(1), coded.group(1)
    return text or None, code


def links(payload: Json, data: Json) -> tuple[str | None, str | None]:
    """The links to the last frame and to the video, wherever this gateway puts them."""
    names = _document.component("VideoTaskData")["x-links"]
    last_frame = next(iter(_last_frames((data, payload), names["last_frame"])), None)
    for place, inside in ((data, names["video"]), (payload, names["video"]), (payload.get("fail_reason"), ())):
        for link in _links_in(place, inside):
            if link != last_frame and not _is_picture(link):
                return last_frame, link
    return last_frame, None


def _last_frames(holders: Sequence[Json], names: Sequence[str]) -> list[str]:
    # Only what bears the name itself: the others are places to look into.
    name, *places = names
    inside = [item for holder in holders for place in places if place in holder for item in _objects(holder[place])]
    return [link for found in (*holders, *inside) if name in found for link in _links_in(found[name], ("url",))]


def _objects(value: object) -> list[Json]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _links_in(value: object, names: Sequence[str]) -> list[str]:
    """Every link in a text, a list, or under these names of an object, in their order."""
    if isinstance(value, str):
        text = value.strip()
        is_link = text[:8].lower().startswith(("http://", "https://")) and text.isprintable() and " " not in text
        return [text] if is_link else []
    if isinstance(value, dict):
        value = [value[name] for name in names if name in value]
    return [link for part in value for link in _links_in(part, names)] if isinstance(value, list) else []


def _is_picture(link: str) -> bool:
    return link.partition("?")[0].partition("#")[0].lower().endswith(_PICTURES)


def video_of(task: Task) -> Video:
    """The video of a task that succeeded with its link."""
    lifetime = timedelta(seconds=_document.link_lifetime())
    return Video(
        task_id=task.task_id,
        url=task.video_url or "",
        last_frame_url=task.last_frame_url,
        expires_at=task.finished_at + lifetime if task.finished_at else None,
        task=task,
    )
