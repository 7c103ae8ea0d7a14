"""IO for event loops: the same as the blocking one, awaited."""

from __future__ import annotations

import math
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import sniffio

from . import (
    MOST_BYTES,
    Answer,
    Broken,
    Clock,
    Fault,
    NotConnected,
    Request,
    SystemClock,
    T,
    Write,
    http,
    sockets,
    sockets_async,
)
from .lanes import Lanes, Queue, Shared, Turn
from .wire import Reply, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    _Transport = Wire | httpx.AsyncBaseTransport
    _Queue = Queue[_Transport, anyio.Event]
    _Turn = Turn[_Transport, anyio.Event]
    _Chunks = AsyncGenerator[bytes | memoryview, None]


class AsyncIO:
    """Sends through httpx's transports, or one of the user's own; safe to share by tasks of one event loop."""

    def __init__(self, limits: http.Limits, clock: Clock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._limits, self._clock = limits, clock
        self._routes = http.Routes(transport, _for_downloads, anyio.lowlevel.current_token)
        own: _Queue | None = None if transport is None else Shared(transport)
        self._queues = http.Routes(own, _queue, anyio.lowlevel.current_token)

    async def send(self, request: Request, deadline: float | None = None) -> Answer:
        return await self._exchange(request, deadline, lambda _: None, self._queues.find(request.url))

    async def stream(self, request: Request, accept: Callable[[Answer], Write | None]) -> Answer:
        return await self._exchange(request, None, accept, Shared(self._routes.find(request.url)))

    async def _exchange(
        self, request: Request, deadline: float | None, accept: Callable[[Answer], Write | None], queue: _Queue
    ) -> Answer:
        transport: _Transport | None = None
        answer: Answer | None = None
        body = bytearray()
        turn: _Turn = Turn(first=request.method != "GET")  # a create goes before all queries
        try:
            with anyio.move_on_after(self._seconds(request, deadline)) as scope:
                transport = await self._lane(queue, turn)
                with http.faults():
                    response = await _opened(transport, request, self._limits.each.as_dict())
                try:
                    answer = response.head if isinstance(response, Reply) else http.head(response)
                    write = accept(answer)
                    if write is None:
                        answer = await _whole(response, answer, body)
                    else:
                        scope.deadline = math.inf  # for as long as it takes: each piece has the time limit of a read
                        straight = self._routes.is_straight(transport)
                        # No wire: those are for small bodies.
                        await _pour(self._pieces(cast("httpx.Response", response), straight=straight), write)
                finally:
                    await response.aclose()
        finally:
            await _leave(queue, turn)
        if transport is None:
            raise NotConnected(http.NO_LANE)
        if answer is None:
            raise _unanswered(transport)
        if scope.cancelled_caught:
            return Answer(answer.status, answer.headers, bytes(body), "the time was over before the answer was whole")
        return answer

    async def _lane(self, queue: _Queue, turn: _Turn) -> _Transport:
        queue.enter(turn)
        if turn.event is not None:
            with anyio.move_on_after(self._limits.each.pool):
                await turn.event.wait()
        if turn.lane is None:
            raise NotConnected(http.NO_LANE)
        return turn.lane

    def _seconds(self, request: Request, deadline: float | None) -> float | None:
        left = None if deadline is None else deadline - self._clock.now()
        limits = [limit for limit in (self._limits.for_request(request), left) if limit is not None]
        return max(min(limits), 0.001) if limits else None

    async def _pieces(self, response: httpx.Response, *, straight: bool) -> _Chunks:
        async with aclosing(_chunks(response)) as chunks:
            async for chunk in chunks:
                yield chunk
                left = sockets.rest(response) if straight else 0
                found = sockets_async.source(response) if left else None
                if found:
                    break
            else:
                return
            async with aclosing(sockets_async.async_pieces(found, left, self._limits.each.read)) as pieces:
                async for piece in pieces:
                    yield piece

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

    def check_open(self) -> None:
        """Raises Closed."""
        self._routes.check_open()

    async def aclose(self) -> None:
        for transport in self._routes.close():
            await transport.aclose()
        for queue in self._queues.close():
            for lane in queue.close():
                await lane.aclose()


def _for_downloads(proxy: str | None) -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(proxy=proxy)


def _queue(proxy: str | None) -> _Queue:
    context = http.secure()
    if proxy is None and _is_asyncio():
        return Lanes(lambda: Wire(context), anyio.Event)
    kind = _Lane if proxy is None else _ProxyLane
    return Lanes(lambda: kind(verify=context, proxy=proxy, limits=http.ONE_CONNECTION), anyio.Event)


class _Lane(httpx.AsyncHTTPTransport):
    """For one exchange at a time."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if any(map(http.came_unasked, self._pool.connections)):
            await self.aclose()  # it opens another connection
        return await super().handle_async_request(request)


class _ProxyLane(_Lane):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with http.AsyncWay(request):
            return await super().handle_async_request(request)


def _is_asyncio() -> bool:
    return sniffio.current_async_library() == "asyncio"


def _unanswered(transport: _Transport) -> Fault:
    if isinstance(transport, Wire) and not transport.is_connected:
        return NotConnected("no connection within the time limit")
    return Broken("no answer within the time limit")


async def _leave(queue: _Queue, turn: _Turn) -> None:
    surplus = queue.leave(turn)
    if surplus is not None:
        with anyio.CancelScope(shield=True):
            await surplus.aclose()


async def _opened(transport: _Transport, request: Request, limits: http.Parts) -> httpx.Response | Reply:
    if isinstance(transport, Wire):
        reply = await transport.open(request, limits)
        is_encoded = "content-encoding" in reply.head.headers  # httpx decodes it
        return httpx.Response(reply.head.status, headers=reply.head.headers, stream=reply) if is_encoded else reply
    return await transport.handle_async_request(http.outgoing(request, limits))


async def _whole(response: httpx.Response | Reply, answer: Answer, body: bytearray) -> Answer:
    """What was read counts even if the rest never came: a task id may be in it."""
    broken = None
    try:
        if isinstance(response, Reply):
            with http.faults():
                async for chunk in response:
                    _keep(body, chunk)
        else:
            await _pour(_chunks(response), lambda chunk: _keep(body, chunk))
    except Fault as fault:
        broken = str(fault)
    return Answer(answer.status, answer.headers, bytes(body), broken)


def _keep(body: bytearray, chunk: bytes | memoryview) -> None:
    body += chunk
    if len(body) > MOST_BYTES:
        raise Broken("the answer was too long")


async def _chunks(response: httpx.Response) -> _Chunks:
    if response.is_stream_consumed:  # a transport of the user's own, that gave the body at once
        yield response.content
        return
    encoded = "content-encoding" in response.headers
    async with aclosing(cast("_Chunks", response.aiter_bytes() if encoded else response.aiter_raw())) as chunks:
        async for chunk in chunks:
            yield chunk


async def _pour(pieces: _Chunks, write: Write) -> None:
    """Keeps faults of the network apart from those of the disk that the pieces are written to."""
    async with aclosing(pieces):  # at once, not when its memory is freed: trio warns of that
        while True:
            with http.faults():
                piece = await anext(pieces, None)
            if piece is None:
                return
            write(piece)
