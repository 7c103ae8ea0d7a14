"""Time that passes only when somebody waits: for tests that never sleep."""

from __future__ import annotations

from threading import Lock

_START = 1_756_620_879.0  # a moment on 31 August 2025, so that task ids and times look like the service's


class VirtualClock:
    """A clock that jumps. Share one between a sandbox and a client, and hours pass in milliseconds."""

    def __init__(self, start: float = _START) -> None:
        self._start, self._passed, self._lock = start, 0.0, Lock()

    def now(self) -> float:
        """Seconds since the clock was made."""
        return self._passed

    def time(self) -> float:
        """Unix seconds."""
        return self._start + self._passed

    def sleep(self, seconds: float) -> None:
        """Jumps; never back."""
        with self._lock:
            self._passed += max(0.0, seconds)
