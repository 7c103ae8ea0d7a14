"""Files that appear whole or not at all: where they go, the part file beside them, and what lets it be resumed."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from ._lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST_NAME = 200
_PUSHED_BYTES = 8 * 1024 * 1024
_WINDOWS = os.name == "nt"
_CREATED = os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_SEPARATORS = tuple(separator for separator in (os.sep, os.altsep) if separator)


class Place(NamedTuple):
    """Where a video goes: a file, or a directory that gets one named for the task."""

    path: Path
    is_directory: bool

    def file_for(self, task_id: str) -> Path:
        return self.path / f"{file_name(task_id)}.mp4" if self.is_directory else self.path


def file_name(task_id: str) -> str:
    """A task id as a name of a file on every platform; a very long one keeps its beginning and a digest."""
    name = quote(task_id, safe="")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 33]}-{_digest(task_id)}"


def _part_name(name: str) -> str:
    # The part file's name is longer than its target's, and the platform's limit is in bytes.
    return f".{name if len(os.fsencode(name)) <= _LONGEST_NAME else _digest(name)}.part"


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(text)).hexdigest()[:32]


def last_frame_beside(video: Path) -> Path:
    return video.with_name(f"{video.stem}.last-frame.png")


def place(path: str | os.PathLike[str]) -> Place:
    """Makes the directory and proves that a file can be written there; raises OSError where not."""
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"a path is a str or os.PathLike[str], not {type(path).__name__}")
    if not text or "\0" in text:
        raise OSError(errno.EINVAL, "no path for a file", text)
    found = Path(text)
    is_directory = found.is_dir() or text.endswith(_SEPARATORS)
    # Through a symbolic link, as writing would go.
    folder = found if is_directory else Path(os.path.realpath(found)).parent
    folder.mkdir(parents=True, exist_ok=True)
    _probe(folder)
    if not is_directory:
        refuse_special(found)
    return Place(found, is_directory)


def _probe(folder: Path) -> None:
    trial = folder / f".unified-video-{secrets.token_hex()}"
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        error.filename = str(folder)  # as the user knows it
        raise


def refuse_special(file: Path) -> None:
    """A device or pipe would be replaced by the video, not written to."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(file.stat().st_mode):
            raise OSError(errno.EINVAL, "not a regular file; give the path of a file or directory", str(file))


class Validator(NamedTuple):
    """What proves that a part file and the rest at the service are of one file."""

    etag: str | None
    last_modified: str | None
    length: int | None

    @property
    def if_range(self) -> str | None:
        """A strong ETag, else the date; None where the service gave nothing that can prove it, or be sent back."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return next((found for found in (strong, self.last_modified) if found and found.isascii()), None)

    @property
    def resumable(self) -> bool:
        return self.if_range is not None and self.length is not None


def validator(headers: Mapping[str, str], length: int | None) -> Validator:
    return Validator(headers.get("etag"), headers.get("last-modified"), length)


class PartFile:
    """An unfinished download: `.NAME.part` beside its target, with what lets it be resumed in `.NAME.part.json`.

    Locked while it is written. Where another download holds the lock, this one takes a name of its own, and leaves
    nothing behind.
    """

    def __init__(self, target: Path, task_id: str) -> None:
        # Through a symbolic link, as writing would go.
        self._target = Path(os.path.realpath(target))
        self._task_id = task_id
        refuse_special(self._target)
        shared = self._target.with_name(_part_name(self._target.name))
        file = _open_locked(shared)
        self._shared = file is not None
        self._path = shared if file else shared.with_name(f".{secrets.token_hex()}.part")
        self._side = self._path.with_name(f"{self._path.name}.json")
        self._file: IO[bytes] = file or self._path.open("x+b")
        with ExitStack() as opened:  # the lock goes with the file where somebody interrupts
            opened.enter_context(self._file)
            self.validator = self._read_validator() if self._shared else None
            self.size = self._pushed = self._file.seek(0, os.SEEK_END) if self.validator else 0
            opened.pop_all()

    def _read_validator(self) -> Validator | None:
        try:
            found = json.loads(self._side.read_bytes())
            known = Validator(**found["validator"])
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return known if found.get("task_id") == self._task_id and known.resumable else None

    def start(self, known: Validator) -> None:
        """Begins from nothing. The old bytes go first: never does a validator stand beside bytes of another file."""
        self.resume(0)
        self.validator = known
        if self._shared and known.resumable:
            self._side.write_bytes(json.dumps({"task_id": self._task_id, "validator": known._asdict()}).encode())

    def resume(self, at: int) -> None:
        self._file.seek(at)
        self._file.truncate()
        self.size = self._pushed = at

    def write(self, chunk: bytes | memoryview) -> None:
        self._file.write(chunk)
        self.size += len(chunk)
        if self.size - self._pushed >= _PUSHED_BYTES:
            self._push()

    def _push(self) -> None:
        """Has the disk begin, so that little is left for the sync at the end; that is a sixth of the time else."""
        if sys.platform == "linux":
            os.posix_fadvise(self._file.fileno(), self._pushed, self.size - self._pushed, os.POSIX_FADV_DONTNEED)
        self._pushed = self.size

    def fault(self, check: Callable[[IO[bytes]], str | None]) -> str | None:
        self._file.flush()
        return check(self._file)

    def finish(self) -> None:
        """The target is the whole new file from here on."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if _WINDOWS:  # an open file cannot be renamed there
            self._file.close()
        # Both before it is closed: the lock keeps others from the two names until they are free.
        self._side.unlink(missing_ok=True)
        self._path.replace(self._target)
        self._file.close()
        _sync_folder(self._target.parent)

    def close(self, *, keep: bool) -> None:
        """Ends without a whole file. What can be resumed is kept; after `finish` the names are no longer ours."""
        if self._file.closed:
            return
        with self._file:
            if not (keep and self._shared and self.validator and self.validator.resumable and self.size):
                self._path.unlink(missing_ok=True)
                self._side.unlink(missing_ok=True)


def _open_locked(path: Path) -> IO[bytes] | None:
    """The file, locked; None where another holds the lock."""
    while True:
        with ExitStack() as opened:
            file = opened.enter_context(open(path, "r+b", opener=_old_or_new))  # a Path's has no opener
            mine = try_lock(file)
            if mine and _is_still(path, file):
                opened.pop_all()
                return file
        if not mine:
            return None
        # It was renamed to its target between our open and our lock.


def _old_or_new(path: str, flags: int) -> int:
    return os.open(path, flags | _CREATED, 0o666)


def _is_still(path: Path, file: IO[bytes]) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power cut, where the platform can."""
    if _WINDOWS:  # directories cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
