"""What came of a batch: while it runs, and at its end."""

from __future__ import annotations

import csv
import io
import json
import logging
import secrets
from collections import Counter
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from typing import TYPE_CHECKING

from unified_video._ledger.record import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from unified_video._ledger.row import LedgerRow

log = logging.getLogger("unified_video")


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch while it runs."""

    counts: Mapping[str, int] = field(hash=False)
    """How many rows are in each state."""
    total: int
    elapsed: float
    """Seconds since this run began."""
    ended: int
    """Rows that came to their end in this run."""
    errors: tuple[str, ...] = ()
    """The last ones, newest last."""
    stopped: str | None = None
    """Why nothing more is created."""

    @property
    def per_minute(self) -> float:
        """Rows that end in a minute."""
        return self.ended * 60 / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None while there is none."""
        settled = sum(self.counts.get(state, 0) for state in ("done", "failed", "uncertain"))
        return (self.total - settled) / self.per_minute * 60 if self.per_minute else None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of a batch, as `report.csv` and `report.jsonl` hold it."""

    key: str
    task_id: str | None
    status: str
    """The state in the ledger: `done`, `failed`, `uncertain`, or where it stopped: `new`, `admitted`, `running`, …"""
    file: str | None
    """Where the video lies; None where there is none."""
    seconds: float | None
    """From the create to the end of the task, as it was seen."""
    reason: str | None
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """Every row of the manifest, in its order."""

    rows: tuple[ReportRow, ...]
    stopped: str | None = None
    """Why this run ended before every row was sent; None where nothing kept it."""

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(row.status for row in self.rows))

    @property
    def exit_status(self) -> int:
        """3: a row is uncertain; 1: a row failed or did not come to its end, or the run did not; 0: all are done."""
        found = self.counts
        if "uncertain" in found:
            return 3
        return 0 if set(found) <= {"done"} and self.stopped is None else 1


def report(rows: Iterable[LedgerRow], keys: Iterable[str], stopped: str | None) -> Report:
    known = {row.key: row for row in rows}
    return Report(tuple(_row(known[key]) for key in keys), stopped)


def _row(row: LedgerRow) -> ReportRow:
    began = row.sent_at or row.created_at
    return ReportRow(
        key=row.key,
        task_id=row.task_id,
        status=row.state,
        file=row.path if row.state == "done" else None,
        seconds=round((row.ended_at - began).total_seconds(), 3) if row.ended_at else None,
        reason=row.error,
        tokens=row.tokens,
    )


def written(found: Report, folder: Path) -> Report:
    """With its files, if that can be: a full disk does not hide what came of the rows."""
    try:
        _write(found, folder)
    except OSError as error:
        log.error("the report could not be written (%s): its files, if any, are of an earlier run", error)  # noqa: TRY400 - it is told, and not a fault of ours
        return replace(found, stopped=found.stopped or words(error))
    return found


def _write(found: Report, folder: Path) -> None:
    """`report.csv` and `report.jsonl`, each whole or as it was before."""
    table = io.StringIO(newline="")
    lines = csv.writer(table)
    lines.writerow(column.name for column in fields(ReportRow))
    lines.writerows(astuple(row) for row in found.rows)
    _put(folder / "report.csv", table.getvalue())
    _put(folder / "report.jsonl", "".join(f"{json.dumps(asdict(row), ensure_ascii=False)}\n" for row in found.rows))


def _put(file: Path, text: str) -> None:
    trial = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        trial.write_text(text, "utf-8", newline="")
        trial.replace(file)
    finally:
        trial.unlink(missing_ok=True)
