"""The async client's own connection: kept, given up, cut and refused; and httpx's, where that stands in."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from both import KINDS, send
from raw_server import answering, dripping, hanging, request_of, response, serving

from unified_video._io import Answer, Broken, NotConnected, Request, SystemClock
from unified_video._io import asynchronous as _async
from unified_video._io import http as _http
from unified_video._io import lanes as _lanes
from unified_video._io import wire as _wire
from unified_video._io.asynchronous import AsyncIO
from unified_video._io.http import limits
from unified_video._io.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def get(port: int) -> Request:
    return Request("GET", f"http://127.0.0.1:{port}/", {})


def wired(use: Callable[[AsyncIO], Awaitable[Any]], timeout: httpx.Timeout | None = None) -> Any:
    async def inside() -> Any:
        io = AsyncIO(limits(timeout), SystemClock())
        try:
            return await use(io)
        finally:
            await io.aclose()

    return asyncio.run(inside())


def peers(*between: bytes, answer: bytes = response(b"{}")) -> tuple[list[int], Any]:
    """The ports that requests came from; on each connection an answer, then `between`, and so on until it closes."""
    seen: list[int] = []

    def handle(connection: socket.socket, _: Event) -> None:
        while request_of(connection).strip():
            seen.append(connection.getpeername()[1])
            connection.sendall(answer)
            for piece in between:
                connection.sendall(piece)

    return seen, handle


def lanes_of(io: AsyncIO) -> list[Any]:
    (lanes,) = io._queues._made.values()
    assert isinstance(lanes, _lanes.Lanes)
    return lanes._all


async def twice(io: AsyncIO, port: int) -> list[Answer]:
    first = await io.send(get(port))
    await asyncio.sleep(0.05)  # what comes unasked has come
    return [first, await io.send(get(port))]


def test_a_connection_is_kept() -> None:
    seen, handle = peers()
    with serving(handle) as port:
        wired(lambda io: twice(io, port))
    assert len(seen) == 2
    assert len(set(seen)) == 1


@pytest.mark.parametrize("answer", [response(b"{}", "200 OK", "Connection: close"), b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_connection_that_was_closed_is_not_used_again(answer: bytes) -> None:
    with serving(answering(answer)) as port:
        assert [found.status for found in wired(lambda io: twice(io, port))] == [200, 200]


def test_a_connection_on_which_something_came_unasked_is_not_used_again() -> None:
    seen, handle = peers(response(b"the answer to nobody"))
    with serving(handle) as port:
        assert [found.body for found in wired(lambda io: twice(io, port))] == [b"{}", b"{}"]
    assert len(set(seen)) == 2


def test_a_connection_that_was_closed_while_the_loop_was_held_up_is_not_used_again() -> None:
    async def held_up(io: AsyncIO) -> Answer:
        await io.send(get(port))
        (lane,) = lanes_of(io)
        assert isinstance(lane, Wire)
        assert lane._kept is not None
        here: socket.socket = lane._kept._transport.get_extra_info("socket")
        here.shutdown(socket.SHUT_RD)  # the loop has not come to read it
        return await io.send(get(port))

    seen, handle = peers()
    with serving(handle) as port:
        wired(held_up)
    assert len(set(seen)) == 2


def test_a_connection_that_rested_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire, "KEPT_SECONDS", -1.0)
    seen, handle = peers()
    with serving(handle) as port:
        wired(lambda io: twice(io, port))
    assert len(set(seen)) == 2


def test_a_connection_is_for_one_host_only() -> None:
    async def both(io: AsyncIO) -> None:
        await io.send(get(here))
        await io.send(get(there))

    (seen_here, handle_here), (seen_there, handle_there) = peers(), peers()
    with serving(handle_here) as here, serving(handle_there) as there:
        wired(both)
    assert (len(seen_here), len(seen_there)) == (1, 1)


def test_a_connection_is_kept_after_an_encoded_answer() -> None:
    seen, handle = peers(answer=response(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"))

    async def thrice(io: AsyncIO) -> list[bytes]:
        return [(await io.send(get(port))).body for _ in range(3)]

    with serving(handle) as port:
        assert wired(thrice) == [b"{}"] * 3
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_a_connection_that_is_being_closed_is_not_used_again() -> None:
    async def twice(io: AsyncIO) -> list[bytes]:
        first = await io.send(get(port))
        (lane,) = lanes_of(io)
        lane._kept._transport.close()  # as after a reset: what was lost is told a moment later
        return [first.body, (await io.send(get(port))).body]

    seen, handle = peers()
    with serving(handle) as port:
        assert wired(twice) == [b"{}"] * 2
    assert len(set(seen)) == 2


def test_headers_are_read_as_httpx_reads_them() -> None:
    lines = ("X-Twice: one", "X-Name: \u00e4", "X-Twice: two")
    head = response(b"{}", "200 OK", *lines).replace("\u00e4".encode(), b"\xe4")
    for answer in (head, head.replace(b"\xe4", b"\xc3\xa4")):
        with serving(answering(answer)) as port:
            found, plain = (send(kind, get(port)).headers for kind in KINDS)
        assert found == plain
        assert (found["x-twice"], found["x-name"]) == ("one, two", "\u00e4")


def test_a_connection_is_for_one_loop_only() -> None:
    wire = Wire(_http.secure())

    async def once(port: int) -> int:
        found = await wire.open(Request("GET", f"http://127.0.0.1:{port}/", {}), httpx.Timeout(5).as_dict())
        assert [piece async for piece in found]
        await found.aclose()
        return found.head.status

    seen, handle = peers()
    with serving(handle) as port, asyncio.Runner() as first, asyncio.Runner() as second:
        assert first.run(once(port)) == 200
        kept = wire._kept
        assert second.run(once(port)) == 200
        first.run(asyncio.sleep(0))  # the loop of the first closes it
        second.run(wire.aclose())
        second.run(wire.aclose())
    assert len(set(seen)) == 2
    assert kept is not None
    kept.close()  # nothing is left to do, nor a loop to do it


def test_a_large_body_goes_up_whole() -> None:
    seen: list[int] = []
    body = b"x" * 5_000_000

    def slow(connection: socket.socket, over: Event) -> None:
        over.wait(0.05)
        while sum(seen) < len(body):
            seen.append(len(connection.recv(1_000_000)))
        connection.sendall(response(b"{}"))

    with serving(slow) as port:
        found = wired(lambda io: io.send(Request("POST", f"http://127.0.0.1:{port}/", {}, body)))
    assert found.status == 200
    assert sum(seen) > len(body)


def test_a_body_that_nobody_takes_is_cut_by_the_time_limit_of_a_write() -> None:
    def deaf(_: socket.socket, over: Event) -> None:
        over.wait(10)

    request = Request("POST", "http://127.0.0.1:{}/", {}, b"x" * 20_000_000)
    with serving(deaf) as port, pytest.raises(Broken, match="WriteTimeout"):
        wired(
            lambda io: io.send(Request("POST", request.url.format(port), {}, request.content)),
            httpx.Timeout(5, write=0.1),
        )


def test_a_request_that_is_refused_before_it_was_read_has_its_answer() -> None:
    def refusing(connection: socket.socket, over: Event) -> None:
        connection.recv(1000)
        connection.sendall(response(b"too large", "413 Too Large", "Connection: close"))
        over.wait(0.2)

    with serving(refusing) as port:
        found = wired(lambda io: io.send(Request("POST", f"http://127.0.0.1:{port}/", {}, b"x" * 20_000_000)))
    assert found.status == 413


def test_an_interim_answer_is_not_the_answer() -> None:
    with serving(answering(b"HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n" + response(b"{}"))) as port:
        assert wired(lambda io: io.send(get(port))).body == b"{}"


def test_a_change_of_protocol_is_no_answer() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    with serving(answering(switch)) as port, pytest.raises(Broken):
        wired(lambda io: io.send(get(port)))


@pytest.mark.parametrize("is_asyncio", [True, False])
def test_a_header_that_cannot_be_is_a_fault_as_it_is_with_httpx(
    monkeypatch: pytest.MonkeyPatch, *, is_asyncio: bool
) -> None:
    monkeypatch.setattr(_async, "_is_asyncio", lambda: is_asyncio)
    with serving(hanging) as port, pytest.raises(Broken, match="LocalProtocolError"):
        wired(lambda io: io.send(Request("GET", f"http://127.0.0.1:{port}/", {"X-Own": "a\nb"})))


def test_a_reset_is_broken() -> None:
    def reset(connection: socket.socket, _: Event) -> None:
        request_of(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(reset) as port, pytest.raises(Broken, match="ReadError"):
        wired(lambda io: io.send(get(port)))


def test_no_connection_within_its_time_limit_is_told_apart() -> None:
    with pytest.raises(NotConnected, match="ConnectTimeout"):
        wired(lambda io: io.send(get(1)), httpx.Timeout(5, connect=0.0))


def test_where_the_time_is_over_before_there_is_a_connection_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: object) -> Any:
        await asyncio.sleep(10)

    monkeypatch.setattr(_wire, "_connected", hangs)
    with pytest.raises(NotConnected, match="no connection within"):
        send("async", get(1), 0.01)


def test_a_host_with_several_addresses_is_reached_on_the_one_that_answers() -> None:
    with serving(answering(response(b"{}"))) as port:
        assert wired(lambda io: io.send(Request("GET", f"http://localhost:{port}/", {}))).body == b"{}"


class Addresses:
    """A host whose addresses do what these say: answer, fail, hang, or answer when another has failed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *acts: str, patience: float = 5.0) -> None:
        monkeypatch.setattr(_wire, "_reached", self._reached)
        monkeypatch.setattr(_wire, "_NEXT_ADDRESS_SECONDS", patience)
        self.acts, self.made, self.tried = acts, {act: socket.socket() for act in acts}, list[str]()
        self.race: asyncio.Task[socket.socket] | None = None
        self.failed = asyncio.Event()

    async def _reached(self, address: Any) -> socket.socket:
        act: str = address[3]
        self.tried.append(act)
        if self.race and act == self.acts[-1]:
            self.race.cancel()
        if "hangs" in act:
            await asyncio.sleep(10)
        if "waits" in act:
            await self.failed.wait()
            await asyncio.sleep(0.01)  # its end has been seen
        if "fails" in act:
            self.failed.set()
            raise OSError(act)
        return self.made[act]

    async def connect(self, *, cancelled: bool = False) -> str | None:
        """Who won; None where the race is cancelled in the moment in which the last address acts."""
        race = asyncio.create_task(_wire._first_reached([(0, 0, 0, act, ("", 0)) for act in self.acts]))
        self.race = race if cancelled else None
        try:
            winner = await race
        except asyncio.CancelledError:
            return None
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
        return next(act for act, made in self.made.items() if made is winner)

    def closed(self) -> list[str]:
        found = [act for act, made in self.made.items() if made.fileno() < 0]
        for made in self.made.values():
            made.close()
        return found


