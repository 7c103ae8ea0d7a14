"""One file from its link to the disk: redirects, resumption, the proof that it is whole. The key takes no part."""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import IO as File  # noqa: N811 - the IO here is ours
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from . import _mp4
from ._errors import DownloadFailed
from ._files import PartFile, Validator, validator
from ._io import REDIRECTS, Answer, Fault, Request, Write
from ._links import without_query
from ._retry import LONGEST_RETRY_AFTER, Retry, delay, retry_after
from ._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from ._io import IO

Progress = Callable[[int, int | None], object]

log = logging.getLogger("unified_video")

_MOST_REDIRECTS = 10
_DEAD_LINK = {401, 403, 404, 410}
_TRANSIENT = {408, 425, 429}
_PROGRESS_BYTES = 1024 * 1024
"""A try that got this much further is not counted against the next one."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Fetch(NamedTuple):
    """What to fetch, where to, and how to know that it is whole."""

    task_id: str
    url: str
    target: Path
    check: Callable[[File[bytes]], str | None] = _mp4.fault
    on_progress: Progress | None = None

    def failed(self, why: str, kind: type[DownloadFailed] = DownloadFailed) -> DownloadFailed:
        shown = without_query(self.url)
        return kind(
            f"{self.target.name} was not fetched from {shown}: {why}; nothing was changed on disk,"
            f" call download with the task id {self.task_id!r} again",
            url=self.url.partition("?")[0].partition("#")[0],
            task_id=self.task_id,
        )


class _Retryable(Exception):
    """This try failed in a way that another may not; `after` is the service's Retry-After."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class DeadLink(Exception):
    """The media host refuses the link: a new one may work."""


async def fetch(io: IO, retry: Retry, wanted: Fetch) -> None:
    """The file at its target, whole; raises DeadLink, DownloadFailed, or the disk's own OSError."""
    opened: list[PartFile] = []  # not what the call returns: one that is cancelled meanwhile returns nothing
    keep = True
    try:
        await io.call(lambda: opened.append(PartFile(wanted.target, wanted.task_id)))
        part = opened[0]
        await _until_whole(io, retry, wanted, part)
        await io.call(part.finish)
    except OSError as error:
        # A full disk is not left full.
        keep = error.errno not in {errno.ENOSPC, errno.EDQUOT}
        raise
    finally:
        # A disk that fails again says nothing new.
        with suppress(OSError):
            for part in opened:
                part.close(keep=keep)


async def _until_whole(io: IO, retry: Retry, wanted: Fetch, part: PartFile) -> None:
    attempt, best = 1, 0
    while True:
        try:
            return await _try(io, wanted, part)
        except (_Retryable, Fault) as error:
            asked = getattr(error, "after", None)
            if part.size - best >= _PROGRESS_BYTES:
                attempt = 1
            if attempt >= retry.attempts or (asked or 0.0) > LONGEST_RETRY_AFTER:
                raise wanted.failed(str(error)) from error
            best, attempt = max(best, part.size), attempt + 1
            await io.sleep(delay(retry, attempt, io.jitter(), asked))


async def _try(io: IO, wanted: Fetch, part: PartFile) -> None:
    """One pass over the wire; returns with the part file whole."""
    receiver = _Receiver(wanted, part)
    url = wanted.url
    for _ in range(_MOST_REDIRECTS + 1):
        request = Request("GET", _fetchable(url, wanted), _headers(part))
        answer = await io.stream(request, receiver.accept)
        # Not where it was redirected to: that text is the media host's own.
        log.debug("GET %s: %s", without_query(wanted.url), answer.status)
        location = answer.headers.get("location")
        if not (answer.status in REDIRECTS and location):
            return _end(answer, receiver, io.time())
        url = _redirected(url, location, wanted)
    raise wanted.failed(f"more than {_MOST_REDIRECTS} redirects")


