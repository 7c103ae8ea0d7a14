"""IO for event loops: the same as the blocking one, awaited."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx

from . import _http
from ._io import MOST_BYTES, Answer, Broken, Clock, Request, SystemClock, T, Write

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable


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
    if write is None:
        broken = await _fill(body, _chunks(response))
        return Answer(answer.status, answer.headers, bytes(body), broken)
    async for chunk in _named_faults(_chunks(response)):
        write(chunk)
    return answer


async def _fill(body: bytearray, chunks: AsyncIterable[bytes]) -> str | None:
    """What was read counts even if the rest never came: a task id may be in it. Says why it ended early."""
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) > MOST_BYTES:
                return "the answer was too long"
    except _http.FAULTS as error:
        return str(_http.named(error))
    return None


async def _named_faults(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Keeps faults of the network apart from those of the disk that the chunks are written to."""
    iterator = aiter(chunks)
    while True:
        with _http.faults():
            chunk = await anext(iterator, None)
        if chunk is None:
            return
        yield chunk


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:  # a transport of the user's own, that gave the body at once
        yield response.content
        return
    async for chunk in response.aiter_bytes() if "content-encoding" in response.headers else response.aiter_raw():
        yield chunk
