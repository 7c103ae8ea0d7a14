"""IO that blocks: it never suspends, so the core over it needs no event loop."""

from __future__ import annotations

import random
from contextvars import ContextVar
from threading import Event
from typing import TYPE_CHECKING, cast

import httpcore
import httpx

from . import MOST_BYTES, Answer, Clock, NotConnected, Request, T, Write, http, sockets
from .lanes import Lanes, Queue, Shared, Turn

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    _Queue = Queue[httpx.BaseTransport, Event]
    _Turn = Turn[httpx.BaseTransport, Event]

# The seconds until the exchange of this thread is cut.
_cut: ContextVar[Callable[[], float] | None] = ContextVar("_cut", default=None)


class BlockingIO:
    """Sends through httpx's transports, or one of the user's own; safe to share by threads."""

    def __init__(self, limits: http.Limits, clock: Clock, transport: httpx.BaseTransport | None = None) -> None:
        self._limits, self._clock = limits, clock
        self._routes = http.Routes(transport, _for_downloads)
        own: _Queue | None = None if transport is None else Shared(transport)
        self._queues = http.Routes(own, _queue)

    async def send(self, request: Request, deadline: float | None = None) -> Answer:
        return self._exchange(request, deadline, lambda _: None, self._queues.find(request.url))

    async def stream(self, request: Request, accept: Callable[[Answer], Write | None]) -> Answer:
        return self._exchange(request, None, accept, Shared(self._routes.find(request.url)))

    def _exchange(
        self, request: Request, deadline: float | None, accept: Callable[[Answer], Write | None], queue: _Queue
    ) -> Answer:
        turn: _Turn = Turn(first=request.method != "GET")  # a create goes before all queries
        token = _cut.set(self._left(self._limits.for_request(request), deadline))
        try:
            return self._answer(request, accept, self._lane(queue, turn))
        finally:
            _cut.reset(token)
            surplus = queue.leave(turn)
            if surplus is not None:
                surplus.close()

    def _left(self, total: float | None, deadline: float | None) -> Callable[[], float] | None:
        """The seconds that an exchange which begins now still has; None for no end of them."""
        now = self._clock.now
        if total is not None:
            deadline = now() + total if deadline is None else min(deadline, now() + total)
        return None if deadline is None else lambda: deadline - now()

    def _lane(self, queue: _Queue, turn: _Turn) -> httpx.BaseTransport:
        queue.enter(turn)
        if turn.event is not None:
            turn.event.wait(_clamped(self._limits.each.pool))
        if turn.lane is None:
            raise NotConnected(http.NO_LANE)
        return turn.lane

    def _answer(
        self, request: Request, accept: Callable[[Answer], Write | None], transport: httpx.BaseTransport
    ) -> Answer:
        with http.faults():
            response = transport.handle_request(http.outgoing(request, _clamped_parts(self._limits.each)))
        try:
            answer = http.head(response)
            write = accept(answer)
            if write is None:
                return _whole(answer, _body(response))
            _cut.set(None)  # for as long as it takes: each piece has the time limit of a read
            for chunk in _named_faults(self._pieces(response, straight=self._routes.is_straight(transport))):
                write(chunk)
            return answer
        finally:
            response.close()

    def _pieces(self, response: httpx.Response, *, straight: bool) -> Iterator[bytes | memoryview]:
        for chunk in _chunks(response):
            yield chunk
            left = sockets.rest(response) if straight else 0
            if left:
                yield from sockets.blocking_pieces(response, left, self._limits.each.read)
                return

    async def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    async def call(self, function: Callable[[], T]) -> T:
        return function()

    def now(self) -> float:
        return self._clock.now()

    def time(self) -> float:
        return self._clock.time()

    jitter = staticmethod(random.random)

    def check_open(self) -> None:
        """Raises Closed."""
        self._routes.check_open()

    def close(self) -> None:
        for transport in self._routes.close():
            transport.close()
        for queue in self._queues.close():
            for lane in queue.close():
                lane.close()


