"""How a task and a video look in a notebook: HTML that needs nothing, escaped, with no signed link in it.

A notebook keeps what it shows in its file, and is passed on with it: so of a link only the host is shown.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ._links import without_queries

if TYPE_CHECKING:
    from pathlib import Path

    from ._models import Task, Video

LARGEST_BYTES = 8_000_000
"""Of a file that is put into the notebook: it lies there as text, a third larger, once for each time it is shown."""

_LONGEST_TEXT = 200
_BOX = "max-width:40rem;padding:.5rem .75rem;border:1px solid #8888;border-radius:.5rem;line-height:1.5"
_PLAYER = "display:block;max-width:min(100%,40rem);max-height:30rem;border-radius:.25rem"
_COLOURS = {"succeeded": "#1a7f4b", "failed": "#c0392b", "cancelled": "#8a6d1a"}


def task_html(task: Task) -> str:
    """State, progress, id, what was asked for, and why it failed."""
    asked = (task.request or {}).get("prompt")
    return _box(
        _state(task),
        _progress(task),
        f"<code>{_shown(task.task_id)}</code>",
        f"“{_shown(asked)}”" if isinstance(asked, str) else "",
        _shown(task.fail_reason) if task.fail_reason else "",
    )


def _state(task: Task) -> str:
    colour = _COLOURS.get(task.state.value, "inherit")
    raw = f" ({_shown(task.status)})" if task.state.value == "unknown" else ""
    return f'<strong style="color:{colour}">{task.state.value}{raw}</strong>{_took(task)}'


def _took(task: Task) -> str:
    if task.submitted_at is None or task.finished_at is None:
        return ""
    return f" after {max(0.0, (task.finished_at - task.submitted_at).total_seconds()):.0f} s"


def _progress(task: Task) -> str:
    # "100%" comes with failure too: only what is on its way has a bar.
    if task.progress is None or task.done:
        return ""
    return f'<progress max="1" value="{task.progress:.2f}" aria-label="progress"></progress> {task.progress:.0%}'


def video_html(video: Video) -> str:
    """The video itself where it lies on disk and is small enough; else where it is, and what to do."""
    name = f"<code>{_shown(video.path or video.task_id)}</code>"
    if video.path is None:
        return _box(name, _not_on_disk(video))
    try:
        size = video.path.stat().st_size
        if size > LARGEST_BYTES:
            return _box(name, _too_large(video.path, size))
        return _box(_player(video.path.read_bytes(), video.task_id), name)
    except OSError:
        return _box(name, f"The file {name} cannot be read from here.")


def _player(content: bytes, task_id: str) -> str:
    return (
        f'<video controls loop muted playsinline style="{_PLAYER}" aria-label="video of task {escape(task_id)}"'
        f' src="data:video/mp4;base64,{b64encode(content).decode("ascii")}"></video>'
    )


def _not_on_disk(video: Video) -> str:
    until = f", where it lies until {video.expires_at:%Y-%m-%d %H:%M %Z}" if video.expires_at else ""
    return (
        f"Not on this disk. Fetch it from {_shown(_host(video.url))}{until}:"
        ' <code>client.download(video, "video.mp4")</code>. One made with <code>generate(…, output="video.mp4")</code>'
        " plays here."
    )


def _too_large(path: Path, size: int) -> str:
    return (
        f"{size / 1e6:.0f} MB are too much to keep in a notebook: open the file, or link to it with"
        f" <code>IPython.display.Video({_shown(repr(str(path)))})</code>"
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the service"
    except ValueError:
        return "the service"


def _shown(value: object) -> str:
    """A text that may be shown: without the signatures of links, not too long, escaped."""
    text = without_queries(str(value))
    return escape(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")


def _box(*lines: str) -> str:
    return f'<div style="{_BOX}">{"".join(f"<div>{line}</div>" for line in lines if line)}</div>'
