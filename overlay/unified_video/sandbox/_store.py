"""Rendered files: made when first asked for, kept by key in a folder of their own, and never seen half done."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, get_ident
from typing import TYPE_CHECKING

from ._shot import Shot, shot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._state import Job

    Renderer = Callable[[Shot, Path, Path], None]
    """Writes the video and the last frame of a shot to two paths."""

_MOST = 64


@dataclass(frozen=True, slots=True)
class Made:
    key: str
    video: bytes
    last_frame: bytes


class Store:
    """Safe to share by threads: one renders a video, others that want the same wait for it."""

    def __init__(self, render: Renderer, most: int = _MOST) -> None:
        self._render, self._most = render, most
        self._locks: OrderedDict[str, Lock] = OrderedDict()
        self._lock = Lock()
        self._folder: Path | None = None
        self._close: Callable[[], object] = lambda: None

    def get(self, job: Job) -> Made:
        shot = shot_of(job.request, job.seed)
        with self._lock_of(shot.key):
            video, last_frame = self._paths(shot.key)
            if not video.exists():
                self._make(shot, video, last_frame)
            made = Made(shot.key, video.read_bytes(), last_frame.read_bytes())
        self._forget_old()
        return made

    def close(self) -> None:
        """Removes the folder; what is asked for later is rendered anew."""
        with self._lock:
            self._close()
            self._folder = None
            self._locks.clear()

    def _lock_of(self, key: str) -> Lock:
        with self._lock:
            self._locks.setdefault(key, Lock())
            self._locks.move_to_end(key)
            return self._locks[key]

    def _paths(self, key: str) -> tuple[Path, Path]:
        folder = self._folder_made()
        return folder / f"{key}.mp4", folder / f"{key}.png"

    def _folder_made(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="unified-video-sandbox-"))
                # Not TemporaryDirectory: it warns when it is left to the end of the program.
                self._close = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder

    def _make(self, shot: Shot, video: Path, last_frame: Path) -> None:
        part = f".{get_ident()}.part"
        new_video, new_frame = video.with_suffix(part + ".mp4"), last_frame.with_suffix(part + ".png")
        self._render(shot, new_video, new_frame)
        new_frame.replace(last_frame)
        new_video.replace(video)

    def _forget_old(self) -> None:
        """Those of the oldest that nobody reads or renders just now."""
        folder = self._folder_made()
        with self._lock:
            for key in list(self._locks)[: -self._most]:
                lock = self._locks[key]
                if lock.acquire(blocking=False):
                    for suffix in ("mp4", "png"):
                        (folder / f"{key}.{suffix}").unlink(missing_ok=True)
                    del self._locks[key]
                    lock.release()
