"""What the host of the video may do to a download. It is another origin than the service: no place for the key."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults.answers import HTML, box, chunked, http, mp4
from faults.server import Behaviour, End, Received, Script
from faults.statuses import ATTEMPTS, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = mp4(b"old")
WHOLE = mp4(b"a new one")
OTHER = mp4(b"another")
_CUT = len(WHOLE) // 2
_TAG = 'ETag: "of the new one"'
_TAG_OF_OTHER = 'ETag: "of another"'
_HANG_SECONDS = 0.1

FOUND = "Path"
FAILED = Seen("DownloadFailed", 1)
FAILED_EACH_TIME = Seen("DownloadFailed", ATTEMPTS)


@dataclass(frozen=True, slots=True)
class MediaRow:
    name: str
    script: tuple[Behaviour | Script, ...]
    """One each request; the last one again and again."""
    expected: Seen
    """The requests are those to the media host."""
    content: bytes = OLD
    """Of the file afterwards; it is the old one before."""
    queries: int = 0
    timeout: float = 30.0


def media_rows() -> Iterator[MediaRow]:
    yield from _whole()
    yield from _resumed()
    yield from _not_whole()
    yield from _statuses()
    yield from _redirects()


def _good(name: str, requests: int, *script: Behaviour | Script, content: bytes = WHOLE, queries: int = 0) -> MediaRow:
    return MediaRow(name, script, Seen(FOUND, requests), content, queries)


def _sent(*pieces: bytes, end: End = "close") -> Behaviour:
    return Behaviour(pieces, end=end)


def _http(status: int, body: bytes = b"", *headers: str, length: str | None = None, kind: str = "") -> bytes:
    # Said, since the next request may else go out on a connection that is about to end.
    return http(status, body, "Connection: close", *headers, length=length, kind=kind)


def _file(content: bytes = WHOLE, *headers: str, length: str | None = None) -> bytes:
    return _http(200, content, *headers, length=length, kind="video/mp4")


def _cut(*headers: str) -> Behaviour:
    return _sent(_file(WHOLE[:_CUT], *headers, length=str(len(WHOLE))))


def _part(start: int, *headers: str, total: int | None = None) -> bytes:
    whole = total or len(WHOLE)
    span = f"Content-Range: bytes {start}-{whole - 1}/{whole}"
    return _http(206, WHOLE[start:], span, *headers, kind="video/mp4")


def _rest(*headers: str) -> Script:
    """What was asked for, and no more."""

    def answer(request: Received) -> Behaviour:
        assert request.headers["if-range"] == '"of the new one"'
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        return _sent(_part(start, *headers))

    return answer


def _anew(content: bytes = WHOLE, *headers: str) -> Script:
    """The file from its beginning; nothing else was asked for."""

    def answer(request: Received) -> Behaviour:
        assert "range" not in request.headers
        return _sent(_file(content, *headers))

    return answer


def _whole() -> Iterator[MediaRow]:
    yield _good("whole, with its length", 1, _sent(_file(), end="keep"))
    yield _good("whole, without a length", 1, _sent(_file(length="")))
    yield _good(
        "whole, in chunks", 1, _sent(_file(chunked(WHOLE[:9], WHOLE[9:]), "Transfer-Encoding: chunked", length=""))
    )
    yield _good("whole, gzip though nobody asked", 1, _sent(_file(gzip.compress(WHOLE), "Content-Encoding: gzip")))
    yield _good("whole, in small pieces", 1, _sent(*(_file()[at : at + 997] for at in range(0, len(_file()), 997))))


def _resumed() -> Iterator[MediaRow]:
    yield _good("cut off, then the rest by Range", 2, _cut(_TAG), _rest(_TAG))
    yield _good("cut off, then the rest without an ETag of its own", 2, _cut(_TAG), _rest())
    yield _good("cut off twice", 3, _cut(_TAG), _sent(_part(_CUT, _TAG)[:-9]), _rest(_TAG))
    yield _good("cut off, then Range is ignored", 2, _cut(_TAG), _sent(_file(WHOLE, _TAG)))
    yield _good("cut off without an ETag", 2, _cut(), _anew())
    yield _good(
        "cut off, then another file by If-Range", 2, _cut(_TAG), _sent(_file(OTHER, _TAG_OF_OTHER)), content=OTHER
    )
    yield _good(
        "cut off, then the rest of another file", 3, _cut(_TAG), _rest(_TAG_OF_OTHER), _anew(OTHER), content=OTHER
    )
    yield _good("cut off, then a Content-Range from elsewhere", 3, _cut(_TAG), _sent(_part(_CUT - 9, _TAG)), _anew())
    yield _good(
        "cut off, then a Content-Range of another length", 3, _cut(_TAG), _sent(_part(_CUT, total=99999)), _anew()
    )
    yield _good("cut off, then no Content-Range", 3, _cut(_TAG), _sent(_http(206, WHOLE[_CUT:])), _anew())
    yield _good("cut off, then 416", 3, _cut(_TAG), _sent(_http(416)), _anew())
    yield MediaRow("cut off each time", (_cut(),), FAILED_EACH_TIME)


def _not_whole() -> Iterator[MediaRow]:
    no_moov, two_boxes = box(b"ftyp", b"isom") + box(b"mdat", b"frames"), box(b"ftyp", b"isom")
    yield MediaRow("an HTML page with 200", (_sent(_http(200, HTML, kind="text/html")),), FAILED)
    yield MediaRow("an HTML page that says it is video/mp4", (_sent(_file(HTML)),), FAILED)
    yield MediaRow("an mp4 without moov", (_sent(_file(no_moov)),), FAILED)
    yield MediaRow("an mp4 that ends in the middle of a box", (_sent(_file(WHOLE[:-9])),), FAILED)
    yield MediaRow("nothing, announced as nothing", (_sent(_file(b"")),), FAILED)
    yield MediaRow("cut between two boxes, without a length", (_sent(_file(two_boxes, length="")),), FAILED_EACH_TIME)
    yield MediaRow("a Content-Length that is too short", (_sent(_file(length="99")),), FAILED)
    yield MediaRow("a Content-Length that is too long", (_sent(_file(length="99999")),), FAILED_EACH_TIME)
    yield MediaRow("a Content-Length that is no number", (_sent(_file(length="ten")),), FAILED_EACH_TIME)
    yield MediaRow("gzip that is corrupt", (_sent(_file(b"no gzip", "Content-Encoding: gzip")),), FAILED_EACH_TIME)
    yield MediaRow("no HTTP", (_sent(b"SSH-2.0-OpenSSH_9.2\r\n"),), FAILED_EACH_TIME)
    yield MediaRow("10 MB of headers", (_sent(_file(WHOLE, f"X-Long: {'y' * 10_000_000}")),), FAILED_EACH_TIME)
    yield MediaRow("206 though no Range was asked for", (_sent(_part(0)),), FAILED_EACH_TIME)
    yield MediaRow("204", (_sent(_http(204, length="")),), FAILED)
    yield MediaRow("drop after the request is read, FIN", (_sent(),), FAILED_EACH_TIME)
    yield MediaRow("drop after the request is read, RST", (_sent(end="reset"),), FAILED_EACH_TIME)
    yield MediaRow("drop in the middle of the file, RST", (_sent(_file()[:500], end="reset"),), FAILED_EACH_TIME)
    hang = (_sent(_file()[:500], end="hang"),)
    yield MediaRow("a file that never ends: time-out", hang, FAILED_EACH_TIME, timeout=_HANG_SECONDS)


def _statuses() -> Iterator[MediaRow]:
    for status in (401, 403, 404, 410):
        dead = _sent(_http(status, HTML, kind="text/html"))
        yield MediaRow(f"{status}, and so does the new link", (dead,), Seen("LinkExpired", 2), queries=1)
        yield _good(f"{status}, then a new link that works", 2, dead, _anew(), queries=1)
    for status in (408, 425, 429, 500, 502, 503, 504, 520, 529):
        busy = _sent(_http(status, HTML, kind="text/html"))
        yield MediaRow(f"{status} each time", (busy,), FAILED_EACH_TIME)
        yield _good(f"{status} once", 2, busy, _anew())
    for status in (400, 402, 405, 451):
        yield MediaRow(f"{status}", (_sent(_http(status)),), FAILED)
    yield MediaRow("503 with Retry-After: 61", (_sent(_http(503, b"", "Retry-After: 61")),), FAILED)


def _redirects() -> Iterator[MediaRow]:
    for status in (301, 302, 303, 307, 308):
        yield _good(f"{status} to another path", 2, _to("/elsewhere.mp4", status), _anew())
    yield MediaRow("a redirect in a circle", (_to("/cat.mp4"),), Seen("DownloadFailed", 11))
    yield MediaRow("a redirect without a Location", (_sent(_http(302)),), FAILED)
    yield MediaRow("a redirect to a file of this machine", (_to("file:///etc/hostname"),), FAILED)
    yield MediaRow("a redirect to what is no URL", (_to("http://[broken"),), FAILED)


def _to(location: str, status: int = 302) -> Behaviour:
    return _sent(_http(status, b"", f"Location: {location}"))
