"""The service on this machine: the same contract, with real video, no key and no charge.

    from unified_video import UnifiedVideo
    from unified_video.sandbox import Fault, Sandbox

    with Sandbox(faults=[Fault("query", status=429, retry_after=2)]) as sandbox:
        client = UnifiedVideo(api_key="any", base_url="https://sandbox.invalid", transport=sandbox.transport)
        video = client.generate("a cat dancing", output="cat.mp4")

Rendering takes the extra: `pip install 'unified-video[sandbox]'`. It is loaded with the first video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from unified_video._io import SystemClock

from ._app import App
from ._clock import VirtualClock
from ._faults import Fault
from ._render import render as real
from ._state import Received, State
from ._store import Store
from ._stub import stub

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from types import TracebackType

    from unified_video._io import Clock

    from ._store import Renderer
    from ._transport import Transport

__all__ = ["Fault", "Received", "Sandbox", "VirtualClock", "stub"]


class Sandbox:
    """Stands in for the service; safe to share by threads.

    - `seconds`: how long a task takes; 0 is done at the first query.
    - `faults`: what goes wrong, in this order, see `Fault`. A prompt may hold some too, such as
      `a cat [fault:504 accepted=true]`, and `POST /sandbox/faults` takes them as JSON.
    - `clock`: the time that it goes by; a `VirtualClock` jumps.
    - `render`: writes a video and its last frame; `stub` does so in no time, where nobody looks at the film.
    """

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        faults: Iterable[Fault] = (),
        clock: Clock | None = None,
        render: Renderer = real,
    ) -> None:
        self._state = State(clock or SystemClock(), seconds, faults)
        self._store = Store(render)
        self._app = App(self._state, self._store)

    @property
    def transport(self) -> Transport:
        """For `httpx.Client`, `httpx.AsyncClient` and both of our clients: no socket. It answers under any base URL."""
        from ._transport import Transport

        return Transport(self._app)

    def serve(self, port: int = 0) -> AbstractContextManager[str]:
        """Listens on 127.0.0.1 while the context lasts; gives the base URL. Port 0 is any that is free."""
        from ._server import serving

        return serving(self._app, port)

    @property
    def clock(self) -> Clock:
        """The time that it goes by."""
        return self._state.clock

    @property
    def requests(self) -> tuple[Received, ...]:
        """What it received, in order; its own routes (`/`, `/sandbox/…`) aside."""
        return self._state.received

    @property
    def accepted(self) -> int:
        """How many creates it accepted, and the service would have charged, whatever it answered."""
        return len(self._state.jobs)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The ids of the tasks, in the order of their creates."""
        return tuple(job.task_id for job in self._state.jobs)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are still to come."""
        return self._state.faults

    def add(self, *faults: Fault) -> None:
        """More faults, after those that are still to come."""
        self._state.add_faults(faults)

    def close(self) -> None:
        """Removes the videos from the disk; otherwise they go with the program."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Sandbox(accepted={self.accepted})"
