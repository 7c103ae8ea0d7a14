"""The ledger as one SQLite file, shared by the processes of one machine."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from ._errors import ConfigurationError
from ._ledger import LedgerRow
from ._owner import is_alive, owner_name, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = 1

_SCHEMA = """
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
) STRICT;
CREATE INDEX IF NOT EXISTS creates_by_task ON creates (task_id);
"""
_COLUMNS = "key, state, task_id, request, created_at, base_url, path, error, owner"
_DEAD = "its process ended while the create was on its way"
_PATIENCE = 30.0  # seconds for which a lock of another process is waited for


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
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        _check_version(connection, self.file)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        return connection

    def _run(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock, _explained(self.file):
            if self._pid != os.getpid():
                self._connection, self._pid = self._open(), os.getpid()
            return self._connection.execute(sql, values).fetchall()

    def add(self, row: LedgerRow) -> None:
        values = (*_values(row), self._owner())
        self._run(f"INSERT INTO creates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def move(self, key: str, before: Sequence[str], after: str, **changes: str | None) -> bool:
        names = ["state", "owner", *changes]
        sets = ", ".join(f"{name} = ?" for name in names)
        marks = ", ".join("?" for _ in before)
        values = [after, self._owner(), *changes.values(), key, *before]
        return bool(self._run(f"UPDATE creates SET {sets} WHERE key = ? AND state IN ({marks}) RETURNING key", values))

    def claim(self, key: str) -> bool:
        found = self._run("SELECT owner FROM creates WHERE key = ? AND state = 'new'", [key])
        owner = str(found[0][0]) if found else None
        if owner is None or (owner != self._owner() and is_alive(self.file, owner)):
            return False
        sql = "UPDATE creates SET state = 'sending', owner = ? WHERE key = ? AND state = 'new' AND owner = ? RETURNING key"
        return bool(self._run(sql, [self._owner(), key, owner]))

    def bury(self) -> None:
        for key, owner in self._run("SELECT key, owner FROM creates WHERE state = 'sending'"):
            if not is_alive(self.file, str(owner)):
                sql = "UPDATE creates SET state = 'uncertain', error = ? WHERE key = ? AND state = 'sending' AND owner = ?"
                self._run(sql, [_DEAD, key, owner])

    def rows(self) -> tuple[LedgerRow, ...]:
        found = self._run(f"SELECT {_COLUMNS} FROM creates ORDER BY created_at, rowid")
        return tuple(_row(values, self.file) for values in found)

    def find(self, base_url: str, task_id: str) -> LedgerRow | None:
        sql = f"SELECT {_COLUMNS} FROM creates WHERE task_id = ? AND base_url = ? ORDER BY rowid DESC LIMIT 1"
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
    # With no log beside it, the file is at rest and whole; a plain read-only connection would leave files behind.
    at_rest = not file.with_name(f"{file.name}-wal").exists()
    uri = f"{file.as_uri()}?mode=ro{'&immutable=1' if at_rest else ''}"
    with _explained(file), closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
        _check_version(connection, file)
        found = connection.execute(f"SELECT {_COLUMNS} FROM creates ORDER BY created_at, rowid").fetchall()
    return tuple(_row(values, file) for values in found)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(f"the ledger {file} cannot be used ({error}): give another path, or mend that one") from error


def _check_version(connection: sqlite3.Connection, file: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise ConfigurationError(f"the ledger {file} is of a newer version ({version}): install a newer unified-video")


def _values(row: LedgerRow) -> tuple[object, ...]:
    request = json.dumps(row.request)
    return row.key, row.state, row.task_id, request, row.created_at.timestamp(), row.base_url, row.path, row.error


def _row(values: Sequence[object], file: Path) -> LedgerRow:
    key, state, task_id, request, created_at, base_url, path, error, owner = values
    dead = state == "sending" and not is_alive(file, str(owner))
    return LedgerRow(
        key=str(key),
        state="uncertain" if dead else str(state),
        task_id=None if task_id is None else str(task_id),
        request=json.loads(str(request)),
        created_at=datetime.fromtimestamp(float(str(created_at)), UTC),
        base_url=str(base_url),
        path=None if path is None else str(path),
        error=_DEAD if dead else None if error is None else str(error),
    )
