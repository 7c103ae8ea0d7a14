"""The playground: a page for people, and the files that it is made of. Nothing of it comes from elsewhere.

The page reads the document from `/sandbox/document`, so that a new model, field or value shows with no change here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ._answers import LAST_FRAME, VIDEO, has_last_frame
from ._message import Reply, of_html
from ._state import stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._state import Job, State

_FOLDER = Path(__file__).with_name("page")
_ROUTE = "/sandbox/page/"
_PLACE = "<!-- tasks -->"
_MOST = 24
_KINDS = {".css": "text/css", ".js": "text/javascript", ".html": "text/html"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),  # another version of the package may serve the same address next
)


def page(state: State) -> Reply:
    """The page, with the tasks of this sandbox, the latest first."""
    items = "".join(_item(job, state) for job in state.jobs[: -_MOST - 1 : -1])
    template = (_FOLDER / "index.html").read_text("utf-8")
    return _secured(of_html(200, template.replace(_PLACE, items)))


@cache
def files() -> Mapping[str, Reply]:
    """What the page loads: path to file. A path that is not listed here is nowhere."""
    found = (path for path in _FOLDER.rglob("*") if path.is_file())
    return {_ROUTE + path.relative_to(_FOLDER).as_posix(): _secured(_file(path)) for path in found}


def _file(path: Path) -> Reply:
    kind = _KINDS.get(path.suffix, "text/plain")
    return Reply(200, (("Content-Type", f"{kind}; charset=utf-8"),), path.read_bytes())


def _secured(reply: Reply) -> Reply:
    return replace(reply, headers=(*reply.headers, *_HEADERS))


def _item(job: Job, state: State) -> str:
    at = stage(job, state.clock.now())
    base = f"/media/{quote(job.task_id, safe='')}/{state.link(job.task_id)}"
    name = escape(job.prompt)
    video = f'<video controls loop preload="none" aria-label="{name}" src="{base}/{VIDEO}"></video>' if at.ended else ""
    frame = f' <a href="{base}/{LAST_FRAME}">last frame</a>' if at.ended and has_last_frame(job) else ""
    words = f"<p>{name}</p><p><code>{escape(job.task_id)}</code> {at.status} {at.percent}%{frame}</p>"
    return f"<li>{video}{words}</li>"
