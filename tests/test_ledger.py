"""The ledger: its rows and states, written before the send, read without a trace, shared by processes."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from scripted import names

from unified_video import ConfigurationError, LedgerRow, read_ledger
from unified_video._ledger import file_of, is_postgres, open_ledger, sqlite
from unified_video._ledger import owner as owners
from unified_video._ledger.owner import is_alive, owner_name, sweep
from unified_video._ledger.sqlite import VERSION, SqliteLedger
from unified_video._lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
ROW = LedgerRow(
    key="a1",
    state="sending",
    task_id=None,
    request={"prompt": "é 中", "images": [{"file": "/a.png", "sha256": "x"}]},
    created_at=datetime(2025, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    base_url="https://gateway.example",
    path="/videos/cat.mp4",
    error=None,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(file: Path) -> Iterator[SqliteLedger]:
    found = SqliteLedger(file)
    yield found
    found.close()


def state(ledger: SqliteLedger, key: str = "a1") -> str:
    return next(row.state for row in ledger.rows() if row.key == key)


def listing(folder: Path) -> dict[str, str]:
    """Every file with a hash of its bytes."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# Another process

PROGRAM = """
import os, sys
from dataclasses import replace
from pathlib import Path
from test_ledger import ROW
from unified_video._ledger.sqlite import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]))
{body}
"""


def command(file: Path, body: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(body=body), str(file)]


def environment() -> dict[str, str]:
    folders = [ROOT / "tests", ROOT / "overlay", ROOT / "generated"]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}


@contextmanager
def process(file: Path, body: str) -> Iterator[subprocess.Popen[str]]:
    """One that did `body`, said so, and stays until it is killed."""
    waiting = f"{body}\nprint('ready', flush=True)\nsys.stdin.read()"
    started = subprocess.Popen(
        command(file, waiting), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    )
    with started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "ready\n"
            yield started
        finally:
            started.kill()


def test_a_row_comes_back_as_it_was_written(ledger: SqliteLedger, file: Path) -> None:
    full = replace(
        ROW, key="b2", task_id="cgt-1", error="why", sent_at=ROW.created_at, ended_at=ROW.created_at, tokens=5
    )
    ledger.add(ROW, full)
    assert ledger.rows() == read_ledger(file) == (ROW, full)
    assert pickle.loads(pickle.dumps(ROW)) == ROW
    assert hash(ROW) == hash(replace(ROW))


