"""The two clients: the same verbs, one line each, over one core."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Self

import httpx

from ._core import Core
from ._errors import ConfigurationError
from ._io import SystemClock, T, http, run
from ._settings import ledger_or_environment, settings
from ._validate import Wish

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Unpack

    from unified_video_types import VideoModel, VideoOptions

    from ._images import Image
    from ._io import Clock
    from ._ledger.record import Book
    from ._models import Task, Video, Violation
    from ._retry import Retry


class UnifiedVideo:
    """The blocking client; safe to share by threads. `AsyncUnifiedVideo` is the same, awaited.

    - `api_key`, `base_url`: else UNIFIED_VIDEO_API_KEY and UNIFIED_VIDEO_BASE_URL; ConfigurationError without.
    - `timeout`: seconds, or an `httpx.Timeout`, for one HTTP exchange; by default 10 to connect, 60 to read and write.
    - `retry`: how often one request is tried; a create only where it was surely not accepted.
    - `transport`: an httpx transport for every request, downloads too.
    - `defaults`: options that every create starts from; None in a call takes one away.
    - `strict`: what only the vendor of the models rules is an error too, not a warning.
    - `ledger`: a file, directory or `postgresql://` URL where every create is written down before it is sent
      (UNIFIED_VIDEO_LEDGER; off by default).
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        transport: httpx.BaseTransport | None = None,
        defaults: VideoOptions | None = None,
        strict: bool = False,
        ledger: str | os.PathLike[str] | None = None,
    ) -> None:
        self._settings = settings(api_key=api_key, base_url=base_url, retry=retry, defaults=defaults, strict=strict)
        http.checked_url(self._settings.base_url)
        self._limits = http.limits(timeout)
        self._transport = _fitting(transport, httpx.BaseTransport)
        self._book = _book(ledger, self._settings.base_url)
        self._use_clock(SystemClock())

    def _use_clock(self, clock: Clock) -> None:
        """Makes IO and core anew: for time that jumps, and where the command line takes the ledger away."""
        from ._io.blocking import BlockingIO  # each client loads its own half only

        self._io = BlockingIO(self._limits, clock, self._transport)
        self._core = Core(self._io, self._settings, self._book)

    def _open_core(self) -> Core:
        """For what sends something for sure; RuntimeError once closed."""
        self._io.check_open()
        return self._core

    def create(
        self,
        prompt: str,
        *,
        model: VideoModel | None = None,
        images: Image | Sequence[Image] | None = None,
        extra: Mapping[str, object] | None = None,
        **options: Unpack[VideoOptions],
    ) -> Task:
        """Starts a video and returns its task. It is charged from here on, and sent once.

        `extra` goes out as it is, unchecked: for what the document does not know yet.
        Raises InvalidRequest (nothing was sent), NotSent, SubmissionUncertain, or an APIError.
        """
        return run(self._open_core().create(Wish(prompt, model, images, extra, options)))

    def retrieve(self, task: Task | str) -> Task:
        """Asks once how a task is going, with retries; `task` is a Task or a task id.

        Raises TaskNotFound, InvalidResponse, NotSent, or another APIError.
        """
        return run(self._open_core().retrieve(task))

    def wait(
        self, task: Task | str, *, timeout: float | None = 1800.0, on_update: Callable[[Task], object] | None = None
    ) -> Video:
        """Polls until the task is done or `timeout` seconds are over; None is no deadline, 0 asks once.

        Raises TaskFailed, ResultMissing, WaitTimeout (the task goes on), TaskNotFound, or a final APIError.
        """
        return run(self._core.wait(task, timeout=timeout, on_update=on_update))

    def download(
        self,
        video: Video | Task | str,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int | None], object] | None = None,
    ) -> Path:
        """Fetches the video to a file, or into a directory under the task's id; resumes an earlier try.

        `on_progress` is called with the bytes received and the total, None where that is unknown. Raises
        DownloadFailed, LinkExpired, the disk's own OSError, and for a task that is not done what `wait` raises.
        """
        return run(self._open_core().download(video, path, on_progress=on_progress))

    def generate(
        self,
        prompt: str,
        *,
        output: str | os.PathLike[str] | None = None,
        timeout: float | None = 1800.0,
        on_update: Callable[[Task], object] | None = None,
        model: VideoModel | None = None,
        images: Image | Sequence[Image] | None = None,
        extra: Mapping[str, object] | None = None,
        **options: Unpack[VideoOptions],
    ) -> Video:
        """Creates, waits, and downloads where `output` is given. `timeout`: from the accepted create to the task's end.

        `on_update` is called with the fresh task first, so that its id can be stored, then with each change.
        """
        wish = Wish(prompt, model, images, extra, options)
        return run(self._open_core().generate(wish, output=output, timeout=timeout, on_update=on_update))

    def validate(
        self,
        prompt: str,
        *,
        model: VideoModel | None = None,
        images: Image | Sequence[Image] | None = None,
        extra: Mapping[str, object] | None = None,
        **options: Unpack[VideoOptions],
    ) -> tuple[Violation, ...]:
        """Every violation of a request, as this client would send it; nothing is sent."""
        return self._core.prepared(Wish(prompt, model, images, extra, options)).violations

    def close(self) -> None:
        """Closes the connections and the ledger; what would send something is a RuntimeError from then on."""
        self._io.close()
        if self._book is not None:
            self._book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"UnifiedVideo(base_url={self._settings.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds its key and its connections, and is not pickled: make one where it is needed")


