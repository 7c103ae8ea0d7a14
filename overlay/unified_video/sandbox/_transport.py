"""The sandbox in memory: an httpx transport for both kinds of client, with no socket and no real waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from ._clock import VirtualClock
from ._message import Incoming, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from unified_video._io import Clock

    from ._app import App


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers every URL. A delay takes no time, it moves a VirtualClock; one beyond the time limit is a ReadTimeout."""

    def __init__(self, app: App) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        incoming = _incoming(request, request.read())
        return _response(request, self._app(incoming), self._app.state.clock)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        incoming = _incoming(request, await request.aread())
        return _response(request, await self._answered(incoming), self._app.state.clock)

    async def _answered(self, incoming: Incoming) -> Reply:
        if not self._app.is_slow(incoming):
            return self._app(incoming)
        import anyio.to_thread

        # A video takes a second to render: other tasks go on meanwhile.
        return await anyio.to_thread.run_sync(self._app, incoming)


def _incoming(request: httpx.Request, body: bytes) -> Incoming:
    return Incoming(
        method=request.method,
        target=request.url.raw_path.decode("ascii"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        origin=f"{request.url.scheme}://{request.url.netloc.decode('ascii')}",
    )


def _response(request: httpx.Request, reply: Reply, clock: Clock) -> httpx.Response:
    if reply.drop == "connect":
        raise httpx.ConnectError("the sandbox refused the connection", request=request)
    if reply.drop == "read":
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    limit = request.extensions.get("timeout", {}).get("read")
    _pass(reply.delay, limit, clock, request)
    return httpx.Response(reply.status, headers=list(reply.headers), stream=_Stream(reply, request, limit, clock))


def _pass(seconds: float, limit: float | None, clock: Clock, request: httpx.Request) -> None:
    """Lets time pass on a clock that jumps."""
    late = limit is not None and seconds > limit
    if isinstance(clock, VirtualClock):
        clock.sleep(limit if late and limit is not None else seconds)
    if late:
        raise httpx.ReadTimeout("the sandbox took longer than the time limit", request=request)


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, reply: Reply, request: httpx.Request, limit: float | None, clock: Clock) -> None:
        self._reply, self._request, self._limit, self._clock = reply, request, limit, clock

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(self._reply.pieces()):
            _pass(self._reply.drip if number else 0.0, self._limit, self._clock, self._request)
            yield piece
        if self._reply.drop == "answer":
            raise httpx.RemoteProtocolError("peer closed connection in the middle of the body", request=self._request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece
