"""One exchange of either IO: over sockets that hang, drip, cut and lie, and in memory."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import pytest
import trustme
from both import KINDS, VirtualClock, send, stream
from large import serving_over
from raw_server import answering, dripping, hanging, request_of, response, serving

from unified_video._io import Answer, Broken, Fault, NotConnected, Request, SystemClock, run
from unified_video._io import asynchronous as _async
from unified_video._io import blocking as _blocking
from unified_video._io import lanes as _lanes
from unified_video._io.asynchronous import AsyncIO
from unified_video._io.blocking import BlockingIO
from unified_video._io.http import limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.parametrize("kind", KINDS)


def get(port: int, path: str = "/", **headers: str) -> Request:
    return Request("GET", f"http://127.0.0.1:{port}{path}", headers)


ANYWHERE = Request("GET", "https://gateway.example/", {})


def test_an_answer_is_read_whole(kind: str) -> None:
    with serving(answering(response(b"{}", "418 Teapot", "X-Request-Id: r-1"))) as port:
        found = send(kind, get(port))
    assert (found.status, found.body, found.broken) == (418, b"{}", None)
    assert found.headers["x-request-id"] == "r-1"


def test_a_request_goes_out_as_it_is(kind: str) -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket, _: Event) -> None:
        seen.append(request_of(connection, body=4))
        connection.sendall(response(b""))

    with serving(handle) as port:
        send(kind, Request("POST", f"http://127.0.0.1:{port}/a%3Ab", {"X-Own": "1"}, b"body"))
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a%3Ab HTTP/1.1\r\n")
    assert b"X-Own: 1" in head
    assert b"Content-Length: 4" in head
    assert body == b"body"


def test_an_encoded_answer_is_decoded(kind: str) -> None:
    with serving(answering(response(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"))) as port:
        assert send(kind, get(port)).body == b"{}"


def test_no_connection_is_told_apart(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NotConnected):
        send(kind, get(port))


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"SSH-2.0-OpenSSH\r\n\r\n"])
def test_a_drop_or_garbage_before_an_answer_is_broken(kind: str, start: bytes) -> None:
    with serving(answering(start)) as port, pytest.raises(Broken):
        send(kind, get(port))


@contextmanager
def serving_as_proxy(handle: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(handle) as port:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield


@pytest.mark.parametrize("handle", [hanging, answering(b""), answering(response(b"", "407 Who Are You"))])
def test_what_a_proxy_does_not_let_through_was_not_sent(
    kind: str, handle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_as_proxy(handle, monkeypatch), pytest.raises(NotConnected, match="ProxyError: "):
        send(kind, ANYWHERE, timeout=0.5)


def test_what_a_proxy_sends_unasked_is_not_taken_for_the_next_answer(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def handle(connection: socket.socket, _: Event) -> None:
        while request_of(connection).strip():
            seen.append(connection.getpeername()[1])
            connection.sendall(response(b"{}") + response(b"unasked"))

    request = Request("GET", "http://gateway.example/", {})
    with serving_as_proxy(handle, monkeypatch):
        if kind == "blocking":
            blocking = BlockingIO(limits(None), SystemClock())
            bodies = [run(blocking.send(request)).body for _ in range(2)]
            blocking.close()
        else:
            bodies = asyncio.run(twice(request))
    assert bodies == [b"{}", b"{}"]
    assert len(set(seen)) == 2


async def twice(request: Request) -> list[bytes]:
    io = AsyncIO(limits(None), SystemClock())
    bodies = [(await io.send(request)).body for _ in range(2)]
    await io.aclose()
    return bodies


@pytest.mark.parametrize("handle", [hanging, answering(b"")])
def test_what_went_to_a_proxy_and_was_not_answered_may_have_been_sent(
    kind: str, handle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request("POST", "http://gateway.example/", {}, b"{}")
    with serving_as_proxy(handle, monkeypatch), pytest.raises(Broken):
        send(kind, request, timeout=0.5)


@pytest.mark.parametrize(
    ("handle", "outcome"), [(hanging, "Broken"), (answering(b""), "Broken"), (answering(response(b"{}")), "Answer")]
)
def test_so_may_what_went_through_the_tunnel_of_a_proxy(
    kind: str, handle: Any, outcome: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, server = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gateway.example").configure_cert(server)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    asked: list[bytes] = []

    def tunnel(connection: socket.socket, over: Event) -> None:
        asked.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with server.wrap_socket(connection, server_side=True) as stream:
            handle(stream, over)

    with serving_as_proxy(tunnel, monkeypatch):
        found: Answer | Fault
        try:
            found = send(kind, ANYWHERE, timeout=0.5)
        except Fault as fault:
            found = fault
    assert type(found).__name__ == outcome
    assert asked[0].startswith(b"CONNECT gateway.example:443 ")


def test_what_came_before_a_drop_counts(kind: str) -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b'{"task_id": "cgt-1"}')) as port:
        found = send(kind, get(port))
    assert found.body == b'{"task_id": "cgt-1"}'
    assert found.broken is not None
    assert "RemoteProtocolError" in found.broken


HANGING = [
    ("no answer", hanging),
    ("headers drip", dripping(b"HTTP/1.1 200 OK\r\nX-Long: ")),
    ("the body drips", dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")),
]


@pytest.mark.parametrize(("name", "handle"), HANGING)
@pytest.mark.parametrize("limit", ["deadline", "timeout"])
def test_neither_a_hanging_nor_a_dripping_server_outlasts_the_limit(
    kind: str, name: str, handle: Any, limit: str
) -> None:
    begin = time.monotonic()
    with serving(handle) as port:
        try:
            found = send(kind, get(port), 0.3) if limit == "deadline" else send(kind, get(port), timeout=0.2)
        except Broken:
            assert "body" not in name
        else:
            assert found.broken is not None
    assert 0.15 <= time.monotonic() - begin < 1.0


@pytest.mark.parametrize(("name", "handle"), HANGING)
def test_nor_does_it_where_a_stream_was_asked_for_and_something_else_comes(kind: str, name: str, handle: Any) -> None:
    begin = time.monotonic()
    with serving(handle) as port:
        try:
            found = stream(kind, get(port), lambda _: None, timeout=0.4)
        except Broken:
            assert "body" not in name
        else:
            assert found.broken is not None
    assert 0.15 <= time.monotonic() - begin < 1.4


def test_a_full_pool_does_not_outlast_the_deadline(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lanes, "MOST", 1)
    begin = time.monotonic()
    with serving(hanging) as port:
        errors = two_at_once(kind, get(port))
    assert {type(error) for error in errors} <= {Broken, NotConnected}
    assert time.monotonic() - begin < 1.0


def test_who_gets_no_connection_in_time_has_sent_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lanes, "MOST", 1)
    with serving(hanging) as port:
        errors = two_at_once(kind, get(port), httpx.Timeout(5, pool=0.05))
    assert sorted(type(error).__name__ for error in errors) == ["Broken", "NotConnected"]


def two_at_once(kind: str, request: Request, timeout: httpx.Timeout | None = None) -> list[Exception]:
    errors: list[Exception] = []
    if kind == "blocking":
        io = BlockingIO(limits(timeout), SystemClock())

        def one() -> None:
            try:
                run(io.send(request, io.now() + 0.3))
            except (Broken, NotConnected) as error:
                errors.append(error)

        threads = [Thread(target=one), Thread(target=one)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        io.close()
        return errors

    async def both() -> list[Any]:
        io = AsyncIO(limits(timeout), SystemClock())
        sends = [io.send(request, io.now() + 0.3) for _ in range(2)]
        found = await asyncio.gather(*sends, return_exceptions=True)
        await io.aclose()
        return found

    return asyncio.run(both())


def test_a_deadline_that_has_passed_ends_at_once(kind: str) -> None:
    begin = time.monotonic()
    with serving(hanging) as port, pytest.raises((Broken, NotConnected)):
        send(kind, get(port), -5)
    assert time.monotonic() - begin < 0.5


def test_without_any_limit_an_answer_is_waited_for(kind: str) -> None:
    with serving(answering(response(b"{}"))) as port:
        assert send(kind, get(port), timeout=httpx.Timeout(None)).body == b"{}"
        assert send(kind, get(port), 5, timeout=httpx.Timeout(None)).body == b"{}"


def test_a_connection_is_used_again(kind: str) -> None:
    ports: list[int] = []

    def handle(connection: socket.socket, _: Event) -> None:
        while request_of(connection).strip():
            ports.append(connection.getpeername()[1])
            connection.sendall(response(b"{}"))

    with serving(handle) as port:
        if kind == "blocking":
            io = BlockingIO(limits(None), SystemClock())
            for _ in range(3):
                run(io.send(get(port)))
            io.close()
        else:

            async def thrice() -> None:
                io = AsyncIO(limits(None), SystemClock())
                for _ in range(3):
                    await io.send(get(port))
                await io.aclose()

            asyncio.run(thrice())
    assert len(ports) == 3
    assert len(set(ports)) == 1


@pytest.mark.parametrize("is_asyncio", [True, False], ids=["our connection", "httpx's"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_came_beside_an_answer_is_not_the_next_answer(
    kind: str, scheme: str, monkeypatch: pytest.MonkeyPatch, *, is_asyncio: bool
) -> None:
    def handle(connection: socket.socket, _: Event) -> None:
        while request_of(connection).strip():
            connection.sendall(response(b"{}") + response(b'{"task_id": "of another"}'))

    monkeypatch.setattr(_async, "_is_asyncio", lambda: is_asyncio)
    with serving_over(scheme, handle) as port:
        request = Request("GET", f"{scheme}://127.0.0.1:{port}/", {})
        if kind == "blocking":
            io = BlockingIO(limits(None), SystemClock())
            bodies = [run(io.send(request)).body for _ in range(3)]
            io.close()
        else:

            async def thrice() -> list[bytes]:
                io = AsyncIO(limits(None), SystemClock())
                found = [(await io.send(request)).body for _ in range(3)]
                await io.aclose()
                return found

            bodies = asyncio.run(thrice())
    assert bodies == [b"{}"] * 3


def test_a_connection_that_nobody_needs_is_closed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lanes, "IDLE", 0)
    closed = Event()

    def handle(connection: socket.socket, _: Event) -> None:
        request_of(connection)
        connection.sendall(response(b"{}"))
        connection.recv(1)
        closed.set()

    with serving(handle) as port:
        if kind == "blocking":
            run(BlockingIO(limits(None), SystemClock()).send(get(port)))
            assert closed.wait(5)
        else:

            async def once() -> None:
                await AsyncIO(limits(None), SystemClock()).send(get(port))
                assert await asyncio.to_thread(closed.wait, 5)

            asyncio.run(once())


def test_an_endless_answer_is_left_where_it_is_too_long(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_blocking if kind == "blocking" else _async, "MOST_BYTES", 100)
    with serving(answering(response(b"x" * 1000))) as port:
        found = send(kind, get(port))
    assert found.broken == "the answer was too long"
    assert len(found.body) > 100


def test_a_stream_goes_where_accept_says(kind: str) -> None:
    chunks: list[bytes] = []
    seen: list[Answer] = []

    def accept(found: Answer) -> Any:
        seen.append(found)
        return chunks.append

    body = b"x" * 500_000
    with serving(answering(response(body))) as port:
        found = stream(kind, get(port), accept)
    assert b"".join(chunks) == body
    assert (found.status, found.body, seen[0].body) == (200, b"", b"")


def test_a_stream_that_is_not_wanted_is_read_whole(kind: str) -> None:
    with serving(answering(response(b"gone", "410 Gone"))) as port:
        assert stream(kind, get(port), lambda _: None).body == b"gone"


def test_a_stream_that_is_cut_is_broken_and_what_came_was_written(kind: str) -> None:
    chunks: list[bytes | memoryview] = []
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxyz")) as port, pytest.raises(Broken):
        stream(kind, get(port), lambda _: chunks.append)
    assert chunks == [b"xyz"]


def test_a_disk_that_fails_is_no_fault_of_the_network(kind: str) -> None:
    def full(_: bytes | memoryview) -> None:
        raise OSError(28, "no room")

    with serving(answering(response(b"x" * 1000))) as port, pytest.raises(OSError, match="no room") as caught:
        stream(kind, get(port), lambda _: full)
    assert type(caught.value) is OSError


def test_a_stream_that_stalls_is_cut_by_the_time_limit_of_a_read(kind: str) -> None:
    def stall(connection: socket.socket, over: Event) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxyz")
        over.wait(10)

    begin = time.monotonic()
    with serving(stall) as port, pytest.raises(Broken, match="ReadTimeout"):
        stream(kind, get(port), lambda _: lambda _: None, timeout=0.2)
    assert time.monotonic() - begin < 1.0


def test_a_stream_may_take_longer_than_the_limit_of_one_exchange(kind: str) -> None:
    def slow(connection: socket.socket, over: Event) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            over.wait(0.05)
            connection.sendall(b"x")

    chunks: list[bytes | memoryview] = []
    with serving(slow) as port:
        stream(kind, get(port), lambda _: chunks.append, timeout=0.1)
    assert b"".join(chunks) == b"x" * 8


# In memory


def mock(answer: Any) -> httpx.MockTransport:
    return httpx.MockTransport(answer if callable(answer) else lambda _: answer)


def test_a_transport_of_the_users_own_is_used(kind: str) -> None:
    transport = mock(httpx.Response(200, headers={"X-A": "1"}, content=b"{}"))
    found = send(kind, ANYWHERE, transport=transport)
    assert (found.body, found.headers["x-a"]) == (b"{}", "1")


def test_an_encoded_answer_in_memory_is_decoded(kind: str) -> None:
    found = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b"{}"))
    assert send(kind, ANYWHERE, transport=mock(found)).body == b"{}"


@pytest.mark.parametrize(
    ("error", "fault"),
    [(httpx.ConnectError("x"), NotConnected), (httpx.ReadError("x"), Broken), (TimeoutError(), Broken)],
)
def test_the_faults_of_a_transport_are_named(kind: str, error: Exception, fault: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(fault):
        send(kind, ANYWHERE, transport=mock(fail))


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces, between which time may pass, or that ends in a fault."""

    def __init__(self, *pieces: bytes | Exception, clock: VirtualClock | None = None) -> None:
        self._pieces, self._clock = pieces, clock

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if self._clock:
                self._clock.sleep(10)
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def test_a_body_that_breaks_off_is_kept_so_far(kind: str) -> None:
    body = Pieces(b"ab", b"cd", httpx.ReadError("reset"))
    found = send(kind, ANYWHERE, transport=mock(httpx.Response(200, stream=body)))
    assert (found.body, found.broken) == (b"abcd", "ReadError: reset")


