"""One operation of the service: build, send, decide by the document's table, and what a decision means in errors."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urljoin

from . import _answer, _document, _errors, _task
from ._errors import APIError, ConfigurationError, InvalidRequest, RateLimited, SubmissionUncertain, UnifiedVideoError
from ._io import REDIRECTS, Closed, Fault, NotConnected, Request
from ._links import without_query
from ._models import Task, Violation
from ._retry import LONGEST_RETRY_AFTER, delay
from ._validate import shortened
from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._answer import Reading
    from ._document import Json
    from ._io import IO
    from ._settings import Settings
    from ._validate import Prepared

CREATE, QUERY = "create_video_generation", "get_video_generation"

_JSON = "application/json"

log = logging.getLogger("unified_video")

ON_ITS_WAY = (
    "a create was on its way: it may have been accepted and charged; look in your account before you send it again"
)

_HINTS = {
    "AuthenticationError": "check the key in UNIFIED_VIDEO_API_KEY or api_key=…",
    "InsufficientBalance": "top up the account, then call again",
    "PermissionDenied": "ask the provider what this key may do",
    "BadRequest": "change the request before you send it again",
    "TaskNotFound": "check the task id; a service forgets tasks some time after their end",
    "RateLimited": "call again later, or less often",
    "ServerError": "call again later",
    "APIError": "check the base URL",
}

_WORDS = {
    "NotSent": ("the service was not reached", "it is safe to call again"),
    "InvalidResponse": ("the answer could not be understood", "the task is not affected, ask again"),
}


class Record(Protocol):
    """Where a create is written down before it is sent, and how it ended after."""

    def sending(self) -> None: ...
    def not_accepted(self) -> None: ...
    def accepted(self, task_id: str, /) -> None: ...
    def refused(self, error: BaseException, /) -> None: ...
    def uncertain(self, error: BaseException, /) -> None: ...


class NoRecord:
    """For a client without a ledger."""

    sending = not_accepted = accepted = refused = uncertain = staticmethod(lambda *_: None)


class Transient(NamedTuple):
    """A query that brought no answer; another may."""

    error: UnifiedVideoError
    retry_after: float | None


class Calls(NamedTuple):
    """The operations of the service, over one IO."""

    io: IO
    settings: Settings
    note: Callable[[Task], None] | None = None
    """Told of every task that a query finds done."""

    async def create(self, prepared: Prepared, record: Record) -> Task:
        """Submits, and submits again only what was surely not accepted."""
        request = _request(self.settings, CREATE, prepared.content())
        kept = shortened(prepared.body)
        for attempt in count(1):
            await self._begin(record)
            sent_at = datetime.fromtimestamp(self.io.time(), UTC)
            reading = await self._create_once(request, record)
            row = _answer.outcome(CREATE, reading)
            if row["outcome"] == "accepted" and reading.task is not None:
                task = Task(_answer.task_id_of(reading.task), created_at=sent_at, request=kept, raw=reading.payload)
                with naming(task.task_id):
                    await self._written_down(record, task.task_id)
                return task
            if row["outcome"] != "not_accepted" or not _may_retry(self.settings, attempt, reading):
                raise await self._noted(_create_error(row, reading, kept, sent_at), record)
            await self.io.call(record.not_accepted)
            await self._pause(attempt, reading)
        raise AssertionError  # pragma: no cover - count() has no end

    async def _written_down(self, record: Record, task_id: str) -> None:
        try:
            await self.io.call(partial(record.accepted, task_id))
        except BaseException:
            record.accepted(task_id)  # interrupted before it was written, perhaps: a known id is never lost
            raise

    async def _begin(self, record: Record) -> None:
        try:
            await self.io.call(record.sending)
        except UnifiedVideoError:
            raise
        except BaseException as error:
            record.refused(error)  # interrupted with the intent written, perhaps, and nothing sent
            raise

    async def _create_once(self, request: Request, record: Record) -> Reading:
        try:
            return await self._exchange(request, None)
        except (ConfigurationError, Closed) as error:  # found before anything was sent
            await self.io.call(partial(record.refused, error))
            raise
        except BaseException as error:
            error.add_note(ON_ITS_WAY)
            # Without `io.call`: a cancelled task must not wait for anything.
            record.uncertain(error)
            raise

    async def _noted(self, error: UnifiedVideoError, record: Record) -> UnifiedVideoError:
        """The error that ends a create, once it is written down."""
        if isinstance(error, SubmissionUncertain):
            with noting(ON_ITS_WAY):
                await self.io.call(partial(record.uncertain, error))
        else:
            await self.io.call(partial(record.refused, error))
        return error

    async def query(self, task_id: str, known: Task | None, deadline: float | None) -> Task | Transient:
        """One query; a final error is raised, one that may pass is returned."""
        request = _request(self.settings, QUERY, task_id=task_id)
        reading = await self._exchange(request, deadline)
        row = _answer.outcome(QUERY, reading)
        if row["outcome"] == "answered" and reading.task is not None and reading.payload is not None:
            task = _task.read(reading.task, reading.payload, task_id, known)
            if self.note is not None and task.done:
                await self.io.call(partial(self.note, task))
            return task
        error = _error(row["error"], reading, task_id)
        if row["outcome"] == "transient" or (row.get("while_fresh") == "transient" and self._is_fresh(known)):
            return Transient(error, reading.retry_after)
        raise error

    def _is_fresh(self, known: Task | None) -> bool:
        if known is None or known.created_at is None:
            return False
        return self.io.time() - known.created_at.timestamp() < float(_document.polling()["fresh_seconds"])

    async def retrieve(self, task_id: str, known: Task | None) -> Task:
        """Queries until there is an answer, at most `attempts` times."""
        attempt = 1
        while isinstance(found := await self.query(task_id, known, None), Transient):
            if not _may_retry(self.settings, attempt, found):
                raise found.error
            await self._pause(attempt, found)
            attempt += 1
        return found

    async def _pause(self, attempt: int, seen: Reading | Transient) -> None:
        await self.io.sleep(delay(self.settings.retry, attempt + 1, self.io.jitter(), seen.retry_after))

    async def _exchange(self, request: Request, deadline: float | None) -> Reading:
        try:
            answer = await self.io.send(request, deadline)
        except Fault as fault:
            log.debug("%s %s: %s", request.method, request.url, fault)
            reading = _answer.of_fault(fault)
            where = f"{self.settings.base_url}: " if isinstance(fault, NotConnected) else ""  # it may be the address
            return reading._replace(message=self.settings.redact(where + reading.message))
        reading = _located(_answer.read(answer, self.settings.redact, self.io.time()), request.url)
        log.debug("%s %s: %s (request id %s)", request.method, request.url, reading.status, reading.request_id)
        return reading


class noting:  # noqa: N801 - used as a function, as `faults` is
    """What comes from outside, such as Ctrl-C, carries these words; our own errors say it themselves."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None and not isinstance(error, UnifiedVideoError):
            error.add_note(self._words)


