"""A batch on several machines: the ledger in PostgreSQL guards, PGQueuer schedules."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from batch_service import KEY, PRO, TEXT, cats
from postgres_cluster import cluster, programs

from unified_video import (
    AsyncUnifiedVideo,
    ConfigurationError,
    InvalidRequest,
    LedgerRow,
    UnifiedVideo,
    _settle,
    read_ledger,
)
from unified_video._ledger import open_ledger
from unified_video._ledger_postgres import PostgresLedger, install
from unified_video.batch import Progress, Report, _engine, _together, aadvance, advance, arun, init, run, worker
from unified_video.batch._limits import Limit
from unified_video.batch._options import Options
from unified_video.batch._shared import NotYet, Shared
from unified_video.sandbox import Fault, Sandbox, VirtualClock, stub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(programs() is None, reason="this machine has no PostgreSQL"),
]

URL = "https://gateway.invalid"
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def template() -> str:
    return cluster().database()


@pytest.fixture
def ledger() -> str:
    """The URL of a ledger that was just made."""
    url = cluster().database()
    asyncio.run(init(url))
    return url


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds in earnest takes less here."""
    monkeypatch.setattr(_together, "LOOK", 0.1)
    monkeypatch.setattr(_engine, "SWEEP", 0.5)


class Hasty(VirtualClock):
    """Time that jumps where somebody waits, and passes beside."""

    def time(self) -> float:
        return time.time()


def client_of(sandbox: Sandbox, kind: Any = AsyncUnifiedVideo, **options: Any) -> Any:
    return kind(api_key=KEY, base_url=URL, transport=sandbox.transport, **options)


def together(ledger: str, output: Path, sandbox: Sandbox, requests: Any, **options: Any) -> Report:
    async def main() -> Report:
        async with client_of(sandbox) as client:
            return await arun(requests, output=output, client=client, ledger=ledger, **options)

    return asyncio.run(main())


def rows(ledger: str) -> dict[str, LedgerRow]:
    return {row.key: row for row in read_ledger(ledger)}


def execute(ledger: str, sql: str) -> list[Any]:
    with psycopg.connect(ledger, autocommit=True) as found:
        cursor = found.execute(sql)
        return cursor.fetchall() if cursor.description else []


# The schema


def test_init_twice_does_no_harm_and_a_dry_run_does_nothing() -> None:
    url = cluster().database()
    assert asyncio.run(init(url, dry_run=True)) == ["1 steps of the ledger", "install pgqueuer"]
    assert asyncio.run(init(url)) == ["1 steps of the ledger", "install pgqueuer"]
    assert asyncio.run(init(url, dry_run=True)) == []
    assert asyncio.run(init(url)) == []
    assert read_ledger(url) == ()


def test_a_database_without_a_ledger_is_told_with_the_way_out() -> None:
    url = cluster().database()
    for use in (open_ledger, read_ledger):
        with pytest.raises(ConfigurationError, match="batch init"):
            use(url)


@pytest.mark.parametrize(("version", "way"), [(0, "brings it up"), (99, "install a newer")])
def test_a_ledger_of_another_version_is_refused_with_the_way_out(ledger: str, version: int, way: str) -> None:
    execute(ledger, f"UPDATE unified_video_version SET version = {version}")  # noqa: S608 - a number
    with pytest.raises(ConfigurationError, match=way):
        open_ledger(ledger)


def test_a_newer_ledger_is_not_brought_up(ledger: str) -> None:
    execute(ledger, "UPDATE unified_video_version SET version = 99")
    with pytest.raises(ConfigurationError, match="install a newer"):
        install(ledger)


def test_no_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video._ledger_postgres.WAIT", 0.2)
    url = "postgresql://user:secret@127.0.0.1:1/videos"
    for use in (open_ledger, install):
        with pytest.raises(ConfigurationError, match="database videos on 127") as caught:
            use(url)
        assert "secret" not in str(caught.value)


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
    Fault("media", drop="answer", prompt="cat 7", times=5),
    Fault(drop="connect", prompt="cat 8"),
]


