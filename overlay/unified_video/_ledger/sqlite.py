"""The ledger as one SQLite file, shared by the processes of one machine."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from unified_video._errors import ConfigurationError

from .owner import is_alive, owner_name, sweep
from .row import LedgerRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# One entry a version: a file is brought up from its own version to the last one.
_MIGRATIONS = (
    (
        """
CREATE TABLE IF NOT EXISTS creates (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    task_id TEXT,
    request TEXT NOT NULL,
    created_at REAL NOT NULL,
    base_url TEXT NOT NULL,
    path TEXT,
    error TEXT,
    owner TEXT
) STRICT
""",
        "CREATE INDEX IF NOT EXISTS creates_by_task ON creates (task_id)",
    ),
    (
        "ALTER TABLE creates ADD COLUMN sent_at REAL",
        "ALTER TABLE creates ADD COLUMN ended_at REAL",
        "ALTER TABLE creates ADD COLUMN tokens INTEGER",
    ),
)
VERSION = len(_MIGRATIONS)

_FIELDS = tuple(field.name for field in fields(LedgerRow))
"""Each has a column of its name. A file of an older version may lack some, one of a newer version have more."""
_TIMES = ("created_at", "sent_at", "ended_at")
_ALL = "SELECT * FROM creates ORDER BY created_at, rowid"
_DEAD = "its process ended while the create was on its way"
_LOG_HEADER = 32
"""Bytes of a log in which nothing is yet."""
_PATIENCE = 30.0  # seconds for which a lock of another process is waited for

_INHERITED: list[sqlite3.Connection] = []
"""Connections of a parent process: SQLite forbids a forked child even to close them."""


class SqliteLedger:
    """Safe to share by threads; a forked child opens the file anew."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = RLock()
        self._pid = os.getpid()
        with _explained(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._open()
            sweep(file)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 250")  # pages: the log beside the file stays near 1 MB
        with _transaction(connection):
            for statements in _MIGRATIONS[_version(connection, self.file) :]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        _mark(connection)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _explained(self.file):
            if self._pid != os.getpid():
                _INHERITED.append(self._connection)
                self._connection, self._pid = self._open(), os.getpid()
            yield self._connection
            _mark(self._connection)

    def _run(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._connected() as connection:
            return connection.execute(sql, values).fetchall()

    def add(self, *rows: LedgerRow) -> None:
        marks = ", ".join(f":{name}" for name in _FIELDS)
        sql = f"INSERT INTO creates ({', '.join(_FIELDS)}, owner) VALUES ({marks}, :owner)"
        values = [{**_values(row), "owner": self._owner()} for row in rows]
        with self._connected() as connection, _transaction(connection):
            connection.executemany(sql, values)

    def move(self, key: str, before: Sequence[str], after: str, **changes: str | float | None) -> bool:
        names = ["state", "owner", *changes]
        sets = ", ".join(f"{name} = ?" for name in names)
        marks = ", ".join("?" for _ in before)
        changed = [_odd(value) if name == "path" else value for name, value in changes.items()]
        values = [after, self._owner(), *changed, key, *before]
        return bool(self._run(f"UPDATE creates SET {sets} WHERE key = ? AND state IN ({marks}) RETURNING key", values))

    def claim(self, key: str, sent_at: float | None = None) -> bool:
        found = self._run("SELECT owner FROM creates WHERE key = ? AND state = 'new'", [key])
        owner = found[0]["owner"] if found else None
        if owner is None or (owner != self._owner() and is_alive(self.file, owner)):
            return False
        sql = (
            "UPDATE creates SET state = 'sending', owner = ?, sent_at = ?"
            " WHERE key = ? AND state = 'new' AND owner = ? RETURNING key"
        )
        return bool(self._run(sql, [self._owner(), sent_at, key, owner]))

    def bury(self) -> None:
        sql = "UPDATE creates SET state = 'uncertain', error = ? WHERE key = ? AND state = 'sending' AND owner = ?"
        for key, owner in self._run("SELECT key, owner FROM creates WHERE state = 'sending'"):
            if not is_alive(self.file, owner):
                self._run(sql, [_DEAD, key, owner])

    def rows(self) -> tuple[LedgerRow, ...]:
        return tuple(_row(found, self.file) for found in self._run(_ALL))

    def find(self, base_url: str, task_id: str) -> LedgerRow | None:
        sql = "SELECT * FROM creates WHERE task_id = ? AND base_url = ? ORDER BY rowid DESC LIMIT 1"
        found = self._run(sql, [task_id, base_url])
        return _row(found[0], self.file) if found else None

    def _owner(self) -> str:
        with _explained(self.file):
            return owner_name(self.file)

    def close(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                self._connection.close()

    def __del__(self) -> None:
        # Of a client that was never closed; half made, it has no connection.
        if hasattr(self, "_connection"):
            self.close()


def read(file: Path) -> tuple[LedgerRow, ...]:
    """Every row, without a change to any file."""
    if not file.exists():
        raise FileNotFoundError(2, "no ledger there", str(file))
    with _explained(file):
        try:
            found = _select(file)
        except (sqlite3.DatabaseError, FileNotFoundError):
            found = _select(file)  # a writer may have come or gone at that moment
    return tuple(_row(kept, file) for kept in found)


def _select(file: Path) -> list[sqlite3.Row]:
    # With no log beside it, or an empty one, the file is at rest and whole. A plain read-only connection would leave
    # files behind in the one case, and write into the shared memory of the writers in the other.
    log = file.with_name(f"{file.name}-wal")
    if not log.exists() or log.stat().st_size <= _LOG_HEADER:
        return _all(file, "mode=ro&immutable=1")
    if file.with_name(f"{file.name}-shm").exists():
        return _all(file, "mode=ro&readonly_shm=1")
    return _in_copy(file, log)


def _in_copy(file: Path, log: Path) -> list[sqlite3.Row]:
    """For a log without shared memory, as of a writer that was killed while it closed: SQLite mends that by writing."""
    import shutil
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for part in (log, file):
            shutil.copyfile(part, Path(folder) / part.name)
        return _all(Path(folder) / file.name, "mode=rw")


def _all(file: Path, mode: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(f"{file.as_uri()}?{mode}", uri=True, timeout=_PATIENCE)) as connection:
        connection.row_factory = sqlite3.Row
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
            return []  # the process that made the file ended before a ledger was in it
        _version(connection, file)
        return connection.execute(_ALL).fetchall()


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        why = f"the ledger {file} cannot be used ({error}): give another path, or mend that one"
        raise ConfigurationError(why) from error


def _mark(connection: sqlite3.Connection) -> None:
    """Reads once after a write: a later reader in this process finds its place in the log marked, and marks none."""
    connection.execute("SELECT 1 FROM creates LIMIT 1").fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    with connection:  # commits, or rolls back
        yield


def _version(connection: sqlite3.Connection, file: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise ConfigurationError(f"the ledger {file} is of a newer version ({version}): install a newer unified-video")
    return version


def _values(row: LedgerRow) -> dict[str, object]:
    kept = {name: getattr(row, name) for name in _FIELDS}
    times = {name: _seconds(kept[name]) for name in _TIMES}
    return {**kept, **times, "request": json.dumps(row.request), "path": _odd(row.path)}


def _row(kept: sqlite3.Row, file: Path) -> LedgerRow:
    found = dict(kept)
    if found["state"] == "sending" and not is_alive(file, found["owner"]):
        found |= {"state": "uncertain", "error": _DEAD}
    values = {name: found.get(name) for name in _FIELDS}
    times = {name: _moment(values[name]) for name in _TIMES}
    return LedgerRow(**{**values, **times, "request": json.loads(found["request"]), "path": _path(found["path"])})


def _odd(path: object) -> object:
    """A path of odd bytes, which is no text to SQLite, as JSON: with its quotation mark it is no absolute path."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return json.dumps(path)
    return path


def _path(kept: str | None) -> str | None:
    return str(json.loads(kept)) if kept and kept.startswith('"') else kept


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
