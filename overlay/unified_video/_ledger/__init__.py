"""The ledger: what was sent and how it ended, written down before the send, so that nothing paid is forgotten.

    new → sending → running → succeeded → done | failed | uncertain

One row a create. `sending` is on the disk before the first byte goes out, the task id right after it came. A row
found `sending` whose process is dead is `uncertain`: it may have been accepted, and is never sent again by itself.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .row import Ledger, LedgerRow

FILE_NAME = "ledger.sqlite3"


def open_ledger(where: str | os.PathLike[str]) -> Ledger:
    """A ledger to write to: made where there is none. Raises ConfigurationError where it cannot be written."""
    if is_postgres(where):
        from .postgres import PostgresLedger

        return PostgresLedger(os.fspath(where))
    from .sqlite import SqliteLedger

    return SqliteLedger(file_of(where))


def read_ledger(ledger: str | os.PathLike[str]) -> tuple[LedgerRow, ...]:
    """Every row of a ledger (a file, a directory with `ledger.sqlite3` in it, or a `postgresql://` URL), oldest first.

    Writes nothing. A row found `sending` without a living process behind it is reported as `uncertain`. Raises
    FileNotFoundError, or ConfigurationError for a file that is no ledger.
    """
    if is_postgres(ledger):
        with closing(open_ledger(ledger)) as opened:
            return opened.rows()
    from .sqlite import read

    return read(file_of(ledger))


def is_postgres(where: str | os.PathLike[str]) -> bool:
    return isinstance(where, str) and where.startswith(("postgresql://", "postgres://"))


def file_of(where: str | os.PathLike[str]) -> Path:
    """The SQLite file: itself, or in its directory."""
    text = os.fspath(where)
    path = Path(os.path.realpath(text))  # by all its names it is one ledger, with one set of owners
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return path / FILE_NAME if path.is_dir() or text.endswith(separators) else path
