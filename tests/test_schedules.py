"""Randomised schedules of faults and deaths: no call is paid for twice, and nothing paid for is lost from sight.

A few of them here; `nox -s schedules` runs 10,000 of each (the environment variable SCHEDULES).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from faults.answers import mp4
from faults.measure import JumpingClock
from faults.world import BASE_URL, CREATES, FETCHES, KEY, QUERIES, WHOLE, Killed, Process, Step, Together, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unified_video import (
    APIError,
    AsyncUnifiedVideo,
    LedgerRow,
    NotSent,
    SubmissionUncertain,
    Task,
    UnifiedVideo,
    UnifiedVideoError,
    Video,
)
from unified_video._io import Answer, Fault, NotConnected, run
from unified_video._resume import Told, resume, unfinished, workable
from unified_video._validate import Wish

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = mp4(b"old")
COUNT = int(os.environ.get("SCHEDULES", "500"))
MANY = settings(
    max_examples=COUNT, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
DEATHS = st.none() | st.tuples(st.integers(1, 40), st.booleans())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """In memory where the platform has that: the part file is synced each time."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is made by tempfile
    made = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield made
    shutil.rmtree(made)


@given(
    creates=st.lists(st.sampled_from(CREATES), max_size=6),
    queries=st.lists(st.sampled_from(QUERIES), max_size=6),
    fetches=st.lists(st.sampled_from(FETCHES), max_size=5),
    deaths=st.lists(DEATHS, min_size=1, max_size=4),
)
@MANY
def test_a_generate_that_dies_and_is_resumed_is_paid_for_once(
    folder: Path,
    creates: list[Step],
    queries: list[Step],
    fetches: list[Step],
    deaths: list[tuple[int, bool] | None],
) -> None:
    world = World(creates, queries, fetches)
    target = folder / "cat.mp4"
    target.write_bytes(OLD)
    first, *later = [Process(world, *death) if death else Process(world) for death in deaths]
    outcome = _generated(first, target)
    _assert_paid_once(world, target)
    _assert_told(world, outcome)
    for process in [*later, Process(world)]:
        _resumed(process)
        _assert_paid_once(world, target)
    states = {row.state for row in world.rows.values()}
    assert "sending" not in states


def _generated(process: Process, target: Path) -> object:
    wish = Wish("a cat dancing")
    try:
        return run(process.core().generate(wish, output=target, timeout=60, on_update=None))
    except (UnifiedVideoError, Killed, KeyboardInterrupt) as error:
        return error


def _resumed(process: Process) -> None:
    core, ledger = process.core(), process.ledger()
    with suppress(Killed, KeyboardInterrupt):
        run(resume(core, ledger, workable(unfinished(ledger), core.settings.base_url), 60, Told()))


def _assert_paid_once(world: World, target: Path) -> None:
    assert world.accepted <= 1
    assert len(world.rows) <= 1
    assert target.read_bytes() in (OLD, WHOLE)
    assert world.rows or not world.accepted
    for row in world.rows.values():
        assert (row.state == "new") <= (world.accepted == 0)
        assert (row.state in {"running", "succeeded", "done"}) <= (world.accepted == 1 and row.task_id == "cgt-1")
        assert (row.state == "done") <= (target.read_bytes() == WHOLE)
        assert (row.state == "failed" and row.task_id is None) <= (world.accepted == 0)
        # Killed between the answer and its note: it is known that something may have been paid for.
        assert (world.answered == 1 and row.task_id is None) <= (row.state in {"sending", "uncertain"})


@given(
    count=st.integers(2, 4),
    creates=st.lists(st.sampled_from(CREATES), max_size=8),
    queries=st.lists(st.sampled_from(QUERIES), max_size=8),
    fetches=st.lists(st.sampled_from(FETCHES), max_size=6),
    deaths=st.lists(DEATHS, min_size=1, max_size=4),
)
@MANY
def test_rows_that_are_resumed_together_are_each_paid_for_once(
    folder: Path,
    *,
    count: int,
    creates: list[Step],
    queries: list[Step],
    fetches: list[Step],
    deaths: list[tuple[int, bool] | None],
) -> None:
    world = Together(creates, queries, fetches)
    rows = [_new_row(f"row-{number}", folder) for number in range(count)]
    Process(world).ledger().add(*rows)
    for death in deaths:
        _resumed(Process(world, *death) if death else Process(world))
        _assert_each_paid_once(world)
    creates.clear()
    queries.clear()
    fetches.clear()
    _resumed(Process(world))
    _assert_each_paid_once(world)
    assert {row.state for row in world.rows.values()} <= {"done", "failed", "uncertain"}


