"""In a notebook a task shows its state and a video plays, and what is shown can be passed on."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from unified_video import Task, TaskState, Video, _notebook

START = datetime(2025, 8, 31, 6, 0, tzinfo=UTC)
SIGNED = "https://media.example/v.mp4?X-Signature=secret#part"
NASTY = '<script>alert("1")</script>'


class Reader(HTMLParser):
    """What a browser makes of it: the tags, and the text that is seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.seen += f"{data} "

    def only(self, tag: str) -> dict[str, str | None]:
        (found,) = [attributes for name, attributes in self.tags if name == tag]
        return found


def test_what_draws_it_is_loaded_only_when_it_is_shown() -> None:
    code = "import sys, unified_video as u; u.Task; print(*(set(sys.modules) & {'unified_video._notebook', 'html'}))"
    settings = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_running_task_shows_its_state_progress_id_and_prompt() -> None:
    read = Reader(
        Task("cgt-1", "IN_PROGRESS", TaskState.RUNNING, 0.4, request={"prompt": "a cat dancing"})._repr_html_()
    )
    assert read.only("progress") == {"max": "1", "value": "0.40", "aria-label": "progress"}
    assert " ".join(read.seen.split()) == "running 40% cgt-1 “a cat dancing”"


def test_a_task_that_has_ended_shows_how_and_after_how_long() -> None:
    ended = Task(
        "cgt-1",
        "FAILURE",
        TaskState.FAILED,
        1.0,
        fail_reason=f"not that: {SIGNED}",
        submitted_at=START,
        finished_at=START + timedelta(seconds=42),
    )
    read = Reader(ended._repr_html_())
    assert " ".join(read.seen.split()) == "failed after 42 s cgt-1 not that: https://media.example/v.mp4?…"
    assert "progress" not in dict(read.tags)  # 100% comes with failure too


def test_an_unknown_status_is_shown_as_the_service_wrote_it() -> None:
    assert "unknown (PONDERING)" in Task("cgt-1", "PONDERING", TaskState.UNKNOWN)._repr_html_()


@pytest.mark.parametrize(
    "html",
    [
        Task(NASTY, NASTY, TaskState.UNKNOWN, 0.5, NASTY, request={"prompt": NASTY})._repr_html_(),
        Video(NASTY, f"https://{NASTY}/")._repr_html_(),
        Video(NASTY, SIGNED, path=Path(NASTY))._repr_html_(),
    ],
    ids=["task", "video", "path"],
)
def test_whatever_stands_in_the_data_is_text(html: str) -> None:
    read = Reader(html)
    assert {tag for tag, _ in read.tags} <= {"div", "strong", "code", "progress"}
    assert "<script" not in html


def test_a_long_prompt_is_cut() -> None:
    shown = Reader(Task("cgt-1", request={"prompt": "é" * 5000})._repr_html_()).seen
    assert shown.count("é") == 200


def test_a_video_on_disk_plays_inline(tmp_path: Path) -> None:
    path = tmp_path / "cat.mp4"
    path.write_bytes(b"a film")
    read = Reader(Video("cgt-1", SIGNED, path=path)._repr_html_())
    player = read.only("video")
    assert player["src"] == f"data:video/mp4;base64,{base64.b64encode(b'a film').decode()}"
    assert "controls" in player
    assert "max-width:min(100%,40rem)" in str(player["style"])
    assert read.seen.strip() == str(path)


def test_a_large_video_is_not_copied_into_the_notebook(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    with path.open("wb") as file:
        file.truncate(_notebook.LARGEST_BYTES + 1)
    html = Video("cgt-1", SIGNED, path=path)._repr_html_()
    assert len(html) < 2000
    assert "8 MB are too much to keep in a notebook: open the file, or link to it" in Reader(html).seen


def test_a_video_that_is_not_on_disk_says_how_to_fetch_it_and_until_when() -> None:
    seen = Reader(Video("cgt-1", SIGNED, expires_at=START)._repr_html_()).seen
    assert "Fetch it from media.example, where it lies until 2025-08-31 06:00 UTC" in seen
    assert 'client.download(video, "video.mp4")' in seen


def test_a_file_that_has_gone_is_told() -> None:
    assert "cannot be read from here" in Video("cgt-1", SIGNED, path=Path("gone.mp4"))._repr_html_()


@pytest.mark.parametrize("url", ["", "http://[", SIGNED])
def test_of_a_link_only_the_host_is_shown(url: str) -> None:
    html = Video("cgt-1", url)._repr_html_()
    assert re.search(r"Fetch it from (the service|media\.example):", html)
    assert "secret" not in html
