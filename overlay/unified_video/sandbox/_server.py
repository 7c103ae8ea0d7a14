"""The sandbox behind a socket of this machine, for any client in any language."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from unified_video import _document
from unified_video._errors import ConfigurationError

from ._message import Incoming, Reply, measured, shape_a

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ._app import App

_HOST = "127.0.0.1"
_SPARE = 1024 * 1024
"""Bytes above the largest request: the service itself says that it is too large."""


@contextmanager
def serving(app: App, port: int) -> Iterator[str]:
    """Yields the base URL; at the end the port is closed, and every connection."""
    server = _Server((_HOST, port), app)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox", daemon=True)
    thread.start()
    try:
        yield f"http://{_HOST}:{server.server_address[1]}"
    finally:
        server.end()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app, self.ended = app, Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        super().shutdown_request(request)
        with self._lock:
            self._open.discard(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news, and the rest was answered with 500."""

    def end(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet

    @property
    def _home(self) -> _Server:
        return cast("_Server", self.server)  # nothing else makes these

    def _answer(self) -> None:
        reply = self._reply()
        if reply.drop == "connect":
            self._reset()
        elif reply.drop == "read" or (reply.delay and self._home.ended.wait(reply.delay)):
            self._hang_up()
        else:
            self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - their names
    do_TRACE = do_QUERY = _answer  # noqa: N815 - the same: refused with 405, as any method that is not in the document

    def _reply(self) -> Reply:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        if body is None:
            self.close_connection = True
            return measured(
                shape_a(413, "the request is too large, or its length makes no sense", code="request_too_large"), ""
            )
        refused = refusal(headers)
        if refused is not None:
            return measured(refused, self.command)
        incoming = Incoming(self.command, self.path, headers, body, f"http://{headers['host']}")
        return _answered(self._home.app, incoming)

    def _body(self, headers: Mapping[str, str]) -> bytes | None:
        """None for one that is too large, or that cannot be read."""
        most = _document.image_limits()["max_request_bytes"] + _SPARE
        try:
            if "chunked" in headers.get("transfer-encoding", "").lower():
                return self._chunks(most)
            length = int(headers.get("content-length", "0"))
        except ValueError:
            return None
        return self.rfile.read(length) if 0 <= length <= most else None

    def _chunks(self, most: int) -> bytes | None:
        content = bytearray()
        while size := int(self.rfile.readline(100).partition(b";")[0], 16):
            if size < 0 or len(content) + size > most:
                return None
            content += self.rfile.read(size)
            self.rfile.readline(100)
        while self.rfile.readline(1000).strip():  # trailers
            pass
        return bytes(content)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status, self.responses.get(reply.status, ("",))[0])
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.drop or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for number, piece in enumerate(reply.pieces()):
            if number:
                self.wfile.flush()
                self._home.ended.wait(reply.drip)
            self.wfile.write(piece)
        self.wfile.flush()
        if reply.drop:
            self._hang_up()

    def _hang_up(self) -> None:
        """Ends the connection, in the middle of whatever is said."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _reset(self) -> None:
        """As a machine does that never took the connection."""
        self.close_connection = True
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
        )
        self.connection.close()

    def handle_expect_100(self) -> bool:
        accepted = super().handle_expect_100()
        self.wfile.flush()  # the client waits for it
        return accepted

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the class above
        """`Sandbox.requests` says it."""

    def version_string(self) -> str:
        return "unified-video-sandbox"


def refusal(headers: Mapping[str, str]) -> Reply | None:
    """Why a request is not answered: a page of another site must not reach the sandbox, under no name."""
    host = headers.get("host", "")
    if not _is_own(host):
        return shape_a(403, "the sandbox answers under its own loopback address only", code="wrong_host")
    elsewhere = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
    if elsewhere or headers.get("origin", f"http://{host}") != f"http://{host}":
        return shape_a(
            403, "the sandbox answers its own page and programs, not the pages of other sites", code="wrong_origin"
        )
    return None


def _is_own(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in {"localhost", "127.0.0.1", "::1"} or name.endswith(".localhost")


def _answered(app: Callable[[Incoming], Reply], incoming: Incoming) -> Reply:
    try:
        return app(incoming)
    except ConfigurationError as error:
        return measured(shape_a(500, str(error), kind="sandbox_error", code="missing_extra"), incoming.method)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client must be told, not dropped
        return measured(shape_a(500, f"the sandbox failed: {error!r}", kind="sandbox_error"), incoming.method)
