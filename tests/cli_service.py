"""A service of a few lines on loopback, for the tests of the command line: real sockets, also from another process."""

from __future__ import annotations

import json
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


MP4 = box(b"ftyp", b"isom") + box(b"moov", bytes(16)) + box(b"mdat", bytes(2000))


@dataclass
class Service:
    """What it answers, one after the other, the last one for ever; and what it received."""

    url: str = ""
    creates: list[tuple[int, Any]] = field(default_factory=lambda: [(200, {"task_id": "cgt-1"})])
    queries: list[Any] = field(default_factory=lambda: [{"status": "SUCCESS"}])
    media: bytes = MP4
    hangs: threading.Event = field(default_factory=threading.Event)
    """Set by a test that wants queries to hang until it is cleared and `release` is set."""
    asked: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    sent: list[Any] = field(default_factory=list)

    def create(self) -> tuple[int, Any]:
        return self.creates.pop(0) if len(self.creates) > 1 else self.creates[0]

    def query(self, task_id: str) -> tuple[int, Any]:
        found = self.queries.pop(0) if len(self.queries) > 1 else self.queries[0]
        if isinstance(found, tuple):
            return found
        links = {"output": f"{self.url}/media/{task_id}.mp4?sig=secret", "last_frame_url": f"{self.url}/media/f.png"}
        return 200, {"task_id": task_id, "data": links if found["status"] == "SUCCESS" else {}, **found}


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.service.sent.append(json.loads(body))
        self._answer(*self.service.create())

    def do_GET(self) -> None:
        if self.path.startswith("/media/"):
            return self._send(200, PNG if ".png" in self.path else self.service.media)
        self.service.asked.set()
        if self.service.hangs.is_set():
            self.service.release.wait(20)
        return self._answer(*self.service.query(self.path.rpartition("/")[2]))

    def _answer(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": service}))
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
