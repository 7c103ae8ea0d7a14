"""Large files from a media host on a socket to the disk, through either client: resumed, begun anew, refused, moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from both import KINDS, Client
from large import LARGE, MIB, serving_over
from raw_server import Handle, request_of, response
from scripted import KEY, box, names

from unified_video._errors import DownloadFailed
from unified_video._models import Video
from unified_video._retry import Retry

if TYPE_CHECKING:
    import socket
    from pathlib import Path
    from threading import Event

ETAG = '"v1"'


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cat.mp4"


FILM = box(b"ftyp", b"isom") + box(b"moov", b"m" * 20) + box(b"mdat", LARGE)
OTHER_FILM = box(b"ftyp", b"isom") + box(b"moov", b"n" * 20) + box(b"mdat", LARGE[::-1])


def partly(content: bytes = FILM, etag: str = ETAG, *, start: int = 0, count: int | None = None) -> bytes:
    """The answer with a film, or with its rest; `count` bytes of it, if it is then cut."""
    place = f"Content-Range: bytes {start}-{len(content) - 1}/{len(content)}"
    headers = [f"ETag: {etag}", *([place] if start else [])]
    raw = response(content[start:], "206 Partial Content" if start else "200 OK", *headers)
    return raw if count is None else raw[: count - len(content) + start]


class MediaHost:
    """Answers each request with the next of these, and closes; keeps what it was asked."""

    def __init__(self, *answers: bytes, wait: float = 0) -> None:
        self._answers, self._wait = list(answers), wait
        self.asked: list[bytes] = []

    def __call__(self, connection: socket.socket, over: Event) -> None:
        self.asked.append(request_of(connection))
        connection.sendall(self._answers[len(self.asked) - 1])
        over.wait(self._wait)

    def ranges(self) -> list[str]:
        found = [head.lower().partition(b"\r\nrange: ")[2].partition(b"\r\n")[0] for head in self.asked]
        return [text.decode() for text in found]


def download(kind: str, handle: Handle, target: Path, scheme: str = "http", **arguments: Any) -> None:
    with serving_over(scheme, handle) as port, Client(kind, retry=Retry(base=0.01), **arguments) as client:
        client.download(Video("cgt-1", f"{scheme}://127.0.0.1:{port}/cat.mp4"), target)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [{}, {"timeout": 0.5}], ids=["cut", "hangs"])
def test_a_large_file_is_resumed_where_it_was_cut(target: Path, kind: str, scheme: str, limit: dict[str, Any]) -> None:
    at = 2 * MIB - 3
    host = MediaHost(partly(count=at), partly(start=at), wait=5 if limit else 0)
    download(kind, host, target, scheme, **limit)
    assert target.read_bytes() == FILM
    assert host.ranges() == ["", f"bytes={at}-"]
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "answers",
    [
        [partly(OTHER_FILM, '"v2"')],
        [partly(OTHER_FILM, '"v2"', start=2 * MIB), partly(OTHER_FILM, '"v2"')],
        [response(b"", "416 Range Not Satisfiable"), partly(OTHER_FILM, '"v2"')],
    ],
    ids=["it says so", "it sends the rest of another", "there is no such range"],
)
def test_a_large_file_that_changed_begins_from_nothing(target: Path, kind: str, answers: list[bytes]) -> None:
    download(kind, MediaHost(partly(count=2 * MIB), *answers), target)
    assert target.read_bytes() == OTHER_FILM
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_page_is_not_saved_as_a_video(target: Path, kind: str) -> None:
    with pytest.raises(DownloadFailed, match="not the file that it should be"):
        download(kind, MediaHost(response(b"<html>expired</html>" * 200_000)), target)
    assert names(target.parent) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_goes_to_no_media_host_and_to_none_that_it_redirects_to(target: Path, kind: str) -> None:
    beyond = MediaHost(partly())
    with serving_over("http", beyond) as port:
        moved = MediaHost(response(b"", "302 Found", f"Location: http://localhost:{port}/a.mp4"))
        download(kind, moved, target)
    assert target.read_bytes() == FILM
    for head in [*moved.asked, *beyond.asked]:
        assert KEY.encode() not in head
        assert b"authorization" not in head.lower()
        assert b"cookie" not in head.lower()
