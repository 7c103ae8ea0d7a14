"""Every block of code in README.md runs, as a reader would run it, against a sandbox behind a socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unified_video import UnifiedVideo
from unified_video._document import options
from unified_video.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"(<!-- [a-z ]+ -->\n)?```(\w+)\n(.*?)```", TEXT, re.DOTALL)
PROGRAMS = [code for _, language, code in BLOCKS if language == "python"]
COMMANDS = [line for mark, language, code in BLOCKS if language == "sh" and not mark for line in code.splitlines()]
# They serve, or install: the tests of the sandbox, the session `package` and CI itself run these.
SERVES = "unified-video sandbox"
TASK_ID = "cgt-20250831141439-sqmgf"


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A folder with a picture, a served sandbox, and an environment that points at it."""
    from PIL import Image

    Image.new("RGB", (400, 400), "teal").save(tmp_path / "cat.png")
    sandbox = Sandbox()
    with sandbox.serve() as url:
        settings = {
            "UNIFIED_VIDEO_BASE_URL": url,
            "UNIFIED_VIDEO_API_KEY": "key-of-the-readme",
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "overlay"), str(ROOT / "generated")]),
        }
        yield {**os.environ, **settings}


def run(arguments: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("code", PROGRAMS, ids=range(len(PROGRAMS)))
def test_each_program_runs(code: str, tmp_path: Path, surroundings: dict[str, str]) -> None:
    run([sys.executable, "-c", code], tmp_path, surroundings)


def test_each_command_runs(tmp_path: Path, surroundings: dict[str, str]) -> None:
    with UnifiedVideo(api_key="key", base_url=surroundings["UNIFIED_VIDEO_BASE_URL"]) as client:
        task_id = client.create("dance").task_id
    for command in COMMANDS:
        if command.startswith(SERVES):
            continue
        line = command.replace(TASK_ID, task_id).replace("unified-video", f"{sys.executable} -m unified_video", 1)
        run(["sh", "-c", line], tmp_path, surroundings)
    assert (tmp_path / "cat.mp4").stat().st_size > 1000
    assert (tmp_path / "unified_video.yaml").read_text("utf-8").startswith("openapi: 3.1")


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", TEXT)
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_help_of_the_command_names_every_option_of_the_document(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    text = run([sys.executable, "-m", "unified_video", "generate", "--help"], tmp_path, surroundings)
    assert [name for name in options() if f"--{name.replace('_', '-')}" not in text] == []


def test_both_commands_for_newcomers_are_pasted_as_one() -> None:
    marked = [code.splitlines() for mark, _, code in BLOCKS if mark]
    assert len(marked) == 2
    assert [line for lines in marked for line in lines[:-1] if not line.endswith("&&")] == []
