"""A large body comes straight from its socket where that may be, else by the parser, and is the same either way."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from both import KINDS, stream
from large import LARGE, MIB, Taken, drop, get, hang, serving_over, until
from raw_server import answering, request_of, response, serving

from unified_video._io import Broken, Request, SystemClock, run
from unified_video._io import sockets as _socket
from unified_video._io.asynchronous import AsyncIO
from unified_video._io.blocking import BlockingIO
from unified_video._io.http import limits

if TYPE_CHECKING:
    from threading import Event

both = pytest.mark.parametrize("kind", KINDS)
over_either = pytest.mark.parametrize("scheme", ["http", "https"])


def taken(kind: str, request: Request, **arguments: Any) -> Taken:
    found = Taken()
    assert stream(kind, request, found.accept, **arguments).status == 200
    return found


@over_either
@both
@pytest.mark.parametrize("size", [3 * MIB, 3 * MIB - 1, 2 * MIB + 12_345])
def test_a_large_body_comes_straight_from_its_socket(kind: str, scheme: str, size: int) -> None:
    with serving_over(scheme, answering(response(LARGE[:size]))) as port:
        found = taken(kind, get(port, scheme))
    assert found.bytes == LARGE[:size]
    assert found.straight


@over_either
@both
def test_what_follows_a_body_is_no_part_of_it(kind: str, scheme: str) -> None:
    with serving_over(scheme, answering(response(LARGE) + b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        assert taken(kind, get(port, scheme)).bytes == LARGE


@over_either
@both
@pytest.mark.parametrize(("size", "connections"), [(3 * MIB, 2), (MIB, 1), (10, 1), (0, 1)])
def test_only_a_connection_that_was_read_past_its_parser_is_not_used_again(
    kind: str, scheme: str, size: int, connections: int
) -> None:
    ports: set[int] = set()
    ended: list[bytes] = []

    def handle(connection: socket.socket, _: Event) -> None:
        while not (head := request_of(connection)).startswith(b"\r\n"):
            ports.add(connection.getpeername()[1])
            connection.sendall(response(LARGE[:size]))
        ended.append(head)

    with serving_over(scheme, handle) as port:
        found = twice(kind, get(port, scheme))
    assert found == [LARGE[:size], LARGE[:size]]
    assert len(ports) == len(ended) == connections


def twice(kind: str, request: Request) -> list[bytes | bytearray]:
    first, second = Taken(), Taken()
    if kind == "blocking":
        io = BlockingIO(limits(None), SystemClock())
        run(io.stream(request, first.accept))
        run(io.stream(request, second.accept))
        io.close()
        return [first.bytes, second.bytes]

    async def inside() -> list[bytes | bytearray]:
        io = AsyncIO(limits(None), SystemClock())
        await io.stream(request, first.accept)
        await io.stream(request, second.accept)
        await io.aclose()
        return [first.bytes, second.bytes]

    return asyncio.run(inside())


CHUNKED = b"Transfer-Encoding: chunked\r\n"
PIECES = b"%x\r\n%s\r\n0\r\n\r\n" % (len(LARGE), LARGE)


def sent(headers: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + body


@both
@pytest.mark.parametrize(
    ("raw", "size"),
    [
        (sent(CHUNKED, PIECES), 3 * MIB),
        (sent(CHUNKED + b"Content-Length: 3145728\r\n", PIECES), 3 * MIB),
        (sent(b"", LARGE), 3 * MIB),
        (response(gzip.compress(LARGE, 1), "200 OK", "Content-Encoding: gzip"), 3 * MIB),
        (response(LARGE, "200 OK", "Content-Encoding: identity"), 3 * MIB),
        (response(LARGE[: MIB + 10]), MIB + 10),
    ],
    ids=["chunked", "chunked, with a length", "until it is closed", "gzip", "not encoded, and says so", "not so large"],
)
def test_a_body_that_is_not_on_the_wire_as_it_is_comes_by_the_parser(kind: str, raw: bytes, size: int) -> None:
    with serving(answering(raw)) as port:
        found = taken(kind, get(port))
    assert found.bytes == LARGE[:size]
    assert not found.straight


@both
def test_through_a_transport_of_the_users_own_a_body_is_what_that_makes_of_it(kind: str) -> None:
    make = httpx.HTTPTransport if kind == "blocking" else httpx.AsyncHTTPTransport
    with serving(answering(response(LARGE))) as port:
        found = taken(kind, get(port), transport=make())
    assert found.bytes == LARGE
    assert not found.straight
    found = taken(kind, get(1), transport=httpx.MockTransport(lambda _: httpx.Response(200, content=LARGE)))
    assert found.bytes == LARGE
    assert not found.straight


@both
def test_through_a_proxy_a_body_comes_by_the_parser(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving(answering(response(LARGE))) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        found = taken(kind, Request("GET", "http://media.example/cat.mp4", {}))
    assert found.bytes == LARGE
    assert not found.straight


@pytest.mark.parametrize(
    ("version", "length", "left"),
    [
        (b"HTTP/1.1", b"5000000", 5_000_000),
        (b"HTTP/1.0", b"5000000", 5_000_000),
        (b"HTTP/2", b"5000000", 0),
        (b"HTTP/1.1", b"1048576", MIB),
        (b"HTTP/1.1", b"1048575", 0),
        (b"HTTP/1.1", b"5e9", 0),
        (b"HTTP/1.1", b"", 0),
        (b"HTTP/1.1", b"\xb25000000", 0),
    ],
)
def test_what_may_be_read_past_the_parser(version: bytes, length: bytes, left: int) -> None:
    found = httpx.Response(200, headers=[(b"Content-Length", length)], extensions={"http_version": version})
    assert _socket.rest(found) == left


def reset(connection: socket.socket, over: Event) -> None:
    over.wait(0.2)  # what was sent comes first
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@over_either
@both
def test_a_large_body_that_is_cut_is_broken_and_what_came_was_written(kind: str, scheme: str) -> None:
    found = Taken()
    with (
        serving_over(scheme, until(2 * MIB, drop)) as port,
        pytest.raises(Broken, match="1048576 bytes were still to come"),
    ):
        stream(kind, get(port, scheme), found.accept)
    assert found.bytes == LARGE[: 2 * MIB]


@over_either
@both
def test_a_large_body_that_hangs_is_cut_by_the_time_limit_of_a_read(kind: str, scheme: str) -> None:
    found, begin = Taken(), time.monotonic()
    with serving_over(scheme, until(2 * MIB, hang)) as port, pytest.raises(Broken, match="ReadTimeout: nothing came"):
        stream(kind, get(port, scheme), found.accept, timeout=0.5)
    assert 0.5 <= time.monotonic() - begin < 5
    assert found.bytes == LARGE[: 2 * MIB]


@both
def test_a_large_body_whose_connection_is_reset_is_broken(kind: str) -> None:
    found = Taken()
    with serving(until(2 * MIB, reset)) as port, pytest.raises(Broken, match=r"ReadError: .*reset"):
        stream(kind, get(port), found.accept)
    assert found.straight


@over_either
@both
def test_without_a_time_limit_a_large_body_is_waited_for(kind: str, scheme: str) -> None:
    def rest(connection: socket.socket, over: Event) -> None:
        over.wait(0.1)
        connection.sendall(LARGE[2 * MIB :])

    with serving_over(scheme, until(2 * MIB, rest)) as port:
        assert taken(kind, get(port, scheme), timeout=httpx.Timeout(None)).bytes == LARGE


@over_either
@both
def test_a_large_body_may_take_longer_than_the_limit_of_one_exchange(kind: str, scheme: str) -> None:
    def slowly(connection: socket.socket, over: Event) -> None:
        for at in range(MIB, 3 * MIB, MIB // 4):
            over.wait(0.1)
            connection.sendall(LARGE[at : at + MIB // 4])

    begin = time.monotonic()
    with serving_over(scheme, until(MIB, slowly)) as port:
        assert taken(kind, get(port, scheme), timeout=0.4).bytes == LARGE
    assert time.monotonic() - begin > 0.65


@over_either
@both
def test_a_disk_that_fails_is_no_fault_of_the_network(kind: str, scheme: str) -> None:
    def full(chunk: bytes | memoryview) -> None:
        if isinstance(chunk, memoryview):
            raise OSError(28, "no room")

    with serving_over(scheme, answering(response(LARGE))) as port, pytest.raises(OSError, match="no room") as caught:
        stream(kind, get(port, scheme), lambda _: full)
    assert type(caught.value) is OSError


@both
def test_an_answer_that_is_not_wanted_comes_by_the_parser(kind: str) -> None:
    with serving(answering(response(LARGE, "410 Gone"))) as port:
        assert stream(kind, get(port), lambda _: None).body == LARGE


@both
def test_memory_stays_flat(kind: str) -> None:
    piece, sizes = bytes(MIB), list[int]()

    def send(connection: socket.socket, _: Event) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (32 * MIB))
        for _piece in range(32):
            connection.sendall(piece)

    tracemalloc.start()
    try:
        with serving(send) as port:
            stream(kind, get(port), lambda _: lambda chunk: sizes.append(len(chunk)))
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) == 32 * MIB
    assert highest < 8 * MIB
