"""A batch against the sandbox, with time that jumps: hours pass in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from unified_video import AsyncUnifiedVideo, LedgerRow, UnifiedVideo, read_ledger
from unified_video.batch import Report, arun, run
from unified_video.sandbox import Fault, Sandbox, VirtualClock, stub

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PRO, TEXT, IMAGE = (
    "doubao-seedance-1-0-pro-250528",
    "doubao-seedance-1-0-lite-t2v-250428",
    "doubao-seedance-1-0-lite-i2v-250428",
)
URL = "https://gateway.invalid"
KEY = "a-key-of-a-test"


@dataclass
class Service:
    """One service, one output directory, any number of runs."""

    sandbox: Sandbox
    clock: VirtualClock
    output: Path

    def client(self) -> UnifiedVideo:
        client = UnifiedVideo(api_key=KEY, base_url=URL, transport=self.sandbox.transport)
        client._use_clock(self.clock)
        return client

    def run(self, requests: Any, **options: Any) -> Report:
        with self.client() as client:
            return run(requests, output=self.output, client=client, **options)

    def arun(self, requests: Any, **options: Any) -> Report:
        return anyio.run(partial(self._arun, requests, options))

    async def _arun(self, requests: Any, options: dict[str, Any]) -> Report:
        client = AsyncUnifiedVideo(api_key=KEY, base_url=URL, transport=self.sandbox.transport)
        client._use_clock(self.clock)
        async with client:
            return await arun(requests, output=self.output, client=client, **options)

    def rows(self) -> dict[str, LedgerRow]:
        return {row.key: row for row in read_ledger(self.output)}

    def states(self) -> dict[str, str]:
        return {key: row.state for key, row in self.rows().items()}

    def creates(self) -> list[float]:
        """When each create came in."""
        return [request.time for request in self.sandbox.requests if request.method == "POST"]


def service(folder: Path, *faults: Fault, seconds: float = 0.0) -> Service:
    clock = VirtualClock()
    return Service(Sandbox(clock=clock, render=stub, seconds=seconds, faults=faults), clock, folder / "videos")


def cats(count: int, **fields: object) -> list[dict[str, object]]:
    return [{"key": f"cat-{number}", "prompt": f"cat {number}", **fields} for number in range(1, count + 1)]


def keys(rows: Iterable[Any]) -> list[str]:
    return [row.key for row in rows]
