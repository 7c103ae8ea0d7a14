"""A batch from its requests to its report: checked, entered in the ledger, worked on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from unified_video import _files
from unified_video._errors import ConfigurationError, InvalidRequest
from unified_video._ledger import file_of, is_postgres, open_ledger
from unified_video._ledger.record import request_of
from unified_video._ledger.row import LedgerRow
from unified_video._models import Violation
from unified_video._validate import prepare

from . import _manifest, _report
from ._act import Act
from ._board import Board
from ._entries import Entry, changed, checked
from ._lock import only_runner
from ._pen import Pen
from ._work import Source, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unified_video._core import Core
    from unified_video._ledger.row import Ledger
    from unified_video._settings import Settings
    from unified_video._validate import Prepared

    from ._hands import Hands
    from ._options import Options
    from ._report import Report

Requests = str | os.PathLike[str] | Iterable[Mapping[str, object] | str]
"""A manifest's path, or requests: mappings with the fields of the document, `key` and `extra`; or prompts alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be made, and where."""

    requests: Requests
    output: str | os.PathLike[str]
    ledger: str | os.PathLike[str] | None = None
    limit: int | None = None

    @property
    def is_shared(self) -> bool:
        return self.ledger is not None and is_postgres(self.ledger)

    def entries(self, settings: Settings) -> tuple[Entry, ...]:
        found = self.requests
        rows = _manifest.read(found) if isinstance(found, str | os.PathLike) else _manifest.of_requests(found)
        return checked(rows if self.limit is None else rows[: self.limit], settings)

    def folder(self) -> Path:
        """Made where there is none, and proven to be one that can be written to."""
        output = Path(self.output).absolute()
        _files.place(f"{output}{os.sep}")
        return output


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be worked on, entered in its ledger."""

    ledger: Ledger
    entries: tuple[Entry, ...]
    output: Path

    async def work(self, core: Core, options: Options, hands: Hands) -> Report:
        board, pen = Board(core.io, options), Pen(self.ledger)
        work = Work(Act(core, pen, options.on_file), board, options, self._sources())
        self._retry(options)
        # What a person settles while it runs is gone on with too.
        while pen.flush() and board.take(self._rows()):
            await work.to_the_end(hands)
        return _report.written(_report.report(self._rows(), self._sources(), board.stopped), self.output)

    def _rows(self) -> list[LedgerRow]:
        ours = {entry.key for entry in self.entries}
        return [row for row in self.ledger.rows() if row.key in ours]

    def _sources(self) -> dict[str, Source]:
        return {
            entry.key: Source(entry.model, partial(_again, entry), target(self.output, entry.key))
            for entry in self.entries
        }

    def _retry(self, options: Options) -> None:
        for row in self._rows():
            if row.state == "failed" and options.retries(row.error or ""):
                self.ledger.move(row.key, ["failed"], "new", task_id=None, error=None, ended_at=None, tokens=None)


def target(output: Path, key: str) -> Path:
    return output / f"{_files.file_name(key)}.mp4"


def _again(entry: Entry) -> Prepared:
    """The request as it was checked. Raises InvalidRequest where a file is not what it was."""
    prepared = prepare(entry.wish)
    if prepared.errors:
        raise InvalidRequest(prepared.errors)
    if request_of(prepared) != entry.request:
        message = "has changed since all rows were checked: run the batch again with a key of its own for this row"
        raise InvalidRequest((Violation("images", "changed", message, entry.key),))
    return prepared


@contextmanager
def entered(job: Job, core: Core) -> Iterator[Batch]:
    """Everything before the first create."""
    if job.is_shared:
        raise ConfigurationError("a ledger in PostgreSQL takes `arun`, or `unified-video batch run`: not `run`")
    entries = job.entries(core.settings)
    output = job.folder()
    where = output if job.ledger is None else job.ledger
    with only_runner(file_of(where)), closing(open_ledger(where)) as opened:
        opened.bury()
        enter(opened, entries, output, core)
        yield Batch(opened, entries, output)


def enter(ledger: Ledger, entries: Sequence[Entry], output: Path, core: Core) -> None:
    """New rows are added; known ones must be the same. Raises InvalidRequest where one is not, and adds nothing."""
    base_url = core.settings.base_url
    known = {row.key: row for row in ledger.rows()}
    broken = [
        violation
        for entry in entries
        if entry.key in known
        for violation in (*changed(entry, known[entry.key].request), *_elsewhere(entry, known[entry.key], base_url))
    ]
    if broken:
        raise InvalidRequest(tuple(broken))
    created_at = datetime.fromtimestamp(core.io.time(), UTC)
    ledger.add(
        *(
            LedgerRow(entry.key, "new", None, entry.request, created_at, base_url, str(target(output, entry.key)), None)
            for entry in entries
            if entry.key not in known
        )
    )


def _elsewhere(entry: Entry, row: LedgerRow, base_url: str) -> Iterator[Violation]:
    if row.base_url != base_url:
        message = f"belongs to {row.base_url} in this ledger: give that --base-url, or another --output"
        yield Violation(f"row {entry.number}, key", "base_url", message, entry.key)
