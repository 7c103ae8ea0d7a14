"""What a client writes into its ledger: one create from its intent to its end."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from unified_video._document import wants_last_frame
from unified_video._errors import BadRequest, ConfigurationError
from unified_video._models import TaskState
from unified_video._picture import kind

from . import open_ledger
from .row import Ledger, LedgerRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeGuard

    from unified_video._files import Place
    from unified_video._models import Task
    from unified_video._validate import Prepared

log = logging.getLogger("unified_video")

_DATA_URI = re.compile(r"\s*data:(?!\s)", re.IGNORECASE)
_DATA_URI_INSIDE = re.compile(r"data:[^,]{0,200};\s*base64\s*,", re.IGNORECASE)
_HEAD = 32
"""Letters of base64 that tell a picture, and of which no text consists."""
_URL_SAFE = str.maketrans("-_", "+/")
_DEEPEST = 100
"""Levels of a field beyond which its hash alone is kept."""


def row_of(prepared: Prepared, base_url: str, place: Place | None, now: float) -> LedgerRow:
    return LedgerRow(
        key=secrets.token_hex(6),
        state="sending",
        task_id=None,
        request=request_of(prepared),
        created_at=datetime.fromtimestamp(now, UTC),
        base_url=base_url,
        path=None if place is None else f"{place.path.absolute()}{os.sep if place.is_directory else ''}",
        error=None,
    )


def request_of(prepared: Prepared) -> dict[str, object]:
    """A request as a ledger keeps it: a file's path and hash, of other image data the hash alone."""
    if prepared.errors:
        return dict(prepared.body)  # perhaps no JSON; it is neither sent nor written down
    kept = {name: _kept(value) for name, value in prepared.body.items()}
    images = kept.get("images")
    if isinstance(images, list):
        files = prepared.files + (None,) * (len(images) - len(prepared.files))
        kept["images"] = [_of_file(image, file) for image, file in zip(images, files, strict=False)]
    return kept


def _of_file(image: object, file: Path | None) -> object:
    return image if file is None or not isinstance(image, dict) else {"file": str(file), **image}


def _kept(value: object, depth: int = 0) -> object:
    """Image data may be anywhere in a field that goes unchecked through `extra`."""
    if isinstance(value, str):
        return _mark(value) if _is_data(value) else value
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth > _DEEPEST or is_mark(value):  # what only looks like a mark must not be taken for one later
        return _mark(json.dumps(value))
    if isinstance(value, Mapping):
        return {name: _kept(item, depth + 1) for name, item in value.items()}
    return [_kept(item, depth + 1) for item in value]


def _mark(data: str) -> dict[str, object]:
    return {"sha256": hash_of(data)}


def is_mark(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether it stands in a ledger for image data."""
    return isinstance(value, Mapping) and value.keys() in ({"sha256"}, {"file", "sha256"})


def _is_data(text: str) -> bool:
    return bool(_DATA_URI.match(text) or _DATA_URI_INSIDE.search(text)) or _is_picture(text)


def _is_picture(text: str) -> bool:
    """Whether it is a picture in plain base64."""
    try:
        start = base64.b64decode(text[:_HEAD].translate(_URL_SAFE), validate=True)
    except ValueError:
        return False
    return len(text) > _HEAD and kind(start) is not None


def hash_of(data_uri: str) -> str:
    """Of the bytes in a base64 data URI, of its text in another one."""
    head, _, data = data_uri.partition(",")
    content = data_uri.encode("utf-8", "surrogatepass")
    if head.endswith(";base64"):
        with suppress(ValueError):  # it says base64, and is not
            content = base64.b64decode(data)
    return hashlib.sha256(content).hexdigest()


class RowTaken(ConfigurationError):
    """Another process has this row, or it was changed from outside."""


@dataclass(slots=True)
class LedgerRecord:
    """One create in the ledger. Before the send a fault is raised; after it, it is logged, since the task exists."""

    ledger: Ledger
    row: LedgerRow
    resumed_at: float | None = None
    """Unix seconds at which a row that was `new` is sent; None for a create that has no row yet."""
    written: bool = False

    def sending(self) -> None:
        if not self.written and self.resumed_at is None:
            self.ledger.add(self.row)
        elif not self.ledger.claim(self.row.key, self.resumed_at):
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
        # A row that is gone on with stays to be sent, unless it is the request itself that the service does not take.
        after = "failed" if self.resumed_at is None or isinstance(error, BadRequest) else "new"
        self._after(lambda: self.ledger.move(self.row.key, ["sending"], after, error=words(error)))

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
        """Notes the end of a task that is done; at success `done` is left to the file where one is wanted."""
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


def _logged(change: Callable[[], object], what: str) -> None:
    """A fault of the ledger after something was paid for must not hide it."""
    try:
        change()
    except Exception:
        log.exception("the ledger could not be written (%s): its state there is older than what happened", what)


def words(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text.encode("utf-8", "replace").decode()  # a lone surrogate, which no store takes
