"""How a fault changes an answer, and how the task in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from unified_video import _document

from ._message import Reply, of_html, of_json, shape_a, shape_b

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._faults import Fault

_ERROR, _REDIRECT = 400, 300
_HTML = "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center><hr>sandbox</body></html>"


def bent(true: Reply | None, fault: Fault | None) -> Reply:
    """The answer that a fault leaves of the true one; None where there is none, since nothing was done."""
    if fault is None:
        return true or Reply(200)
    status = fault.status or (true.status if true else 200)
    shaped = _shaped(true or _said(fault, status), fault, status)
    return replace(
        shaped,
        status=status,
        headers=_merged(shaped.headers, fault.pairs),
        delay=fault.delay,
        drip=fault.drip,
        drop=fault.drop,
    )


def _merged(headers: tuple[tuple[str, str], ...], others: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    replaced = {name.lower() for name, _ in others}
    return (*(pair for pair in headers if pair[0].lower() not in replaced), *others)


def _said(fault: Fault, status: int) -> Reply:
    return shape_a(status, fault.message, kind="sandbox_fault", code=fault.code)


def _shaped(true: Reply, fault: Fault, status: int) -> Reply:
    if fault.text is not None:
        content = fault.text if isinstance(fault.text, bytes) else fault.text.encode("utf-8", "surrogateescape")
        return replace(true, body=content)
    if fault.body is not None:
        return _SHAPES[fault.body](true, fault, status)
    if fault.status is None or status < _REDIRECT:
        return true
    return _said(fault, status) if status >= _ERROR else Reply(status)


_SHAPES: dict[str, Callable[[Reply, Fault, int], Reply]] = {
    "A": lambda _, fault, status: _said(fault, status),
    "B": lambda _, fault, status: shape_b(status, fault.message, fault.code),
    "html": lambda _, __, status: of_html(status, _HTML.format(status=status)),
    "empty": lambda *_: Reply(200),
    "garbage": lambda true, *_: replace(true, body=b'\xff\xfe{"task_id": NaN'),
    "cut": lambda true, *_: replace(true, body=true.body[: len(true.body) // 2]),
    "wrapped": lambda true, *_: _wrapped(true),
}


def _wrapped(true: Reply) -> Reply:
    """A file has no envelope."""
    if ("Content-Type", "application/json") not in true.headers:
        return true
    return of_json(true.status, {"code": "success", "message": "", "data": json.loads(true.body)})


def bent_task(answer: dict[str, object], fault: Fault | None) -> dict[str, object]:
    """The task of an answer, with the failure, the status word or the place of the link that a fault asks for."""
    if fault is None:
        return answer
    found = dict(answer)
    if fault.reason is not None and found["status"] == "SUCCESS":
        found |= {"status": "FAILURE", "fail_reason": fault.reason, "data": None}
    if fault.task_status is not None:
        found |= _with_status(found, fault.task_status, fault.reason)
    if fault.link is not None and isinstance(found["data"], dict) and "output" in found["data"]:
        found |= _with_link(found["data"], fault.link)
    return found


def _with_status(answer: dict[str, object], status: str, reason: str | None) -> dict[str, object]:
    state = _document.states().get(status.upper())
    if state == "succeeded" and answer["status"] != "SUCCESS":
        return {}  # not before its time: there is no video yet
    if state == "succeeded":
        return {"status": status}
    return {"status": status, "data": None, "fail_reason": reason or ""}


def _with_link(data: dict[str, object], link: str) -> dict[str, object]:
    url, rest = data["output"], {name: value for name, value in data.items() if name != "output"}
    reason = {"fail_reason": url} if link == "fail_reason" else {}
    return {"data": {**rest, **_LINKS[link](url)}, **reason}


_LINKS: dict[str, Callable[[object], dict[str, object]]] = {
    "output": lambda url: {"output": url},
    "list": lambda url: {"output": [url]},
    "object": lambda url: {"output": {"video_url": url}},
    "outputs": lambda url: {"outputs": [url]},
    "video_url": lambda url: {"video_url": url},
    "url": lambda url: {"url": url},
    "download_url": lambda url: {"download_url": url},
    "content": lambda url: {"content": {"video_url": url}},
    "fail_reason": lambda _: {},
    "none": lambda _: {},
}