def naming(task_id: str) -> noting:
    """Whatever ends a wait or a download from outside carries the id of the task, which goes on."""
    return noting(f"task {task_id} goes on at the service: wait for it again with its id, or download it")


def _located(reading: Reading, url: str) -> Reading:
    """Only a redirect has a location, and that whole: it may come without a host."""
    if reading.location is None:
        return reading
    if reading.status not in REDIRECTS:
        return reading._replace(location=None)
    try:
        return reading._replace(location=urljoin(url, reading.location))
    except ValueError:  # it is no URL; it is named all the same
        return reading


def _may_retry(settings: Settings, attempt: int, seen: Reading | Transient) -> bool:
    return attempt < settings.retry.attempts and (seen.retry_after or 0.0) <= LONGEST_RETRY_AFTER


def _request(settings: Settings, operation_id: str, content: bytes = b"", **parameters: str) -> Request:
    """As the generated client builds it (a test compares), which to load takes a fifth of a program's first call."""
    method, path = _document.endpoint(operation_id)
    headers = {
        "Accept": _JSON,
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": f"unified-video/{__version__}",
        **({"Content-Type": _JSON} if content else {}),
        "Authorization": f"Bearer {settings.api_key}",
    }
    filled = path.format_map({name: quote(value, safe="") for name, value in parameters.items()})
    return Request(method, settings.base_url + filled, headers, content)


def checked_task_id(task: Task | str) -> str:
    """The id of a task; one that would lead outside the collection is refused."""
    task_id = task.task_id if isinstance(task, Task) else task
    if not isinstance(task_id, str):
        words = f"must be a Task or a task id, not {type(task_id).__name__}"
        raise InvalidRequest((Violation("task_id", "type", words, repr(task_id)[:80]),))
    fault = _answer.fault_of_task_id(task_id)
    if fault is not None:
        raise InvalidRequest((Violation("task_id", *fault),))
    return task_id


def _create_error(row: Json, reading: Reading, kept: Mapping[str, object], sent_at: datetime) -> UnifiedVideoError:
    if row["error"] != SubmissionUncertain.__name__:
        return _error(row["error"], reading, None)
    return SubmissionUncertain(
        _said(reading), request=kept, sent_at=sent_at, status_code=reading.status, request_id=reading.request_id
    )


def _error(name: str, reading: Reading, task_id: str | None) -> UnifiedVideoError:
    kind: type[UnifiedVideoError] = getattr(_errors, name)
    if issubclass(kind, APIError):
        return _api_error(kind, reading, task_id)
    happened, advice = _WORDS[name]
    return kind(f"{happened} ({_said(reading)}): {advice}", task_id=task_id)


def _said(reading: Reading) -> str:
    return reading.message if reading.status is None else f"HTTP {reading.status}: {reading.message}"


def _api_error(kind: type[APIError], reading: Reading, task_id: str | None) -> APIError:
    message, hint = reading.message, _HINTS.get(kind.__name__, "")
    if reading.location is not None:
        message, hint = _redirected(reading.location)
    details: dict[str, Any] = {"retry_after": reading.retry_after} if kind is RateLimited else {}
    return kind(
        message,
        hint=hint,
        status_code=reading.status,
        code=reading.code,
        request_id=reading.request_id,
        body=reading.body,
        task_id=task_id,
        **details,
    )


def _redirected(location: str) -> tuple[str, str]:
    """Message and hint."""
    shown = without_query(location) or ""
    base = shown.partition(_document.endpoint(CREATE)[1])[0]
    message = f"the service redirects to {shown}, which is not followed, so that the key goes nowhere else"
    return message, f"if you trust that address, set the base URL (UNIFIED_VIDEO_BASE_URL) to {base}"
