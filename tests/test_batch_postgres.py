"""A batch on several machines: the ledger in PostgreSQL guards, PGQueuer schedules."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from batch_crash import matrix
from batch_service import KEY, PRO, cats
from batch_shared import PATH, ROOT, URL, client_of, execute, finished, rows, spawn, together, until
from own_thread import apart
from postgres_cluster import cluster, programs, server  # noqa: F401 - a fixture
from psycopg_pool import AsyncConnectionPool

from unified_video import (
    AsyncUnifiedVideo,
    ConfigurationError,
    InvalidRequest,
    LedgerRow,
    UnifiedVideo,
    _settle,
    read_ledger,
)
from unified_video._cli.commands import main
from unified_video._ledger import open_ledger, postgres
from unified_video._ledger.postgres import PostgresLedger, install
from unified_video.batch import Progress, _engine, _together, aadvance, advance, arun, enter, init, worker
from unified_video.batch._limits import Limit
from unified_video.batch._options import Options
from unified_video.batch._pen import Pen
from unified_video.batch._shared import NotYet, Shared, SharedRecord
from unified_video.sandbox import Fault, Sandbox, VirtualClock, stub

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(programs() is None, reason="this machine has no PostgreSQL"),
    pytest.mark.usefixtures("server"),
]


@pytest.fixture
def ledger() -> str:
    return cluster().cleared()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds in earnest takes less here."""
    monkeypatch.setattr(_together, "LOOK", 0.1)
    monkeypatch.setattr(_engine, "SWEEP", 0.5)
    monkeypatch.setattr("unified_video.batch._advance._SOON", 0.1)


class Hasty(VirtualClock):
    """Time that jumps where somebody waits, and passes beside."""

    def time(self) -> float:
        return time.time()


# The schema


def test_init_twice_does_no_harm_and_a_dry_run_does_nothing() -> None:
    url = cluster().database()
    assert finished(init(url, dry_run=True)) == ["1 steps of the ledger", "install pgqueuer"]
    assert finished(init(url)) == ["1 steps of the ledger", "install pgqueuer"]
    assert finished(init(url, dry_run=True)) == []
    assert finished(init(url)) == []
    assert read_ledger(url) == ()


def test_a_database_without_a_ledger_is_told_with_the_way_out() -> None:
    url = cluster().database()
    for use in (open_ledger, read_ledger):
        with pytest.raises(ConfigurationError, match="holds no ledger: run `unified-video batch init"):
            use(url)


@pytest.mark.parametrize(("version", "way"), [(0, "install a newer"), (2, "batch init.*brings it up")])
def test_a_ledger_of_another_version_is_refused_with_the_way_out(
    ledger: str, version: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unified_video._ledger.postgres.VERSION", version)
    with pytest.raises(ConfigurationError, match=way):
        open_ledger(ledger)


def test_a_newer_ledger_is_not_brought_up() -> None:
    ledger = cluster().ledger()
    execute(ledger, "UPDATE unified_video_version SET version = 99")
    with pytest.raises(ConfigurationError, match="install a newer"):
        install(ledger)


def test_no_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video._ledger.postgres.WAIT", 0.2)
    url = "postgresql://user:secret@127.0.0.1:1/videos"
    for use in (open_ledger, install):
        with pytest.raises(ConfigurationError, match=r"database videos on 127.*onnection refused") as caught:
            use(url)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["user:se%cret@host", "user:se%cret@[::1", "user:se%cret@host:x"])
def test_no_part_of_a_password_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video._ledger.postgres.WAIT", 0.2)
    for use in (open_ledger, install):
        with pytest.raises(ConfigurationError, match="cannot be") as caught:
            use(f"postgresql://{address}/videos")
        assert "cret" not in str(caught.value)


def test_a_database_that_does_not_do_what_is_asked_is_told() -> None:
    ledger = cluster().ledger()
    assert postgres._reason(ledger) == ""
    with closing(open_ledger(ledger)) as opened:
        execute(ledger, "DROP TABLE unified_video_creates")
        with pytest.raises(ConfigurationError, match=r"cannot be used .*does not exist"):
            opened.rows()


