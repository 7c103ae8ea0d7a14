"""A service, a media host, a ledger and processes that die, all in memory and in virtual time."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from faults.answers import HTML, NO_BALANCE, NO_TASK, SHAPE_A, SHAPE_B, json_bytes, mp4
from unified_video._core import Core
from unified_video._io import Answer, Broken, Fault, NotConnected, Request, Write
from unified_video._ledger.record import Book
from unified_video._settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from unified_video._ledger.row import Ledger, LedgerRow

T = TypeVar("T")

BASE_URL = "https://gateway.invalid"
KEY = "sk-of-the-schedules"
LINK = "https://media.invalid/cat.mp4"
WHOLE = mp4(b"the video")


class Killed(BaseException):
    """kill -9: nothing that the process would still do counts."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the service does with one request. `accepts`: a create is taken, and charged."""

    reply: Answer | Fault
    accepts: bool = False


def reply(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json_bytes(body)
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def _both(*replies: Answer | Fault) -> list[Step]:
    """What may have been taken, or not: nobody outside can tell."""
    return [Step(found, accepts) for found in replies for accepts in (True, False)]


ACCEPTED = Step(reply(200, {"task_id": "cgt-1"}), accepts=True)
CREATES: Sequence[Step] = (
    ACCEPTED,
    Step(reply(200, {"code": "success", "message": "", "data": {"task_id": "cgt-1"}}), accepts=True),
    Step(reply(201, {"task_id": "cgt-1", "error": {"message": "and yet", "code": "c"}}), accepts=True),
    *_both(*(reply(200, body) for body in (b"", HTML, SHAPE_A, SHAPE_B, b'{"task_id": ""}'))),
    *_both(*(reply(status, body) for status in (500, 502, 504, 520, 524, 529) for body in (SHAPE_A, HTML))),
    *_both(reply(503, HTML), reply(503), reply(408), Broken("time-out"), Broken("drop")),
    *(Step(reply(status, SHAPE_B)) for status in (302, 400, 401, 402, 403, 404, 413, 422, 503)),
    *(Step(reply(status, NO_BALANCE)) for status in (400, 403, 429)),
    *(Step(reply(status)) for status in (425, 429, 521, 522, 523) for _ in range(4)),
    *(Step(reply(429, SHAPE_A, retry_after=seconds)) for seconds in ("5", "60", "61", "soon")),
    *(Step(NotConnected("refused")) for _ in range(6)),
)
RUNNING = Step(reply(200, {"task_id": "cgt-1", "status": "IN_PROGRESS"}))
DONE = Step(reply(200, {"task_id": "cgt-1", "status": "SUCCESS", "data": {"output": LINK}}))
QUERIES: Sequence[Step] = (
    RUNNING,
    DONE,
    Step(reply(200, {"task_id": "cgt-1", "status": "FAILURE", "fail_reason": "no"})),
    Step(reply(200, {"task_id": "cgt-1", "status": "SUCCESS", "data": {}})),
    *(
        Step(reply(status, body))
        for status in (200, 400, 401, 404, 429, 500, 503, 521)
        for body in (HTML, NO_TASK, b"")
    ),
    Step(Broken("drop")),
    Step(NotConnected("refused")),
)
_LENGTH = {"content_length": str(len(WHOLE)), "etag": '"1"'}
FETCHED = Step(reply(200, WHOLE, **_LENGTH))
FETCHES: Sequence[Step] = (
    FETCHED,
    Step(reply(200, WHOLE[:200], **_LENGTH)),
    Step(reply(200, HTML)),
    *(Step(reply(status, HTML)) for status in (206, 302, 403, 416, 429, 500)),
    Step(Broken("drop")),
    Step(NotConnected("refused")),
)


@dataclass(slots=True)
class World:
    """What outlives a process: the service with its schedule, what it accepted, and the ledger's rows."""

    creates: list[Step]
    queries: list[Step]
    fetches: list[Step]
    rows: dict[str, LedgerRow] = field(default_factory=dict)
    owners: dict[str, object] = field(default_factory=dict)
    accepted: int = 0
    answered: int = 0
    """Creates whose task id reached a living process."""
    now: float = 1000.0

    def next(self, request: Request) -> Step:
        if request.method == "POST":
            step = self.creates.pop(0) if self.creates else ACCEPTED
            self.accepted += step.accepts
            return step
        if request.url.startswith(BASE_URL):
            return self.queries.pop(0) if self.queries else DONE
        return self.fetches.pop(0) if self.fetches else FETCHED


class Together(World):
    """One that tells several creates apart by their prompts, which are the ids of their tasks too."""

    def __init__(self, creates: list[Step], queries: list[Step], fetches: list[Step]) -> None:
        World.__init__(self, creates, queries, fetches)
        self.accepted_of: Counter[str] = Counter()

    def next(self, request: Request) -> Step:
        step = World.next(self, request)
        if request.method == "POST":
            name = json.loads(request.content)["prompt"]
            self.accepted_of[name] += step.accepts
        else:
            name = request.url.rpartition("/")[2]
        if not isinstance(step.reply, Answer):
            return step
        return replace(step, reply=replace(step.reply, body=step.reply.body.replace(b"cgt-1", name.encode())))


@dataclass(slots=True)
class Process:
    """One process: an IO over the world that dies before or after what it does as its `dies_at`th thing."""

    world: World
    dies_at: int | None = None
    violently: bool = True
    """By kill -9, else by Ctrl-C, after which the program still tidies up."""
    done: int = 0
    dead: bool = False

    def _step(self) -> None:
        """Twice for each thing, so that it may die before and after it."""
        self.done += 1
        self.check()
        if self.done == self.dies_at:
            self.dead = self.violently
            raise Killed if self.violently else KeyboardInterrupt

    def check(self) -> None:
        if self.dead:
            raise Killed

    async def send(self, request: Request, deadline: float | None = None) -> Answer:
        self._step()
        if request.method == "POST":
            self._assert_written_down()
        found = self._received(request)
        self._step()
        if isinstance(found, Fault):
            raise found
        if request.method == "POST" and b'"task_id": "cgt-1"' in found.body and found.status < 300:
            self.world.answered += 1
        assert deadline is None or deadline > self.world.now
        return found

    def _assert_written_down(self) -> None:
        states = [row.state for key, row in self.world.rows.items() if self.world.owners[key] is self]
        assert states.count("sending") == 1

    def _received(self, request: Request) -> Answer | Fault:
        self.world.now += 0.1
        return self.world.next(request).reply

    async def stream(self, request: Request, accept: Callable[[Answer], Write | None]) -> Answer:
        self._step()
        found = self._received(request)
        if isinstance(found, Fault):
            raise found
        write = accept(replace(found, body=b""))
        if write is None:
            return found
        for at in range(0, len(found.body), 1500):
            write(found.body[at : at + 1500])
            self._step()
        return replace(found, body=b"")

    async def sleep(self, seconds: float) -> None:
        self._step()
        self.world.now += seconds

    async def call(self, function: Callable[[], T]) -> T:
        self._step()
        result = function()
        self._step()
        return result

    def now(self) -> float:
        return self.world.now

    def time(self) -> float:
        return 1_700_000_000.0 + self.world.now

    def jitter(self) -> float:
        return 0.5

    def core(self) -> Core:
        return Core(self, Settings(BASE_URL, KEY), MemoryBook(self))

    def ledger(self) -> MemoryLedger:
        return MemoryLedger(self)


class MemoryBook(Book):
    def __init__(self, process: Process) -> None:
        super().__init__("nowhere", BASE_URL)
        self._process = process

    @property
    def ledger(self) -> Ledger:
        return self._process.ledger()


@dataclass(frozen=True, slots=True)
class MemoryLedger:
    """The promises of a ledger, without a disk: what a process that was killed would still write, nobody sees."""

    process: Process

    def _world(self) -> World:
        self.process.check()
        return self.process.world

    def add(self, *rows: LedgerRow) -> None:
        for row in rows:
            self._world().rows[row.key] = row
            self.process.world.owners[row.key] = self.process

    def move(self, key: str, before: Sequence[str], after: str, **changes: str | float | None) -> bool:
        row = self._world().rows.get(key)
        if row is None or row.state not in before:
            return False
        self.process.world.rows[key] = replace(row, state=after, **changes)  # type: ignore[arg-type] # columns by name
        self.process.world.owners[key] = self.process
        return True

    def rows(self) -> tuple[LedgerRow, ...]:
        return tuple(self._world().rows.values())

    def find(self, base_url: str, task_id: str) -> LedgerRow | None:
        found: Iterable[LedgerRow] = self._world().rows.values()
        return next((row for row in found if (row.base_url, row.task_id) == (base_url, task_id)), None)

    def claim(self, key: str, sent_at: float | None = None) -> bool:  # noqa: ARG002 - the Protocol's
        return self.move(key, ["new"], "sending")

    def bury(self) -> None:
        for key, row in self._world().rows.items():
            if row.state == "sending" and self.process.world.owners[key] is not self.process:
                self.move(key, ["sending"], "uncertain")

    def close(self) -> None:
        """Nothing is open."""
