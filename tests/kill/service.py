"""The service: it counts the creates of each prompt, runs each task for two queries, and its file comes in drips."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

from faults.answers import accepted, http, json_bytes, mp4, succeeded
from faults.server import CREATE_PATH, Behaviour, Received

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = mp4(b"the whole video", 60_000)
_DRIP_BYTES, _DRIP_SECONDS = 6_000, 0.004
_BUSY_SHARE, _BUSY_TIMES = 0.3, 2  # fewer than a client tries


class Counting:
    """A script for the fault server that remembers what it was asked, and tells when something happens."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the schedule of a test
        self.accepted: Counter[str] = Counter()
        self.busy: Counter[str] = Counter()
        self.queried: Counter[str] = Counter()
        self.on_event: Callable[[str], None] = lambda _: None
        self.url = ""

    def __call__(self, request: Received) -> Behaviour:
        self.on_event(request.kind)
        return {"create": self._create, "query": self._query, "media": self._media}[request.kind](request)

    def _create(self, request: Received) -> Behaviour:
        prompt = json.loads(request.body)["prompt"]
        if self._random.random() < _BUSY_SHARE and self.busy[prompt] < _BUSY_TIMES:
            self.busy[prompt] += 1
            return Behaviour((http(429, b"", "Retry-After: 1"),))
        self.accepted[prompt] += 1
        # In two pieces, so that a kill may fall between them.
        answer = accepted(task_id_of(prompt))
        return Behaviour((answer[:-9], answer[-9:]), self._random.choice([0.0, 0.003]), accepts=True)

    def _query(self, request: Received) -> Behaviour:
        task_id = unquote(request.target.removeprefix(f"{CREATE_PATH}/"))
        self.queried[task_id] += 1
        if self.queried[task_id] <= 2:
            return Behaviour((http(200, json_bytes({"task_id": task_id, "status": "IN_PROGRESS"})),))
        return Behaviour((succeeded(f"{self.url}/{task_id}.mp4", task_id),))

    def _media(self, request: Received) -> Behaviour:
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        span = [f"Content-Range: bytes {start}-{len(WHOLE) - 1}/{len(WHOLE)}"] if start else []
        answer = http(206 if start else 200, WHOLE[start:], 'ETag: "1"', *span, kind="video/mp4")
        drips = tuple(answer[at : at + _DRIP_BYTES] for at in range(0, len(answer), _DRIP_BYTES))
        return Behaviour(drips, _DRIP_SECONDS)


def task_id_of(prompt: str) -> str:
    return f"cgt-{prompt}"


class Alarm:
    """Fires once, when the nth event of a kind was seen."""

    def __init__(self, kind: str, count: int) -> None:
        self._kind, self._left = kind, count
        self.rang = threading.Event()

    def __call__(self, kind: str) -> None:
        self._left -= kind == self._kind
        if self._left <= 0:
            self.rang.set()
