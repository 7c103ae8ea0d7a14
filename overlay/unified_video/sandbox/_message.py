"""A request and a reply, apart from how they travel."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._faults import Drop

Pairs = tuple[tuple[str, str], ...]

_WITHOUT_BODY = {204, 304}
_PIECES = 16


@dataclass(frozen=True, slots=True)
class Incoming:
    """`target`: path and query as they came. `origin`: scheme and host of this server. Header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """`delay` and `drip` are seconds, see `Fault`."""

    status: int
    headers: Pairs = ()
    body: bytes = b""
    delay: float = 0.0
    drip: float = 0.0
    drop: Drop | None = None

    def pieces(self) -> list[bytes]:
        """What travels of the body, in its pieces: one where nothing is between them, half where it is cut."""
        body = self.body[: len(self.body) // 2] if self.drop == "answer" else self.body
        step = max(1, -(-len(body) // _PIECES) if self.drip else len(body))
        return [body[at : at + step] for at in range(0, len(body), step)]


def of_json(status: int, data: object, *headers: tuple[str, str]) -> Reply:
    content = json.dumps(data, ensure_ascii=True).encode("ascii")
    return Reply(status, (("Content-Type", "application/json"), *headers), content)


def of_html(status: int, page: str) -> Reply:
    return Reply(status, (("Content-Type", "text/html; charset=utf-8"),), page.encode("utf-8", "replace"))


def shape_a(status: int, message: str, *, kind: str = "invalid_request_error", code: str = "") -> Reply:
    """The error of authentication, routing and limits."""
    return of_json(status, {"error": {"message": message, "type": kind, "param": "", "code": code}})


def shape_b(status: int, message: str, code: str) -> Reply:
    """The error of the task routes."""
    return of_json(status, {"code": code, "message": message, "data": None})


def measured(reply: Reply, method: str) -> Reply:
    """With its length in the headers, and without a body where HTTP has none."""
    body = b"" if reply.status in _WITHOUT_BODY else reply.body
    named = {name.lower() for name, _ in reply.headers}
    length = () if "content-length" in named or reply.status in _WITHOUT_BODY else (("Content-Length", str(len(body))),)
    return replace(reply, headers=(*reply.headers, *length), body=b"" if method == "HEAD" else body)
