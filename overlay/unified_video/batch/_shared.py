"""Slots, pace and the end of all creates, held in PostgreSQL for every worker at once."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from unified_video._errors import NotSent, RateLimited
from unified_video._ledger.postgres import PostgresLedger, occupied
from unified_video._ledger.record import RowTaken, words

from ._limits import Limit
from ._options import Options, listed
from ._pen import why
from ._work import LAST_ERRORS, RUN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from psycopg import Connection

    from ._pen import Pen

NO_SLOT = 5.0
"""Seconds after which a row that found no slot looks again; under an engine that admits rows, none has to."""
ACCOUNT = ("AuthenticationError", "InsufficientBalance", "PermissionDenied")


class NotYet(Exception):
    """This row may not be sent now; after `seconds` it may. None: not in this run."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Run:
    """What holds for all workers. As one `batch run` set it; the last one counts."""

    longest: float
    options: Options
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How some rows stand."""

    counts: dict[str, int]
    late: int
    """How many have tasks that take too long to wait for."""
    errors: tuple[str, ...]
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Shared:
    """Over one ledger. Locks are taken in this order: the row, its model's limit, the run."""

    ledger: PostgresLedger

    def start(self, limits: Mapping[str, Limit], options: Options) -> None:
        """The limits and options of a run, for all workers; what stopped an earlier one is forgotten."""
        kept = {
            "max_failures": options.max_failures,
            "stop_on": listed(options.stop_on),
            "retry_failed": options.retry_times,
        }
        with self.ledger.transaction() as found:
            for model, limit in sorted(limits.items()):
                found.execute(
                    "INSERT INTO unified_video_limits (model, slots, per_minute) VALUES (%s, %s, %s)"
                    " ON CONFLICT (model) DO UPDATE SET slots = excluded.slots, per_minute = excluded.per_minute",
                    [model, limit.slots, limit.per_minute],
                )
            found.execute(
                "UPDATE unified_video_batch SET longest = %s, options = %s, stopped = NULL, failures = 0,"
                " in_a_row = '[]'",
                [options.longest, json.dumps(kept)],
            )

    def run(self) -> Run:
        with self.ledger.transaction() as found:
            return _run(found)

    def standing(self, keys: Sequence[str]) -> Standing:
        with self.ledger.transaction() as found:
            run = _run(found)
            rows = found.execute(
                "SELECT state, count(*), count(*) FILTER (WHERE state IN ('running', 'succeeded')"
                " AND coalesce(sent_at, created_at) < clock_timestamp() - make_interval(secs => %s))"
                " FROM unified_video_creates WHERE key = ANY(%s) GROUP BY state",
                [run.longest, list(keys)],
            ).fetchall()
            errors = found.execute(
                "SELECT key, error FROM unified_video_creates WHERE key = ANY(%s) AND error IS NOT NULL"
                " ORDER BY coalesce(ended_at, sent_at, created_at) DESC LIMIT %s",
                [list(keys), LAST_ERRORS],
            ).fetchall()
        told = tuple(f"{key}: {error}" for key, error in reversed(errors))
        counts = {state: number for state, number, _ in rows}
        return Standing(counts, sum(late for *_, late in rows), told, run.stopped)

    def stop(self, why: str) -> None:
        with self.ledger.transaction() as found:
            _stop(found, why)

    def begin(self, key: str) -> None:
        """The row is `sending`; raises NotYet where its model has no slot or pace, RowTaken where another has it."""
        wait: float | None = 0.0
        with self.ledger.transaction() as found:
            wait = self._begin(found, key)
        if wait != 0.0:
            raise NotYet(wait)

    def _begin(self, found: Connection[Any], key: str) -> float | None:
        """0.0 where it is sending now. A wait is reserved: who comes back after it is not sent away again."""
        state, model, reserved = _locked(found, key)
        with _limit(found, model) as (limit, now, change):
            run = _run(found)
            if run.stopped is not None:
                found.execute(
                    "UPDATE unified_video_creates SET state = 'new' WHERE key = %s AND state = 'admitted'", [key]
                )
                return None
            if state == "new" and occupied(found, model, run.longest) >= limit.slots:
                return NO_SLOT
            at = reserved if reserved is not None else max(now, limit.opens)
            if reserved is None:
                change(limit.sent(now))
            if at > now:
                found.execute(
                    "UPDATE unified_video_creates SET state = 'admitted', not_before = to_timestamp(%s) WHERE key = %s",
                    [at, key],
                )
                return at - now
            self.ledger.claimed(found, key)
            return 0.0

    def accepted(self, key: str, task_id: str) -> None:
        """A late answer to what was taken for lost counts too."""
        with self.ledger.transaction() as found:
            _, model, _ = _locked(found, key, states=())
            self.ledger.moved(found, key, ["sending", "uncertain"], "running", task_id=task_id, error=None)
            self._answered(found, model)
            found.execute("UPDATE unified_video_batch SET in_a_row = '[]' WHERE in_a_row <> '[]'")

    def _answered(self, found: Connection[Any], model: str) -> None:
        with _limit(found, model) as (limit, _, change):
            change(limit.answered())

    def put_back(self, key: str) -> None:
        """Nothing was sent: it keeps its slot."""
        with self.ledger.transaction() as found:
            _put_back(found, key)

    def refused(self, key: str, retry_after: float | None) -> None:
        """Surely not accepted: it keeps its slot, and the model is slower for all; given times are taken back."""
        with self.ledger.transaction() as found:
            _, model, _ = _locked(found, key, states=())
            _put_back(found, key)
            with _limit(found, model) as (limit, now, change):
                sent_at = found.execute(
                    "SELECT extract(epoch FROM sent_at)::float8 FROM unified_video_creates WHERE key = %s", [key]
                ).fetchone()
                change(limit.slowed(now, (sent_at or (now,))[0], retry_after))
                found.execute(
                    "UPDATE unified_video_creates SET not_before = NULL WHERE key IN (SELECT key FROM"
                    " unified_video_creates WHERE model = %s AND state = 'admitted' FOR UPDATE SKIP LOCKED)",
                    [model],
                )

    def uncertain(self, key: str, error: BaseException) -> None:
        with self.ledger.transaction() as found:
            _, model, _ = _locked(found, key, states=())
            self.ledger.moved(found, key, ["sending"], "uncertain", error=why(error))
            self._answered(found, model)
            if _run(found).options.stops_on(words(error)):
                _stop(found, words(error))

    def failed(self, key: str, before: Sequence[str], error: BaseException, ended_at: float | None = None) -> None:
        """Failed, or `new` again where such rows are sent again; ends all creates where that is enough."""
        text = words(error)
        with self.ledger.transaction() as found:
            _, model, _ = _locked(found, key, states=())
            if not self.ledger.moved(found, key, before, "failed", error=text, ended_at=ended_at):
                return
            found.execute("SELECT FROM unified_video_batch FOR UPDATE")
            run = _run(found)
            if not self._again(found, key, run.options.retries(text)):
                _count(found, text, run.options)
            _count_account(found, key, text)
            self.ledger.admit(found, model)

    def _again(self, found: Connection[Any], key: str, times: int) -> bool:
        return (
            found.execute(
                "UPDATE unified_video_creates SET state = 'new', again = again + 1, task_id = NULL, error = NULL,"
                " ended_at = NULL WHERE key = %s AND again < %s RETURNING key",
                [key, times],
            ).fetchone()
            is not None
        )

    def fault(self, key: str) -> int:
        """How many faults in a row this task's queries and downloads have shown, this one among them."""
        with self.ledger.transaction() as found:
            sql = "UPDATE unified_video_creates SET faults = faults + 1 WHERE key = %s RETURNING faults"
            return int((found.execute(sql, [key]).fetchone() or (0,))[0])

    def no_fault(self, key: str) -> None:
        with self.ledger.transaction() as found:
            found.execute("UPDATE unified_video_creates SET faults = 0 WHERE key = %s AND faults > 0", [key])

    def sweep(self) -> list[str]:
        """Buries what was sent by the dead, and gives away slots whose time is over; the rows that are in work."""
        self.ledger.bury()
        with self.ledger.transaction() as found:
            models = [
                model for (model,) in found.execute("SELECT model FROM unified_video_limits ORDER BY 1").fetchall()
            ]
        for model in models:
            with self.ledger.transaction() as found:
                self.ledger.admit(found, model)
        with self.ledger.transaction() as found:
            sql = (
                "SELECT key FROM unified_video_creates WHERE state IN ('admitted', 'running', 'succeeded') ORDER BY seq"
            )
            return [key for (key,) in found.execute(sql).fetchall()]

    def retry(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.ledger.move(key, ["failed"], "new", task_id=None, error=None, ended_at=None, tokens=None)


def _locked(
    found: Connection[Any], key: str, states: Sequence[str] = ("new", "admitted")
) -> tuple[str, str, float | None]:
    row = found.execute(
        "SELECT state, model, extract(epoch FROM not_before)::float8 FROM unified_video_creates"
        " WHERE key = %s FOR UPDATE",
        [key],
    ).fetchone()
    if row is None or (states and row[0] not in states):
        raise RowTaken(f"row {key} of the ledger is in other hands")
    return row[0], row[1], row[2]


def _put_back(found: Connection[Any], key: str) -> None:
    sql = "UPDATE unified_video_creates SET state = 'admitted', not_before = NULL WHERE key = %s AND state = 'sending'"
    found.execute(sql, [key])


@contextmanager
def _limit(found: Connection[Any], model: str) -> Iterator[tuple[Limit, float, Any]]:
    """The limit of a model, locked, on the database's clock; what `change` is given is written."""
    sql = (
        "SELECT slots, per_minute, pace, extract(epoch FROM opens)::float8, refused,"
        " extract(epoch FROM slowed_at)::float8, extract(epoch FROM clock_timestamp())::float8"
        " FROM unified_video_limits WHERE model = %s FOR UPDATE"
    )
    row = found.execute(sql, [model]).fetchone()
    found_or_default: tuple[Any, ...] = row or (1, 60, 1.0, 0.0, 0, 0.0, datetime.now(UTC).timestamp())
    *known, now = found_or_default
    changed = list[Limit]()
    yield Limit(*known), now, changed.append
    for limit in changed:
        found.execute(
            "UPDATE unified_video_limits SET pace = %s, opens = to_timestamp(%s), refused = %s,"
            " slowed_at = to_timestamp(%s)"
            " WHERE model = %s",
            [limit.pace, limit.opens, limit.refused, limit.slowed_at, model],
        )


def _run(found: Connection[Any]) -> Run:
    longest, options, stopped = found.execute(
        "SELECT longest, options, stopped FROM unified_video_batch"
    ).fetchone() or (
        1800.0,
        "{}",
        None,
    )
    return Run(longest, Options(**json.loads(options)), stopped)


def _stop(found: Connection[Any], why: str) -> None:
    found.execute("UPDATE unified_video_batch SET stopped = coalesce(stopped, %s)", [why])


def _count(found: Connection[Any], text: str, options: Options) -> None:
    sql = "UPDATE unified_video_batch SET failures = failures + 1 RETURNING failures"
    failures = (found.execute(sql).fetchone() or (0,))[0]
    if options.stops_on(text):
        _stop(found, text)
    if failures == options.max_failures:
        _stop(found, f"{failures} rows failed, the last one with {text}")


def _count_account(found: Connection[Any], key: str, text: str) -> None:
    """A run of errors of the account ends all creates. Its rows are not to blame: they are `new` again."""
    before = json.loads((found.execute("SELECT in_a_row FROM unified_video_batch").fetchone() or ("[]",))[0])
    in_a_row = [*before, key] if text.startswith(ACCOUNT) else []
    if len(in_a_row) >= RUN:
        _stop(found, text)
        found.execute(
            "UPDATE unified_video_creates SET state = 'new', error = NULL WHERE key = ANY(%s) AND state = 'failed'",
            [in_a_row],
        )
        in_a_row = []
    found.execute("UPDATE unified_video_batch SET in_a_row = %s", [json.dumps(in_a_row)])


@dataclass(frozen=True, slots=True)
class SharedRecord:
    """One create of a batch on several machines."""

    shared: Shared
    pen: Pen
    key: str

    def sending(self) -> None:
        self.shared.begin(self.key)

    def not_accepted(self) -> None:
        self._refused(None)

    def _refused(self, retry_after: float | None) -> None:
        self.pen.write(lambda: self.shared.refused(self.key, retry_after), f"row {self.key} was refused for now")

    def accepted(self, task_id: str) -> None:
        self.pen.write(lambda: self.shared.accepted(self.key, task_id), f"row {self.key} is running as task {task_id}")

    def refused(self, error: BaseException) -> None:
        if not isinstance(error, Exception):
            return self.pen.write(lambda: self.shared.put_back(self.key), f"row {self.key} was not sent")
        if isinstance(error, NotSent):
            return self.not_accepted()
        if isinstance(error, RateLimited):
            return self._refused(error.retry_after)
        return self.pen.write(
            lambda: self.shared.failed(self.key, ["sending"], error), f"row {self.key} failed: {error}"
        )

    def uncertain(self, error: BaseException) -> None:
        self.pen.write(lambda: self.shared.uncertain(self.key, error), f"row {self.key} is uncertain: {error}")
