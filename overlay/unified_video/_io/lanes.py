"""The queue before the connections: never more requests in flight than connections, first come, first served.

httpcore's pool goes through all its requests and connections at each step, so that thousands of tasks that queue in it
cost as the square of their number. Here each lane holds one connection, and who finds none free waits at no cost.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 100
"""Connections at once; as many as httpx allows."""
IDLE = 20
"""Connections that are kept while nobody needs them; again httpx's number."""


class _Event(Protocol):
    def set(self) -> object: ...


Lane = TypeVar("Lane")
Event = TypeVar("Event", bound=_Event)


class Turn(Generic[Lane, Event]):
    """A place in the queue. `lane` is set when its turn has come; until then `event` is what to wait for."""

    def __init__(self, *, first: bool) -> None:
        self.first = first
        self.lane: Lane | None = None
        self.event: Event | None = None


class Queue(Protocol[Lane, Event]):
    def enter(self, turn: Turn[Lane, Event]) -> None: ...
    def leave(self, turn: Turn[Lane, Event]) -> Lane | None: ...
    def close(self) -> list[Lane]: ...


class Shared(Generic[Lane, Event]):
    """A transport that has connections, and a queue, of its own: the user's, or ours for downloads."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def enter(self, turn: Turn[Lane, Event]) -> None:
        turn.lane = self._lane

    def leave(self, turn: Turn[Lane, Event]) -> None:
        """It stays open."""

    def close(self) -> list[Lane]:
        """None: it is closed where it was found."""
        return []


class Lanes(Generic[Lane, Event]):
    """Lanes that are made as they are needed; safe to share by threads."""

    def __init__(self, make: Callable[[], Lane], event: Callable[[], Event]) -> None:
        self._make, self._event, self._lock = make, event, Lock()
        self._all = [make()]  # at once, so that what cannot be made shows here
        self._free = self._all.copy()
        self._is_closed = False
        self._first: OrderedDict[Turn[Lane, Event], Event] = OrderedDict()  # left from the middle at no cost
        self._rest: OrderedDict[Turn[Lane, Event], Event] = OrderedDict()

    def enter(self, turn: Turn[Lane, Event]) -> None:
        """Gives a lane, or a place in the queue."""
        with self._lock:
            turn.lane = self._free.pop() if self._free else self._another()  # the last used is the surest to be open
            if turn.lane is None:
                turn.event = self._queue(turn)[turn] = self._event()

    def leave(self, turn: Turn[Lane, Event]) -> Lane | None:
        """Gives the lane, or the place in the queue, back; a lane that is one too many is returned, to be closed."""
        with self._lock:
            if turn.lane is None:
                self._queue(turn).pop(turn, None)
                return None
            lane, turn.lane = turn.lane, None
            if self._handed_on(lane):
                return None
            if len(self._free) < IDLE and not self._is_closed:
                self._free.append(lane)
                return None
            self._all.remove(lane)
            return lane

    def close(self) -> list[Lane]:
        """The lanes to be closed now; one in use, when it is given back: a create on its way gets its answer."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
            for lane in free:
                self._all.remove(lane)
            return free

    def _another(self) -> Lane | None:
        if len(self._all) >= MOST:
            return None
        self._all.append(self._make())
        return self._all[-1]

    def _queue(self, turn: Turn[Lane, Event]) -> OrderedDict[Turn[Lane, Event], Event]:
        return self._first if turn.first else self._rest

    def _handed_on(self, lane: Lane) -> bool:
        queue = self._first or self._rest
        if not queue:
            return False
        turn, event = queue.popitem(last=False)
        turn.lane = lane
        event.set()
        return True