class AsyncUnifiedVideo:
    """The client for event loops; safe to share by tasks of one loop. The arguments are those of `UnifiedVideo`."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        defaults: VideoOptions | None = None,
        strict: bool = False,
        ledger: str | os.PathLike[str] | None = None,
    ) -> None:
        self._settings = settings(api_key=api_key, base_url=base_url, retry=retry, defaults=defaults, strict=strict)
        http.checked_url(self._settings.base_url)
        self._limits = http.limits(timeout)
        self._transport = _fitting(transport, httpx.AsyncBaseTransport)
        self._book = _book(ledger, self._settings.base_url)
        self._use_clock(SystemClock())

    def _use_clock(self, clock: Clock) -> None:
        """Makes IO and core anew: for time that jumps, and where the command line takes the ledger away."""
        from ._io.asynchronous import AsyncIO  # each client loads its own half only

        self._io = AsyncIO(self._limits, clock, self._transport)
        self._core = Core(self._io, self._settings, self._book)

    def _open_core(self) -> Core:
        """For what sends something for sure; RuntimeError once closed."""
        self._io.check_open()
        return self._core

    async def create(
        self,
        prompt: str,
        *,
        model: VideoModel | None = None,
        images: Image | Sequence[Image] | None = None,
        extra: Mapping[str, object] | None = None,
        **options: Unpack[VideoOptions],
    ) -> Task:
        """Starts a video and returns its task. It is charged from here on, and sent once.

        `extra` goes out as it is, unchecked: for what the document does not know yet.
        Raises InvalidRequest (nothing was sent), NotSent, SubmissionUncertain, or an APIError.
        """
        return await self._open_core().create(Wish(prompt, model, images, extra, options))

    async def retrieve(self, task: Task | str) -> Task:
        """Asks once how a task is going, with retries; `task` is a Task or a task id.

        Raises TaskNotFound, InvalidResponse, NotSent, or another APIError.
        """
        return await self._open_core().retrieve(task)

    async def wait(
        self, task: Task | str, *, timeout: float | None = 1800.0, on_update: Callable[[Task], object] | None = None
    ) -> Video:
        """Polls until the task is done or `timeout` seconds are over; None is no deadline, 0 asks once.

        Raises TaskFailed, ResultMissing, WaitTimeout (the task goes on), TaskNotFound, or a final APIError.
        """
        return await self._core.wait(task, timeout=timeout, on_update=on_update)

    async def download(
        self,
        video: Video | Task | str,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int | None], object] | None = None,
    ) -> Path:
        """Fetches the video to a file, or into a directory under the task's id; resumes an earlier try.

        `on_progress` is called with the bytes received and the total, None where that is unknown. Raises
        DownloadFailed, LinkExpired, the disk's own OSError, and for a task that is not done what `wait` raises.
        """
        return await self._open_core().download(video, path, on_progress=on_progress)

    async def generate(
        self,
        prompt: str,
        *,
        output: str | os.PathLike[str] | None = None,
        timeout: float | None = 1800.0,
        on_update: Callable[[Task], object] | None = None,
        model: VideoModel | None = None,
        images: Image | Sequence[Image] | None = None,
        extra: Mapping[str, object] | None = None,
        **options: Unpack[VideoOptions],
    ) -> Video:
        """Creates, waits, and downloads where `output` is given. `timeout`: from the accepted create to the task's end.

        `on_update` is called with the fresh task first, so that its id can be stored, then with each change.
        """
        wish = Wish(prompt, model, images, extra, options)
        return await self._open_core().generate(wish, output=output, timeout=timeout, on_update=on_update)

    def validate(
        self,
        prompt: str,
        *,
        model: VideoModel | None = None,
        images: Image | Sequence[Image] | None = None,
        extra: Mapping[str, object] | None = None,
        **options: Unpack[VideoOptions],
    ) -> tuple[Violation, ...]:
        """Every violation of a request, as this client would send it; nothing is sent."""
        return self._core.prepared(Wish(prompt, model, images, extra, options)).violations

    async def aclose(self) -> None:
        """Closes the connections and the ledger; what would send something is a RuntimeError from then on."""
        await self._io.aclose()
        if self._book is not None:
            self._book.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncUnifiedVideo(base_url={self._settings.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds its key and its connections, and is not pickled: make one where it is needed")


def _book(ledger: str | os.PathLike[str] | None, base_url: str) -> Book | None:
    where = ledger_or_environment(ledger)
    if where is None:
        return None
    from ._ledger.record import Book  # with the ledger, which not every program loads

    return Book(where, base_url)


def _fitting(transport: T | None, kind: type[T]) -> T | None:
    if transport is None or isinstance(transport, kind):
        return transport
    raise ConfigurationError(f"transport must be an httpx.{kind.__name__}, not {type(transport).__name__}")