@pytest.mark.parametrize(
    ("acts", "patience"),
    [
        (["answers", "is not tried"], 5),
        (["fails", "answers"], 5),
        (["hangs", "answers"], 0),
        (["fails", "hangs", "fails too", "answers"], 0),
        (["waits for a failure", "fails"], 0),
    ],
)
def test_the_first_address_that_answers_is_taken(
    monkeypatch: pytest.MonkeyPatch, acts: list[str], patience: float
) -> None:
    addresses = Addresses(monkeypatch, *acts, patience=patience)
    assert asyncio.run(addresses.connect()) in {"answers", "waits for a failure"}
    assert addresses.closed() == []


def test_where_no_address_answers_the_last_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = Addresses(monkeypatch, "fails", "fails too")
    with pytest.raises(OSError, match="fails too"):
        asyncio.run(addresses.connect())
    assert addresses.tried == ["fails", "fails too"]
    assert addresses.closed() == []


@pytest.mark.parametrize("last", ["answers", "fails", "hangs"])
def test_a_race_that_is_cancelled_in_the_moment_in_which_it_is_won_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    addresses = Addresses(monkeypatch, "hangs at first", last, patience=0)
    assert asyncio.run(addresses.connect(cancelled=True)) is None
    assert addresses.closed() == ([last] if last == "answers" else [])