def test_faults_end_as_on_one_machine(ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video.batch._advance.poll_delay", lambda *_: 0.1)
    sandbox = Sandbox(render=stub, faults=FAULTS)
    report = together(ledger, tmp_path, sandbox, cats(9))
    assert [found.status for found in report.rows] == [
        "done", "uncertain", "failed", "failed", "done", "done", "done", "done", "done",
    ]  # fmt: skip
    assert "[Moderated]" in str(report.rows[3].reason)
    assert report.exit_status == 3
    assert sandbox.accepted == 8


def test_a_run_of_account_errors_ends_all_creates(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub, faults=[Fault(status=402, times=3)])
    report = together(ledger, tmp_path, sandbox, cats(30), max_concurrent=1)
    assert report.counts == {"new": 30}
    assert "InsufficientBalance" in str(report.stopped)
    assert together(ledger, tmp_path, sandbox, cats(30)).counts == {"done": 30}


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


def test_a_blocking_run_leads_to_the_awaited_one(ledger: str, tmp_path: Path) -> None:
    with client_of(Sandbox(), UnifiedVideo) as client, pytest.raises(ConfigurationError, match="arun"):
        run(cats(1), output=tmp_path, client=client, ledger=ledger)


def test_stop_finishes_what_is_in_hand(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub)
    report = together(ledger, tmp_path, sandbox, cats(60), stop=lambda: sandbox.accepted >= 5)
    assert report.counts["new"] >= 20
    assert sandbox.accepted <= 30
    assert together(ledger, tmp_path, sandbox, cats(60)).counts == {"done": 60}
    assert sandbox.accepted == 60


# An engine of one's own


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
    asyncio.run(awaited())
    assert taken == [("a", tmp_path / "a.mp4")]
    assert {found.state for found in rows(ledger).values()} == {"done"}
    assert Path(str(rows(ledger)["b"].path)).parent == tmp_path


def test_the_example_of_an_own_engine_runs(ledger: str, tmp_path: Path) -> None:
    sandbox = Sandbox(render=stub)
    with sandbox.serve() as url:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "overlay"), str(ROOT / "generated")]),
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
        assert steps(ledger, sandbox, "a")[0] == 1.0


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
    assert steps(ledger, sandbox, "a")[-2:] == [1.0, None]
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


# Processes


def spawn(ledger: str, url: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "overlay"), str(ROOT / "generated")]),
        "UNIFIED_VIDEO_API_KEY": KEY,
    }
    command = [sys.executable, "-m", "unified_video", "batch", *arguments, "--ledger", ledger, "--base-url", url]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not happen in time"
        threading.Event().wait(0.05)


def test_two_workers_share_a_batch_and_its_limits(ledger: str, tmp_path: Path) -> None:
    """One is stopped by SIGTERM in the middle and finishes what it has in hand; the other ends the batch."""
    manifest = tmp_path / "jobs.csv"
    manifest.write_text("key,prompt,model\n" + "".join(f"c{number},cat {number},{TEXT}\n" for number in range(40)))
    sandbox = Sandbox(render=stub, seconds=0.3)
    with sandbox.serve() as url:
        helper = spawn(ledger, url, "worker")
        runner = spawn(ledger, url, "run", str(manifest), "--output", str(tmp_path / "videos"), "--per-minute", "600")
        until(lambda: sandbox.accepted >= 15)
        helper.send_signal(signal.SIGTERM)
        err = helper.communicate(timeout=30)[1]
        assert helper.returncode == 130, err.decode()
        out, err = runner.communicate(timeout=90)
    assert runner.returncode == 0, err.decode()
    assert out.decode().strip().endswith("report.csv")
    assert {found.state for found in rows(ledger).values()} == {"done"}
    assert sandbox.accepted == 40
    times = [request.time for request in sandbox.requests if request.method == "POST"]
    # 300 a minute for this model: a create each 61/300 s, whoever sends it.
    assert times[-1] - times[0] > 39 * 61 / 300 - 1.5


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


def test_worker_makes_a_client_of_its_own(ledger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", URL)
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", KEY)
    looks = iter([False, False])
    asyncio.run(worker(ledger=ledger, stop=lambda: next(looks, True)))


def test_no_error_ends_a_job(caplog: pytest.LogCaptureFixture) -> None:
    import pgqueuer

    class Broken:
        async def take(self, key: str) -> float | None:
            raise ConfigurationError("away") if key == "a" else RuntimeError("a fault of ours")

    for key in ("a", "b"):
        with pytest.raises(pgqueuer.RetryRequested) as again:
            asyncio.run(_engine._job(Broken(), key))  # type: ignore[arg-type]
        assert again.value.delay == timedelta(seconds=5)
    assert "a fault of ours" in caplog.text
