"""Answers as bytes on the wire: whole, broken and hostile ones."""

from __future__ import annotations

import gzip
import json
import struct
from dataclasses import dataclass

KEY = "sk-of-the-fault-table-0123456789"
"""The service echoes it wherever it can."""
TASK_ID = "cgt-20250831141439-sqmgf"

TASK = {"task_id": TASK_ID, "status": "IN_PROGRESS", "progress": "30%", "data": {}}
SHAPE_A = {
    "error": {"message": f"the words of shape A ({KEY})", "type": "some_error", "param": "", "code": "some_code"}
}
SHAPE_B = {"code": "some_code", "message": f"the words of shape B ({KEY})", "data": None}
UPSTREAM = {
    "code": "some_code",
    "message": json.dumps({"error": {"message": "the words of the upstream"}}),
    "data": None,
}
NO_BALANCE = {"error": {"message": "top up", "type": "quota", "code": "Insufficient_User_Quota"}}
NO_TASK = {"code": "task_not_exist", "message": "the task does not exist", "data": None}
HTML = f"<html><head><title>Sorry</title></head><body>{KEY}</body></html>".encode()


def json_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def http(
    status: int, body: bytes = b"", *headers: str, length: str | None = None, kind: str = "application/json"
) -> bytes:
    """A whole answer; `length` replaces the true Content-Length, "" leaves it out."""
    announced = str(len(body)) if length is None else length
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"X-Request-Id: req-{KEY}", *headers]
    lines += [f"Content-Length: {announced}"] if announced else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


@dataclass(frozen=True, slots=True)
class Body:
    """A form that the body of an answer may take."""

    name: str
    content: bytes
    kind: str = "application/json"
    cut: bool = False

    def answer(self, status: int, *headers: str) -> bytes:
        # A cut-off one announces its whole length, and the connection ends in the middle.
        sent = self.content[: len(self.content) // 2] if self.cut else self.content
        return http(status, sent, *headers, length=str(len(self.content)), kind=self.kind)


BODIES = (
    Body("a task", json_bytes(TASK)),
    Body("a task in the envelope", json_bytes({"code": "success", "message": "", "data": TASK})),
    Body("shape A", json_bytes(SHAPE_A)),
    Body("shape B", json_bytes(SHAPE_B)),
    Body("shape B around the upstream's JSON", json_bytes(UPSTREAM)),
    Body("a balance code", json_bytes(NO_BALANCE)),
    Body("no such task", json_bytes(NO_TASK)),
    Body("HTML", HTML, "text/html"),
    Body("empty", b""),
    Body("cut off", json_bytes(SHAPE_A), cut=True),
)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def mp4(filling: bytes = b"frames", size: int = 4096) -> bytes:
    """The smallest thing that is whole as an mp4."""
    return box(b"ftyp", b"isom") + box(b"moov", b"index") + box(b"mdat", (filling * size)[:size])


def succeeded(link: str, task_id: str = TASK_ID) -> bytes:
    task = {"task_id": task_id, "status": "SUCCESS", "progress": "100%", "data": {"output": link}}
    return http(200, json_bytes(task))


def accepted(task_id: str = TASK_ID) -> bytes:
    return http(200, json_bytes({"task_id": task_id}))


def deep(levels: int) -> bytes:
    return b'{"task_id": "%s", "data": %s%s}' % (TASK_ID.encode(), b"[" * levels, b"]" * levels)


def bomb(size: int) -> bytes:
    """A small answer that unpacks to `size` bytes."""
    return http(200, gzip.compress(b" " * size), "Content-Encoding: gzip")
