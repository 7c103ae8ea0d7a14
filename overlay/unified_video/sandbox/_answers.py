"""What the service answers about a task, in the document's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unified_video import _document

from ._bend import bent_task
from ._shot import shot_of
from ._state import stage, start

if TYPE_CHECKING:
    from ._state import Job

_TOKEN_PIXELS = 1024
"""Pixels of a token of the vendor's bill."""


def task_answer(job: Job, now: float, base: str) -> dict[str, object]:
    """The answer to a query. `base` is the address of the links, without the file's name."""
    at = stage(job, now)
    answer: dict[str, object] = {
        "task_id": job.task_id,
        "platform": _example("platform"),
        "action": _example("action"),
        "status": at.status,
        "fail_reason": "",
        "submit_time": int(job.submitted),
        "start_time": int(start(job)) if at.started else 0,
        "finish_time": int(job.finish) if at.ended else 0,
        "progress": f"{at.percent}%",
        "data": _data(job, base) if at.ended else {},
        "search_item": "",
    }
    return bent_task(answer, job.fault)


def _example(name: str) -> object:
    return _document.component("VideoTask")["properties"][name]["examples"][0]


def _data(job: Job, base: str) -> dict[str, object]:
    links = {"output": f"{base}/{VIDEO}"}
    if has_last_frame(job):
        links["last_frame_url"] = f"{base}/{LAST_FRAME}"
    tokens = _tokens(job)
    return {**links, "usage": {"completion_tokens": tokens, "total_tokens": tokens}}


def _tokens(job: Job) -> int:
    shot = shot_of(job.request, job.seed)
    # All shapes of a resolution have about the same area, so a picture needs not be opened for this.
    width, height = next(iter(shot.sizes.values()))
    return width * height * shot.frames // _TOKEN_PIXELS


VIDEO, LAST_FRAME = "video.mp4", "last-frame.png"


def has_last_frame(job: Job) -> bool:
    return job.request.get("return_last_frame") is True