def test_without_the_extra_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    for use in (open_ledger, install):
        with pytest.raises(ConfigurationError, match=r"unified-video\[batch\]"):
            use("postgresql://host/db")


# The ledger


def row(key: str, state: str = "new", **fields: Any) -> LedgerRow:
    known = {"task_id": None, "path": None, "error": None, **fields}
    request = {"prompt": "a\0 cat", "model": PRO}
    return LedgerRow(key, state, request=request, created_at=datetime.now(UTC), base_url=URL, **known)


def test_rows_come_back_as_they_were(ledger: str) -> None:
    with closing(open_ledger(ledger)) as opened:
        first = row("b", path="/videos/b.mp4", tokens=7, sent_at=datetime.now(UTC))
        opened.add(first, row("a"))
        opened.add()
        assert opened.rows()[0] == first
        assert [found.key for found in opened.rows()] == ["b", "a"]
        assert opened.find(URL, "cgt-1") is None
        assert opened.claim("a")
        assert not opened.claim("a")
        assert opened.move("a", ["sending"], "running", task_id="cgt-1", error="a\0b")
        assert not opened.move("a", ["sending"], "running")
        found = opened.find(URL, "cgt-1")
        assert found is not None
        assert (found.key, found.state, found.error) == ("a", "running", "a\ufffdb")


def test_a_client_writes_its_creates_there_too(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub, faults=[Fault(prompt="dog", status=504)])
    with client_of(sandbox, UnifiedVideo, ledger=ledger) as client:
        client.generate("a cat", output=tmp_path / "cat.mp4")
        with pytest.raises(Exception, match="outcome is unknown"):
            client.create("a dog")
    assert [found.state for found in read_ledger(ledger)] == ["done", "uncertain"]
    with closing(open_ledger(ledger)) as opened:
        _settle.forget(opened, read_ledger(ledger)[1].key)
    assert [found.state for found in read_ledger(ledger)] == ["done", "failed"]


def test_what_is_sent_for_too_long_is_uncertain(ledger: str) -> None:
    with closing(PostgresLedger(ledger, patience=-1.0)) as opened:
        opened.add(row("a"))
        opened.claim("a")
        assert opened.rows()[0].state == "uncertain"
        assert execute(ledger, "SELECT state FROM unified_video_creates") == [("sending",)]
        opened.bury()
        assert execute(ledger, "SELECT state FROM unified_video_creates") == [("uncertain",)]


# Limits that hold for all


@contextmanager
def shared(ledger: str, **limits: Any) -> Iterator[Shared]:
    with closing(PostgresLedger(ledger)) as opened:
        found = Shared(opened)
        found.start({PRO: Limit(**{"slots": 2, "per_minute": 600, **limits})}, Options())
        yield found


def test_slots_hold_and_one_that_is_free_goes_to_the_next(ledger: str) -> None:
    given = list[str]()
    with shared(ledger) as found:
        found.ledger.on_admitted = lambda _, keys: given.extend(keys)
        found.ledger.add(*(row(f"r{number}") for number in range(5)))
        assert found.sweep() == given == ["r0", "r1"]
        found.begin("r0")
        with pytest.raises(NotYet) as wait:
            found.begin("r4")
        assert wait.value.seconds == 5.0
        found.accepted("r0", "cgt-0")
        assert given == ["r0", "r1"]
        found.ledger.move("r0", ["running"], "succeeded")
        assert given == ["r0", "r1", "r2"]
        with pytest.raises(ConfigurationError, match="other hands"):
            found.begin("r0")
        with pytest.raises(ConfigurationError, match="other hands"):
            found.begin("no such row")


def test_an_uncertain_row_keeps_its_slot_for_its_time(ledger: str) -> None:
    with shared(ledger, slots=1) as found:
        found.ledger.add(row("a"), row("b"))
        found.begin("a")
        found.uncertain("a", RuntimeError("no answer"))
        assert found.sweep() == []
        execute(ledger, "UPDATE unified_video_creates SET sent_at = now() - interval '31 minutes' WHERE key = 'a'")
        assert found.sweep() == ["b"]
        found.accepted("a", "cgt-late")
        assert rows(ledger)["a"].state == "running"


