"""Both clients, and the IO of both, as one: so that a claim is made once and holds for each."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Self

import httpx
from scripted import KEY, LINK, MP4

from unified_video import AsyncUnifiedVideo, UnifiedVideo
from unified_video._io import Answer, Clock, Request, SystemClock, Write, run
from unified_video._io.asynchronous import AsyncIO
from unified_video._io.blocking import BlockingIO
from unified_video._io.http import limits

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("blocking", "async")
SUCCESS = {"task_id": "cgt-1", "status": "SUCCESS", "data": {"output": LINK}}


class Service:
    """Accepts each create, and is done at the first query; remembers what it was asked for."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == "media.example":
            return httpx.Response(200, content=MP4)
        return httpx.Response(200, json={"task_id": "cgt-1"} if request.method == "POST" else SUCCESS)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


class VirtualClock:
    """Time passes only where something sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.seconds

    def time(self) -> float:
        return 1_700_000_000.0 + self.seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds


class Client:
    """The verbs of one of the two clients, called and not awaited; an async one stays on one loop."""

    def __init__(self, kind: str, clock: Clock | None = None, **arguments: Any) -> None:
        given = {"api_key": KEY, "base_url": "https://gateway.example", **arguments}
        self.inner: Any = (UnifiedVideo if kind == "blocking" else AsyncUnifiedVideo)(**given)
        self.runner = asyncio.Runner()
        if clock:
            self.inner._use_clock(clock)

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            found = getattr(self.inner, verb)(*arguments, **options)
            return self.runner.run(found) if inspect.iscoroutine(found) else found

        return call

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        (self.aclose if isinstance(self.inner, AsyncUnifiedVideo) else self.close)()
        self.runner.close()


def send(kind: str, request: Request, seconds: float | None = None, **arguments: Any) -> Answer:
    """One exchange; `seconds` are left until the deadline."""
    found: Answer = _exchange(
        kind, lambda io: io.send(request, None if seconds is None else io.now() + seconds), **arguments
    )
    return found


def stream(kind: str, request: Request, accept: Callable[[Answer], Write | None], **arguments: Any) -> Answer:
    found: Answer = _exchange(kind, lambda io: io.stream(request, accept), **arguments)
    return found


def _exchange(
    kind: str,
    use: Callable[[Any], Any],
    timeout: float | httpx.Timeout | None = None,
    clock: Clock | None = None,
    transport: Any = None,
) -> Any:
    made = limits(timeout), clock or SystemClock(), transport
    if kind == "blocking":
        blocking = BlockingIO(*made)
        try:
            return run(use(blocking))
        finally:
            blocking.close()

    async def inside() -> Any:
        io = AsyncIO(*made)
        try:
            return await use(io)
        finally:
            await io.aclose()

    return asyncio.run(inside())
