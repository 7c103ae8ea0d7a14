"""A batch from its requests to its report: checked, entered in the ledger, worked on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import _files
from .._client import AsyncUnifiedVideo, UnifiedVideo
from .._core import Core
from .._errors import ConfigurationError, InvalidRequest
from .._io import run as finish
from .._ledger import LedgerRow, file_of, is_postgres, open_ledger
from .._models import Violation
from .._record import request_of
from .._settings import Settings
from .._validate import prepare
from . import _manifest, _report
from ._act import Act
from ._board import Board
from ._entries import Entry, Figures, changed, checked, figures
from ._hands import OneHand, many_hands
from ._lock import only_runner
from ._options import OnFile, Options
from ._pen import Pen
from ._report import Progress, Report
from ._work import Source, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unified_video_types import VideoOptions

    from .._ledger import Ledger
    from .._validate import Prepared
    from ._hands import Hands

Requests = str | os.PathLike[str] | Iterable[Mapping[str, object] | str]
"""A manifest's path, or requests: mappings with the fields of the document, `key` and `extra`; or prompts alone."""


def run(
    requests: Requests,
    *,
    output: str | os.PathLike[str],
    client: UnifiedVideo | None = None,
    ledger: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    max_concurrent: int | None = None,
    per_minute: int | None = None,
    max_failures: int | None = None,
    stop_on: Sequence[str] = (),
    retry_failed: Mapping[str, int] | Sequence[str] = (),
    timeout: float | None = None,
    on_file: OnFile | None = None,
    on_update: Callable[[Progress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Report:
    """Takes every request to a file `<key>.mp4` in `output`, and goes on where an earlier run over the same output ended.

    All is checked before the first create: InvalidRequest lists every violation of every row, and nothing is sent.

    - `ledger`: where every row is written down; by default `ledger.sqlite3` in `output`.
    - `limit`: only the first so many requests.
    - `max_concurrent`, `per_minute`: of each model, where they are lower than the document's.
    - `max_failures`: so many failed rows end all creates. `stop_on`: names of errors, or codes of the service, that do at once.
    - `retry_failed`: such names (or `all`): what failed so is sent again, once, or as often as a mapping says.
    - `timeout`: seconds that a task may take, by default the document's 1800; then it is left `running`.
    - `on_file(key, path)`: takes each file before its row is done. `on_update(progress)`: is told how it goes.
    - `stop()`: once it says True nothing new is created, and what is near its end is finished.
    """
    options = Options(
        max_concurrent, per_minute, max_failures, stop_on, retry_failed, timeout, on_file, on_update, stop
    )
    with _own(client) as core, _prepared(requests, core, Path(output), ledger, limit) as batch:
        return finish(batch.work(core, options, OneHand(core.io)))


async def arun(
    requests: Requests,
    *,
    output: str | os.PathLike[str],
    client: AsyncUnifiedVideo | None = None,
    ledger: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    max_concurrent: int | None = None,
    per_minute: int | None = None,
    max_failures: int | None = None,
    stop_on: Sequence[str] = (),
    retry_failed: Mapping[str, int] | Sequence[str] = (),
    timeout: float | None = None,
    on_file: OnFile | None = None,
    on_update: Callable[[Progress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Report:
    """As `run`, awaited: several requests are in hand at once, in one thread."""
    options = Options(
        max_concurrent, per_minute, max_failures, stop_on, retry_failed, timeout, on_file, on_update, stop
    )
    if ledger is not None and is_postgres(ledger):
        return await _together(requests, Path(output), client, str(ledger), limit, options)
    owned = AsyncUnifiedVideo() if client is None else None
    try:
        core = _core_of(owned or client)
        with _prepared(requests, core, Path(output), ledger, limit) as batch:
            async with many_hands(core.io) as hands:
                return await batch.work(core, options, hands)
    finally:
        if owned is not None:
            await owned.aclose()


async def _together(
    requests: Requests,
    output: Path,
    client: AsyncUnifiedVideo | None,
    url: str,
    limit: int | None,
    options: Options,
) -> Report:
    from . import _together as together
    from .._ledger_postgres import PostgresLedger

    async with together.client_core(client) as (core, patience):
        entries, output = _entries(requests, core.settings, limit), output.absolute()
        together.refuse_bytes(entries)
        _files.place(f"{output}{os.sep}")
        with closing(PostgresLedger(url, patience=patience)) as opened:
            step = together.Step(core, together.Shared(opened), options.on_file)
            enter_rows = lambda ledger: enter(ledger, entries, core.settings.base_url, output, core.io.time())  # noqa: E731
            found = await together.Together(entries, step, options, enter_rows).work(url)
        _report.write(found, output)
        return found


def check(
    requests: Requests,
    *,
    limit: int | None = None,
    strict: bool = False,
    defaults: VideoOptions | None = None,
) -> tuple[Figures, ...]:
    """What the requests amount to, per model; nothing is sent or written. Raises InvalidRequest as `run` does."""
    wanted = Settings("", "", defaults=dict(defaults or {}), strict=strict)
    return figures(_entries(requests, wanted, limit))


def _core_of(client: UnifiedVideo | AsyncUnifiedVideo | None) -> Core:
    """Without the client's own ledger: the batch has one."""
    if client is None:  # pragma: no cover - the callers make one
        raise ConfigurationError("no client")
    core = client._core  # noqa: SLF001 - the client is of this package
    return Core(core.io, core.settings)


@contextmanager
def _own(client: UnifiedVideo | None) -> Iterator[Core]:
    if client is not None:
        yield _core_of(client)
        return
    with UnifiedVideo() as made:
        yield _core_of(made)


def _entries(requests: Requests, settings: Settings, limit: int | None) -> tuple[Entry, ...]:
    rows = _manifest.read(requests) if isinstance(requests, str | os.PathLike) else _manifest.of_requests(requests)
    return checked(rows if limit is None else rows[:limit], settings)


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
        found = _report.report(self._rows(), self._sources(), board.stopped)
        _report.write(found, self.output)
        return found

    def _rows(self) -> list[LedgerRow]:
        ours = {entry.key for entry in self.entries}
        return [row for row in self.ledger.rows() if row.key in ours]

    def _sources(self) -> dict[str, Source]:
        return {
            entry.key: Source(entry.model, partial(_again, entry), target(self.output, entry.key)) for entry in self.entries
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
def _prepared(
    requests: Requests, core: Core, output: Path, ledger: str | os.PathLike[str] | None, limit: int | None
) -> Iterator[Batch]:
    """Everything before the first create."""
    entries = _entries(requests, core.settings, limit)
    output = output.absolute()
    _files.place(f"{output}{os.sep}")
    where = output if ledger is None else ledger
    if is_postgres(where):
        raise ConfigurationError("a ledger in PostgreSQL is worked on by several hands: use `arun`, or `unified-video batch run`")
    with only_runner(file_of(where)), closing(open_ledger(where)) as opened:
        opened.bury()
        enter(opened, entries, core.settings.base_url, output, core.io.time())
        yield Batch(opened, entries, output)


def enter(ledger: Ledger, entries: Sequence[Entry], base_url: str, output: Path, now: float) -> None:
    """New rows are added; known ones must be the same. Raises InvalidRequest where one is not, and adds nothing."""
    known = {row.key: row for row in ledger.rows()}
    broken = [
        violation
        for entry in entries
        if entry.key in known
        for violation in (*changed(entry, known[entry.key].request), *_elsewhere(entry, known[entry.key], base_url))
    ]
    if broken:
        raise InvalidRequest(tuple(broken))
    created_at = datetime.fromtimestamp(now, UTC)
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