def test_a_cancelled_exchange_leaves_no_connection_and_no_place() -> None:
    async def cancelled(io: AsyncIO) -> None:
        sending = asyncio.create_task(io.send(get(port)))
        await asyncio.to_thread(asked.wait, 5)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await asyncio.to_thread(closed.wait, 5)

    asked, closed = Event(), Event()

    def handle(connection: socket.socket, _: Event) -> None:
        request_of(connection)
        asked.set()
        connection.recv(1)
        closed.set()

    with serving(handle) as port:
        wired(cancelled)


# The queue, through the client's IO


def test_one_that_is_cancelled_in_the_queue_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lanes, "MOST", 1)

    async def queue(io: AsyncIO) -> list[Any]:
        tasks = [asyncio.create_task(io.send(get(port))) for _ in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    seen, handle = peers()
    with serving(handle) as port:
        found = wired(queue)
    assert [type(each) for each in found] == [Answer, asyncio.CancelledError, Answer, Answer]
    assert len(set(seen)) == 1


def test_a_thousand_at_once_need_no_more_connections_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lanes, "MOST", 8)
    monkeypatch.setattr(_lanes, "IDLE", 2)

    async def queue(io: AsyncIO) -> list[Answer]:
        found = await asyncio.gather(*[io.send(get(port)) for _ in range(1000)])
        assert len(lanes_of(io)) == 2  # the others are closed
        return found

    seen, handle = peers()
    with serving(handle) as port:
        assert len(wired(queue)) == 1000
    assert len(set(seen)) <= 8


# Where it does not apply, httpx's own transport stands in: the same bytes, the same errors.

CASES = [
    answering(response(b"{}", "418 Teapot")),
    answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
    answering(b""),
    answering(b"SSH-2.0-OpenSSH\r\n\r\n"),
    hanging,
    dripping(b"HTTP/1.1 200 OK\r\nX-Long: "),
]


def outcome(handle: Any) -> Any:
    with serving(handle) as port:
        try:
            found = send("async", get(port), timeout=0.2)
        except (Broken, NotConnected) as fault:
            return type(fault)
        return found.status, found.body, found.broken is None


@pytest.mark.parametrize("handle", CASES)
def test_httpx_stands_in_with_the_same_bytes_and_the_same_errors(handle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = outcome(handle)
    monkeypatch.setattr(_async, "_is_asyncio", lambda: False)
    assert outcome(handle) == ours


def test_a_proxy_and_another_event_loop_get_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    async def kinds() -> list[type]:
        queues = [_async._queue(proxy) for proxy in (None, "http://127.0.0.1:1")]
        monkeypatch.setattr(_async, "_is_asyncio", lambda: False)
        return [type(queue.close()[0]) for queue in [*queues, _async._queue(None)]]

    assert asyncio.run(kinds()) == [Wire, _async._ProxyLane, _async._Lane]
