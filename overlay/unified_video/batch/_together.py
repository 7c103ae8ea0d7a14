"""A batch on several machines: what one command does beside the engine that every worker runs."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from unified_video._client import AsyncUnifiedVideo
from unified_video._errors import ConfigurationError, InvalidRequest
from unified_video._ledger.postgres import PATIENCE, PostgresLedger
from unified_video._models import Violation

from ._advance import Step, checked_url
from ._batch import Job
from ._batch import enter as enter_rows
from ._clients import core_of, exchange_seconds
from ._limits import limit_of
from ._options import Options
from ._report import Progress, Report, report, written
from ._shared import Shared
from ._work import INTERRUPTED, NEAR

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from unified_video._client import UnifiedVideo
    from unified_video._core import Core

    from ._batch import Requests
    from ._entries import Entry
    from ._options import OnFile
    from ._shared import Standing

log = logging.getLogger("unified_video")

HTTP_SECONDS = 20.0
"""For one exchange, where a worker makes its own client: a dead worker's create is known to be uncertain soon after."""
GRACE = 10.0
LOOK = 1.0  # seconds between two looks at how it goes


async def init(ledger: str, *, dry_run: bool = False) -> list[str]:
    """Makes the tables of the ledger and of the engine, or brings them up; twice does no harm.

    Says what there was to do, and with `dry_run` does nothing.
    """
    from unified_video._ledger.postgres import install

    url = checked_url(ledger)
    _needs_engine()
    from . import _engine

    steps = await asyncio.to_thread(partial(install, url, dry_run=dry_run))
    return [f"{steps} steps of the ledger"] * bool(steps) + await _engine.install(url, dry_run=dry_run)


