"""The service as cheaply as Python can give it, so that what is measured is the client; in a process of its own.

Each task is running at its first `polls - 1` queries, and done at the last; a task id counts for itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNNING = b'{"task_id":"%s","platform":"doubao","action":"generate","status":"IN_PROGRESS","fail_reason":"",\
"submit_time":1756622079,"start_time":1756622081,"finish_time":0,"progress":"50%%","data":{},"search_item":""}'
DONE = b'{"task_id":"%s","platform":"doubao","action":"generate","status":"SUCCESS","fail_reason":"",\
"submit_time":1756622079,"start_time":1756622081,"finish_time":1756622122,"progress":"100%%",\
"data":{"output":"https://media.example/%s.mp4","usage":{"completion_tokens":1,"total_tokens":1}},"search_item":""}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


def done(task_id: bytes) -> bytes:
    return DONE % (task_id, task_id)


def answer(body: bytes) -> bytes:
    return HEAD % len(body) + body


class Service(asyncio.Protocol):
    """One connection. A request comes in one piece, as the clients that are measured send it."""

    seen: ClassVar[Counter[bytes]] = Counter()
    polls = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        data = self.waiting + data
        head, found, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0) if found else 1
        self.waiting = data if len(body) < length else b""
        if not self.waiting:
            self.transport.write(answer(self.reply(head)))

    def reply(self, head: bytes) -> bytes:
        if head.startswith(b"POST"):
            return b'{"task_id":"cgt-20250831141439-sqmgf"}'
        task_id = head.split(b" ", 2)[1].rpartition(b"/")[2]
        self.seen[task_id] += 1
        if self.seen[task_id] % self.polls:
            return RUNNING % task_id
        return done(task_id)


async def serve(polls: int) -> None:
    Service.polls = polls
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", 0, backlog=10_000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def service(polls: int = 1) -> Iterator[str]:
    """Its base URL, while it runs."""
    with Popen([sys.executable, "-m", "benchmarks._server", str(polls)], stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
