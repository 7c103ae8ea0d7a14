"""Several processes over one ledger in PostgreSQL, and what may befall them; run by `nox -s batch`."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import ANY

import pytest
from batch_service import TEXT, cats
from batch_shared import rows, spawn, together, until
from postgres_cluster import cluster, programs, server  # noqa: F401 - a fixture

from unified_video.sandbox import Sandbox, stub

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.long,
    pytest.mark.postgres,
    pytest.mark.skipif(programs() is None, reason="this machine has no PostgreSQL"),
    pytest.mark.usefixtures("server"),
]


@pytest.fixture
def ledger() -> str:
    return cluster().cleared()


@dataclass
class Pair:
    """A run and a worker beside it, over 40 rows of a model with 5 slots and 300 creates a minute."""

    ledger: str
    sandbox: Sandbox
    runner: subprocess.Popen[bytes]
    helper: subprocess.Popen[bytes]
    most: int = 0
    """The most slots that were taken at any look."""

    def until_accepted(self, number: int) -> None:
        until(lambda: self._looked() and self.sandbox.accepted >= number)

    def ended(self) -> tuple[int, str]:
        until(lambda: self._looked() and self.runner.poll() is not None, 150)
        _, err = self.runner.communicate(timeout=30)
        return self.runner.returncode, err.decode()

    def _looked(self) -> bool:
        states = Counter(row.state for row in rows(self.ledger).values())
        self.most = max(self.most, states["sending"] + states["running"] + states["uncertain"])
        return True

    def creates(self) -> list[float]:
        return [request.time for request in self.sandbox.requests if request.method == "POST"]

    def twice(self) -> list[str]:
        prompts = Counter(str(job.request["prompt"]) for job in self.sandbox._state.jobs)
        return [prompt for prompt, times in prompts.items() if times > 1]


@pytest.fixture
def pair(ledger: str, tmp_path: Path) -> Iterator[Pair]:
    manifest = tmp_path / "jobs.csv"
    manifest.write_text("key,prompt,model\n" + "".join(f"c{number},cat {number},{TEXT}\n" for number in range(40)))
    sandbox = Sandbox(render=stub, seconds=0.3)
    with sandbox.serve() as url:
        helper = spawn(ledger, url, "worker")
        runner = spawn(ledger, url, "run", str(manifest), "--output", str(tmp_path / "videos"), "--per-minute", "600")
        yield Pair(ledger, sandbox, runner, helper)


def test_two_workers_share_a_batch_and_its_limits(pair: Pair) -> None:
    """One is stopped by SIGTERM in the middle and finishes what it has in hand; the other ends the batch."""
    pair.until_accepted(15)
    pair.helper.send_signal(signal.SIGTERM)
    err = pair.helper.communicate(timeout=30)[1]
    assert pair.helper.returncode == 130, err.decode()
    assert pair.ended() == (0, ANY)
    assert {found.state for found in rows(pair.ledger).values()} == {"done"}
    assert pair.sandbox.accepted == 40
    assert pair.most <= 5
    # 300 a minute for this model: a create each 61/300 s, whoever sends it.
    assert pair.creates()[-1] - pair.creates()[0] > 39 * 61 / 300 - 1.5


def test_the_other_worker_ends_what_a_killed_one_had_within_a_lease(pair: Pair) -> None:
    pair.until_accepted(15)
    pair.helper.kill()
    pair.helper.communicate(timeout=30)
    began = time.monotonic()
    status, err = pair.ended()
    assert status in {0, 3}, err
    # A heartbeat of 30 s is missed, or an answer for 30 s, which is seen once a minute; then the rest of the batch.
    assert time.monotonic() - began < 120
    assert {found.state for found in rows(pair.ledger).values()} <= {"done", "uncertain"}
    assert pair.twice() == []
    assert pair.most <= 5


def test_postgres_may_be_restarted_in_the_middle(ledger: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "pgqueuer")
    sandbox = Sandbox(render=stub)
    restarted = threading.Event()

    def restart() -> None:
        until(lambda: sandbox.accepted >= 10)
        cluster().stop("fast")
        threading.Event().wait(1.0)
        cluster().start()
        restarted.set()

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        report = together(ledger, tmp_path, sandbox, cats(40))
    finally:
        thread.join()
    assert restarted.is_set()
    assert set(report.counts) <= {"done", "uncertain"}
    assert report.counts["done"] >= 30
    assert sandbox.accepted <= 40