def test_the_pace_is_reserved_and_kept(ledger: str) -> None:
    with shared(ledger, slots=9, per_minute=60) as found:
        found.ledger.add(*(row(f"r{number}") for number in range(4)))
        found.begin("r0")
        waits = []
        for key in ("r1", "r2", "r3", "r3"):
            with pytest.raises(NotYet) as wait:
                found.begin(key)
            waits.append(wait.value.seconds or 0.0)
        first, second, third, again = waits
        assert 0.0 < first < 1.1
        assert second - first == pytest.approx(61 / 60, abs=0.1)
        assert third - second == pytest.approx(61 / 60, abs=0.1)
        assert again == pytest.approx(third, abs=0.1)
        execute(ledger, "UPDATE unified_video_creates SET not_before = now() WHERE key = 'r3'")
        found.begin("r3")


def test_a_refusal_slows_the_model_down_for_all(ledger: str) -> None:
    with shared(ledger, slots=9) as found:
        found.ledger.add(row("a"), row("b"))
        found.begin("a")
        found.refused("a", 30.0)
        assert rows(ledger)["a"].state == "admitted"
        with pytest.raises(NotYet) as wait:
            found.begin("b")
        assert 29.0 < (wait.value.seconds or 0.0) < 31.0
        assert execute(ledger, "SELECT pace, refused FROM unified_video_limits") == [(0.5, 1)]


def test_a_row_of_a_model_without_limits_is_sent(ledger: str) -> None:
    with shared(ledger) as found:
        found.ledger.add(LedgerRow(**{**as_fields(row("a")), "request": {"model": "another"}}))
        found.begin("a")
        found.accepted("a", "cgt-1")


def as_fields(found: LedgerRow) -> dict[str, Any]:
    return {name: getattr(found, name) for name in LedgerRow.__slots__}


# The batch


def test_every_row_comes_to_its_file(ledger: str, tmp_path: Path) -> None:
    sandbox, seen = Sandbox(render=stub), list[Progress]()
    report = together(ledger, tmp_path, sandbox, cats(15, return_last_frame=True), on_update=seen.append)
    assert (report.exit_status, report.counts) == (0, {"done": 15})
    assert {found.name for found in tmp_path.glob("*.mp4")} == {f"cat-{number}.mp4" for number in range(1, 16)}
    assert (tmp_path / "report.csv").exists()
    assert sandbox.accepted == 15
    assert seen[-1].counts == {"done": 15}
    before = len(sandbox.requests)
    assert together(ledger, tmp_path, sandbox, cats(15)[:0] + cats(15, return_last_frame=True)).exit_status == 0
    assert len(sandbox.requests) == before


FAULTS = [
    Fault(status=429, prompt="cat 1", retry_after=1),
    Fault(status=504, prompt="cat 2", accepted=True),
    Fault(status=400, prompt="cat 3"),
    Fault(prompt="cat 4", reason="[Moderated] no"),
    Fault("query", status=401, prompt="cat 5", times=2),
    Fault("query", status=504, prompt="cat 6", times=2),
    Fault("media", drop="answer", prompt="cat 7", times=2),
    Fault(drop="connect", prompt="cat 8"),
]


