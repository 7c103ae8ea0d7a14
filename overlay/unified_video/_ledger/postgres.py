"""The ledger in PostgreSQL: the same rows, for any number of machines, and slots that hold across all of them."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from unified_video._errors import ConfigurationError

from .row import LedgerRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg import Connection

PATIENCE = 150.0
"""Seconds after which a `sending` row without an answer is `uncertain`: more than one HTTP exchange may take."""

WAIT = 10.0
"""Seconds for which a connection is waited for."""

# One entry a version; `install` applies what is missing.
_MIGRATIONS = (
    """
CREATE TABLE unified_video_creates (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    key text PRIMARY KEY,
    state text NOT NULL,
    model text NOT NULL,
    task_id text,
    request text NOT NULL,
    created_at timestamptz NOT NULL,
    base_url text NOT NULL,
    path text,
    error text,
    sent_at timestamptz,
    ended_at timestamptz,
    tokens bigint,
    lease_until timestamptz,
    not_before timestamptz,
    faults int NOT NULL DEFAULT 0,
    again int NOT NULL DEFAULT 0
);
CREATE INDEX unified_video_creates_by_model ON unified_video_creates (model, state, seq);
CREATE INDEX unified_video_creates_by_task ON unified_video_creates (task_id);
CREATE TABLE unified_video_limits (
    model text PRIMARY KEY,
    slots int NOT NULL,
    per_minute int NOT NULL,
    pace double precision NOT NULL DEFAULT 1,
    opens timestamptz NOT NULL DEFAULT '-infinity',
    refused int NOT NULL DEFAULT 0,
    slowed_at timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE TABLE unified_video_batch (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    longest double precision NOT NULL DEFAULT 1800,
    options text NOT NULL DEFAULT '{}',
    stopped text,
    failures int NOT NULL DEFAULT 0,
    in_a_row text NOT NULL DEFAULT '[]'
);
INSERT INTO unified_video_batch DEFAULT VALUES;
""",
)
VERSION = len(_MIGRATIONS)

_COLUMNS = "key, state, task_id, request, created_at, base_url, path, error, sent_at, ended_at, tokens"
_LATE = "no answer came in time, or its process ended"
# The task of such a row runs, or may.
OCCUPIED = """(state IN ('admitted', 'sending') OR state IN ('running', 'uncertain')
    AND coalesce(sent_at, created_at) > clock_timestamp() - make_interval(secs => {longest}))"""
_LOCK = 7_052_028_001  # of the schema, among the advisory locks of the database

_SILENT = logging.NullHandler()
"""For the pool's logger: where nobody set up logging, Python would print each try while the database is away."""


class PostgresLedger:
    """Safe to share by threads. `on_admitted` is called within the transaction that gives rows their slots."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.on_admitted: Callable[[Connection[Any], Sequence[str]], None] | None = None
        self._url, self._place = url, _shown(url)
        _needs_extra()
        with self.explained():
            self._pool = _pool(url)
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Faults of the database as ConfigurationError."""
        import psycopg
        from psycopg_pool import PoolTimeout

        try:
            yield
        except PoolTimeout as error:
            raise ConfigurationError(f"{self._place} cannot be used ({_reason(self._url) or error})") from error
        except (psycopg.Error, OSError) as error:
            raise ConfigurationError(f"{self._place} cannot be used ({_told(error, self._url)})") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection[Any]]:
        with self.explained(), self._pool.connection() as connection, connection.transaction():
            yield connection

    def _check(self) -> None:
        with self.transaction() as found:
            version = version_of(found)
        if version == 0:
            raise ConfigurationError(f"{self._place} holds no ledger: run `unified-video batch init --ledger …` once")
        if version != VERSION:
            older = "run `unified-video batch init --ledger …`, which brings it up"
            way = older if version < VERSION else "install a newer unified-video"
            raise ConfigurationError(f"{self._place} is of another version ({version}, not {VERSION}): {way}")

    def add(self, *rows: LedgerRow) -> None:
        sql = (
            f"INSERT INTO unified_video_creates ({_COLUMNS}, model, lease_until)"
            f" VALUES ({', '.join(['%s'] * 12)}, clock_timestamp() + make_interval(secs => %s))"
            " ON CONFLICT (key) DO NOTHING"
        )
        with self.transaction() as found, found.cursor() as cursor:
            cursor.executemany(sql.encode(), [(*_values(row), self.patience) for row in rows])

    def move(self, key: str, before: Sequence[str], after: str, **changes: str | float | None) -> bool:
        with self.transaction() as found:
            return self.moved(found, key, before, after, **changes)

    def moved(
        self, found: Connection[Any], key: str, before: Sequence[str], after: str, **changes: str | float | None
    ) -> bool:
        """Within a transaction; a slot that is free then is given away in the same one."""
        sets = "".join(f", {name} = {_mark(name)}" for name in changes)
        sql = f"UPDATE unified_video_creates SET state = %s{sets} WHERE key = %s AND state = ANY(%s) RETURNING model"
        row = found.execute(sql.encode(), [after, *map(_text, changes.values()), key, list(before)]).fetchone()
        if row is not None and after not in {"sending", "running", "uncertain"}:
            self.admit(found, row[0])
        return row is not None

    def admit(self, found: Connection[Any], model: str) -> None:
        """Gives the free slots of a model to those that wait longest. One at a time does it for a model."""
        limit = found.execute(
            "SELECT slots, longest FROM unified_video_limits, unified_video_batch"
            " WHERE model = %s AND stopped IS NULL FOR UPDATE OF unified_video_limits",
            [model],
        ).fetchone()
        if limit is None:
            return
        free = limit[0] - occupied(found, model, limit[1])
        keys = found.execute(
            "UPDATE unified_video_creates SET state = 'admitted', not_before = NULL WHERE key IN (SELECT key"
            " FROM unified_video_creates WHERE model = %s AND state = 'new' ORDER BY seq LIMIT %s"
            " FOR UPDATE SKIP LOCKED) RETURNING key",
            [model, max(0, free)],
        ).fetchall()
        if keys and self.on_admitted is not None:
            self.on_admitted(found, [key for (key,) in keys])

    def claim(self, key: str, sent_at: float | None = None) -> bool:  # noqa: ARG002 - the clock of the database is everybody's
        with self.transaction() as found:
            return self.claimed(found, key)

    def claimed(self, found: Connection[Any], key: str) -> bool:
        sql = (
            "UPDATE unified_video_creates SET state = 'sending', sent_at = clock_timestamp(),"
            " lease_until = clock_timestamp() + make_interval(secs => %s)"
            " WHERE key = %s AND state IN ('new', 'admitted') RETURNING key"
        )
        return found.execute(sql, [self.patience, key]).fetchone() is not None

    def bury(self) -> None:
        with self.transaction() as found:
            found.execute(
                "UPDATE unified_video_creates SET state = 'uncertain', error = %s"
                " WHERE state = 'sending' AND lease_until < clock_timestamp()",
                [_LATE],
            )

    def rows(self) -> tuple[LedgerRow, ...]:
        return self._select("ORDER BY seq")

    def find(self, base_url: str, task_id: str) -> LedgerRow | None:
        found = self._select("WHERE task_id = %s AND base_url = %s ORDER BY seq DESC LIMIT 1", task_id, base_url)
        return found[0] if found else None

    def get(self, key: str) -> LedgerRow | None:
        found = self._select("WHERE key = %s", key)
        return found[0] if found else None

    def _select(self, where: str, *values: object) -> tuple[LedgerRow, ...]:
        sql = f"SELECT {_COLUMNS}, lease_until < clock_timestamp() FROM unified_video_creates {where}"
        with self.transaction() as found:
            return tuple(_row(*values) for values in found.execute(sql.encode(), values).fetchall())

    def close(self) -> None:
        self._pool.close()


