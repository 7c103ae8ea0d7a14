"""A finished video to the disk: its place, the file, the last frame beside it, and a new link for a dead one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from . import _files, _picture
from ._document import wants_last_frame
from ._download import DeadLink, Fetch, Progress, fetch
from ._errors import InvalidRequest, LinkExpired, UnifiedVideoError
from ._models import Video, Violation

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from ._call import Calls
    from ._io import IO
    from ._ledger.record import Book
    from ._retry import Retry
    from ._validate import Prepared


class Saving(NamedTuple):
    """What writes the files of a client."""

    io: IO
    retry: Retry
    calls: Calls
    book: Book | None

    async def place(self, path: str | os.PathLike[str]) -> _files.Place:
        return await self.io.call(partial(_files.place, path))

    async def place_for(self, prepared: Prepared, output: str | os.PathLike[str]) -> _files.Place:
        return await self.io.call(partial(_place_for, prepared, output))

    async def download(self, video: Video, task_id: str, target: Path, on_progress: Progress | None) -> None:
        await self._fetch(video, Fetch(task_id, video.url, target, on_progress=on_progress))
        await self._saved(task_id, target, last_frame=False)

    async def save(self, video: Video, target: Path, on_progress: Progress | None) -> Video:
        """The video, and beside it the last frame where there is one."""
        await self._fetch(video, Fetch(video.task_id, video.url, target, on_progress=on_progress))
        beside = None
        if video.last_frame_url is not None and video.task and wants_last_frame(video.task.request or {}):
            beside = _files.last_frame_beside(target)
            try:
                await self._fetch(video, Fetch(video.task_id, video.last_frame_url, beside, check=_picture.png_fault))
            except BaseException as error:
                error.add_note(f"the video itself is in place: {target}")
                raise
        await self._saved(video.task_id, target, last_frame=True)
        return replace(video, path=target, last_frame_path=beside)

    async def _saved(self, task_id: str, target: Path, *, last_frame: bool) -> None:
        if self.book is not None:
            await self.io.call(partial(self.book.saved, task_id, target, last_frame=last_frame))

    async def _fetch(self, video: Video, wanted: Fetch) -> None:
        """Fetches, and once more with a new link where the old one is dead."""
        try:
            return await fetch(self.io, self.retry, wanted)
        except DeadLink as dead:
            why = str(dead)
        renewed = await self._new_link(video, wanted, why)
        try:
            return await fetch(self.io, self.retry, wanted._replace(url=renewed))
        except DeadLink as dead:
            raise wanted.failed(f"{dead}, and so it does for a new link", LinkExpired) from dead

    async def _new_link(self, video: Video, wanted: Fetch, why: str) -> str:
        try:
            task = await self.calls.retrieve(video.task_id, None)
        except UnifiedVideoError as error:
            raise wanted.failed(f"{why}, and the service gives no new link ({error})", LinkExpired) from error
        link = task.video_url if wanted.url == video.url else task.last_frame_url
        if link is None:
            raise wanted.failed(f"{why}, and the service gives no new link", LinkExpired)
        return link


def _place_for(prepared: Prepared, output: str | os.PathLike[str]) -> _files.Place:
    """Where the video and its last frame can be written; an input image is never overwritten."""
    place = _files.place(output)
    if place.is_directory:
        return place
    targets = [place.path, _files.last_frame_beside(place.path)]
    for index, file in enumerate(prepared.files):
        if file is not None and any(target.exists() and target.samefile(file) for target in targets):
            message = f"would overwrite the input image {str(file)!r}: choose another file"
            raise InvalidRequest((Violation("output", "overwrites_input", message, f"images[{index}]"),))
    if wants_last_frame(prepared.body):
        _files.refuse_special(targets[1])
    return place