def _whole(answer: Answer, chunks: Iterable[bytes]) -> Answer:
    """What was read counts even if the rest never came: a task id may be in it."""
    body, broken, left = bytearray(), None, _cut.get()
    try:
        for chunk in chunks:
            body += chunk
            if len(body) > MOST_BYTES:
                broken = "the answer was too long"
                break
            if left is not None and left() <= 0:
                broken = "the time was over before the answer was whole"
                break
    except http.FAULTS as error:
        broken = str(http.named(error))
    return Answer(answer.status, answer.headers, bytes(body), broken)


def _named_faults(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Keeps faults of the network apart from those of the disk that the chunks are written to."""
    iterator = iter(chunks)
    while True:
        with http.faults():
            chunk = next(iterator, None)
        if chunk is None:
            return
        yield chunk


def _chunks(response: httpx.Response) -> Iterable[bytes]:
    if response.is_stream_consumed:  # a transport of the user's own, that gave the body at once
        return (response.content,)
    return response.iter_bytes() if "content-encoding" in response.headers else response.iter_raw()


def _body(response: httpx.Response) -> Iterable[bytes]:
    """As `_chunks`, for what is read whole: nothing has to be counted."""
    if response.is_stream_consumed or "content-encoding" in response.headers:
        return _chunks(response)
    return cast("httpx.SyncByteStream", response.stream)  # of a blocking transport


def _queue(proxy: str | None) -> _Queue:
    context = http.secure()
    return Lanes(lambda: _ProxyLane(context, proxy) if proxy else _Lane(context), Event)


class _Lane(httpx.HTTPTransport):
    """For one exchange at a time, on one connection: the bookkeeping of a pool takes a tenth of a call."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context)
        self._pool = _OneConnection(context)  # type: ignore[assignment] # all of a pool that is asked for


class _OneConnection:
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._kept: httpcore.HTTPConnection | None = None

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        kept, origin = self._kept, request.url.origin
        if kept is None or not _may_be_used(kept, origin):
            self.close()
            kept = self._kept = httpcore.HTTPConnection(
                origin,
                self._context,
                keepalive_expiry=http.KEPT_SECONDS,
                network_backend=_Backend(httpcore.SyncBackend()),
            )
        return kept.handle_request(request)

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def _may_be_used(kept: httpcore.HTTPConnection, origin: httpcore.Origin) -> bool:
    """Whether it leads there, and nobody closed it or sent unasked: a create on a dead connection is uncertain."""
    is_open = kept.is_idle() and not kept.has_expired()
    return kept.can_handle_request(origin) and is_open and not http.came_unasked(kept)


class _ProxyLane(httpx.HTTPTransport):
    def __init__(self, context: ssl.SSLContext, proxy: str) -> None:
        super().__init__(verify=context, proxy=proxy, limits=http.ONE_CONNECTION)
        _cut_short(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if any(map(http.came_unasked, self._pool.connections)):
            self.close()  # it opens another connection
        with http.Way(request):
            return super().handle_request(request)


def _for_downloads(proxy: str | None) -> httpx.BaseTransport:
    return _cut_short(httpx.HTTPTransport(proxy=proxy))


def _cut_short(transport: httpx.HTTPTransport) -> httpx.BaseTransport:
    # httpx has no word for httpcore's network backend; without one, headers that drip in are waited for without end.
    transport._pool._network_backend = _Backend(transport._pool._network_backend)  # noqa: SLF001
    return transport


def _clamped(timeout: float | None) -> float | None:
    """The time limit of one step, cut to what is left of the exchange."""
    left = _cut.get()
    if left is None:
        return timeout
    return max(0.001, left() if timeout is None else min(timeout, left()))


def _clamped_parts(timeout: httpx.Timeout) -> http.Parts:
    # For a transport of the user's own, which no backend of ours sees.
    left = _cut.get()
    if left is None:
        return timeout.as_dict()
    most = max(0.001, left())
    return {step: most if limit is None or limit > most else limit for step, limit in timeout.as_dict().items()}


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        made = self._backend.connect_tcp(host, port, _clamped(timeout), local_address, socket_options)
        return _Stream(made)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _clamped(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, each cut to what is left: who reads slowly, but steadily, does not hold a create for ever.
        for start in range(0, len(buffer), http.PIECE_BYTES):
            self._stream.write(buffer[start : start + http.PIECE_BYTES], _clamped(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _clamped(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()
