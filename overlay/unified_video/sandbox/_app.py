"""The service, as one callable: a request in, a reply out. How they travel is no concern of it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from unified_video import _document
from unified_video._validate import check

from . import _control, _media
from ._answers import LAST_FRAME, VIDEO, has_last_frame, task_answer
from ._bend import bent, bent_task
from ._message import Incoming, Reply, measured, of_json, shape_a, shape_b
from ._state import Received, State, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._faults import Fault
    from ._state import Job
    from ._store import Store

_OPEN = {"model", "ratio"}
"""Fields whose enum may be behind the service: a newer value gets the general rules only."""
_MEDIA = "/media/"
_KINDS = {VIDEO: "video/mp4", LAST_FRAME: "image/png"}


class App:
    """Safe to share by threads: all that changes is in the state and in the store."""

    def __init__(self, state: State, store: Store) -> None:
        self.state, self.store = state, store

    def __call__(self, incoming: Incoming) -> Reply:
        if _control.is_for(incoming.path):
            reply = _control.answer(incoming, self.state)
        else:
            body = read_json(incoming.body)
            self.state.record(_received(incoming, body, self.state.clock.time()))
            reply = self._service(incoming, body)
        return measured(reply, incoming.method)

    @staticmethod
    def is_slow(incoming: Incoming) -> bool:
        """Whether a video may have to be rendered for it."""
        return incoming.path.startswith(_MEDIA)

    def _service(self, incoming: Incoming, body: object) -> Reply:
        if self.is_slow(incoming):
            return self._media(incoming)
        _, found, rest = incoming.path.partition(_collection())
        if found and not rest:
            return self._create(incoming, body) if incoming.method == "POST" else _wrong_method("POST")
        if found and rest.startswith("/") and "/" not in rest[1:] and rest != "/":
            asks = incoming.method in {"GET", "HEAD"}
            return self._query(incoming, unquote(rest[1:])) if asks else _wrong_method("GET")
        return shape_a(404, f"there is no {incoming.method} {incoming.path} here", code="not_found")

    def _create(self, incoming: Incoming, body: object) -> Reply:
        prompt = body.get("prompt") if isinstance(body, dict) else None
        text = prompt if isinstance(prompt, str) else ""
        try:
            self.state.read_prompt(text)
        except ValueError as error:
            return shape_b(400, f"the prompt asks for a fault that cannot be made: {error}", "invalid_request")
        fault = self.state.take_fault("create", text)
        if fault is not None and not fault.is_accepted:
            return bent(None, fault)
        return bent(self._accepted(incoming, body, fault), fault)

    def _accepted(self, incoming: Incoming, body: object, fault: Fault | None) -> Reply:
        if not _has_key(incoming):
            return _no_key()
        if len(incoming.body) > _document.image_limits()["max_request_bytes"]:
            return shape_a(413, "the request is too large", code="request_too_large")
        if not isinstance(body, dict):
            return shape_a(400, "the body must be a JSON object", code="invalid_request")
        wrong = broken_rules(body)
        if wrong:
            return shape_b(400, "; ".join(wrong), "invalid_request")
        return of_json(200, {"task_id": self.state.accept(body, fault).task_id})

    def _query(self, incoming: Incoming, task_id: str) -> Reply:
        job = self.state.find(task_id)
        fault = self.state.take_fault("query", job.prompt if job else "")
        return bent(self._asked(incoming, task_id, job, fault), fault)

    def _asked(self, incoming: Incoming, task_id: str, job: Job | None, fault: Fault | None) -> Reply:
        if not _has_key(incoming):
            return _no_key()
        if job is None:
            return shape_b(400, f"the task {task_id!r} does not exist", "task_not_exist")
        base = f"{incoming.origin}{_MEDIA}{quote(job.task_id, safe='')}/{self.state.link(job.task_id)}"
        return of_json(200, bent_task(task_answer(job, self.state.clock.now(), base), fault))

    def _media(self, incoming: Incoming) -> Reply:
        task_id, number, name = _media_parts(incoming.path)
        job = self.state.find(task_id)
        fault = self.state.take_fault("media", job.prompt if job else "")
        if job and fault and fault.expired:
            status = fault.status or 403
            self.state.kill_link(task_id, number, status)
            fault = replace(fault, status=status)
        hidden = fault is not None and fault.hides_answer
        return bent(None if hidden else self._file(incoming, job, number, name), fault)

    def _file(self, incoming: Incoming, job: Job | None, number: int, name: str) -> Reply:
        if incoming.method not in {"GET", "HEAD"}:
            return _wrong_method("GET, HEAD")
        if job is None or not self._has_file(job, name):
            return shape_a(404, "there is no such file", code="not_found")
        dead = self.state.link_status(job, number)
        if dead is not None:
            return shape_a(dead, "this link has expired", code="link_expired")
        made = self.store.get(job)
        content = made.last_frame if name == LAST_FRAME else made.video
        return _media.served(content, _KINDS[name], f"{made.key[:32]}-{name[0]}", job.finish, incoming.headers)

    def _has_file(self, job: Job, name: str) -> bool:
        failed = job.fault is not None and job.fault.reason is not None
        made = name == VIDEO or (name == LAST_FRAME and has_last_frame(job))
        return made and not failed and stage(job, self.state.clock.now()).ended


@cache
def _collection() -> str:
    return _document.endpoint("create_video_generation")[1]


def _media_parts(path: str) -> tuple[str, int, str]:
    """Task id, number of the link, name of the file; of what is no such path, something that is nowhere."""
    parts = path.removeprefix(_MEDIA).split("/")
    if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdecimal()):  # noqa: PLR2004 - the three of the docstring
        return "", 0, ""
    return unquote(parts[0]), int(parts[1][:9]), parts[2]


def _has_key(incoming: Incoming) -> bool:
    scheme, _, key = incoming.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _no_key() -> Reply:
    message = "no key: send the header Authorization: Bearer YOUR_API_KEY; the sandbox takes any key"
    return shape_a(401, message, kind="authentication_error", code="invalid_api_key")


def _wrong_method(allowed: str) -> Reply:
    reply = shape_a(405, f"use {allowed} here", code="method_not_allowed")
    return replace(reply, headers=(*reply.headers, ("Allow", allowed)))


def read_json(content: bytes) -> object:
    """What the body holds; None for what is no JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def broken_rules(body: dict[str, object]) -> list[str]:
    """Every rule of the document that is an error and is broken, as `field: message`."""
    return [
        f"{violation.field}: {violation.message}"
        for violation in check(body)
        if violation.severity == "error" and not (violation.rule == "enum" and violation.field in _OPEN)
    ]


def _received(incoming: Incoming, body: object, moment: float) -> Received:
    return Received(incoming.method, incoming.target, _without_key(incoming.headers), body, moment)


def _without_key(headers: Mapping[str, str]) -> dict[str, str]:
    """That a key came is worth knowing, above all where none should; which one is not."""
    return {name: _HIDDEN.get(name, _as_it_is)(text) for name, text in headers.items()}


def _as_it_is(text: str) -> str:
    return text


_HIDDEN: dict[str, Callable[[str], str]] = {
    "authorization": lambda text: f"{text.partition(' ')[0]} [key]",
    "cookie": lambda _: "[cookie]",
}
