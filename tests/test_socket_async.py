"""What only an event loop has to care for when a large body comes straight from its socket."""

from __future__ import annotations

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from large import LARGE, MIB, Taken, get, hang, serving_over, until
from raw_server import answering, response

from unified_video._io import SystemClock
from unified_video._io import sockets_async as _socket_async
from unified_video._io.asynchronous import AsyncIO
from unified_video._io.http import limits
from unified_video._io.sockets_async import Source, _Secure, source

# Claims stand inside of what the loop runs: the tracer of coverage does not find back out of httpcore's connections.

over_either = pytest.mark.parametrize("scheme", ["http", "https"])


async def received(port: int, scheme: str, write: Any) -> None:
    io = AsyncIO(limits(None), SystemClock())
    try:
        await io.stream(get(port, scheme), lambda _: write)
    finally:
        await io.aclose()


@over_either
def test_other_tasks_run_also_while_bytes_are_always_there(scheme: str) -> None:
    found, turns = Taken(), []

    async def count() -> None:
        while True:
            turns.append(found.straight)
            await asyncio.sleep(0)

    async def main() -> None:
        other = asyncio.create_task(count())
        await received(port, scheme, found.write)
        other.cancel()
        assert found.bytes == LARGE
        assert sum(turns) >= 3

    with serving_over(scheme, answering(response(LARGE))) as port:
        asyncio.run(main())


@over_either
def test_a_cancelled_body_leaves_nothing_that_the_loop_waits_for(scheme: str) -> None:
    async def main() -> None:
        found, arrived = Taken(), asyncio.Event()

        def write(chunk: bytes | memoryview) -> None:
            found.write(chunk)
            if len(found.bytes) == 2 * MIB:
                arrived.set()

        before = watched()
        task = asyncio.create_task(received(port, scheme, write))
        await arrived.wait()
        await asyncio.sleep(0.05)
        assert watched() > before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (watched(), found.straight) == (before, True)

    with serving_over(scheme, until(2 * MIB, hang)) as port:
        asyncio.run(main())


def watched() -> set[int]:
    return set(asyncio.get_running_loop()._selector.get_map())  # type: ignore[attr-defined]


@over_either
def test_where_the_insides_are_not_as_known_a_body_comes_by_the_parser(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_socket_async, "asyncio", Another(asyncio))

    async def main() -> None:
        found = Taken()
        await received(port, scheme, found.write)
        assert found.bytes == LARGE
        assert not found.straight

    with serving_over(scheme, answering(response(LARGE))) as port:
        asyncio.run(main())


class Another:
    """asyncio, with a kind of loop that the running one is not."""

    SelectorEventLoop = type("Other", (), {})

    def __init__(self, real: Any) -> None:
        self.get_running_loop = real.get_running_loop


def inside(waiting: Any = (), *, reading: bool = False, **more: Any) -> Any:
    transport = SimpleNamespace(is_reading=lambda: reading, get_extra_info=lambda _: "a socket")
    made = SimpleNamespace(_transport=transport, _protocol=SimpleNamespace(read_queue=deque(waiting)), **more)
    return SimpleNamespace(extensions={"network_stream": SimpleNamespace(_stream=made)})


def test_a_connection_is_left_alone_while_bytes_wait_in_it_or_may() -> None:
    async def main() -> None:
        assert source(inside()) == Source("a socket", None)  # type: ignore[arg-type]
        assert source(inside([b"x"])) is None
        assert source(inside(reading=True)) is None
        wrapped = inside(
            _ssl_object="decrypts", _read_bio="holds", transport_stream=inside().extensions["network_stream"]._stream
        )
        assert source(wrapped).secure == _Secure("decrypts", "holds")  # type: ignore[union-attr,arg-type]
        for unknown in ({}, {"network_stream": None}, {"network_stream": SimpleNamespace(_stream=None)}):
            assert source(SimpleNamespace(extensions=unknown)) is None  # type: ignore[arg-type]

    asyncio.run(main())
