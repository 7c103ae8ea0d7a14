"""The rows of one run, in memory: which wait, which are in work, and which limits hold."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from unified_video._models import Task

from ._entries import model_of
from ._limits import Limit, limit_of
from ._plan import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unified_video._io import IO
    from unified_video._ledger.row import LedgerRow

    from ._options import Options

_AT_ONCE = 64
"""Rows found unfinished that are gone on with at a time; the others wait in line."""


def task_of(row: LedgerRow) -> Task | None:
    """The task of a row, as far as the ledger knows it."""
    if row.task_id is None:
        return None
    return Task(row.task_id, created_at=row.sent_at or row.created_at, request=row.request)


class Board:
    def __init__(self, io: IO, options: Options) -> None:
        self._io, self._options = io, options
        self.items = dict[str, Item]()
        self.limits = dict[str, Limit]()
        self.states = dict[str, str]()
        self.counts = Counter[str]()
        self._waiting = dict[str, deque[str]]()
        self._later = deque[Item]()
        self.stopped: str | None = None

    def take(self, rows: Iterable[LedgerRow]) -> bool:
        """Rows as the ledger has them; whether there is something to do that was not known before."""
        fresh = [row for row in rows if self.states.get(row.key) != row.state]
        for row in fresh:
            self._take(row)
        return any(row.state in {"new", "running", "succeeded"} for row in fresh)

    def _take(self, row: LedgerRow) -> None:
        self.note(row.key, row.state)
        model = model_of(row.request)
        limit = self.limit(model)
        age = self._io.time() - (row.sent_at or row.created_at).timestamp()
        if row.sent_at is not None:
            # The pace holds across runs: what was sent just before this one counts.
            self.limits[model] = replace(
                limit, opens=max(limit.opens, limit.sent(self._io.now() - max(age, 0.0)).opens)
            )
        item = Item(row.key, model, row.state, task=task_of(row))
        if row.state == "new":
            self._waiting.setdefault(model, deque()).append(row.key)
        elif row.state in {"running", "succeeded"}:
            self._later.append(replace(item, due=self._io.now(), gives_up=self._io.now() + self._options.longest))
        elif row.state in {"sending", "uncertain"}:
            self.hold(item, self._options.longest - age)

    def limit(self, model: str) -> Limit:
        if model not in self.limits:
            self.limits[model] = limit_of(model, self._options.max_concurrent, self._options.per_minute)
        return self.limits[model]

    def note(self, key: str, state: str) -> None:
        if key in self.states:
            self.counts[self.states[key]] -= 1
        self.states[key] = state
        self.counts[state] += 1

    def rows(self) -> Iterator[Item]:
        """What `next_step` is to decide upon."""
        while self._later and sum(item.state != "uncertain" for item in self.items.values()) < _AT_ONCE:
            item = self._later.popleft()
            self.items[item.key] = item
        yield from self.items.values()
        if self.stopped is None:
            yield from (Item(keys[0], model, "new") for model, keys in self._waiting.items() if keys)

    def begin(self, key: str) -> Item:
        """The row is in hand."""
        self.items[key] = replace(self.items[key], busy=True)
        return self.items[key]

    def begin_new(self, key: str) -> Item:
        """The first row that waits for its model is in hand, and has a slot."""
        model = next(model for model, keys in self._waiting.items() if keys and keys[0] == key)
        self._waiting[model].popleft()
        self.limits[model] = self.limits[model].sent(self._io.now())
        self.note(key, "sending")
        self.items[key] = Item(key, model, "sending", due=self._io.now(), busy=True)
        return self.items[key]

    def put(self, item: Item) -> None:
        """The row is in hand no more, and goes on."""
        self.note(item.key, item.state)
        self.items[item.key] = replace(item, busy=False)

    def put_back(self, item: Item) -> None:
        """It was surely not accepted: it waits again, before all others."""
        self.end(item, "new")
        self._waiting.setdefault(item.model, deque()).appendleft(item.key)

    def end(self, item: Item, state: str) -> None:
        """Nothing is left to do for this row in this run."""
        self.note(item.key, state)
        self.items.pop(item.key, None)

    def hold(self, item: Item, seconds: float) -> None:
        """Nothing is to be done, but its slot is taken for so long."""
        self.end(item, "uncertain")
        if seconds > 0:
            self.items[item.key] = replace(item, state="uncertain", busy=False, due=self._io.now() + seconds)
