"""PGQueuer calls `advance` for every row that has a slot: the one file to replace for another engine.

The engine knows keys and nothing else. It never decides to create: the ledger does. One job for a row's life; where one
is lost, or where rows got their slots without this engine, the sweep enqueues them anew, and a job that is there stays
the only one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import pgqueuer
from pgqueuer.core.tm import TaskManager
from psycopg import AsyncConnection, AsyncRawCursor, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from unified_video._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from psycopg import Connection

    from ._advance import Step

log = logging.getLogger("unified_video")

ENTRYPOINT = "unified_video_advance"
HEARTBEAT = timedelta(seconds=30)
"""A job whose worker has shown no sign of life for so long goes to another."""
SWEEP = 60.0
_AGAIN = timedelta(seconds=5)
_CONNECTIONS = 4


def enqueue(connection: Connection[Any], keys: Sequence[str]) -> None:
    """A job for each row, in the transaction of the connection; one that has a job keeps that."""
    from pgqueuer.adapters.drivers.psycopg import SyncPsycopgDriver
    from pgqueuer.adapters.persistence.queries import SyncQueries

    if keys:
        SyncQueries(SyncPsycopgDriver(connection)).enqueue(
            [ENTRYPOINT] * len(keys),
            [key.encode() for key in keys],
            [0] * len(keys),
            dedupe_key=[f"{ENTRYPOINT}:{key}" for key in keys],
            on_conflict="skip",
        )


async def install(url: str, *, dry_run: bool = False) -> list[str]:
    """The engine's own tables, made or brought up; twice does no harm. The statements that there were to do."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        queries = pgqueuer.Queries.from_psycopg_connection(connection)
        if await queries.schema_is_installed():
            plan = await (queries.plan_upgrade() if dry_run else queries.apply_upgrade())
            return list(plan.statements)
        if not dry_run:
            await queries.install()
        return ["install pgqueuer"]


async def work(url: str, step: Step, over: asyncio.Event) -> None:
    """Takes jobs until `over` is set; what is in hand then is finished. Lives through restarts of the database."""
    step.shared.ledger.on_admitted = enqueue
    jobs = set[asyncio.Task[object]]()
    sweeping = asyncio.create_task(_sweeping(step, over))
    queue = asyncio.create_task(_run(lambda: _queue(url, step, jobs), over))
    try:
        await asyncio.wait({queue})
    except asyncio.CancelledError:  # now: the queue itself would wait for what is in hand
        for task in (queue, *jobs):
            task.cancel()
        raise
    finally:
        sweeping.cancel()
        await asyncio.wait({queue, sweeping})
    await queue


async def _run(queue: Callable[[], AbstractAsyncContextManager[pgqueuer.PgQueuer]], over: asyncio.Event) -> None:
    await pgqueuer.run(
        queue,
        dequeue_timeout=timedelta(seconds=5),
        heartbeat_timeout=HEARTBEAT,
        shutdown_on_listener_failure=True,
        restart_on_failure=True,
        restart_delay=timedelta(seconds=2),
        shutdown=over,
    )


@asynccontextmanager
async def _queue(url: str, step: Step, jobs: set[asyncio.Task[object]]) -> AsyncIterator[pgqueuer.PgQueuer]:
    async with AsyncConnectionPool(
        url,
        min_size=1,
        max_size=_CONNECTIONS,
        kwargs={"autocommit": True},
        configure=_configure,
        check=AsyncConnectionPool.check_connection,
        open=False,
    ) as pool:
        queue = pgqueuer.PgQueuer(PooledDriver(url, pool))

        @queue.entrypoint(ENTRYPOINT)
        async def advance(job: pgqueuer.Job) -> None:
            task = asyncio.create_task(_job(step, (job.payload or b"").decode()))
            jobs.add(task)
            task.add_done_callback(jobs.discard)
            await task

        yield queue


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.execute("SET lock_timeout = '5s'")
    await connection.execute("SET idle_in_transaction_session_timeout = '5s'")


async def _job(step: Step, key: str) -> None:
    """A row's next steps, until there is something to wait for. No error may escape: it would end the job."""
    seconds: float | None = 0.0
    try:
        while seconds == 0.0:
            seconds = await step.take(key)
    except ConfigurationError as error:
        log.warning("row %s: %s", key, error)
        raise pgqueuer.RetryRequested(delay=_AGAIN) from None
    except Exception:
        log.exception("row %s could not be worked on: it is tried again", key)
        raise pgqueuer.RetryRequested(delay=_AGAIN) from None
    if seconds is not None:
        raise pgqueuer.RetryRequested(delay=timedelta(seconds=seconds)) from None


async def _sweeping(step: Step, over: asyncio.Event) -> None:
    while not over.is_set():
        try:
            await asyncio.to_thread(sweep, step)
        except ConfigurationError as error:
            log.warning("%s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), SWEEP)


def sweep(step: Step) -> None:
    """Rows in work that lost their job get one, and the engine's diary is kept short."""
    keys = step.shared.sweep()
    with step.shared.ledger.transaction() as found:
        enqueue(found, keys)
        found.execute("DELETE FROM pgqueuer_log WHERE created < now() - interval '1 hour'")


class PooledDriver:
    """Queries over a pool, and one connection that listens: on a single one, a query waits for the listening."""

    def __init__(self, url: str, pool: AsyncConnectionPool[Any]) -> None:
        self._url, self._pool = url, pool
        self._listeners = dict[str, list[Callable[[str | bytes | bytearray], None]]]()
        self._listening: AsyncConnection[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._entered = 0
        self.shutdown = asyncio.Event()
        self.tm = TaskManager()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        async with self._pool.connection() as connection:
            cursor = AsyncRawCursor(connection, row_factory=dict_row)
            await cursor.execute(query.encode(), args or None)
            return await cursor.fetchall()

    async def execute(self, query: str, *args: object) -> str:
        async with self._pool.connection() as connection:
            cursor = AsyncRawCursor(connection)
            await cursor.execute(query.encode(), args or None)
            return cursor.statusmessage or ""

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: Callable[[str | bytes | bytearray], None]) -> None:
        listening = self._listening or await AsyncConnection.connect(self._url, autocommit=True)
        self._listening = listening
        if channel not in self._listeners:
            if self._watcher is not None:
                await self._unwatch()
            await listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        self._listeners.setdefault(channel, []).append(callback)
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch(listening))

    async def _watch(self, listening: AsyncConnection[Any]) -> None:
        async for note in listening.notifies():
            for callback in self._listeners.get(note.channel, []):
                callback(note.payload)

    async def _unwatch(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.wait({watcher})

    async def __aenter__(self) -> Self:
        self._entered += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        """Two managers of one queue enter it; the last one that leaves ends the listening."""
        self._entered -= 1
        if self._entered:
            return
        self.shutdown.set()
        await self._unwatch()
        if self._listening is not None:
            await self._listening.close()
        self._listening = None
        self._listeners.clear()
        await self.tm.gather_tasks()
