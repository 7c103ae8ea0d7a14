"""A server on a socket of this machine that does, byte by byte, what a test says: also what no HTTP server would."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

Handle = Callable[[socket.socket, Event], None]


@contextmanager
def serving(handle: Handle) -> Iterator[int]:
    """The port. `handle` gets each connection, in a thread of its own, and the event that the test is over."""
    over = Event()

    def attend(connection: socket.socket) -> None:
        connection.settimeout(10)  # a client that forgets its connection makes a test slow, not endless
        with connection, suppress(OSError):
            handle(connection, over)

    def listen() -> None:
        while True:
            connection, _ = listener.accept()
            if over.is_set():
                connection.close()
                return
            threads.append(Thread(target=attend, args=[connection]))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threads = [Thread(target=listen)]
        threads[0].start()
        try:
            yield port
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", port)).close()
            for thread in threads:
                thread.join()


def request_of(connection: socket.socket, body: int = 0) -> bytes:
    """The head of a request, and of its body so many bytes at least."""
    received = b""
    while b"\r\n\r\n" not in received or len(received.partition(b"\r\n\r\n")[2]) < body:
        received += connection.recv(65536) or b"\r\n\r\n"
    return received


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answering(*answers: bytes) -> Handle:
    """The requests of a connection are answered with these, one after the other; then it is closed."""

    def handle(connection: socket.socket, _: Event) -> None:
        for answer in answers:
            request_of(connection)
            connection.sendall(answer)

    return handle


def hanging(connection: socket.socket, over: Event) -> None:
    """Reads the request, and never answers."""
    request_of(connection)
    over.wait(10)


def dripping(start: bytes) -> Handle:
    """After `start` a byte now and then, without end."""

    def handle(connection: socket.socket, over: Event) -> None:
        request_of(connection)
        connection.sendall(start)
        while not over.wait(0.05):
            connection.sendall(b"x")

    return handle
