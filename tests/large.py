"""A large body, a server that sends it in the clear or over TLS, and one who takes it."""

from __future__ import annotations

import ssl
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from raw_server import Handle, request_of, response, serving

from unified_video._io import Request

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from threading import Event

MIB = 1024 * 1024
LARGE = b"".join(number.to_bytes(4, "big") for number in range(3 * MIB // 4))
"""No two places of it are alike."""


class Taken:
    """What was written, and by which way it came."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.straight = False

    def accept(self, _: Any) -> Any:
        return self.write

    def write(self, chunk: bytes | memoryview) -> None:
        self.straight = self.straight or isinstance(chunk, memoryview)
        self.bytes += chunk


def get(port: int, scheme: str = "http") -> Request:
    return Request("GET", f"{scheme}://127.0.0.1:{port}/", {})


@contextmanager
def serving_over(scheme: str, handle: Handle) -> Iterator[int]:
    """`serving`; over https as one whose certificate the environment knows."""
    if scheme == "http":
        with serving(handle) as port:
            yield port
        return
    authority, server = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)

    def attend(connection: socket.socket, over: Event) -> None:
        with server.wrap_socket(connection, server_side=True) as stream:
            handle(stream, over)

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        known = Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(known)
        patch.setenv("SSL_CERT_FILE", str(known))
        with serving(attend) as port:
            yield port


def until(count: int, then: Handle) -> Handle:
    """Sends the first bytes of the large body, then does something else."""

    def handle(connection: socket.socket, over: Event) -> None:
        request_of(connection)
        connection.sendall(response(LARGE)[: count - len(LARGE)])
        then(connection, over)

    return handle


def drop(_: socket.socket, __: Event) -> None:
    pass


def hang(_: socket.socket, over: Event) -> None:
    over.wait(10)
