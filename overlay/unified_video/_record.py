"""What a client writes into its ledger: one create from its intent to its end."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from ._errors import ConfigurationError
from ._ledger import Ledger, LedgerRow, open_ledger
from ._models import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ._files import Place
    from ._models import Task
    from ._validate import Prepared

log = logging.getLogger("unified_video")


def row_of(prepared: Prepared, base_url: str, place: Place | None, now: float) -> LedgerRow:
    return LedgerRow(
        key=secrets.token_hex(6),
        state="sending",
        task_id=None,
        request=request_of(prepared),
        created_at=datetime.fromtimestamp(now, UTC),
        base_url=base_url,
        path=_absolute(place),
        error=None,
    )


def request_of(prepared: Prepared) -> dict[str, object]:
    """A request as a ledger keeps it."""
    return {**prepared.body, **_images(prepared)}


def _absolute(place: Place | None) -> str | None:
    if place is None:
        return None
    return f"{place.path.absolute()}{os.sep if place.is_directory else ''}"


def _images(prepared: Prepared) -> dict[str, object]:
    """Images without their bytes: a file's path and hash, the hash alone of what was given as bytes or data URI."""
    wire = prepared.body.get("images")
    if not isinstance(wire, list):
        return {}
    files = prepared.files + (None,) * (len(wire) - len(prepared.files))
    return {"images": [_image(image, file) for image, file in zip(wire, files, strict=False)]}


def _image(wire: object, file: Path | None) -> object:
    if file is not None:
        return {"file": str(file), "sha256": hash_of(str(wire))}
    return {"sha256": hash_of(wire)} if isinstance(wire, str) and wire[:5].lower() == "data:" else wire


def hash_of(data_uri: str) -> str:
    """Of the bytes in a base64 data URI, of its text in another one."""
    head, _, data = data_uri.partition(",")
    try:
        content = base64.b64decode(data) if head.endswith(";base64") else data_uri.encode()
    except ValueError:  # it says base64, and is not
        content = data_uri.encode()
    return hashlib.sha256(content).hexdigest()


class RowTaken(ConfigurationError):
    """Another process has this row, or it was changed from outside."""


@dataclass(slots=True)
class LedgerRecord:
    """One create in the ledger. Before the send a fault is raised; after it, it is logged, since the task exists."""

    ledger: Ledger
    row: LedgerRow
    written: bool = False

    def sending(self) -> None:
        if not self.written:
            self.ledger.add(self.row)
        elif not self.ledger.claim(self.row.key):
            raise RowTaken(f"row {self.row.key} of the ledger is in other hands")
        self.written = True

    def not_accepted(self) -> None:
        self._after(lambda: self.ledger.move(self.row.key, ["sending"], "new"))

    def accepted(self, task_id: str) -> None:
        # A late answer to what was taken for lost counts too.
        states = ["sending", "uncertain"]
        change = partial(self.ledger.move, self.row.key, states, "running", task_id=task_id, error=None)
        _logged(change, f"row {self.row.key}, accepted as task {task_id}")

    def refused(self, error: BaseException) -> None:
        self._after(lambda: self.ledger.move(self.row.key, ["sending"], "failed", error=words(error)))

    def uncertain(self, error: BaseException) -> None:
        self._after(lambda: self.ledger.move(self.row.key, ["sending"], "uncertain", error=words(error)))

    def _after(self, change: Callable[[], object]) -> None:
        _logged(change, f"row {self.row.key}")


class Book:
    """A client's ledger, opened when it is first needed."""

    def __init__(self, where: str | os.PathLike[str], base_url: str) -> None:
        self._where, self._base_url = where, base_url
        self._lock = Lock()
        self._opened: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        with self._lock:
            self._opened = self._opened or open_ledger(self._where)
            return self._opened

    def record(self, prepared: Prepared, place: Place | None, now: float) -> LedgerRecord:
        return LedgerRecord(self.ledger, row_of(prepared, self._base_url, place, now))

    def seen(self, task: Task) -> None:
        """Notes the end of a task; at success `done` is left to the file where one is wanted."""
        if task.done:
            _logged(lambda: self._end(task), f"task {task.task_id}")

    def _end(self, task: Task) -> None:
        row = self.ledger.find(self._base_url, task.task_id)
        if row is None:
            return
        if task.state is TaskState.SUCCEEDED:
            self.ledger.move(row.key, ["running"], "succeeded" if row.path else "done")
        else:
            self.ledger.move(row.key, ["running"], "failed", error=task.fail_reason or task.status)

    def saved(self, task_id: str, path: Path, *, last_frame: bool) -> None:
        """The video is in place; the row is done unless its last frame is wanted and not there yet."""
        _logged(lambda: self._done(task_id, path, last_frame=last_frame), f"task {task_id}")

    def _done(self, task_id: str, path: Path, *, last_frame: bool) -> None:
        row = self.ledger.find(self._base_url, task_id)
        if row is not None and row.path is not None and (last_frame or not wants_last_frame(row.request)):
            self.ledger.move(row.key, ["running", "succeeded"], "done", path=str(path.absolute()), error=None)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


def wants_last_frame(request: Mapping[str, object]) -> bool:
    return request.get("return_last_frame") is True


def _logged(change: Callable[[], object], what: str) -> None:
    """A fault of the ledger after something was paid for must not hide it."""
    try:
        change()
    except Exception:
        log.exception("the ledger could not be written (%s): its state there is older than what happened", what)


def words(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text.encode("utf-8", "replace").decode()  # a lone surrogate, which no store takes
