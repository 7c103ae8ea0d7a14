"""A server that answers as the conformance vectors say, for clients in any language.

Under `/KIND/CASE/STEP` lies the base URL of one answer: the number of a case in its file, and of an answer in
its script.
"""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from contract._places import CONFORMANCE, Json, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


def answers() -> dict[str, Json]:
    """Each answer, or fault, under the path that leads to it."""
    found = {}
    for number, case in enumerate(read_json(CONFORMANCE / "queries.json")["cases"]):
        body = json.dumps(case["answer"], ensure_ascii=False)
        found[f"/queries/{number}/0"] = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    for number, case in enumerate(read_json(CONFORMANCE / "errors.json")["cases"]):
        found[f"/errors/{number}/0"] = case["answer"]
    for number, case in enumerate(read_json(CONFORMANCE / "polling.json")["cases"]):
        found |= {f"/polling/{number}/{step}": answer for step, answer in enumerate(case["answers"])}
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: dict[str, Json]

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        answer: Any = self.answers.get(self.path.partition("/v2/")[0])
        if answer is None or "fault" in answer:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = answer["body"].encode()
        # Not send_response: a script may bear a Date of its own.
        self.send_response_only(answer["status"], "as the script says")
        for name, value in {**answer["headers"], "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - their names

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the class above
        """The client says what it met."""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The environment of a client that runs the vectors."""
    handler = type("Handler", (_Handler,), {"answers": answers()})
    with ThreadingHTTPServer((HOST, 0), handler) as server, _closed_port() as closed:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield {
                "VECTORS_FOLDER": str(CONFORMANCE),
                "VECTORS_URL": f"http://{HOST}:{server.server_address[1]}",
                "VECTORS_CLOSED": f"http://{HOST}:{closed}",
            }
        finally:
            server.shutdown()


@contextmanager
def _closed_port() -> Iterator[int]:
    """Taken, and nobody listens: connections to it are refused, and nobody else gets it."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield held.getsockname()[1]