def _new_row(key: str, folder: Path) -> LedgerRow:
    path = folder / f"{key}.mp4"
    path.unlink(missing_ok=True)
    return LedgerRow(key, "new", None, {"prompt": key}, datetime(2023, 1, 1, tzinfo=UTC), BASE_URL, str(path), None)


def _assert_each_paid_once(world: Together) -> None:
    for key, row in world.rows.items():
        accepted, file = world.accepted_of[key], Path(str(row.path))
        assert accepted <= 1
        assert (row.state == "new") <= (accepted == 0)
        assert (row.state in {"running", "succeeded", "done"}) <= (accepted == 1 and row.task_id == key)
        assert (row.state == "failed" and row.task_id is None) <= (accepted == 0)
        assert not file.exists() or file.read_bytes() == WHOLE
        assert (row.state == "done") <= file.exists()


def _assert_told(world: World, outcome: object) -> None:
    if isinstance(outcome, Video):
        assert world.accepted == 1
    if isinstance(outcome, NotSent | APIError) and outcome.task_id is None:
        assert world.accepted == 0
    if isinstance(outcome, UnifiedVideoError) and world.accepted and outcome.task_id is None:
        assert isinstance(outcome, SubmissionUncertain)
    if isinstance(outcome, KeyboardInterrupt) and world.accepted:
        assert "a create was on its way" in str(outcome.__notes__) or "cgt-1" in str(outcome.__notes__)


@pytest.mark.parametrize("violently", [True, False])
@pytest.mark.parametrize("moment", range(1, 27))
def test_a_death_at_any_moment_loses_no_task_id_that_was_known(folder: Path, moment: int, *, violently: bool) -> None:
    world = World([], [], [])
    target = folder / "cat.mp4"
    target.write_bytes(OLD)
    outcome = _generated(Process(world, moment, violently), target)
    assert isinstance(outcome, Killed if violently else KeyboardInterrupt)
    _assert_paid_once(world, target)
    _assert_told(world, outcome)
    if world.answered and not violently:
        assert [row.task_id for row in world.rows.values()] == ["cgt-1"]


BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, ConnectionRefusedError)
AFTER_SENDING = (
    httpx.ReadTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.RemoteProtocolError,
    OSError,
)


class Wire(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A schedule, as a transport of httpx shows it."""

    def __init__(self, creates: list[Step], fault: int) -> None:
        self._creates, self._fault = list(creates), fault
        self.accepted = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        step = self._creates.pop(0) if self._creates else CREATES[0]
        self.accepted += step.accepts
        if isinstance(step.reply, Answer):
            return httpx.Response(step.reply.status, headers=dict(step.reply.headers), content=step.reply.body)
        raise self._raised(step.reply)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)

    def _raised(self, fault: Fault) -> Exception:
        kinds = BEFORE_SENDING if isinstance(fault, NotConnected) else AFTER_SENDING
        return kinds[self._fault % len(kinds)]("a fault of the schedule")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@given(creates=st.lists(st.sampled_from(CREATES), max_size=8), fault=st.integers(0, 5), is_async=st.booleans())
@MANY
def test_no_schedule_makes_a_client_pay_twice(
    runner: asyncio.Runner, creates: list[Step], fault: int, *, is_async: bool
) -> None:
    wire = Wire(creates, fault)
    outcome = runner.run(_created_async(wire)) if is_async else _created(wire)
    assert wire.accepted <= 1
    assert isinstance(outcome, Task) <= (wire.accepted == 1)
    assert isinstance(outcome, NotSent | APIError) <= (wire.accepted == 0)
    assert wire.accepted <= isinstance(outcome, Task | SubmissionUncertain)


def _created(wire: Wire) -> object:
    with UnifiedVideo(api_key=KEY, base_url="https://gateway.invalid", transport=wire) as client:
        client._use_clock(JumpingClock())
        try:
            return client.create("a cat dancing")
        except UnifiedVideoError as error:
            return error


async def _created_async(wire: Wire) -> object:
    async with AsyncUnifiedVideo(api_key=KEY, base_url="https://gateway.invalid", transport=wire) as client:
        client._use_clock(JumpingClock())
        try:
            return await client.create("a cat dancing")
        except UnifiedVideoError as error:
            return error
