"""A sandbox behind TLS and a proxy that tunnels to it, on loopback: the network of a company, in small."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from unified_video.sandbox._message import Incoming

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from unified_video.sandbox import Sandbox

HOST = "gateway.example"
"""Nobody resolves it: who reaches it went through the proxy."""


class _Front(BaseHTTPRequestHandler):
    sandbox: Sandbox

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        reply = self.sandbox._app(Incoming(self.command, self.path, headers, body, f"https://{HOST}"))
        self.send_response(reply.status)
        for pair in reply.headers:
            self.send_header(*pair)
        self.end_headers()
        self.wfile.write(reply.body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        pass


class _Proxy(BaseHTTPRequestHandler):
    port: int
    asked: list[str]

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", self.port)) as there:
            back = threading.Thread(target=_pump, args=(there, self.connection))
            back.start()
            _pump(self.connection, there)
            back.join()

    def log_message(self, *_: Any) -> None:
        pass


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # one end has gone: so has the tunnel
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def company(sandbox: Sandbox, certificate: ssl.SSLContext) -> Iterator[tuple[str, list[str]]]:
    """The URL of the proxy, and the hosts that it was asked for."""
    front = ThreadingHTTPServer(("127.0.0.1", 0), type("Front", (_Front,), {"sandbox": sandbox}))
    front.socket = certificate.wrap_socket(front.socket, server_side=True)
    asked: list[str] = []
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"port": front.server_port, "asked": asked}))
    with _serving(front), _serving(proxy):
        yield f"http://127.0.0.1:{proxy.server_port}", asked


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[None]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
