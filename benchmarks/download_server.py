"""A media host that costs next to nothing, in a process of its own: mp4 of any size, of zeros, from memory by sendfile.

`python -m benchmarks.download_server [CERTIFICATE]`: prints the port. `GET /1000000.mp4` is a file of so many bytes;
`CERTIFICATE` is a file with certificate and key, and then TLS is spoken.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import tempfile
from contextlib import suppress
from threading import Thread

ZEROS = 8 * 1024 * 1024
TOP = (16).to_bytes(4, "big") + b"ftypisom" + bytes(4) + (8).to_bytes(4, "big") + b"moov"


def top(size: int) -> bytes:
    """The boxes before the content, and the header of one that fills the file."""
    return TOP + (1).to_bytes(4, "big") + b"mdat" + (size - len(TOP)).to_bytes(8, "big")


def main() -> None:
    zeros = tempfile.TemporaryFile()  # noqa: SIM115
    zeros.write(bytes(ZEROS))
    zeros.flush()
    context = None
    if sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            Thread(target=attend, args=[connection, context, zeros.fileno()], daemon=True).start()


def attend(connection: socket.socket, context: ssl.SSLContext | None, zeros: int) -> None:
    with suppress(OSError), connection:  # a client that has gone is no fault
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = context.wrap_socket(connection, server_side=True) if context else connection
        with stream:
            while request := stream.recv(65536):
                size = int(request.split(b" ", 2)[1].strip(b"/").partition(b".")[0])
                head = f'HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nContent-Type: video/mp4\r\nETag: "{size}"\r\n\r\n'
                begin = top(size)
                stream.sendall(head.encode() + begin)
                (send_encrypted if context else send)(stream, size - len(begin), zeros)


def send(stream: socket.socket, left: int, zeros: int) -> None:
    while left:
        left -= os.sendfile(stream.fileno(), zeros, 0, min(left, ZEROS))


def send_encrypted(stream: socket.socket, left: int, _: int) -> None:
    block = memoryview(bytes(1024 * 1024))
    while left:
        left -= stream.send(block[: min(left, len(block))])


if __name__ == "__main__":
    main()