def _headers(part: PartFile) -> dict[str, str]:
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"unified-video/{__version__}"}
    known = part.validator
    if known and part.size and known.if_range and known.length:
        # At least the last byte is asked for again: its answer proves that the file is still the same.
        headers |= {"Range": f"bytes={min(part.size, known.length - 1)}-", "If-Range": known.if_range}
    return headers


def _fetchable(url: str, wanted: Fetch) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise wanted.failed(f"the link cannot be read ({error})") from error
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise wanted.failed(f"the link is no http or https URL, but {parts.scheme or 'without a scheme'}")
    return url


def _redirected(url: str, location: str, wanted: Fetch) -> str:
    try:
        target = urljoin(url, location)
    except ValueError as error:
        raise wanted.failed(f"it redirects to what is no URL ({error})") from error
    if url.lower().startswith("https:") and not target.lower().startswith("https:"):
        raise wanted.failed("it redirects from https to something less safe, which is not followed")
    return target


class _Receiver:
    """Takes the body of a good answer into the part file."""

    def __init__(self, wanted: Fetch, part: PartFile) -> None:
        self.wanted, self._part = wanted, part
        self.total: int | None = None

    def accept(self, answer: Answer) -> Write | None:
        known = self._part.validator
        if answer.status == HTTPStatus.PARTIAL_CONTENT and known:
            return self._resume(answer, known)
        if answer.status != HTTPStatus.OK:
            return None
        self.total = _length(answer)
        self._part.start(validator(answer.headers, self.total))
        return self._write()

    def _resume(self, answer: Answer, known: Validator) -> Write:
        at = _continues(answer, known, self._part.size)
        if at is None:
            # Of another file, or another piece of it: never a mixture.
            self.forget()
            raise _Retryable("the rest that was sent does not fit to what is here")
        self.total = known.length
        self._part.resume(at)
        return self._write()

    def _write(self) -> Write:
        tell = self.wanted.on_progress
        if tell is None:
            return self._part.write
        tell(self._part.size, self.total)

        def write(chunk: bytes | memoryview) -> None:
            self._part.write(chunk)
            tell(self._part.size, self.total)

        return write

    def forget(self) -> None:
        """What is here is of no use: the next try begins from nothing."""
        self._part.start(validator({}, None))

    def verdict(self) -> None:
        """Raises unless the part file is whole."""
        size = self._part.size
        if self.total is not None and size != self.total:
            raise _Retryable(f"{size} of {self.total} bytes came")
        fault = self._part.fault(self.wanted.check)
        if fault is None:
            return
        self.forget()
        if self.total is None:  # nothing said how long it is: it may have been cut
            raise _Retryable(fault)
        raise self.wanted.failed(f"what came is not the file that it should be ({fault})")


def _length(answer: Answer) -> int | None:
    """The announced length; None where there is none, or where it counts encoded bytes."""
    text = answer.headers.get("content-length", "")
    encoded = answer.headers.get("content-encoding", "identity") not in {"", "identity"}
    return int(text) if text.isascii() and text.isdigit() and not encoded else None


def _continues(answer: Answer, known: Validator, size: int) -> int | None:
    """Where the bytes that come go on, None unless they are of the same file and begin within what is here."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None:
        return None
    first, last, total = map(int, found.groups())
    now = validator(answer.headers, known.length)
    same = now.etag in {None, known.etag} and now.last_modified in {None, known.last_modified}
    fits = total == known.length and last == total - 1 and first == min(size, total - 1)
    return first if same and fits and "content-encoding" not in answer.headers else None


def _end(answer: Answer, receiver: _Receiver, now: float) -> None:
    status = answer.status
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return receiver.verdict()
    if status in _DEAD_LINK:
        raise DeadLink(f"the media host answers {status}")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        receiver.forget()
        raise _Retryable("the media host has no such range")
    if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _Retryable(f"the media host answers {status}", retry_after(answer.headers, now))
    raise receiver.wanted.failed(f"the media host answers {status}")