def occupied(found: Connection[Any], model: str, longest: float) -> int:
    """How many slots of a model are taken; after its limit was locked, nobody takes another."""
    sql = f"SELECT count(*) FROM unified_video_creates WHERE model = %s AND {OCCUPIED.format(longest='%s')}"
    return int(found.execute(sql, [model, longest]).fetchone()[0])  # type: ignore[index] # an aggregate has a row


def install(url: str, *, dry_run: bool = False) -> int:
    """Makes the tables or brings them up to this version; twice does no harm. How many steps there were to do."""
    _needs_extra()
    import psycopg

    place = _shown(url)
    try:
        with psycopg.connect(url, connect_timeout=max(2, int(WAIT))) as found:
            found.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            version = version_of(found)
            if version > VERSION:
                raise ConfigurationError(f"{place} is of a newer version ({version}): install a newer unified-video")
            missing = _MIGRATIONS[version:]
            if missing and not dry_run:
                _apply(found, missing)
    except psycopg.Error as error:
        raise ConfigurationError(f"{place} cannot be used ({_told(error, url)})") from error
    return len(missing)


def _apply(found: Connection[Any], missing: Sequence[str]) -> None:
    for statements in missing:
        found.execute(statements.encode())
    found.execute("CREATE TABLE IF NOT EXISTS unified_video_version (version int NOT NULL)")
    found.execute("DELETE FROM unified_video_version")
    found.execute("INSERT INTO unified_video_version VALUES (%s)", [VERSION])


