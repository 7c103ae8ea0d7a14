"""IO for event loops: the same as the blocking one, awaited."""

from __future__ import annotations

import random
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx

from . import _http
from ._io import MOST_BYTES, Answer, Broken, Clock, Fault, Request, SystemClock, T, Write

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    _Chunks = AsyncGenerator[bytes, None]


class AsyncIO:
    """Sends through httpx's transports, or one of the user's own; safe to share by tasks of one event loop."""

    def __init__(self, limits: _http.Limits, clock: Clock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._limits, self._clock = limits, clock
        self._routes = _http.Routes(transport, _made)

    async def send(self, request: Request, deadline: float | None = None) -> Answer:
        total = self._limits.for_request(request)
        left = None if deadline is None else deadline - self._clock.now()
        seconds = min((limit for limit in (total, left) if limit is not None), default=None)
        return await self._exchange(request, lambda _: None, seconds)

    async def stream(self, request: Request, accept: Callable[[Answer], Write | None]) -> Answer:
        return await self._exchange(request, accept, None)

    async def _exchange(
        self, request: Request, accept: Callable[[Answer], Write | None], seconds: float | None
    ) -> Answer:
        answer: Answer | None = None
        body = bytearray()
        with anyio.move_on_after(None if seconds is None else max(seconds, 0.001)) as scope:
            with _http.faults():
                transport = self._routes.find(request.url)
                response = await transport.handle_async_request(_http.outgoing(request, self._limits.each))
            try:
                answer = _http.head(response)
                answer = await _take(response, answer, accept, body)
            finally:
                await response.aclose()
        if answer is None:
            raise Broken("no answer within the time limit")
        if scope.cancelled_caught:
            return Answer(answer.status, answer.headers, bytes(body), "the time was over before the answer was whole")
        return answer

    async def sleep(self, seconds: float) -> None:
        if isinstance(self._clock, SystemClock):
            await anyio.sleep(seconds)
        else:
            self._clock.sleep(seconds)
            await anyio.lowlevel.checkpoint()

    async def call(self, function: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(function)

    def now(self) -> float:
        return self._clock.now()

    def time(self) -> float:
        return self._clock.time()

    jitter = staticmethod(random.random)

    async def aclose(self) -> None:
        for transport in self._routes.all():
            await transport.aclose()


def _made(proxy: str | None) -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(proxy=proxy)


async def _take(
    response: httpx.Response, answer: Answer, accept: Callable[[Answer], Write | None], body: bytearray
) -> Answer:
    write = accept(answer)
    if write is not None:
        await _pour(response, write)
        return answer
    broken = None
    try:
        await _pour(response, lambda chunk: _keep(body, chunk))
    except Fault as fault:  # what was read counts even if the rest never came: a task id may be in it
        broken = str(fault)
    return Answer(answer.status, answer.headers, bytes(body), broken)


def _keep(body: bytearray, chunk: bytes) -> None:
    body += chunk
    if len(body) > MOST_BYTES:
        raise Broken("the answer was too long")


async def _pour(response: httpx.Response, write: Write) -> None:
    """Keeps faults of the network apart from those of the disk that the chunks are written to."""
    if response.is_stream_consumed:  # a transport of the user's own, that gave the body at once
        write(response.content)
        return
    encoded = "content-encoding" in response.headers
    # Closed at once, not when its memory is freed: trio warns of that.
    async with aclosing(cast("_Chunks", response.aiter_bytes() if encoded else response.aiter_raw())) as chunks:
        while True:
            with _http.faults():
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            write(chunk)
