"""What the core asks of the outside: send, stream, sleep and the time, as a Protocol; blocking or not is behind it."""

from __future__ import annotations

import time as _time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")
Write = Callable[[bytes | memoryview], None]
"""Takes the next piece of a body. A memoryview holds it only until the return: it is read into again."""

SUCCESSES = range(200, 300)
REDIRECTS = range(300, 400)
MOST_BYTES = 32 * 1024 * 1024
"""The longest answer that is read into memory; the rest of a longer one is left."""


@dataclass(slots=True, repr=False)
class Request:
    """No tuple, and no `repr` of its fields: what reports errors walks through sequences, and would find the key."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url})"


@dataclass(slots=True, repr=False)
class Answer:
    """Header names are lower case. `broken` says why the body ended early, None for a whole one."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    broken: str | None = None

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class Fault(Exception):
    """A request that got no answer."""


class NotConnected(Fault):
    """No connection was made, so nothing was sent."""


class Broken(Fault):
    """A time-out, a drop or garbage after sending may have begun."""


class Closed(RuntimeError):
    """The client was closed before anything was sent."""

    def __init__(self) -> None:
        super().__init__("this client is closed: make a new one")


class Clock(Protocol):
    """The passing of time; a test or the sandbox gives one that jumps."""

    def now(self) -> float:
        """Seconds from a point of its own; never goes back."""
        ...

    def time(self) -> float:
        """Unix seconds."""
        ...

    def sleep(self, seconds: float, /) -> None: ...


class SystemClock:
    now = staticmethod(_time.monotonic)
    time = staticmethod(_time.time)
    sleep = staticmethod(_time.sleep)


class IO(Protocol):
    """All that waits. The core awaits this and its own functions, nothing else."""

    async def send(self, request: Request, deadline: float | None = None) -> Answer:
        """One exchange, cut at `deadline` (on `now`) and at the client's own time limit; raises `Fault`."""
        ...

    async def stream(self, request: Request, accept: Callable[[Answer], Write | None]) -> Answer:
        """One exchange whose body goes where `accept` says, having seen status and headers; None: it is read whole.

        A body that goes somewhere may take its time, as long as it comes: it is cut only where a read is; all else, at
        the client's own time limit.
        """
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def call(self, function: Callable[[], T]) -> T:
        """Does something slow on this machine (reads a file, syncs a disk) without holding up others."""
        ...

    def now(self) -> float: ...

    def time(self) -> float: ...

    def jitter(self) -> float:
        """0 to 1, at random."""
        ...


def run(coroutine: Coroutine[object, object, T]) -> T:
    """The result of a coroutine that never suspends, as the core over a blocking IO is: no event loop is needed."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        coroutine.close()
    raise RuntimeError("the core suspended over a blocking IO")
