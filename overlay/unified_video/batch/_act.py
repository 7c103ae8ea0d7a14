"""One step of one row: send it, see how its task ended, fetch its file. Each is written down as soon as it happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from unified_video._call import Calls
from unified_video._errors import DownloadFailed
from unified_video._ledger.record import words
from unified_video._retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from unified_video._call import Record
    from unified_video._core import Core
    from unified_video._models import Task, Video
    from unified_video._validate import Prepared

    from ._options import OnFile
    from ._pen import Pen

_UNSETTLED = ["new", "running", "succeeded"]


@dataclass(frozen=True, slots=True)
class Act:
    """Over one client's core and one ledger."""

    core: Core
    pen: Pen
    on_file: OnFile | None = None

    async def send(self, record: Record, prepared: Callable[[], Prepared]) -> Task:
        """Sends a row once: when it is sent again, the limits of the batch decide. Raises what a create raises."""
        request = await self.core.io.call(prepared)
        once = replace(self.core.settings, retry=Retry(attempts=1))
        return await Calls(self.core.io, once).create(request, record)

    async def over(self, key: str, task: Task) -> Video:
        """The end of a task that is done, or that says success and has shown no video so far. Raises TaskFailed."""
        video = await self.core.wait(task, timeout=0, on_update=None)
        used = _tokens(task.usage or {})
        await self._move(
            key, ["running", "succeeded"], "succeeded", error=None, ended_at=self.core.io.time(), tokens=used
        )
        return video

    async def fetch(self, key: str, video: Video, target: Path) -> None:
        """The video and what belongs to it, in place and handed on. Raises what a download raises."""
        saved = await self.core.saving.save(video, target, None)
        for path in filter(None, (saved.path, saved.last_frame_path)):
            await self.core.io.call(partial(self._hand_on, key, path))
        await self._move(key, ["running", "succeeded"], "done", path=str(target), error=None)

    def _hand_on(self, key: str, path: Path) -> None:
        """To who takes each file. What they raise is a fault of this file, and not the end of the batch."""
        if self.on_file is None:
            return
        try:
            self.on_file(key, path)
        except Exception as error:
            raise DownloadFailed(f"{path} was fetched, and could not be handed on: {words(error)}") from error

    async def fail(self, key: str, error: BaseException, **changes: float) -> None:
        await self._move(key, _UNSETTLED, "failed", error=words(error), **changes)

    async def note(self, key: str, state: str, error: BaseException) -> None:
        """What went wrong, for people: the state stays."""
        await self._move(key, [state], state, error=words(error))

    async def _move(self, key: str, before: list[str], after: str, **changes: str | float | None) -> None:
        await self.core.io.call(lambda: self.pen.move(key, before, after, **changes))


def _tokens(usage: Mapping[str, object]) -> int | None:
    numbers = (usage.get(name) for name in ("total_tokens", "completion_tokens"))
    return next((number for number in numbers if isinstance(number, int)), None)
