"""The ledger: what was sent and how it ended, written down before the send, so that nothing paid is forgotten.

    new → sending → running → succeeded → done | failed | uncertain

One row a create. `sending` is on the disk before the first byte goes out, the task id right after it came. A row
found `sending` whose process is dead is `uncertain`: it may have been accepted, and is never sent again by itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_NAME = "ledger.sqlite3"

SETTLED = ("done", "failed")
"""States from which nothing is left to do."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One create."""

    key: str
    state: str
    """`new`, `sending`, `running`, `succeeded`, `done`, `failed` or `uncertain`; PostgreSQL adds `admitted`."""
    task_id: str | None
    request: Mapping[str, object] = field(hash=False)
    """What is sent; in place of an image that was a file stand its absolute path and hash."""
    created_at: datetime
    base_url: str
    path: str | None
    """Where the video goes or lies, absolute; a directory ends in a separator; None where no file was wanted."""
    error: str | None
    sent_at: datetime | None = None
    """When a batch sent it last; None for what was sent outside one, at `created_at`."""
    ended_at: datetime | None = None
    """When a batch saw the end of its task."""
    tokens: int | None = None
    """What the service says that a task of a batch used."""


class Ledger(Protocol):
    """Rows that are changed by compare-and-set, one commit a change."""

    def add(self, *rows: LedgerRow) -> None:
        """New rows of this process, all of them or none."""

    def move(self, key: str, before: Sequence[str], after: str, **changes: str | float | None) -> bool:
        """To `after` with `changes`, if the state is one of `before`; whether it was. The row is ours then."""
        ...

    def rows(self) -> tuple[LedgerRow, ...]:
        """Every row, oldest first; a `sending` row without a living owner is `uncertain`."""
        ...

    def find(self, base_url: str, task_id: str) -> LedgerRow | None: ...

    def claim(self, key: str, sent_at: float | None = None) -> bool:
        """`new` to `sending`, unless another living process has it; whether it is ours now. `sent_at`: Unix seconds."""
        ...

    def bury(self) -> None:
        """Turns every `sending` row without a living owner `uncertain`."""

    def close(self) -> None: ...


def open_ledger(where: str | os.PathLike[str]) -> Ledger:
    """A ledger to write to: made where there is none. Raises ConfigurationError where it cannot be written."""
    if is_postgres(where):
        from ._ledger_postgres import PostgresLedger

        return PostgresLedger(os.fspath(where))
    from ._ledger_sqlite import SqliteLedger

    return SqliteLedger(file_of(where))


def read_ledger(ledger: str | os.PathLike[str]) -> tuple[LedgerRow, ...]:
    """Every row of a ledger (a file, or a directory with `ledger.sqlite3` in it), oldest first. Writes nothing.

    A row found `sending` without a living process behind it is reported as `uncertain`. Raises FileNotFoundError, or
    ConfigurationError for a file that is no ledger.
    """
    if is_postgres(ledger):
        with closing(open_ledger(ledger)) as opened:
            return opened.rows()
    from ._ledger_sqlite import read

    return read(file_of(ledger))


def is_postgres(where: str | os.PathLike[str]) -> bool:
    return isinstance(where, str) and where.startswith(("postgresql://", "postgres://"))


def file_of(where: str | os.PathLike[str]) -> Path:
    """The SQLite file: itself, or in its directory."""
    text = os.fspath(where)
    path = Path(os.path.realpath(text))  # by all its names it is one ledger, with one set of owners
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return path / FILE_NAME if path.is_dir() or text.endswith(separators) else path