def test_a_slow_body_is_left_at_the_deadline_also_of_another_clock(kind: str) -> None:
    clock = VirtualClock()
    body = Pieces(*[b"x"] * 100, clock=clock)
    found = send(kind, ANYWHERE, 35, transport=mock(httpx.Response(200, stream=body)), clock=clock)
    if kind == "blocking":  # the event loop's time limits are real seconds
        assert found.broken == "the time was over before the answer was whole"
        assert clock.seconds == 40


def test_the_handshake_of_a_secure_connection_is_cut_too(kind: str) -> None:
    limits_of_handshakes = []

    class Plain(httpcore.MockStream):
        def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Any:
            assert (ssl_context, server_hostname) == (None, "gateway.example")
            limits_of_handshakes.append(timeout)
            return self

    if kind == "blocking":  # the async client is cut as a whole
        token = _blocking._cut.set(lambda: 3.0)
        made = _blocking._Stream(Plain([])).start_tls(None, "gateway.example", 10.0)  # type: ignore[arg-type]
        _blocking._cut.reset(token)
        assert isinstance(made, _blocking._Stream)
        assert limits_of_handshakes == [3.0]


def test_each_piece_of_a_large_body_has_what_is_left_of_the_time(kind: str) -> None:
    clock, limits_of_pieces = VirtualClock(), []

    class Slow(httpcore.MockStream):
        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            limits_of_pieces.append((len(buffer), timeout))
            clock.sleep(1)

    if kind == "blocking":  # the async client is cut as a whole
        token = _blocking._cut.set(lambda: 2.5 - clock.seconds)
        _blocking._Stream(Slow([])).write(bytes(2 * 64 * 1024 + 1), 10.0)
        _blocking._cut.reset(token)
        assert limits_of_pieces == [(64 * 1024, 2.5), (64 * 1024, 1.5), (1, 0.5)]


def test_sleeping_is_the_clocks(kind: str) -> None:
    clock = VirtualClock()
    if kind == "blocking":
        run(BlockingIO(limits(None), clock).sleep(5))
    else:
        asyncio.run(AsyncIO(limits(None), clock).sleep(5))
        asyncio.run(AsyncIO(limits(None), SystemClock()).sleep(0))
    assert clock.sleeps == [5]


def test_the_time_is_the_clocks_and_the_jitter_is_random(kind: str) -> None:
    clock = VirtualClock()
    io = (BlockingIO if kind == "blocking" else AsyncIO)(limits(None), clock)
    assert (io.now(), io.time()) == (0.0, 1_700_000_000.0)
    assert 0 <= io.jitter() < 1
    assert io.jitter() != io.jitter()
