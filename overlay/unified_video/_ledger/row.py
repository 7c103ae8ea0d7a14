"""One row of a ledger, and what a ledger can do, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """When a batch or a resume sent it last; None for what was sent at once, at `created_at`."""
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