def version_of(found: Connection[Any]) -> int:
    """0 where there is no ledger."""
    if found.execute("SELECT to_regclass('unified_video_version')").fetchone() == (None,):
        return 0
    return int((found.execute("SELECT version FROM unified_video_version").fetchone() or (0,))[0])


def _needs_extra() -> None:
    try:
        import psycopg  # noqa: F401 - whether it is there
        import psycopg_pool  # noqa: F401 - as above
    except ImportError as error:
        raise ConfigurationError(
            "a ledger in PostgreSQL needs the batch: pip install 'unified-video[batch]'"
        ) from error


def _pool(url: str) -> Any:  # noqa: ANN401 - psycopg is imported when it is needed
    from psycopg_pool import ConnectionPool

    logging.getLogger("psycopg").addHandler(_SILENT)
    pool = ConnectionPool(
        url,
        min_size=1,
        max_size=8,
        timeout=WAIT,
        kwargs={"autocommit": True, "connect_timeout": 10},
        configure=_configure,
        check=ConnectionPool.check_connection,  # after a restart of the database, old connections are dead
        open=False,
    )
    pool.open()
    return pool


def _configure(connection: Connection[Any]) -> None:
    connection.execute("SET lock_timeout = '5s'")
    connection.execute("SET idle_in_transaction_session_timeout = '5s'")


def _reason(url: str) -> str:
    """Why there is no connection: a pool only says that there is none."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.Error as error:
        return _told(error, url)
    return ""


def _told(error: Exception, url: str) -> str:
    """In one line: of an address that it cannot read the driver shows a part."""
    return without_password(" ".join(str(error).split()), url)


def without_password(text: str, url: str) -> str:
    """A text that may hold parts of a URL, for people and their logs."""
    password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    return text.replace(password, "…") if password else text


def _shown(url: str) -> str:
    """The place without its password."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return "the ledger in PostgreSQL (at an address that cannot be read)"
    database, host = parts.path.lstrip("/") or "of the user", parts.hostname or "this machine"
    return f"the ledger in PostgreSQL (database {database} on {host})"


def _mark(name: str) -> str:
    return "to_timestamp(%s)" if name.endswith("_at") else "%s"


def _text(value: str | float | None) -> str | float | None:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _values(row: LedgerRow) -> tuple[object, ...]:
    known = row.key, row.state, row.task_id, json.dumps(row.request), row.created_at, row.base_url, row.path
    return *known, row.error, row.sent_at, row.ended_at, row.tokens, str(row.request.get("model", ""))


def _row(*values: Any) -> LedgerRow:  # noqa: ANN401 - as they come from the database
    key, state, task_id, request, created_at, base_url, path, error, sent_at, ended_at, tokens, late = values
    dead = state == "sending" and bool(late)
    return LedgerRow(
        key,
        "uncertain" if dead else state,
        task_id,
        json.loads(request),
        created_at,
        base_url,
        path,
        _LATE if dead else error,
        sent_at,
        ended_at,
        tokens,
    )
