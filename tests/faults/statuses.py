"""Every status with every form of body, and what the public contract makes of each: written from its words."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from faults.answers import BODIES, Body
from faults.server import Address, Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTEMPTS = 3
"""Of the clients under test."""

STATUSES = (
    *(200, 201, 202, 203, 206, 204, 205),
    *(300, 301, 302, 303, 304, 307, 308),
    *(400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 425, 429, 431, 451, 499),
    *(500, 501, 502, 503, 504, 505, 507, 511, *range(520, 527), 529, 530, 599),
    *(600, 999),
)
LESS_SEEN = (
    *(201, 202, 203, 205, 206, 300, 302, 303, 307, 308),
    *(405, 409, 410, 413, 415, 418, 431, 451, 499),
    *(501, 505, 507, 511, 522, 523, 525, 526, 530, 599, 999),
)
"""Statuses of which the contract says nothing of their own: some forms are enough."""
SOME = ("a task in the envelope", "shape A", "HTML", "empty", "cut off")
BODYLESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
READABLE = ("shape A", "shape B", "shape B around the upstream's JSON", "a balance code", "no such task")
TASKS = ("a task", "a task in the envelope")


OK = Behaviour()
"""Of a row whose connections never get so far."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one call, and how many requests it took."""

    outcome: str
    requests: int

    def __str__(self) -> str:
        """As a cell of the page."""
        return f"{self.outcome}, {self.requests}"


@dataclass(frozen=True, slots=True)
class Expected:
    create: Seen
    retrieve: Seen
    wait: Seen
    """Of a wait that meets the behaviour twice, and then a task that succeeded."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    expected: Expected
    behaviour: Behaviour = OK
    unread: Behaviour | None = None
    timeout: float = 30.0
    address: Address = "plain"


@dataclass(frozen=True, slots=True)
class StatusRow:
    status: int
    body: Body
    row: Row


def status_rows(elsewhere: str) -> Iterator[StatusRow]:
    """`elsewhere` is where redirects lead."""
    for status in STATUSES:
        for body in BODIES:
            if (status not in BODYLESS or not body.content) and (status not in LESS_SEEN or body.name in SOME):
                yield StatusRow(status, body, _row(status, body, elsewhere))


def _row(status: int, body: Body, elsewhere: str) -> Row:
    expected = Expected(on_create(status, body.name), on_retrieve(status, body.name), on_wait(status, body.name))
    headers = [f"Location: {elsewhere}"] if status in {301, 302, 303, 307, 308} else []
    behaviour = Behaviour(
        (body.answer(status, *headers),),
        end="close" if body.cut else "keep",
        accepts=may_be_accepted(status, body.name),
    )
    return Row(f"{status}, {body.name}", expected, behaviour)


def may_be_accepted(status: int, body: str) -> bool:
    """Whether a create with this answer may have been charged: the worst that can be true is what the server does."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return body not in READABLE
    if 400 <= status < 500:
        return status == HTTPStatus.REQUEST_TIMEOUT and body != "a balance code"
    return not 300 <= status < 400 and status not in {521, 522, 523}


FOUR_HUNDREDS = {401: "AuthenticationError", 402: "InsufficientBalance", 403: "PermissionDenied"}


def on_create(status: int, body: str) -> Seen:
    refused = {**FOUR_HUNDREDS, 404: "APIError"}.get(status, "BadRequest")
    rules = (
        (200 <= status < 300 and body in TASKS, Seen("Task", 1)),
        (300 <= status < 400, Seen("APIError", 1)),
        (400 <= status < 500 and body == "a balance code", Seen("InsufficientBalance", 1)),
        (status in {425, 429}, Seen("RateLimited", ATTEMPTS)),
        (status in {521, 522, 523}, Seen("NotSent", ATTEMPTS)),
        (status == 503 and body in READABLE, Seen("ServerError", 1)),
        (400 <= status < 500 and status != 408, Seen(refused, 1)),
        (True, Seen("SubmissionUncertain", 1)),
    )
    return next(seen for fits, seen in rules if fits)


def on_retrieve(status: int, body: str) -> Seen:
    final = _final(status, body)
    return Seen(final, 1) if final else Seen(_transient(status, body), ATTEMPTS)


def on_wait(status: int, body: str) -> Seen:
    final = _final(status, body)
    return Seen(final, 1) if final and final != "Task" else Seen("Video", 3)


def _final(status: int, body: str) -> str | None:
    """What ends a wait, or answers a query; None for what passes."""
    refused = {**FOUR_HUNDREDS, 404: "TaskNotFound"}.get(status, "BadRequest")
    rules = (
        (200 <= status < 300 and body in TASKS, "Task"),
        (body == "no such task" and (200 <= status < 300 or status == 400), "TaskNotFound"),
        (300 <= status < 400, "APIError"),
        (400 <= status < 500 and body == "a balance code", "InsufficientBalance"),
        (400 <= status < 500 and status not in {408, 425, 429}, refused),
        (True, None),
    )
    return next(name for fits, name in rules if fits)


def _transient(status: int, body: str) -> str:
    if 200 <= status < 300 and body in READABLE:
        return "APIError"
    if status in {425, 429}:
        return "RateLimited"
    if status in {521, 522, 523}:
        return "NotSent"
    return "ServerError" if status == 408 or 500 <= status < 600 else "InvalidResponse"
