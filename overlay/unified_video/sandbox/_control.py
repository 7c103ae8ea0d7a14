"""The sandbox's own routes, for tests in any language: what it received, the faults to come, and a page for people.

- `GET /`: the playground, with the tasks and their videos; what it loads lies under `/sandbox/page/`.
- `GET /sandbox/document`: the OpenAPI document as JSON.
- `GET /sandbox/requests`, `GET /sandbox/tasks`: JSON lists.
- `GET`, `POST`, `DELETE /sandbox/faults`: the faults to come; adds one (a JSON object with the fields of `Fault`) or a
  list of them; clears all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from unified_video import _document

from . import _page
from ._faults import from_json, to_json
from ._message import Incoming, Reply, of_json, shape_a

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._state import State


def is_for(path: str) -> bool:
    return path == "/" or path.startswith("/sandbox/")


def answer(incoming: Incoming, state: State) -> Reply:
    method = "GET" if incoming.method == "HEAD" else incoming.method
    if method == "GET" and incoming.path in _page.files():
        return _page.files()[incoming.path]
    found = _ROUTES.get((method, incoming.path))
    if found is None:
        known = ", ".join(" ".join(route) for route in _ROUTES)
        return shape_a(404, f"there is no {incoming.method} {incoming.path}; there are {known}", code="not_found")
    return found(incoming, state)


def _show_page(_: Incoming, state: State) -> Reply:
    return _page.page(state)


def _show_document(_: Incoming, __: State) -> Reply:
    return of_json(200, _document.document())


def _requests(_: Incoming, state: State) -> Reply:
    shown = [
        {"method": one.method, "path": one.path, "headers": dict(one.headers), "json": one.json, "time": one.time}
        for one in state.received
    ]
    return of_json(200, {"requests": shown})


def _tasks(_: Incoming, state: State) -> Reply:
    shown = [{"task_id": job.task_id, "seed": job.seed, "request": dict(job.request)} for job in state.jobs]
    return of_json(200, {"accepted": len(shown), "tasks": shown})


def _faults(_: Incoming, state: State) -> Reply:
    return of_json(200, {"faults": [to_json(fault) for fault in state.faults]})


def _add_faults(incoming: Incoming, state: State) -> Reply:
    try:
        data = json.loads(incoming.body)
        faults = [from_json(one) for one in (data if isinstance(data, list) else [data])]
    except (ValueError, RecursionError) as error:
        return shape_a(400, str(error), code="invalid_fault")
    state.add_faults(faults)
    return _faults(incoming, state)


def _clear_faults(incoming: Incoming, state: State) -> Reply:
    state.clear_faults()
    return _faults(incoming, state)


_ROUTES: dict[tuple[str, str], Callable[[Incoming, State], Reply]] = {
    ("GET", "/"): _show_page,
    ("GET", "/sandbox/document"): _show_document,
    ("GET", "/sandbox/requests"): _requests,
    ("GET", "/sandbox/tasks"): _tasks,
    ("GET", "/sandbox/faults"): _faults,
    ("POST", "/sandbox/faults"): _add_faults,
    ("DELETE", "/sandbox/faults"): _clear_faults,
}
