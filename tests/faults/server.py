"""The server: raw asyncio in a thread, since every framework is too polite for what it has to do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Self, cast

CREATE_PATH = "/v2/videos/generations"

_TLS = b"\x16"
"""What a client begins with that wants TLS."""

End = Literal["keep", "close", "reset", "hang"]
Reads = Literal["nothing", "head", "all"]
Address = Literal["plain", "refused", "tls"]


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as far as it was read."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> Literal["create", "query", "media"]:
        if self.method == "POST":
            return "create"
        return "query" if self.target.startswith(CREATE_PATH) else "media"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the service does with one request: the bytes that it sends, and how it ends the connection."""

    pieces: tuple[bytes, ...] = ()
    pause: float = 0.0
    """Seconds before each piece but the first."""
    end: End = "keep"
    accepts: bool = False
    """Whether a create was taken, and is charged, whatever the caller hears of it."""
    reads: Reads = "all"


Script = Callable[[Received], Behaviour]


class FaultServer:
    """Counts what it receives and what it accepted.

    `script` decides about a request that was read, `unread` about a connection.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.unread: Iterator[Behaviour] = iter(())
        self.received: list[Received] = []
        self.dropped = 0
        """Connections that were ended before their request was read whole."""
        self.accepted: list[Received] = []
        self._open: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        # Held so that nobody else takes it, and listens on nothing.
        self._refusing = socket.socket()
        self._refusing.bind(("127.0.0.1", 0))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._refusing.close()
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def address(self, kind: Address) -> str:
        """The base URL of this service, of one that is not there, or of one that should speak TLS and does not."""
        if kind == "refused":
            return f"http://127.0.0.1:{self._refusing.getsockname()[1]}"
        return self.url.replace("http:", "https:") if kind == "tls" else self.url

    def reset(self, script: Script, unread: Iterable[Behaviour] = ()) -> None:
        """Forgets what was counted. `unread` are for the next connections, one each; the script is for those after."""
        asyncio.run_coroutine_threadsafe(self._drop_idle(), self._loop).result(10)
        self.script, self.unread, self.dropped = script, iter(unread), 0
        self.received.clear()
        self.accepted.clear()

    async def _drop_idle(self) -> None:
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def count(self, kind: str) -> int:
        """How many requests of this kind came, those included that were dropped unread."""
        return self.dropped + sum(request.kind == kind for request in self.received)

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=64 * 1024 * 1024)
        self.port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready.set()
        await self._stopped.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        current = cast("asyncio.Task[None]", asyncio.current_task())
        self._open.add(current)
        # The other side may go at any time; the end of the test cancels what still hangs.
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.CancelledError):
            unread = next(self.unread, None)
            if unread is not None:
                await self._act(unread, reader, writer, await self._unread(unread, reader))
            while unread is None and await self._exchange(reader, writer):
                pass
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self._open.discard(current)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection stays open."""
        request = await _read(reader)
        self.received.append(request)
        return await self._act(self.script(request), reader, writer, request)

    async def _unread(self, behaviour: Behaviour, reader: asyncio.StreamReader) -> Received:
        self.dropped += 1
        # At the first byte at the earliest: a reset before it may look to the client as if no connection had been made.
        await (reader.readexactly(1) if behaviour.reads == "nothing" else reader.readuntil(b"\r\n\r\n"))
        return Received("", "", {}, b"")

    async def _act(
        self, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Received
    ) -> bool:
        if behaviour.accepts:
            self.accepted.append(request)
        for index, piece in enumerate(behaviour.pieces):
            await asyncio.sleep(behaviour.pause if index else 0.0)
            writer.write(piece)
            await writer.drain()
        if behaviour.end == "hang":
            await reader.read()
        if behaviour.end == "reset":
            _reset(writer)
        return behaviour.end == "keep"


async def _read(reader: asyncio.StreamReader) -> Received:
    start = await reader.readexactly(1)
    if start == _TLS:
        raise ValueError("TLS, which is not spoken here")
    head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends the connection by RST: what is on its way is lost."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
