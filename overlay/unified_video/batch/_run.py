"""`run`, `arun` and `check`: what a program calls."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING

from unified_video._client import AsyncUnifiedVideo, UnifiedVideo
from unified_video._io import run as finish
from unified_video._settings import Settings

from ._batch import Job, entered
from ._clients import core_of
from ._entries import figures
from ._hands import OneHand, many_hands
from ._options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from unified_video_types import VideoOptions

    from ._batch import Requests
    from ._entries import Figures
    from ._options import OnFile
    from ._report import Progress, Report


def run(
    requests: Requests,
    *,
    output: str | os.PathLike[str],
    client: UnifiedVideo | None = None,
    ledger: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    max_concurrent: int | None = None,
    per_minute: int | None = None,
    max_failures: int | None = None,
    stop_on: str | Sequence[str] = (),
    retry_failed: Mapping[str, int] | str | Sequence[str] = (),
    timeout: float | None = None,
    on_file: OnFile | None = None,
    on_update: Callable[[Progress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Report:
    """Takes every request to a file `<key>.mp4` in `output`, and goes on where an earlier run over it ended.

    All is checked before the first create: InvalidRequest lists every violation of every row, and nothing is sent.

    - `ledger`: where every row is written down; by default `ledger.sqlite3` in `output`.
    - `limit`: only the first so many requests.
    - `max_concurrent`, `per_minute`: of each model, where they are lower than the document's.
    - `max_failures`: so many failed rows end all creates.
    - `stop_on`: names of errors, or codes of the service, that end them at once.
    - `retry_failed`: such names (or `all`): what failed so is sent again, once, or as often as a mapping says.
    - `timeout`: seconds that a task may take, by default the document's 1800; then it is left `running`.
    - `on_file(key, path)`: takes each file before its row is done. `on_update(progress)`: is told how it goes.
    - `stop()`: once it says True nothing new is created, and what is near its end is finished.
    """
    options = Options(
        max_concurrent, per_minute, max_failures, stop_on, retry_failed, timeout, on_file, on_update, stop
    )
    with ExitStack() as stack:
        core = core_of(stack.enter_context(UnifiedVideo()) if client is None else client)
        batch = stack.enter_context(entered(Job(requests, output, ledger, limit), core))
        return finish(batch.work(core, options, OneHand(core.io)))


async def arun(
    requests: Requests,
    *,
    output: str | os.PathLike[str],
    client: AsyncUnifiedVideo | None = None,
    ledger: str | os.PathLike[str] | None = None,
    limit: int | None = None,
    max_concurrent: int | None = None,
    per_minute: int | None = None,
    max_failures: int | None = None,
    stop_on: str | Sequence[str] = (),
    retry_failed: Mapping[str, int] | str | Sequence[str] = (),
    timeout: float | None = None,
    on_file: OnFile | None = None,
    on_update: Callable[[Progress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Report:
    """As `run`, awaited: several requests are in hand at once, in one thread."""
    options = Options(
        max_concurrent, per_minute, max_failures, stop_on, retry_failed, timeout, on_file, on_update, stop
    )
    job = Job(requests, output, ledger, limit)
    if job.is_shared:
        from ._together import arun_shared

        return await arun_shared(job, client, options)
    async with AsyncExitStack() as stack:
        core = core_of(await stack.enter_async_context(AsyncUnifiedVideo()) if client is None else client)
        batch = stack.enter_context(entered(job, core))
        hands = await stack.enter_async_context(many_hands(core.io))
        return await batch.work(core, options, hands)


def check(
    requests: Requests,
    *,
    limit: int | None = None,
    strict: bool = False,
    defaults: VideoOptions | None = None,
) -> tuple[Figures, ...]:
    """What the requests amount to, per model; nothing is sent or written. Raises InvalidRequest as `run` does."""
    wanted = Settings("", "", defaults=dict(defaults or {}), strict=strict)
    return figures(Job(requests, os.curdir, None, limit).entries(wanted))
