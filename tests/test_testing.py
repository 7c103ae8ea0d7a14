"""The pytest plugin, in a test run of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["pytester"]

CONFTEST = "from unified_video.testing import async_video_client, video_client, video_sandbox"

TESTS = """
import asyncio
import os

import pytest
from unified_video import TaskFailed, UnifiedVideo
from unified_video.sandbox import Fault


def test_a_video_is_made(video_client, video_sandbox, tmp_path):
    video = video_client.generate("a cat", output=tmp_path / "cat.mp4")
    assert video.path.read_bytes()[4:8] == b"ftyp"
    assert video_sandbox.requests[0].json["prompt"] == "a cat"
    assert video_sandbox.accepted == 1


def test_no_pause_is_real(video_client, video_sandbox, monkeypatch):
    monkeypatch.delattr("time.sleep")
    video_sandbox.add(Fault("query", status=429, retry_after=600), Fault("query", task_status="PONDERING", times=9))
    video_client.wait(video_client.create("a cat"))
    assert video_sandbox.clock.now() > 600


def test_a_failure_is_scripted(video_client, video_sandbox):
    video_sandbox.add(Fault(reason="not that"))
    with pytest.raises(TaskFailed, match="not that"):
        video_client.generate("a cat")


def test_the_async_client_is_the_same(async_video_client, video_sandbox):
    video = asyncio.run(async_video_client.generate("a cat"))
    assert (video.task_id,) == video_sandbox.tasks


def test_nothing_is_written_into_a_ledger(video_client, async_video_client, tmp_path):
    assert "UNIFIED_VIDEO_LEDGER" not in os.environ
    assert video_client._book is async_video_client._book is None
"""


def test_the_fixtures_work(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_LEDGER", str(pytester.path / "ledger.sqlite3"))
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error").assert_outcomes(passed=5)


def test_the_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import unified_video.testing;"
        "print([m for m in ('httpx', 'attrs', 'anyio', 'av', 'PIL') if m in set(sys.modules) - before])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
