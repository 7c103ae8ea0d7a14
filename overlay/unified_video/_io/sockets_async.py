"""A large body straight from its socket, for asyncio's own event loop; another one's is left to the layers between.

httpcore stands on AnyIO, AnyIO on a transport of asyncio, and none of them shows whether bytes wait in it: so they are
looked at from the inside, and where they look otherwise than known, nothing is read past them.
"""
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio

from .sockets import BUFFER_BYTES, at_least_one, decrypted, faults_of_reading

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    import httpx


class _Secure(NamedTuple):
    """What decrypts, and what it reads from."""

    decrypt: ssl.SSLObject
    incoming: ssl.MemoryBIO


class Source(NamedTuple):
    """A connection that may be read past its parser."""

    connection: socket.socket
    secure: _Secure | None


def source(response: httpx.Response) -> Source | None:
    """Where to read on, None while bytes wait between the socket and the parser, or where that cannot be known."""
    try:
        stream: Any = response.extensions["network_stream"]._stream
        secure = _Secure(stream._ssl_object, stream._read_bio) if hasattr(stream, "_ssl_object") else None
        plain = stream.transport_stream if secure else stream
        waiting, transport = plain._protocol.read_queue, plain._transport
    except (AttributeError, KeyError):
        return None
    if waiting or transport.is_reading() or not isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop):
        return None
    return Source(transport.get_extra_info("socket"), secure)


async def async_pieces(found: Source, left: int, seconds: float | None) -> AsyncGenerator[memoryview, None]:
    """As `blocking_pieces`."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    with _second_handle(found.connection) as connection:
        read_into = _reader(connection, found.secure, seconds)
        while left:
            with faults_of_reading():
                count = await read_into(buffer[: min(left, BUFFER_BYTES)])
            yield buffer[: at_least_one(count, left)]
            left -= count


@contextmanager
def _second_handle(connection: socket.socket) -> Iterator[socket.socket]:
    """The loop refuses to wait for the first one: a transport has it."""
    with connection.dup() as second:
        try:
            yield second
        finally:
            # Cancelled while it waits, the loop would forget it later, and take for it what has its number by then.
            asyncio.get_running_loop().remove_reader(second)


def _reader(
    connection: socket.socket, secure: _Secure | None, seconds: float | None
) -> Callable[[memoryview], Awaitable[int]]:
    """Fills the beginning of a buffer, and says how much of it; 0 at the end."""
    if secure is None:
        return lambda room: _read_into(room, connection, seconds)
    encrypted = memoryview(bytearray(BUFFER_BYTES))

    async def read_into(room: memoryview) -> int:
        while not (filled := decrypted(secure.decrypt, room)):
            count = await _read_into(encrypted, connection, seconds)
            if not count:
                break
            secure.incoming.write(encrypted[:count])
        return filled

    return read_into


async def _read_into(room: memoryview, connection: socket.socket, seconds: float | None) -> int:
    try:
        count = connection.recv_into(room)
    except BlockingIOError:  # only then the loop is asked: that takes as long as to read
        with anyio.fail_after(seconds):
            return await asyncio.get_running_loop().sock_recv_into(connection, room)
    await asyncio.sleep(0)  # where bytes are always there, nothing else suspends, and no other task would run
    return count
