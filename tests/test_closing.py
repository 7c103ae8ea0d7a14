"""A client that was closed, closed in use, inherited by a forked child, or moved to another event loop."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from both import KINDS, SUCCESS, Client, Service
from raw_server import request_of, response, serving

from unified_video import Retry, Task, read_ledger
from unified_video._io import Answer, Closed, Request, SystemClock, run
from unified_video._io import asynchronous as _async_module
from unified_video._io.asynchronous import AsyncIO
from unified_video._io.blocking import BlockingIO
from unified_video._io.http import limits

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

BOTH = pytest.mark.parametrize("kind", KINDS)


def closed(kind: str, **arguments: Any) -> Client:
    with Client(kind, **arguments) as client:
        pass
    client.runner = asyncio.Runner()
    return client


@BOTH
@pytest.mark.parametrize(
    "use",
    [
        lambda client, _: client.create("a cat"),
        lambda client, _: client.retrieve("cgt-1"),
        lambda client, _: client.wait("cgt-1"),
        lambda client, _: client.wait(Task("cgt-1")),
        lambda client, path: client.download("cgt-1", path),
        lambda client, path: client.generate("a cat", output=path),
    ],
    ids=["create", "retrieve", "wait", "wait for a task", "download", "generate"],
)
def test_a_closed_client_sends_nothing_and_says_so(
    kind: str, use: Callable[[Client, Path], object], tmp_path: Path
) -> None:
    service, ledger = Service(), tmp_path / "ledger"
    client = closed(kind, transport=service.transport, ledger=ledger)
    with client, pytest.raises(RuntimeError, match="closed: make a new one") as caught:
        use(client, tmp_path / "new" / "cat.mp4")
    assert service.requests == []
    assert list(tmp_path.iterdir()) == []
    assert "may have been accepted" not in str(getattr(caught.value, "__notes__", ""))


@BOTH
def test_a_closed_client_opens_no_connection(kind: str) -> None:
    def never(_: socket.socket, __: Event) -> None:
        raise AssertionError  # pragma: no cover - as the name says

    with serving(never) as port, closed(kind, base_url=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(RuntimeError, match="closed"):
            client.create("a cat")
        with pytest.raises(RuntimeError, match="closed"):
            client.wait("cgt-1")


@BOTH
def test_a_done_task_needs_no_open_client(kind: str) -> None:
    with Client(kind, transport=Service().transport) as client:
        task = client.retrieve("cgt-1")
    with closed(kind, transport=Service().transport) as client:
        assert client.wait(task).url == SUCCESS["data"]["output"]  # type: ignore[index]
        assert client.validate("a cat") == ()


@BOTH
def test_a_create_that_finds_its_client_closed_before_it_is_sent_again_is_not_uncertain(
    kind: str, tmp_path: Path
) -> None:
    def busy(_: httpx.Request) -> httpx.Response:
        client.inner._io._queues.close()
        return httpx.Response(429)

    arguments: Any = {"transport": httpx.MockTransport(busy), "ledger": tmp_path, "retry": Retry(base=0)}
    with Client(kind, **arguments) as client, pytest.raises(Closed) as caught:
        client.create("a cat")
    assert not hasattr(caught.value, "__notes__")
    assert [row.state for row in read_ledger(tmp_path)] == ["failed"]


def get(port: int) -> Request:
    return Request("GET", f"http://127.0.0.1:{port}/", {})


class Slow:
    """Answers when it is told to, and says when the connection was closed."""

    def __init__(self) -> None:
        self.asked, self.answer, self.left = Event(), Event(), Event()

    def __call__(self, connection: socket.socket, _: Event) -> None:
        request_of(connection)
        self.asked.set()
        self.answer.wait(5)
        connection.sendall(response(b"{}"))
        assert connection.recv(1) == b""
        self.left.set()


def test_what_is_on_its_way_gets_its_answer_though_the_client_is_closed() -> None:
    slow = Slow()
    with serving(slow) as port, ThreadPoolExecutor(1) as pool:
        io = BlockingIO(limits(None), SystemClock())
        sending = pool.submit(lambda: run(io.send(get(port))))
        assert slow.asked.wait(5)
        io.close()
        slow.answer.set()
        assert sending.result().body == b"{}"
        assert slow.left.wait(5)


def test_so_does_a_task_of_an_event_loop() -> None:
    async def inside(port: int) -> Answer:
        io = AsyncIO(limits(None), SystemClock())
        sending = asyncio.create_task(io.send(get(port)))
        assert await asyncio.to_thread(slow.asked.wait, 5)
        await io.aclose()
        slow.answer.set()
        found = await sending
        assert await asyncio.to_thread(slow.left.wait, 5)
        return found

    slow = Slow()
    with serving(slow) as port:
        assert asyncio.run(inside(port)).body == b"{}"


def peers() -> tuple[list[int], Any]:
    """The ports that requests came from."""
    seen: list[int] = []

    def handle(connection: socket.socket, _: Event) -> None:
        while b"HTTP/1.1" in request_of(connection):  # not only the body of the last one
            seen.append(connection.getpeername()[1])
            connection.sendall(response(b'{"task_id": "cgt-1"}'))

    return seen, handle


FORKING = """
import asyncio, os, sys, unified_video

def create():
    found = client.create("a cat")
    if asyncio.iscoroutine(found):
        found = runner.run(found)
    assert found.task_id == "cgt-1"

runner = asyncio.Runner()
client = getattr(unified_video, sys.argv[1])(api_key="sk-1", base_url=sys.argv[2])
create()
child = os.fork()
if not child:
    runner = asyncio.Runner()
    create()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
create()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("client", ["UnifiedVideo", "AsyncUnifiedVideo"])
def test_a_forked_child_has_connections_of_its_own_and_leaves_those_of_its_parent(client: str) -> None:
    seen, handle = peers()
    with serving(handle) as port:
        command = [sys.executable, "-c", FORKING, client, f"http://127.0.0.1:{port}"]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    parent, child, again = seen
    assert parent == again
    assert parent != child


@pytest.mark.parametrize("is_asyncio", [True, False], ids=["our connection", "httpx's"])
def test_another_event_loop_has_connections_of_its_own(monkeypatch: pytest.MonkeyPatch, *, is_asyncio: bool) -> None:
    async def used() -> list[Any]:
        """The transports of a query and of a download."""
        await io.send(get(port))
        await io.stream(get(port), lambda _: None)
        (queue,), (route,) = io._queues._made.values(), io._routes._made.values()
        (lane,) = queue.close()
        await lane.aclose()
        await route.aclose()
        return [lane, route]

    monkeypatch.setattr(_async_module, "_is_asyncio", lambda: is_asyncio)
    io = AsyncIO(limits(None), SystemClock())
    with serving(peers()[1]) as port:
        assert len({*asyncio.run(used()), *asyncio.run(used())}) == 4