def test_faults_end_as_on_one_machine(ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video.batch._advance.poll_delay", lambda *_: 0.1)
    monkeypatch.setattr("unified_video.batch._limits._FIRST_PAUSE", 0.1)
    monkeypatch.setattr("unified_video.batch._limits._GAIN", 1.0)
    sandbox = Sandbox(render=stub, faults=FAULTS)
    report = together(ledger, tmp_path, sandbox, cats(9))
    assert [found.status for found in report.rows] == [
        "done", "uncertain", "failed", "failed", "done", "done", "done", "done", "done",
    ]  # fmt: skip
    assert "[Moderated]" in str(report.rows[3].reason)
    assert report.exit_status == 3
    assert sandbox.accepted == 8


def test_an_error_of_the_options_ends_all_creates(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub, faults=[Fault(status=504)])
    seen = list[Progress]()
    report = together(
        ledger, tmp_path, sandbox, cats(4), stop_on="SubmissionUncertain", max_concurrent=1, on_update=seen.append
    )
    assert report.counts == {"uncertain": 1, "new": 3}
    assert seen[-1].stopped == report.stopped
    assert seen[-1].errors[0].startswith("cat-1: SubmissionUncertain")


def test_a_run_of_account_errors_ends_all_creates(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub, faults=[Fault(status=402, times=3)])
    report = together(ledger, tmp_path, sandbox, cats(9), max_concurrent=1)
    assert report.counts == {"new": 9}
    assert "InsufficientBalance" in str(report.stopped)
    assert together(ledger, tmp_path, sandbox, cats(9)).counts == {"done": 9}


def test_failures_are_counted_and_sent_again_across_workers(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(
        render=stub, faults=[Fault(status=400, prompt="cat 1", times=2), Fault(status=503, prompt="cat 2")]
    )
    report = together(ledger, tmp_path, sandbox, cats(3), retry_failed={"BadRequest": 1}, max_failures=9)
    assert [found.status for found in report.rows] == ["failed", "failed", "done"]
    assert together(ledger, tmp_path, sandbox, cats(3), retry_failed=["all"]).counts == {"done": 3}
    sandbox.add(Fault(status=400, code="moderated", times=None))
    report = together(ledger, tmp_path, sandbox, cats(9), stop_on=["moderated"], max_concurrent=1)
    assert report.counts == {"done": 3, "failed": 1, "new": 5}
    report = together(ledger, tmp_path, sandbox, cats(9), max_failures=1, max_concurrent=1)
    assert report.counts == {"done": 3, "failed": 2, "new": 4}


def test_a_changed_row_is_refused(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub)
    together(ledger, tmp_path, sandbox, cats(1))
    with pytest.raises(InvalidRequest, match="was used for another request"):
        together(ledger, tmp_path, sandbox, cats(1, seed=7))


def test_images_must_be_where_all_workers_see_them(ledger: str, tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + (400).to_bytes(4, "big") * 2
    sandbox = Sandbox(render=stub)
    with pytest.raises(InvalidRequest, match="bytes of this process"):
        together(ledger, tmp_path, sandbox, [{"prompt": "a cat", "images": ["https://x.invalid/a.png", png]}])
    image = tmp_path / "cat.png"
    image.write_bytes(png)
    request = {"key": "a", "prompt": "a cat", "images": image}
    assert together(ledger, tmp_path, sandbox, [request]).counts == {"done": 1}
    with closing(open_ledger(ledger)) as opened:
        opened.add(LedgerRow(**{**as_fields(rows(ledger)["a"]), "key": "b", "state": "new", "task_id": None}))
    image.unlink()
    with client_of(sandbox, UnifiedVideo) as client:
        while advance("b", ledger=ledger, client=client) is not None:
            pass
    assert "gone or has changed" in str(rows(ledger)["b"].error)


def test_a_batch_that_is_to_stop_finishes_what_is_near(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unified_video.batch._advance.poll_delay", lambda *_: 0.1)
    sandbox = Sandbox(render=stub, seconds=0.5)
    report = together(ledger, tmp_path, sandbox, cats(24), stop=lambda: sandbox.accepted >= 5)
    assert report.stopped == "interrupted"
    assert report.counts["done"] == sandbox.accepted < 24
    assert set(report.counts) <= {"done", "new", "admitted"}
    assert together(ledger, tmp_path, sandbox, cats(24)).counts == {"done": 24}
    assert sandbox.accepted == 24


def test_what_was_not_sent_when_it_was_interrupted_keeps_its_slot_and_its_pace(ledger: str) -> None:
    with shared(ledger) as found:
        found.ledger.add(row("a"))
        found.begin("a")
        SharedRecord(found, Pen(found.ledger), "a").refused(asyncio.CancelledError())
        assert rows(ledger)["a"].state == "admitted"
        assert execute(ledger, "SELECT pace FROM unified_video_limits") == [(1.0,)]


def test_a_batch_that_is_cancelled_ends_now(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub)
    sent = threading.Event()

    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if b"cat 2" in request.content:
                sent.set()
                await asyncio.sleep(60)
            return await sandbox.transport.handle_async_request(request)

    async def cancelled() -> float:
        async with AsyncUnifiedVideo(api_key=KEY, base_url=URL, transport=Hanging()) as client:
            work = asyncio.create_task(arun(cats(4), output=tmp_path, client=client, ledger=ledger))
            await asyncio.to_thread(sent.wait, 30)
            await asyncio.to_thread(until, lambda: [row.task_id for row in rows(ledger).values()].count(None) == 1)
            began = time.monotonic()
            work.cancel()
            await asyncio.wait({work})
            assert work.cancelled()
            return time.monotonic() - began

    assert finished(cancelled()) < 10
    assert (rows(ledger)["cat-2"].state, rows(ledger)["cat-2"].error) == (
        "uncertain", "interrupted while the create was on its way",
    )  # fmt: skip
    report = together(ledger, tmp_path, sandbox, cats(4))
    assert report.counts == {"done": 3, "uncertain": 1}
    assert sandbox.accepted == 3


def test_a_database_that_is_away_for_a_moment_does_not_end_a_batch(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    standing, sweep, times = Shared.standing, _engine.sweep, Counter[str]()

    def away(what: str, call: Any) -> Any:
        def called(*arguments: Any) -> Any:
            times[what] += 1
            if times[what] <= 1:
                raise ConfigurationError(f"{what} is away")
            return call(*arguments)

        return called

    monkeypatch.setattr(Shared, "standing", away("the look", standing))
    monkeypatch.setattr(_engine, "sweep", away("the sweep", sweep))
    assert together(ledger, tmp_path, Sandbox(render=stub), cats(2)).counts == {"done": 2}
    assert "the look is away" in caplog.text
    assert "the sweep is away" in caplog.text


def test_notes_come_to_all_who_listen(ledger: str) -> None:
    heard = list[str]()

    async def listening() -> None:
        enough = asyncio.Event()

        def hear(who: str, note: object) -> None:
            heard.append(f"{who} {note}")
            if len(heard) == 3:
                enough.set()

        async with (
            AsyncConnectionPool(ledger, open=False, kwargs={"autocommit": True}) as pool,
            _engine.PooledDriver(ledger, pool) as driver,
        ):
            await driver.add_listener("a", partial(hear, "a"))
            await driver.add_listener("b", partial(hear, "b"))
            await driver.add_listener("a", partial(hear, "also a"))
            await driver.notify("a", "1")
            await driver.notify("b", "2")
            await enough.wait()
            async with _engine.PooledDriver(ledger, pool):
                pass  # one that never listened leaves too

    finished(asyncio.wait_for(listening(), 30))
    assert heard == ["a 1", "also a 1", "b 2"]


# An engine of one's own


def test_without_an_engine_advance_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is one file: nothing else reads its tables, or imports it."""
    ledger = cluster().database()
    install(ledger)
    for name in ("pgqueuer", "unified_video.batch._engine"):
        monkeypatch.setitem(sys.modules, name, None)
    sandbox = Sandbox(render=stub)
    with client_of(sandbox, UnifiedVideo) as client:
        (key,) = enter((prompt for prompt in ["a cat"]), output=tmp_path, ledger=ledger, client=client)
        while advance(key, ledger=ledger, client=client) is not None:
            pass
    assert rows(ledger)[key].state == "done"


def test_a_ledger_that_cannot_be_written_before_the_send_is_told_and_nothing_is_sent(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ConfigurationError("away")

    sandbox = Sandbox(render=stub)
    monkeypatch.setattr(Shared, "begin", away)
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", path=f"{tmp_path}/"))
    with pytest.raises(ConfigurationError, match="away"):
        steps(ledger, sandbox, "a")
    assert not sandbox.requests


def test_advance_takes_a_row_to_its_end(ledger: str, tmp_path: Path) -> None:
    sandbox, taken = Sandbox(render=stub), list[Any]()
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", path=str(tmp_path / "a.mp4")), row("b", path=f"{tmp_path}/"))

    async def awaited() -> None:
        async with client_of(sandbox) as client:
            while await aadvance("b", ledger=ledger, client=client) is not None:
                pass

    with client_of(sandbox, UnifiedVideo) as client:
        while advance("a", ledger=ledger, client=client, on_file=lambda *found: taken.append(found)) is not None:
            pass
        assert advance("a", ledger=ledger, client=client) is None
        assert advance("no such row", ledger=ledger, client=client) is None
        with pytest.raises(ConfigurationError, match="need a ledger in PostgreSQL"):
            advance("a", ledger=str(tmp_path), client=client)
    finished(awaited())
    assert taken == [("a", tmp_path / "a.mp4")]
    assert {found.state for found in rows(ledger).values()} == {"done"}
    assert Path(str(rows(ledger)["b"].path)).parent == tmp_path


def test_the_example_of_an_own_engine_runs(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub)
    with sandbox.serve() as url:
        environment = {
            **os.environ,
            "PYTHONPATH": PATH,
            "UNIFIED_VIDEO_API_KEY": KEY,
            "UNIFIED_VIDEO_BASE_URL": url,
        }
        program = str(ROOT / "examples" / "own_engine" / "worker.py")
        command = [sys.executable, program, ledger, str(tmp_path / "videos"), "a cat", "a dog"]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert [line.split()[1] for line in ended.stdout.splitlines()[:2]] == ["done", "done"]
    assert sandbox.accepted == 2


def test_advance_keeps_the_key_from_another_service(ledger: str) -> None:
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a"))
    with (
        UnifiedVideo(api_key=KEY, base_url="https://other.invalid", transport=Sandbox().transport) as client,
        pytest.raises(ConfigurationError, match=r"belongs to https://gateway\.invalid"),
    ):
        advance("a", ledger=ledger, client=client)


def steps(ledger: str, sandbox: Sandbox, key: str, **options: Any) -> list[float | None]:
    """Every pause until nothing is left to do, or until the same is said for the tenth time."""
    found = list[float | None]()
    with client_of(sandbox, UnifiedVideo) as client:
        client._use_clock(Hasty())
        while len(found) < 10 and (not found or found[-1] is not None):
            found.append(advance(key, ledger=ledger, client=client, **options))
    return found


def test_advance_says_when_to_come_back(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub, seconds=3600.0)
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", path=f"{tmp_path}/"))
        assert steps(ledger, sandbox, "a")[:2] == [0.0, pytest.approx(2.2, abs=0.3)]
        execute(ledger, "UPDATE unified_video_creates SET sent_at = now() - interval '20 seconds'")
        assert steps(ledger, sandbox, "a")[0] == pytest.approx(9.0, abs=1.1)
        execute(ledger, "UPDATE unified_video_creates SET sent_at = now() - interval '40 minutes'")
        assert steps(ledger, sandbox, "a")[0] == 60.0
        execute(ledger, "UPDATE unified_video_creates SET state = 'sending'")
        assert steps(ledger, sandbox, "a")[0] == 0.1


def test_a_row_without_a_task_id_is_told(ledger: str) -> None:
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", "running"))
    with pytest.raises(ConfigurationError, match="has no task id"):
        steps(ledger, Sandbox(), "a")


def test_what_looks_final_is_tried_again_and_then_is(ledger: str, tmp_path: Path) -> None:
    with closing(open_ledger(ledger)) as opened:
        opened.add(*(row(key, "running", task_id=f"cgt-{key}", path=f"{tmp_path}/") for key in "abc"))
    sandbox = Sandbox(render=stub)
    execute(ledger, "UPDATE unified_video_creates SET created_at = now() - interval '1 minute'")
    assert steps(ledger, sandbox, "a")[-2:] == [0.1, None]
    assert rows(ledger)["a"].state == "failed"
    sandbox.add(Fault("query", status=400, times=None))
    assert steps(ledger, sandbox, "b")[-1] == 60.0
    assert (rows(ledger)["b"].state, "BadRequest" in str(rows(ledger)["b"].error)) == ("running", True)


def test_a_full_disk_ends_all_creates(ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unified_video._files import PartFile

    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", path=f"{tmp_path}/"), row("b", path=f"{tmp_path}/"))
    with monkeypatch.context() as patched:
        patched.setattr(PartFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert steps(ledger, Sandbox(render=stub), "a")[-1] == 60.0
    assert "No space left" in str(rows(ledger)["a"].error)
    assert steps(ledger, Sandbox(render=stub), "b") == [None]


def test_a_success_without_a_video_gets_some_more_queries(ledger: str, tmp_path: Path) -> None:
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", path=f"{tmp_path}/"), row("b", path=f"{tmp_path}/"))
    sandbox = Sandbox(render=stub, faults=[Fault("query", link="none", times=2)])
    assert steps(ledger, sandbox, "a")[-1] is None
    assert rows(ledger)["a"].state == "done"
    sandbox.add(Fault(link="none"))
    steps(ledger, sandbox, "b")
    assert str(rows(ledger)["b"].error).startswith("ResultMissing")


def test_a_database_that_is_away_after_a_create_is_waited_for(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted, tries = Shared.accepted, list[str]()

    def away(found: Shared, key: str, task_id: str) -> None:
        tries.append(task_id)
        if len(tries) < 4:
            raise ConfigurationError("the ledger in PostgreSQL cannot be used (away)")
        accepted(found, key, task_id)

    monkeypatch.setattr(Shared, "accepted", away)
    with closing(open_ledger(ledger)) as opened:
        opened.add(row("a", path=f"{tmp_path}/"))
    assert steps(ledger, Sandbox(render=stub), "a")[-1] is None
    assert rows(ledger)["a"].state == "done"


def test_a_database_that_stays_away_leaves_the_row_uncertain(
    ledger: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise ConfigurationError("the ledger in PostgreSQL cannot be used (away)")

    with closing(PostgresLedger(ledger)) as opened:
        opened.add(row("a"))
        with monkeypatch.context() as patched:
            patched.setattr(Shared, "accepted", away)
            assert steps(ledger, Sandbox(render=stub), "a")[0] == 0.0
        assert rows(ledger)["a"].state == "sending"
    assert "cgt-" in caplog.text


def test_worker_makes_a_client_of_its_own(ledger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", URL)
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", KEY)
    looks = iter([False, False])
    finished(worker(ledger=ledger, stop=lambda: next(looks, True)))


def test_no_error_ends_a_job(caplog: pytest.LogCaptureFixture) -> None:
    import pgqueuer

    class Broken:
        async def take(self, key: str) -> float | None:
            raise ConfigurationError("away") if key == "a" else RuntimeError("a fault of ours")

    for key in ("a", "b"):
        with pytest.raises(pgqueuer.RetryRequested) as again:
            finished(_engine._job(Broken(), key))  # type: ignore[arg-type]
        assert again.value.delay == timedelta(seconds=5)
    assert "a fault of ours" in caplog.text


# Processes


def test_another_worker_ends_what_a_dead_one_began(ledger: str) -> None:
    """A short form of `nox -s crash`: two workers, one of them is killed in the middle."""
    assert "2 kills" in matrix("--ledger", ledger, "--points", "sent, answer not read", "in a download")


def test_the_commands_share_a_ledger(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", KEY)
    manifest = tmp_path / "jobs.csv"
    manifest.write_text("key,prompt\na,a cat\nb,a dog\n")
    run_it = ["batch", "run", str(manifest), "-o", str(tmp_path / "videos"), "--ledger", ledger]
    assert main(["batch", "init", "--ledger", ledger]) == 0
    assert "nothing to do" in capsys.readouterr().err
    with Sandbox(render=stub).serve() as url:
        assert apart(lambda: main([*run_it, "--base-url", url])) == 0
        assert main(["tasks", "--ledger", ledger, "--json"]) == 0
        told = json.loads(capsys.readouterr().out.partition("\n")[2])["tasks"]
        assert [task["state"] for task in told] == ["done", "done"]
        with UnifiedVideo(api_key=KEY, base_url=url) as client:
            enter(["a bird"], output=tmp_path / "videos", ledger=ledger, client=client)
        (tmp_path / "taken").mkdir()
        helper = spawn(ledger, url, "worker", "--on-file", f"cp -t {tmp_path / 'taken'}")
        until(lambda: {row.state for row in rows(ledger).values()} == {"done"} or helper.poll() is not None)
        helper.send_signal(signal.SIGINT)
        err = helper.communicate(timeout=30)[1]
    assert helper.returncode == 130, err.decode()
    assert len(list((tmp_path / "taken").glob("*.mp4"))) == 1