async def worker(
    *,
    ledger: str,
    client: AsyncUnifiedVideo | None = None,
    on_file: OnFile | None = None,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Works on the rows of a ledger in PostgreSQL until `stop()` says True; then finishes what is in hand.

    `on_file(key, path)` takes each file, where workers share no directory.
    """
    async with client_core(client) as (core, patience):
        opened = await asyncio.to_thread(partial(PostgresLedger, checked_url(ledger), patience=patience))
        with closing(opened):
            step = Step(core, Shared(opened), on_file)
            await _work(ledger, step, lambda: stop is not None and stop())


@asynccontextmanager
async def client_core(client: AsyncUnifiedVideo | None) -> AsyncIterator[tuple[Core, float]]:
    """The core of a client, and the seconds after which an answer to a create is not waited for."""
    async with AsyncExitStack() as stack:
        if client is None:
            client = await stack.enter_async_context(AsyncUnifiedVideo(timeout=HTTP_SECONDS))
        total = exchange_seconds(client)
        yield core_of(client), PATIENCE if total is None else total + GRACE


def _needs_engine() -> None:
    if find_spec("pgqueuer") is None:
        raise ConfigurationError("the batch on several machines needs its engine: pip install 'unified-video[batch]'")


async def _work(url: str, step: Step, is_over: Callable[[], bool]) -> None:
    _needs_engine()
    from . import _engine

    over = asyncio.Event()
    engine = asyncio.create_task(_engine.work(url, step, over))
    try:
        while not engine.done():
            await asyncio.wait({engine}, timeout=LOOK)
            if await asyncio.to_thread(is_over):
                over.set()
    except asyncio.CancelledError:
        engine.cancel()
        raise
    finally:
        over.set()
        await asyncio.wait({engine})
    await engine


def enter(
    requests: Requests,
    *,
    output: str | os.PathLike[str],
    ledger: str,
    client: UnifiedVideo | AsyncUnifiedVideo,
    limit: int | None = None,
    max_concurrent: int | None = None,
    per_minute: int | None = None,
) -> tuple[str, ...]:
    """Enters requests in a ledger in PostgreSQL, for `advance` or for workers; the keys of their rows.

    All is checked as by `run`: InvalidRequest lists every violation, and then nothing is entered.
    """
    core, job = core_of(client), Job(requests, output, ledger, limit)
    entries = job.entries(core.settings)
    refuse_bytes(entries)
    with closing(PostgresLedger(checked_url(ledger))) as opened:
        start(Shared(opened), entries, job.folder(), core, Options(max_concurrent, per_minute))
    return tuple(entry.key for entry in entries)


def start(shared: Shared, entries: tuple[Entry, ...], output: Path, core: Core, options: Options) -> None:
    """The rows and limits of a run, for all workers."""
    for _ in range(2):  # rows that another machine entered at the same moment are held against ours
        enter_rows(shared.ledger, entries, output, core)
    models = {entry.model for entry in entries}
    shared.start({model: limit_of(model, options.max_concurrent, options.per_minute) for model in models}, options)


async def arun_shared(job: Job, client: AsyncUnifiedVideo | None, options: Options) -> Report:
    """As `arun`, over PostgreSQL: enters the rows, and works beside all other workers until they have ended."""
    url = checked_url(job.ledger)
    async with client_core(client) as (core, patience):
        entries = job.entries(core.settings)
        refuse_bytes(entries)
        output = job.folder()
        with closing(await asyncio.to_thread(partial(PostgresLedger, url, patience=patience))) as opened:
            found = await Together(entries, core, Shared(opened), options, output).work(url)
        return written(found, output)


@dataclass(slots=True)
class Together:
    """One run of a manifest."""

    entries: tuple[Entry, ...]
    core: Core
    shared: Shared
    options: Options
    output: Path
    _began: float = 0.0
    _settled: int = -1
    _closing: float = math.inf

    async def work(self, url: str) -> Report:
        self._began = self.core.io.now()
        await asyncio.to_thread(self._start)
        step = Step(self.core, self.shared, self.options.on_file, lambda: self._closing == math.inf)
        await _work(url, step, self._is_over)
        rows = await asyncio.to_thread(self.shared.ledger.rows)
        run = await asyncio.to_thread(self.shared.run)
        return report(rows, self._keys, self._why(run.stopped))

    @property
    def _keys(self) -> list[str]:
        return [entry.key for entry in self.entries]

    def _start(self) -> None:
        start(self.shared, self.entries, self.output, self.core, self.options)
        ours = set(self._keys)
        failed = [row for row in self.shared.ledger.rows() if row.key in ours and row.state == "failed"]
        self.shared.retry(row.key for row in failed if self.options.retries(row.error or ""))

    def _why(self, stopped: str | None) -> str | None:
        return stopped or (None if self._closing == math.inf else INTERRUPTED)

    def _is_over(self) -> bool:
        """Whether there is nothing left to do; tells how it goes."""
        now = self.core.io.now()
        if self._closing == math.inf and self.options.stop is not None and self.options.stop():
            self._closing = now + NEAR
        try:
            found = self.shared.standing(self._keys)
        except ConfigurationError as error:  # a database that is away comes back, or a person ends this
            log.warning("%s", error)
        else:
            if self.options.on_update is not None:
                self.options.on_update(self._progress(found))
            return now >= self._closing or self._left(found) <= 0
        return now >= self._closing

    def _progress(self, found: Standing) -> Progress:
        settled = _settled(found)
        self._settled = settled if self._settled < 0 else self._settled
        elapsed = self.core.io.now() - self._began
        ended = settled - self._settled
        return Progress(found.counts, len(self.entries), elapsed, ended, found.errors, self._why(found.stopped))

    def _left(self, found: Standing) -> int:
        """Rows that are waited for: where nothing new is sent, those that were."""
        unsent = found.counts.get("new", 0) if found.stopped else 0
        if self._closing < math.inf:
            unsent = found.counts.get("new", 0) + found.counts.get("admitted", 0)
        return len(self.entries) - _settled(found) - found.late - unsent


def _settled(found: Standing) -> int:
    return sum(found.counts.get(state, 0) for state in ("done", "failed", "uncertain"))


def refuse_bytes(entries: Sequence[Entry]) -> None:
    """Raises InvalidRequest for images that no other machine could read."""
    message = "is bytes of this process: give a URL, or a path that all workers see"
    found = [
        Violation(f"row {entry.number}, images[{index}]", "shared", message, entry.key)
        for entry in entries
        for index, image in enumerate(_images(entry))
        if isinstance(image, Mapping) and "file" not in image
    ]
    if found:
        raise InvalidRequest(tuple(found))


def _images(entry: Entry) -> list[object]:
    images = entry.request.get("images")
    return images if isinstance(images, list) else []
