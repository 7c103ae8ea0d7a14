"""Runs one behaviour against one client, over a real socket, and says what came of it."""

from __future__ import annotations

import asyncio
import pickle
import time
from typing import TYPE_CHECKING, Literal, cast

from faults.answers import KEY, TASK_ID, succeeded
from faults.media import FOUND, MediaRow
from faults.server import Behaviour, FaultServer, Received
from faults.statuses import ATTEMPTS, Row, Seen
from unified_video import AsyncUnifiedVideo, Retry, UnifiedVideo, UnifiedVideoError, Video

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

ClientKind = Literal["blocking", "async"]
CLIENTS: tuple[ClientKind, ...] = ("blocking", "async")
Verb = Literal["create", "retrieve", "wait"]

LINK = "https://media.invalid/cat.mp4"
_SIGNATURE = "signature=secret-of-the-link"


class JumpingClock:
    """The true time, but for sleep, which takes none and is added."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> float:
        return time.monotonic() + self.slept

    def time(self) -> float:
        return time.time() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


class Bench:
    """Both clients, kept between calls: a new one costs more than the call."""

    def __init__(self) -> None:
        self._blocking: dict[tuple[str, float], UnifiedVideo] = {}
        self._async: dict[tuple[str, float], AsyncUnifiedVideo] = {}
        self._runner = asyncio.Runner()

    def call(
        self, kind: ClientKind, url: str, limit: float, verb: str, *arguments: object, **options: object
    ) -> object:
        """What the verb gives, or the error that it raises."""
        try:
            if kind == "blocking":
                return self._verb(self._blocking_client(url, limit), verb)(*arguments, **options)
            return self._runner.run(self._awaited(url, limit, verb, arguments, options))
        except UnifiedVideoError as error:
            return error

    async def _awaited(
        self, url: str, limit: float, verb: str, arguments: tuple[object, ...], options: dict[str, object]
    ) -> object:
        client = self._async_client(url, limit)
        return await cast("Awaitable[object]", self._verb(client, verb)(*arguments, **options))

    @staticmethod
    def _verb(client: UnifiedVideo | AsyncUnifiedVideo, verb: str) -> Callable[..., object]:
        return cast("Callable[..., object]", getattr(client, verb))

    def _blocking_client(self, url: str, timeout: float) -> UnifiedVideo:
        if (url, timeout) not in self._blocking:
            client = UnifiedVideo(api_key=KEY, base_url=url, timeout=timeout, retry=Retry(ATTEMPTS, 0, 0))
            client._use_clock(JumpingClock())
            self._blocking[url, timeout] = client
        return self._blocking[url, timeout]

    def _async_client(self, url: str, timeout: float) -> AsyncUnifiedVideo:
        if (url, timeout) not in self._async:
            client = AsyncUnifiedVideo(api_key=KEY, base_url=url, timeout=timeout, retry=Retry(ATTEMPTS, 0, 0))
            client._use_clock(JumpingClock())
            self._async[url, timeout] = client
        return self._async[url, timeout]

    def close(self) -> None:
        for client in self._blocking.values():
            client.close()
        for other in self._async.values():
            self._runner.run(other.aclose())
        self._runner.close()


def measure(bench: Bench, server: FaultServer, kind: ClientKind, row: Row, verb: Verb) -> tuple[Seen, object]:
    """What came of the verb, and the value or error itself."""
    unread = [] if row.unread is None else [row.unread] * (2 if verb == "wait" else ATTEMPTS)
    server.reset(_then_well(row) if verb == "wait" else lambda _: row.behaviour, unread)
    arguments, options = _arguments(verb)
    url = server.address(row.address)
    came = bench.call(kind, url, row.timeout, verb, *arguments, **options)
    _assert_discreet(came)
    requests = server.count("create" if verb == "create" else "query")
    return Seen(type(came).__name__, requests), came


def download(bench: Bench, server: FaultServer, kind: ClientKind, row: MediaRow, target: Path) -> tuple[Seen, object]:
    """What came of a download over what lies at `target`, and the path or error itself."""
    steps = list(row.script)

    def script(request: Received) -> Behaviour:
        if request.kind == "query":
            return Behaviour((succeeded(f"{server.url}/new.mp4?{_SIGNATURE}"),))
        assert "authorization" not in request.headers
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        return step if isinstance(step, Behaviour) else step(request)

    server.reset(script)
    video = Video(TASK_ID, f"{server.url}/cat.mp4?{_SIGNATURE}")
    came = bench.call(kind, server.url, row.timeout, "download", video, target)
    _assert_discreet(came)
    assert _SIGNATURE not in f"{came!r} {came}"
    outcome = FOUND if came == target else type(came).__name__
    return Seen(outcome, server.count("media")), came


def _arguments(verb: Verb) -> tuple[tuple[object, ...], dict[str, object]]:
    if verb == "create":
        return ("a cat dancing",), {}
    return (TASK_ID,), {"timeout": 600.0} if verb == "wait" else {}


def _then_well(row: Row) -> Callable[[Received], Behaviour]:
    """The behaviour twice, then a task that succeeded."""
    left = [] if row.unread else [row.behaviour] * 2
    return lambda _: left.pop() if left else Behaviour((succeeded(LINK),))


def _assert_discreet(came: object) -> None:
    """The key is nowhere in what came out, though the service echoes it; and what came out can be pickled."""
    chain = [came]
    while isinstance(chain[-1], BaseException) and (chain[-1].__cause__ or chain[-1].__context__):
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    for link in chain:
        assert KEY not in f"{link!r} {link} {getattr(link, '__notes__', '')}"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        kept = pickle.dumps(came, protocol)
        assert KEY.encode() not in kept
        assert type(pickle.loads(kept)) is type(came)
