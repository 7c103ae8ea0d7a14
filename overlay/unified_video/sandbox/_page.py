"""A page for people: the tasks of this sandbox, with their videos."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from unified_video import _document

from ._answers import LAST_FRAME, VIDEO, has_last_frame
from ._state import stage

if TYPE_CHECKING:
    from ._state import Job, State

_MOST = 24
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Unified Video sandbox</title>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
  body {{ max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
  ul {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }}
  ul {{ gap: 1rem; padding: 0; }}
  li {{ list-style: none; border: 1px solid #8886; border-radius: .75rem; padding: 1rem; overflow-wrap: anywhere; }}
  video {{ width: 100%; border-radius: .5rem; background: #0004; }}
  pre {{ overflow-x: auto; padding: 1rem; border-radius: .75rem; background: #8882; }}
</style>
<h1>Unified Video sandbox</h1>
<p>It takes any key, makes real mp4, and charges nothing. {count} tasks so far; reload to see more.</p>
<pre tabindex="0">curl {origin}{path} -H 'Authorization: Bearer any' -H 'Content-Type: application/json' \\
  -d '{{"prompt": "dance", "model": "{model}"}}'</pre>
<ul>{items}</ul>
</html>
"""


def page(state: State, origin: str) -> str:
    jobs = state.jobs
    return _PAGE.format(
        count=len(jobs),
        origin=escape(origin),
        path=_document.path_of("create_video_generation"),
        model=_document.component("VideoModel")["enum"][0],
        items="".join(_item(job, state) for job in jobs[: -_MOST - 1 : -1]),
    )


def _item(job: Job, state: State) -> str:
    at = stage(job, state.clock.now())
    base = f"/media/{quote(job.task_id, safe='')}/{state.link(job.task_id)}"
    video = f'<video controls loop preload="none" src="{base}/{VIDEO}"></video>' if at.ended else ""
    frame = f'<a href="{base}/{LAST_FRAME}">last frame</a>' if at.ended and has_last_frame(job) else ""
    words = f"<p>{escape(job.prompt)}</p><p><code>{escape(job.task_id)}</code> {at.status} {at.percent}% {frame}</p>"
    return f"<li>{video}{words}</li>"
