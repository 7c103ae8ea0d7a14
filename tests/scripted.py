"""A service and a media host that follow a script, and the core over them: no loop, no network, no sleep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from unified_video._core import Core
from unified_video._io import Answer, Broken, Request, Write
from unified_video._retry import Retry
from unified_video._settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from unified_video._ledger.record import Book

T = TypeVar("T")
Step = Answer | BaseException | Callable[[Request], Answer]

KEY = "sk-a-key-of-the-tests"
BASE = "https://gateway.example/prefix"
LINK = "https://media.example/cat.mp4?signature=secret"
FRAME_LINK = "https://media.example/cat.png?signature=secret"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


MP4 = box(b"ftyp", b"isom") + box(b"moov", b"m" * 20) + box(b"mdat", b"d" * 200)
OTHER_MP4 = box(b"ftyp", b"isom") + box(b"moov", b"n" * 20) + box(b"mdat", b"e" * 200)


def answer(status: int = 200, body: Any = b"", *, broken: str | None = None, **headers: Any) -> Answer:
    """Headers as keywords: `retry_after="3"`. What is no bytes goes out as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content, broken)


def accepted(task_id: str = "cgt-1") -> Answer:
    return answer(body={"task_id": task_id})


def task(status: str = "QUEUED", task_id: str = "cgt-1", **fields: Any) -> Answer:
    return answer(body={"task_id": task_id, "status": status, **fields})


def done(link: str = LINK, **data: Any) -> Answer:
    return task("SUCCESS", finish_time=1_700_000_000, data={"output": link, **data})


def media(content: bytes = MP4, status: int = 200, **headers: Any) -> Answer:
    return answer(status, content, **{"content_length": str(len(content)), **headers})


def rest(content: bytes, start: int, **headers: Any) -> Answer:
    """The answer to a request for a range."""
    total = len(content)
    found = {"content_range": f"bytes {start}-{total - 1}/{total}", **headers}
    return media(content[start:], 206, **found)


class ScriptedIO:
    """Answers in the order of its script, the last one again and again. Time passes only where something sleeps."""

    def __init__(self, *script: Step, now: float = 1000.0, jitter: float = 0.0) -> None:
        self._script = list(script)
        self._now, self._jitter = now, jitter
        self.sent: list[Request] = []
        self.times: list[float] = []
        """When each request was sent, counted from the start."""
        self.deadlines: list[float | None] = []
        self.sleeps: list[float] = []
        self._start = now
        self.chunk_size = 64
        self.calls = 0

    def _answer(self, request: Request, deadline: float | None) -> Answer:
        self.sent.append(request)
        self.times.append(round(self._now - self._start, 6))
        self.deadlines.append(deadline)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, Answer) else step(request)

    async def send(self, request: Request, deadline: float | None = None) -> Answer:
        return self._answer(request, deadline)

    async def stream(self, request: Request, accept: Callable[[Answer], Write | None]) -> Answer:
        found = self._answer(request, None)
        write = accept(Answer(found.status, found.headers))
        if write is None:
            return found
        for at in range(0, len(found.body), self.chunk_size):
            write(found.body[at : at + self.chunk_size])
        if found.broken:
            raise Broken(found.broken)
        return Answer(found.status, found.headers)

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(round(seconds, 6))
        self._now += seconds

    async def call(self, function: Callable[[], T]) -> T:
        self.calls += 1
        return function()

    def now(self) -> float:
        return self._now

    def time(self) -> float:
        return 1_700_000_000.0 + self._now

    def jitter(self) -> float:
        return self._jitter

    @property
    def paths(self) -> list[str]:
        """Method and URL of what was sent, without the base URL."""
        return [f"{request.method} {request.url.removeprefix(BASE)}" for request in self.sent]

    def header(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request in self.sent]


def core(io: ScriptedIO, *, book: Book | None = None, retry: Retry | None = None, **settings: Any) -> Core:
    return Core(io, Settings(BASE, KEY, retry or Retry(), **settings), book)


def names(folder: Path) -> list[str]:
    """What lies in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def values(found: Iterable[tuple[int, int | None]]) -> list[int]:
    """The bytes received, as a progress function was told them."""
    return [received for received, _ in found]
