"""One connection of asyncio's own, spoken over with h11, for small bodies: in half of the time of httpx's transport.

For each exchange httpx goes through httpcore's pool and its locks, and through AnyIO's stream and its scopes. Here what
the event loop brings goes straight into h11. Another loop and a proxy get httpx's own transport: see `asynchronous`.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from functools import partial
from typing import TYPE_CHECKING, Self, cast

import h11
import httpx

from . import Answer
from .http import KEPT_SECONDS, PIECE_BYTES, addressed, joined, url_and_host

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from . import Request
    from .http import Parts

    Origin = tuple[str, str, int]
    Address = tuple[int, int, int, str, tuple[str | int, ...] | tuple[int, bytes]]

_Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)
"""For a single look: an epoll would have to be made for it, and closed."""
_LONGEST_HEAD = 100 * 1024
_NEXT_ADDRESS_SECONDS = 0.25
"""After so long the next address of a host is tried beside the first (RFC 8305)."""


class Wire:
    """For one exchange at a time. The connection is kept for the next one."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._kept: _Connection | None = None
        self.is_connected = False
        """Whether the exchange came as far as a connection; before that nothing can have been sent."""

    async def open(self, request: Request, limits: Parts) -> Reply:
        """Sends, and returns with the head of the answer."""
        self.is_connected = False
        url, _ = url_and_host(request.url)
        connection = self._take(_origin(url)) or await _connected(url, self._context, limits["connect"])
        self.is_connected = True
        try:
            await connection.write(request, limits["write"])
            head = await connection.head(limits["read"])
        except BaseException:
            connection.close()
            raise
        return Reply(self, connection, head, limits["read"])

    def _take(self, origin: Origin) -> _Connection | None:
        """Not kept while it is used: whatever ends an exchange early, a cancellation too, ends its connection."""
        kept, self._kept = self._kept, None
        if kept is None or kept.may_be_used_for(origin):
            return kept
        kept.close()
        return None

    def over(self, connection: _Connection) -> None:
        """The exchange has ended, well or not."""
        if connection.is_whole():
            self._kept = connection
        else:
            connection.close()

    async def aclose(self) -> None:
        if self._kept is not None:
            self._kept.close()
            await asyncio.sleep(0)  # the loop closes it in its next round
            self._kept = None


class Reply(httpx.AsyncByteStream):
    """The head of an answer, and its body piece by piece."""

    def __init__(self, wire: Wire, connection: _Connection, head: h11.Response, limit: float | None) -> None:
        self._wire, self._connection, self._limit = wire, connection, limit
        self.head = Answer(head.status_code, joined(head.headers))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        event = await self._connection.event(self._limit)
        if isinstance(event, h11.Data):
            return bytes(event.data)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._wire.over(self._connection)


async def _connected(url: httpx.URL, context: ssl.SSLContext, limit: float | None) -> _Connection:
    scheme, host, port = origin = _origin(url)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limit):
            addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            _, made = await loop.create_connection(
                lambda: _Connection(origin),
                sock=await _first_reached(addresses),
                ssl=context if scheme == "https" else None,
                server_hostname=host if scheme == "https" else None,
            )
    except TimeoutError as error:
        raise httpx.ConnectTimeout("no connection within the time limit") from error
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    return made