def test_rows_come_oldest_first(ledger: SqliteLedger) -> None:
    old = replace(ROW, key="b2", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    ledger.add(ROW, old)
    assert [row.key for row in ledger.rows()] == ["b2", "a1"]


def test_a_key_is_taken_once_and_rows_are_added_together_or_not_at_all(ledger: SqliteLedger) -> None:
    ledger.add(ROW)
    with pytest.raises(ConfigurationError):
        ledger.add(replace(ROW, key="b2"), ROW)
    assert [row.key for row in ledger.rows()] == ["a1"]


def test_a_state_is_moved_only_from_what_it_was(ledger: SqliteLedger) -> None:
    ledger.add(ROW)
    assert not ledger.move("a1", ["new", "running"], "done")
    assert not ledger.move("zz", ["sending"], "done")
    assert ledger.move("a1", ["sending", "uncertain"], "running", task_id="cgt-1")
    assert ledger.rows()[0] == replace(ROW, state="running", task_id="cgt-1")


def test_a_task_is_found_by_service_and_id_the_latest_row_first(ledger: SqliteLedger) -> None:
    ledger.add(*[replace(ROW, key=key, state="running", task_id="cgt-1") for key in "ab"])
    found = ledger.find("https://gateway.example", "cgt-1")
    assert found is not None
    assert found.key == "b"
    assert ledger.find("https://other.example", "cgt-1") is None


def test_only_what_is_new_is_claimed_and_once(ledger: SqliteLedger, file: Path) -> None:
    ledger.add(replace(ROW, state="new"))
    other = SqliteLedger(file)
    assert [ledger.claim("a1", 5.0), other.claim("a1"), ledger.claim("zz")] == [True, False, False]
    assert ledger.rows()[0].sent_at == datetime.fromtimestamp(5, UTC)
    other.close()


def test_a_new_row_of_a_living_process_is_left_to_it(ledger: SqliteLedger, file: Path) -> None:
    with process(file, "ledger.add(replace(ROW, state='new'))"):
        assert not ledger.claim("a1")
    assert ledger.claim("a1")


# Who is alive


def test_a_sending_row_of_a_dead_process_is_uncertain(ledger: SqliteLedger, file: Path) -> None:
    with process(file, "ledger.add(ROW)"):
        assert state(ledger) == read_ledger(file)[0].state == "sending"
        ledger.bury()
        assert state(ledger) == "sending"
    assert state(ledger) == read_ledger(file)[0].state == "uncertain"
    assert "its process ended" in (ledger.rows()[0].error or "")
    assert not ledger.claim("a1")
    assert ledger.move("a1", ["sending"], "running")


def test_burying_writes_down_who_is_dead(ledger: SqliteLedger, file: Path) -> None:
    ledger.add(replace(ROW, key="mine"))
    with process(file, "ledger.add(ROW)"):
        pass
    ledger.bury()
    found = ledger._run("SELECT key, state FROM creates ORDER BY key")
    assert [tuple(row) for row in found] == [("a1", "uncertain"), ("mine", "sending")]


def test_a_process_that_ends_well_leaves_no_owner_behind(file: Path) -> None:
    subprocess.run(command(file, "ledger.add(ROW); ledger.close()"), check=True, env=environment())
    assert names(file.parent) == [file.name]
    assert read_ledger(file)[0].state == "uncertain"


def test_what_the_dead_left_is_swept(file: Path, tmp_path: Path) -> None:
    with process(file, "ledger.add(ROW)"):
        assert len(list(tmp_path.glob(".*.owner"))) == 1
        SqliteLedger(file).close()
        assert len(list(tmp_path.glob(".*.owner"))) == 1
    SqliteLedger(file).close()
    assert list(tmp_path.glob(".*.owner")) == []


def test_an_owner_is_alive_from_its_first_name_on(file: Path) -> None:
    name = owner_name(file)
    assert owner_name(file) == name
    assert is_alive(file, name)
    sweep(file)
    assert is_alive(file, name)
    assert not is_alive(file, "nobody")


def test_an_owner_that_we_may_not_look_at_is_alive(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert is_alive(file, "somebody")


def test_an_owner_has_its_name_only_when_it_is_locked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def look(opened: Any) -> bool:
        seen.append(names(file.parent))
        sweep(file)
        return try_lock(opened)

    monkeypatch.setattr(owners, "try_lock", look)
    name = owner_name(file)
    monkeypatch.undo()
    assert seen[0][0].endswith(".new")
    assert is_alive(file, name)


def test_an_owner_is_released_by_its_own_process_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_exit: list[Callable[[], object]] = []
    with monkeypatch.context() as patch:
        patch.setattr("atexit.register", lambda *call: at_exit.append(partial(*call)))
        name = owner_name(file)
    (release,) = at_exit
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        release()
    assert is_alive(file, name)
    release()
    assert not is_alive(file, name)


def test_threads_that_begin_at_once_are_one_owner(file: Path) -> None:
    found: list[str] = []
    threads = [Thread(target=lambda: found.append(owner_name(file))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_by_a_link_it_is_the_same_ledger(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.sqlite3"
    link.symlink_to(file)
    ledger = open_ledger(link)
    ledger.add(ROW)
    assert read_ledger(file)[0].state == "sending"
    ledger.close()
    assert names(link.parent) == [link.name]


FORK = """
ledger.add(ROW)
child = os.fork()
if child == 0:
    ledger.add(replace(ROW, key="child"))
    assert [row.state for row in ledger.rows()] == ["sending", "sending"]
    ledger.close()
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
assert [row.state for row in ledger.rows()] == ["sending", "uncertain"]
ledger.add(replace(ROW, key="after"))
"""

FORK_AND_DIE = """
ledger.add(ROW)
heard, said = os.pipe()
child = os.fork()
if child == 0:
    os.write(said, b"x")
    sys.stdin.read()
    os._exit(0)
os.read(heard, 1)
print(child, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_forked_child_is_an_owner_of_its_own(file: Path) -> None:
    done = subprocess.run(command(file, FORK), env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [row.key for row in read_ledger(file)] == ["a1", "child", "after"]


def test_a_forked_child_does_not_keep_its_dead_parent_alive(file: Path) -> None:
    with subprocess.Popen(
        command(file, FORK_AND_DIE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.wait()
        try:
            assert read_ledger(file)[0].state == "uncertain"
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_ledger_that_was_forked_opens_the_file_anew(ledger: SqliteLedger) -> None:
    before = ledger._connection
    ledger._pid = -1
    ledger.close()  # the connection is the parent's
    ledger.add(ROW)
    assert ledger._connection is not before
    assert before in sqlite._INHERITED
    before.close()


MANY = """
for number in range(25):
    key = f"{os.getpid()}-{number}"
    ledger.add(replace(ROW, key=key))
    assert ledger.move(key, ["sending"], "running", task_id=key)
ledger.close()
"""


def test_a_commit_is_on_the_disk_when_it_returns(ledger: SqliteLedger) -> None:
    full = (2,)
    assert tuple(*ledger._run("PRAGMA synchronous")) == full
    before, ledger._pid = ledger._connection, -1  # as in a forked child
    assert tuple(*ledger._run("PRAGMA synchronous")) == full
    before.close()


def test_processes_write_at_once(file: Path) -> None:
    running = [subprocess.Popen(command(file, MANY), env=environment()) for _ in range(4)]
    assert [started.wait() for started in running] == [0] * 4
    rows = read_ledger(file)
    assert len({row.key for row in rows}) == 100
    assert {row.state for row in rows} == {"running"}


def test_threads_write_at_once(ledger: SqliteLedger) -> None:
    def write(name: str) -> None:
        for number in range(10):
            ledger.add(replace(ROW, key=f"{name}-{number}"))

    threads = [Thread(target=write, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.rows()) == 40


# Reading


def test_reading_writes_nothing_while_a_writer_is_there(ledger: SqliteLedger, tmp_path: Path, file: Path) -> None:
    ledger.add(ROW)
    before = listing(tmp_path)
    assert len(before) == 4
    for _ in range(3):
        assert len(read_ledger(file)) == 1
    assert listing(tmp_path) == before


def test_reading_writes_nothing_after_a_writer_was_killed(file: Path, tmp_path: Path) -> None:
    with process(file, "ledger.add(ROW)"):
        pass
    before = listing(tmp_path)
    assert len(before) == 4
    assert read_ledger(file)[0].state == "uncertain"
    assert listing(tmp_path) == before


def test_reading_writes_nothing_at_rest(file: Path, tmp_path: Path) -> None:
    ledger = SqliteLedger(file)
    ledger.close()
    before = listing(tmp_path)
    assert list(before) == [file.name]
    assert read_ledger(file) == ()
    assert listing(tmp_path) == before


def test_what_is_read_is_of_now(ledger: SqliteLedger, file: Path) -> None:
    ledger.add(ROW)
    assert read_ledger(file)[0].state == "sending"
    ledger.move("a1", ["sending"], "failed", error="why")
    assert (read_ledger(file)[0].state, read_ledger(file)[0].error) == ("failed", "why")


def test_a_writer_that_goes_while_it_is_read_is_no_fault(
    ledger: SqliteLedger, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.add(replace(ROW, state="running"))
    select = sqlite._select

    def go(_: Path) -> Any:
        monkeypatch.setattr(sqlite, "_select", select)
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite, "_select", go)
    assert [row.key for row in read_ledger(file)] == ["a1"]


# Where it lies


def test_a_missing_ledger_is_a_file_not_found_error(tmp_path: Path) -> None:
    for where in (tmp_path / "none.sqlite3", tmp_path, f"{tmp_path}/none/"):
        with pytest.raises(FileNotFoundError):
            read_ledger(where)
    assert names(tmp_path) == []


def test_a_directory_holds_its_ledger_under_a_name_of_ours(tmp_path: Path) -> None:
    ledger = open_ledger(f"{tmp_path}/new/")
    ledger.add(ROW)
    ledger.close()
    assert (tmp_path / "new" / "ledger.sqlite3").exists()
    assert read_ledger(tmp_path / "new") == read_ledger(tmp_path / "new" / "ledger.sqlite3")


def test_a_path_is_a_file_unless_it_is_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of("my.db") == tmp_path / "my.db"
    assert file_of(".") == tmp_path / "ledger.sqlite3"
    assert file_of("new/") == tmp_path / "new" / "ledger.sqlite3"


def test_odd_names_are_names(tmp_path: Path) -> None:
    file = tmp_path / "a b?mode=rw#é%41.db"
    ledger = open_ledger(file)
    ledger.add(replace(ROW, state="running"))
    assert len(read_ledger(file)) == 1
    ledger.close()
    assert len(read_ledger(file)) == 1


def test_a_url_of_postgresql_leads_to_its_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    class PostgresLedger:
        def __init__(self, url: str) -> None:
            events.append(url)

        def rows(self) -> tuple[LedgerRow, ...]:
            return (ROW,)

        def close(self) -> None:
            events.append("closed")

    stand_in = ModuleType("unified_video._ledger.postgres")
    stand_in.PostgresLedger = PostgresLedger  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    assert read_ledger("postgresql://host/db") == (ROW,)
    assert events == ["postgresql://host/db", "closed"]


def test_postgresql_is_known_by_its_url() -> None:
    assert is_postgres("postgresql://host/db")
    assert not is_postgres("postgresql.db")
    assert not is_postgres(Path("postgresql://host/db"))


@pytest.mark.parametrize(
    "content", [b"no database, but a text that is long enough to be sure" * 10, b"SQLite format 3\0x"]
)
def test_what_is_no_ledger_is_refused_and_not_touched(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    for use in (open_ledger, read_ledger):
        with pytest.raises(ConfigurationError, match=r"notes\.txt cannot be used"):
            use(file)
    assert listing(tmp_path) == {"notes.txt": hashlib.sha256(content).hexdigest()}
    gc.collect()


def test_a_database_without_our_table_is_refused_by_readers(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(ConfigurationError, match="no such table"):
        read_ledger(tmp_path / "other.db")


def test_a_file_whose_maker_was_killed_before_it_was_a_ledger_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert read_ledger(tmp_path / "empty.db") == ()


@pytest.mark.parametrize("size", [0, 32, None])
@pytest.mark.parametrize("has_memory", [True, False])
def test_a_log_is_read_however_far_its_killed_writer_came(
    tmp_path: Path, size: int | None, *, has_memory: bool
) -> None:
    alive = SqliteLedger(tmp_path / "alive.sqlite3")
    alive.add(ROW)
    killed = tmp_path / "killed.sqlite3"
    for end in ("", "-wal", *(["-shm"] if has_memory else [])):
        content = (tmp_path / f"alive.sqlite3{end}").read_bytes()
        killed.with_name(f"{killed.name}{end}").write_bytes(content[:size] if end == "-wal" else content)
    before = listing(tmp_path)
    assert len(read_ledger(killed)) == (size is None)
    assert listing(tmp_path) == before
    alive.close()


def test_a_newer_version_is_refused(file: Path) -> None:
    SqliteLedger(file).close()
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    for use in (open_ledger, read_ledger):
        with pytest.raises(ConfigurationError, match="newer version"):
            use(file)


def test_an_older_version_is_read_as_it_is_and_brought_up_when_written(file: Path) -> None:
    connection = sqlite3.connect(file)
    for statement in sqlite._MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    values = ("a1", "running", "cgt-1", "{}", 1.0, "https://gateway.example", None, None, "nobody")
    connection.execute("INSERT INTO creates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.commit()
    connection.close()
    before = listing(file.parent)
    (found,) = read_ledger(file)
    assert (found.key, found.sent_at, found.tokens) == ("a1", None, None)
    assert listing(file.parent) == before
    ledger = SqliteLedger(file)
    assert ledger.rows() == (found,)
    ledger.close()


def test_a_file_that_a_newer_version_brings_up_meanwhile_is_worked_on(ledger: SqliteLedger) -> None:
    ledger.add(ROW)
    ledger._run("ALTER TABLE creates ADD COLUMN of_a_newer_version TEXT")
    assert ledger.move("a1", ["sending"], "running", task_id="cgt-1")
    assert ledger.find(ROW.base_url, "cgt-1") == replace(ROW, state="running", task_id="cgt-1")
    ledger.add(replace(ROW, key="a2"))
    assert [row.key for row in ledger.rows()] == ["a1", "a2"]


@pytest.mark.parametrize("where", ["file/ledger.sqlite3", "file/"])
def test_a_place_that_cannot_be_is_a_configuration_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        open_ledger(f"{tmp_path}/{where}")


def test_an_owner_that_cannot_be_made_is_a_configuration_error(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise PermissionError("read-only")

    monkeypatch.setattr(sqlite, "owner_name", refuse)
    with pytest.raises(ConfigurationError, match="read-only"):
        ledger.add(ROW)


def test_a_ledger_that_nobody_closed_closes_itself(file: Path) -> None:
    ledger = SqliteLedger(file)
    del ledger
    gc.collect()
    assert [path.name for path in file.parent.glob(f"{file.name}*")] == [file.name]


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("x+b") as one, (tmp_path / "lock").open("r+b") as other:
        assert try_lock(one)
        assert not try_lock(other)
        one.close()
        assert try_lock(other)
