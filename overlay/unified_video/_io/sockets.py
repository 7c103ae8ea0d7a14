"""A large body straight from its socket into one buffer: the layers between copy it four times, half of the whole time.

What is read so is read past the parser: it knows of no end, and its connection is closed and not used again.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

BUFFER_BYTES = 256 * 1024
_LARGE_BYTES = 1024 * 1024
"""Less is left to the parser: to connect anew takes longer than it does."""


def rest(response: httpx.Response) -> int:
    """How many bytes are still to come that may be read so, once the parser has given all it had; 0 where none may be.

    Only for the answer of a transport of ours, without a proxy: what another does to a body is its own affair.
    """
    length = response.headers.get("content-length", "")
    known = length.isascii() and length.isdigit() and response.http_version.startswith("HTTP/1.")
    # As they are sent, they are not what is written, or have marks between them.
    if not known or "content-encoding" in response.headers or "transfer-encoding" in response.headers:
        return 0
    left = int(length) - response.num_bytes_downloaded
    return left if left >= _LARGE_BYTES else 0


def blocking_pieces(response: httpx.Response, left: int, seconds: float | None) -> Iterator[memoryview]:
    """The next `left` bytes; each piece is overwritten by the next. `seconds` is the time limit for a piece."""
    connection: socket.socket = response.extensions["network_stream"].get_extra_info("socket")
    buffer = memoryview(bytearray(BUFFER_BYTES))
    while left:
        with faults_of_reading():
            count = _read_into(buffer[: min(left, BUFFER_BYTES)], connection, seconds)
        yield buffer[: at_least_one(count, left)]
        left -= count


def _read_into(room: memoryview, connection: socket.socket, seconds: float | None) -> int:
    connection.settimeout(seconds)
    if not isinstance(connection, ssl.SSLSocket):
        return connection.recv_into(room)
    filled = connection.recv_into(room)
    connection.settimeout(0)
    return filled and filled + decrypted(connection, room[filled:])


def decrypted(stream: ssl.SSLSocket | ssl.SSLObject, room: memoryview) -> int:
    """Fills the beginning with what is there, a record at a time, and says how much of it."""
    filled = 0
    with suppress(ssl.SSLWantReadError):
        while filled < len(room) and (count := stream.read(len(room) - filled, room[filled:])):
            filled += count  # type: ignore[operator] # bytes only where no buffer is given
    return filled


@contextmanager
def faults_of_reading() -> Iterator[None]:
    """As httpx names them."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("nothing came within the time limit") from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error


def at_least_one(count: int, left: int) -> int:
    if not count:
        raise httpx.RemoteProtocolError(f"the connection was closed, and {left} bytes were still to come")
    return count