async def _first_reached(addresses: Sequence[Address]) -> socket.socket:
    """Each next address is tried beside those before. asyncio's own race, cancelled, forgets to close a socket."""
    tries: set[asyncio.Task[socket.socket]] = set()
    left = list(reversed(addresses))
    try:
        while True:
            if left:
                tries.add(asyncio.create_task(_reached(left.pop())))
            patience = _NEXT_ADDRESS_SECONDS if left else None
            done, _ = await asyncio.wait(tries, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                tries.remove(each)
                if each.exception() is None or not (tries or left):
                    return each.result()
    finally:
        for each in tries:
            each.cancel()
            each.add_done_callback(_let_go)


async def _reached(address: Address) -> socket.socket:
    family, kind, protocol, _, where = address
    made = socket.socket(family, kind, protocol)
    try:
        made.settimeout(0)
        await asyncio.get_running_loop().sock_connect(made, where)
    except BaseException:
        made.close()
        raise
    return made


def _let_go(late: asyncio.Task[socket.socket]) -> None:
    if not late.cancelled() and late.exception() is None:
        late.result().close()


class _Connection(asyncio.Protocol):
    """What comes goes into h11; the task that uses the connection is woken."""

    def __init__(self, origin: Origin) -> None:
        self._origin, self._loop = origin, asyncio.get_running_loop()
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._waiter: asyncio.Future[bool] | None = None
        self._is_full, self._until = False, 0.0
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # the one kind that a Protocol gets

    def data_received(self, data: bytes) -> None:
        self._state.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._error, self._is_full = exc, False
        self.data_received(b"")

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()

    def _wake(self, *, in_time: bool = True) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(in_time)

    async def _woken(self, limit: float | None) -> bool:
        """Whether something happened within the limit."""
        self._waiter = self._loop.create_future()
        if limit is None:
            return await self._waiter
        alarm = self._loop.call_later(limit, partial(self._wake, in_time=False))
        try:
            return await self._waiter
        finally:
            alarm.cancel()

    def may_be_used_for(self, origin: Origin) -> bool:
        """Whether it leads there, and was not closed at the other end: a create on a dead connection is uncertain."""
        is_there = origin == self._origin and asyncio.get_running_loop() is self._loop
        if not is_there or self._loop.time() > self._until or self._transport.is_closing():
            return False
        # Nothing came unasked. The loop may not yet have read what the socket holds.
        return self._state.trailing_data == (b"", False) and not _is_readable(self._transport.get_extra_info("socket"))

    async def write(self, request: Request, limit: float | None) -> None:
        pieces = memoryview(self._encoded(request))
        for start in range(0, len(pieces), PIECE_BYTES):
            self._transport.write(pieces[start : start + PIECE_BYTES])
            while self._is_full:
                if not await self._woken(limit):
                    raise httpx.WriteTimeout("nothing was taken within the time limit")
            if self._transport.is_closing():
                return  # refused before it was whole; why, the answer may say

    def _encoded(self, request: Request) -> bytes:
        url, headers = addressed(request)
        try:
            head = h11.Request(method=request.method, target=url.raw_path, headers=list(headers.items()))
        except h11.LocalProtocolError as error:  # what no header may hold
            raise httpx.LocalProtocolError(str(error)) from error
        body = [h11.Data(data=request.content)] if request.content else []
        return b"".join([self._state.send(event) or b"" for event in (head, *body, h11.EndOfMessage())])

    async def head(self, limit: float | None) -> h11.Response:
        while not isinstance(event := await self.event(limit), h11.Response):
            pass  # an interim answer, such as 103
        return event

    async def event(self, limit: float | None) -> object:
        """The next of h11's events."""
        while (event := self._next()) is h11.NEED_DATA:
            if not await self._woken(limit):
                raise httpx.ReadTimeout("nothing came within the time limit")
        return event

    def _next(self) -> object:
        try:
            return self._state.next_event()
        except h11.RemoteProtocolError as error:
            if self._error is not None:
                raise httpx.ReadError(str(self._error)) from self._error
            if self._state.trailing_data == (b"", True):
                raise httpx.RemoteProtocolError(
                    "the service closed the connection before its answer was whole"
                ) from error
            raise httpx.RemoteProtocolError(str(error)) from error

    def is_whole(self) -> bool:
        """Whether the exchange ended as it should; then it is ready for another."""
        if self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        self._until = self._loop.time() + KEPT_SECONDS
        return True

    def close(self) -> None:
        if not self._loop.is_closed():
            self._transport.abort()


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or {"http": 80, "https": 443}[url.scheme]


def _is_readable(connection: socket.socket) -> bool:
    """Of a connection at rest: that it was closed at the other end."""
    with _Selector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(0))
