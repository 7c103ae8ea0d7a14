"""kill -9 of a batch at every one of its steps, once; `nox -s crash` does each twenty times, on both kinds of ledger.

The matrix runs in a process of its own: it forks, and so it must have no threads.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from postgres_cluster import cluster, programs

from unified_video.batch import init

TESTS = Path(__file__).parent
PATH = os.pathsep.join(str(path) for path in (TESTS, TESTS.parent / "overlay", TESTS.parent / "generated"))


def matrix(*arguments: str) -> str:
    # A killed process would leave half a file of coverage's behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "batch_crash", *arguments]
    ended = subprocess.run(
        command, env={**environment, "PYTHONPATH": PATH}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_one_machine_pays_once_whenever_it_is_killed() -> None:
    assert "14 kills" in matrix()


@pytest.mark.postgres
@pytest.mark.skipif(programs() is None, reason="this machine has no PostgreSQL")
def test_another_worker_ends_what_a_dead_one_began() -> None:
    url = cluster().database()
    asyncio.run(init(url))
    assert "2 kills" in matrix("--ledger", url, "--points", "running", "in a download")
