"""A call whose event loop does not take the rest of a test from coverage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def apart(call: Callable[[], T]) -> T:
    """Calls it in a thread of its own.

    In Python 3.11 a coroutine that wakes up to its cancellation returns without having been called, as tracers see it
    (python/cpython#106749). Coverage keeps count of calls in each thread, and once it is wrong it takes the lines that
    follow in all frames below for those of another file: after an event loop with sockets, the rest of the test.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()
