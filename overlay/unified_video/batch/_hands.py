"""One piece of work at a time, or several in hand at once: all that differs between `run` and `arun`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from anyio.abc import TaskGroup

    from unified_video._io import IO


class Hands(Protocol):
    async def take(self, work: Coroutine[object, object, None]) -> None:
        """Does the work, or begins it."""

    async def rest(self, seconds: float) -> None:
        """Until work that was begun is done, at most so many seconds."""


class OneHand:
    """Work is done when it is taken."""

    def __init__(self, io: IO) -> None:
        self._io = io

    async def take(self, work: Coroutine[object, object, None]) -> None:
        await work

    async def rest(self, seconds: float) -> None:
        await self._io.sleep(seconds)


@asynccontextmanager
async def many_hands(io: IO) -> AsyncIterator[Hands]:
    """Several in hand at once; what one of them raises ends all, and comes out as it is."""
    try:
        async with anyio.create_task_group() as group:
            yield ManyHands(io, group)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class ManyHands:
    """Tasks of one event loop, in one thread."""

    def __init__(self, io: IO, group: TaskGroup) -> None:
        self._io, self._group, self._busy = io, group, 0
        self._changed = anyio.Event()

    async def take(self, work: Coroutine[object, object, None]) -> None:
        self._busy += 1
        self._group.start_soon(self._do, work)

    async def _do(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        finally:
            self._busy -= 1
            self._changed.set()

    async def rest(self, seconds: float) -> None:
        if not self._busy:
            await self._io.sleep(seconds)
            return
        with anyio.move_on_after(seconds):
            await self._changed.wait()
        self._changed = anyio.Event()
