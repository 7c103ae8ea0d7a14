"""One file from its link to the disk, against a scripted media host: whole or not at all, resumed, never a mixture."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pytest
from scripted import LINK, MP4, OTHER_MP4, PNG, ScriptedIO, answer, box, core, media, names, rest, values

from unified_video._download import DeadLink, Fetch, fetch
from unified_video._errors import DownloadFailed
from unified_video._files import PartFile
from unified_video._io import Answer, Broken, NotConnected, Request, run
from unified_video._models import Video
from unified_video._picture import png_fault
from unified_video._retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ETAG, DATE = '"v1"', "Wed, 01 Jan 2025 00:00:00 GMT"
OFF = Retry(attempts=1)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cat.mp4"


def get(io: ScriptedIO, target: Path, retry: Retry | None = None, **wanted: Any) -> None:
    run(fetch(io, retry or Retry(), Fetch(**{"task_id": "cgt-1", "url": LINK, "target": target, **wanted})))


def cut(at: int = 100, content: bytes = MP4, **headers: Any) -> Answer:
    """The beginning of a file whose rest never comes."""
    whole = media(content, **headers)
    return Answer(whole.status, whole.headers, content[:at], "dropped")


def begun(target: Path, at: int = 100, **headers: Any) -> None:
    """An earlier call that was cut."""
    with pytest.raises(DownloadFailed):
        get(ScriptedIO(cut(at, **(headers or {"etag": ETAG}))), target, OFF)
    assert names(target.parent) == [".cat.mp4.part", ".cat.mp4.part.json"]


def alone(target: Path) -> bool:
    return names(target.parent) == [target.name]


def test_a_whole_file_appears_under_its_name_alone(target: Path) -> None:
    io = ScriptedIO(media())
    get(io, target)
    assert target.read_bytes() == MP4
    assert alone(target)
    assert io.header("Range") == [None]
    assert io.header("Accept-Encoding") == ["identity"]
    assert "Authorization" not in io.sent[0].headers
    assert io.sent[0].method == "GET"


def test_an_old_file_stays_until_the_new_one_is_whole(target: Path) -> None:
    target.write_bytes(b"old")

    def look(_: Request) -> Answer:
        assert target.read_bytes() == b"old"
        return media()

    with pytest.raises(DownloadFailed):
        get(ScriptedIO(media(b"<html>not a video</html>")), target)
    assert target.read_bytes() == b"old"
    get(ScriptedIO(look), target)
    assert target.read_bytes() == MP4


def test_progress_is_told_in_bytes_with_the_total(target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    get(ScriptedIO(media()), target, on_progress=lambda *now: told.append(now))
    assert values(told) == [0, 64, 128, 192, 248]
    assert {total for _, total in told} == {len(MP4)}


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_length_counts_where_nothing_is_encoded(target: Path, encoding: str) -> None:
    told: list[tuple[int, int | None]] = []
    get(ScriptedIO(media(content_encoding=encoding)), target, on_progress=lambda *now: told.append(now))
    assert told[-1] == (len(MP4), len(MP4))


def test_without_a_length_the_total_is_none(target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    get(ScriptedIO(answer(200, MP4)), target, on_progress=lambda *now: told.append(now))
    assert told[-1] == (len(MP4), None)
    assert target.read_bytes() == MP4


def test_a_download_that_is_cancelled_while_its_part_file_is_opened_leaves_nothing(target: Path) -> None:
    class Cancelled(ScriptedIO):
        async def call(self, function: Callable[[], Any]) -> Any:
            function()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(Cancelled(media()), target)
    assert names(target.parent) == []


def test_what_on_progress_raises_comes_out(target: Path) -> None:
    def stop(received: int, _: int | None) -> None:
        if received:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        get(ScriptedIO(media()), target, on_progress=stop)
    assert names(target.parent) == []


@pytest.mark.parametrize(
    ("headers", "if_range"),
    [
        ({"etag": ETAG}, ETAG),
        ({"last_modified": DATE}, DATE),
        ({"etag": ETAG, "last_modified": DATE}, ETAG),
        ({"etag": 'W/"v1"', "last_modified": DATE}, DATE),
    ],
)
def test_a_cut_file_is_resumed_within_a_call(target: Path, headers: dict[str, Any], if_range: str) -> None:
    io = ScriptedIO(cut(**headers), rest(MP4, 100, **headers))
    get(io, target)
    assert io.header("Range") == [None, "bytes=100-"]
    assert io.header("If-Range") == [None, if_range]
    assert target.read_bytes() == MP4
    assert alone(target)


def test_a_cut_file_is_resumed_across_calls(target: Path) -> None:
    begun(target)
    told: list[tuple[int, int | None]] = []
    io = ScriptedIO(rest(MP4, 100, etag=ETAG))
    get(io, target, on_progress=lambda *now: told.append(now))
    assert (io.header("Range"), io.header("If-Range")) == (["bytes=100-"], [ETAG])
    assert values(told)[0] == 100
    assert target.read_bytes() == MP4
    assert alone(target)


@pytest.mark.parametrize("headers", [{}, {"etag": 'W/"v1"'}])
def test_without_a_strong_validator_nothing_is_resumed(target: Path, headers: dict[str, Any]) -> None:
    io = ScriptedIO(cut(**headers), media(**headers))
    get(io, target)
    assert io.header("Range") == [None, None]
    assert target.read_bytes() == MP4
    with pytest.raises(DownloadFailed, match="dropped"):
        get(ScriptedIO(cut(**headers)), target.with_name("dog.mp4"), OFF)
    assert alone(target)


@pytest.mark.parametrize(
    "answer_to_range",
    [
        media(OTHER_MP4, etag='"v2"'),
        media(OTHER_MP4, last_modified=DATE),
        media(OTHER_MP4),
        media(OTHER_MP4, etag=ETAG),  # it knows no ranges
    ],
)
def test_a_file_that_changed_begins_from_nothing(target: Path, answer_to_range: Answer) -> None:
    begun(target)
    get(ScriptedIO(answer_to_range), target)
    assert target.read_bytes() == OTHER_MP4
    assert alone(target)


@pytest.mark.parametrize(
    "piece",
    [
        rest(OTHER_MP4, 100, etag='"v2"'),
        rest(OTHER_MP4, 100, etag=ETAG, last_modified="another"),
        rest(OTHER_MP4, 99, etag=ETAG),
        rest(OTHER_MP4, 101, etag=ETAG),
        rest(OTHER_MP4 + box(b"free"), 100, etag=ETAG),
        rest(OTHER_MP4, 100, etag=ETAG, content_range="bytes 100-200/252"),
        rest(OTHER_MP4, 100, etag=ETAG, content_range="bytes 100-247/*"),
        rest(OTHER_MP4, 100, etag=ETAG, content_range="rows 1"),
        rest(OTHER_MP4, 100, etag=ETAG, content_encoding="gzip"),
        answer(206, OTHER_MP4[100:]),
    ],
)
def test_a_piece_that_does_not_fit_is_never_mixed_in(target: Path, piece: Answer) -> None:
    begun(target)
    io = ScriptedIO(piece, media(OTHER_MP4))
    get(io, target)
    assert target.read_bytes() == OTHER_MP4
    assert io.header("Range") == ["bytes=100-", None]
    assert alone(target)


def test_a_piece_that_nobody_asked_for_is_not_taken(target: Path) -> None:
    io = ScriptedIO(rest(MP4, 100), media())
    get(io, target)
    assert target.read_bytes() == MP4
    assert len(io.sent) == 2


def test_a_range_beyond_the_end_begins_from_nothing(target: Path) -> None:
    begun(target)
    io = ScriptedIO(answer(416), media())
    get(io, target)
    assert io.header("Range") == ["bytes=100-", None]
    assert target.read_bytes() == MP4


def test_of_a_part_that_has_all_bytes_the_last_one_is_asked_for_again(target: Path) -> None:
    begun(target, at=len(MP4))
    io = ScriptedIO(rest(MP4, len(MP4) - 1, etag=ETAG))
    get(io, target)
    assert io.header("Range") == [f"bytes={len(MP4) - 1}-"]
    assert target.read_bytes() == MP4


def test_a_part_of_another_task_is_not_resumed(target: Path) -> None:
    begun(target)
    io = ScriptedIO(media(OTHER_MP4))
    get(io, target, task_id="cgt-2")
    assert io.header("Range") == [None]
    assert target.read_bytes() == OTHER_MP4


@pytest.mark.parametrize(
    "side",
    [b"", b"[]", b'"x"', b"{", b'{"validator": {}}', b'{"validator": 5}', b"\xff", b"null", b'{"validator": {"x": 1}}'],
)
def test_a_part_whose_validator_cannot_be_read_is_not_resumed(target: Path, side: bytes) -> None:
    begun(target)
    (target.parent / ".cat.mp4.part.json").write_bytes(side)
    io = ScriptedIO(media())
    get(io, target)
    assert io.header("Range") == [None]
    assert target.read_bytes() == MP4


def test_a_part_file_alone_is_not_resumed(target: Path) -> None:
    (target.parent / ".cat.mp4.part").write_bytes(OTHER_MP4[:100])
    io = ScriptedIO(media())
    get(io, target)
    assert io.header("Range") == [None]
    assert target.read_bytes() == MP4
    assert alone(target)


def test_the_side_file_holds_no_link(target: Path) -> None:
    begun(target)
    side = json.loads((target.parent / ".cat.mp4.part.json").read_text())
    assert side == {
        "task_id": "cgt-1",
        "validator": {"etag": ETAG, "last_modified": None, "length": len(MP4)},
    }


def test_a_short_body_is_tried_again(target: Path) -> None:
    short = Answer(200, media(etag=ETAG).headers, MP4[:50])
    io = ScriptedIO(short, rest(MP4, 50, etag=ETAG))
    get(io, target)
    assert target.read_bytes() == MP4
    with pytest.raises(DownloadFailed, match="50 of 248 bytes came"):
        get(ScriptedIO(short), target, OFF)


def test_without_a_length_a_cut_file_is_seen_by_its_boxes(target: Path) -> None:
    io = ScriptedIO(answer(200, MP4[:100]), answer(200, MP4))
    get(io, target)
    assert target.read_bytes() == MP4
    assert len(io.sent) == 2


def test_an_encoded_body_has_no_length_to_hold_it_against(target: Path) -> None:
    io = ScriptedIO(media(content_length="17", content_encoding="gzip", etag=ETAG))
    get(io, target)
    assert target.read_bytes() == MP4


@pytest.mark.parametrize("length", ["", "12, 12", "x", "-1", "²"])
def test_a_length_that_is_no_number_is_none(target: Path, length: str) -> None:
    get(ScriptedIO(media(content_length=length)), target)
    assert target.read_bytes() == MP4


@pytest.mark.parametrize(
    "found",
    [
        media(b"<html>not found</html>"),
        media(b""),
        media(PNG),
        media(box(b"ftyp") + box(b"mdat", b"x" * 30)),
        media(MP4 + b"x"),
    ],
)
def test_what_is_no_whole_mp4_is_refused_and_leaves_nothing(target: Path, found: Answer) -> None:
    io = ScriptedIO(found)
    with pytest.raises(DownloadFailed, match="not the file that it should be"):
        get(io, target)
    assert len(io.sent) == 1
    assert names(target.parent) == []


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429, 520])
def test_a_fault_that_may_pass_is_tried_again(target: Path, status: int) -> None:
    io = ScriptedIO(answer(status, b"<html>"), media())
    get(io, target)
    assert io.sleeps == [0.5]
    assert target.read_bytes() == MP4


@pytest.mark.parametrize("fault", [Broken("a time-out"), NotConnected("refused")])
def test_a_fault_of_the_network_is_tried_again(target: Path, fault: Exception) -> None:
    get(ScriptedIO(fault, fault, fault, media()), target)
    assert target.read_bytes() == MP4


def test_a_fault_that_stays_fails_after_all_attempts(target: Path) -> None:
    io = ScriptedIO(answer(500))
    with pytest.raises(DownloadFailed, match="answers 500") as caught:
        get(io, target)
    assert (len(io.sent), io.sleeps) == (4, [0.5, 1.0, 2.0])
    assert (caught.value.task_id, caught.value.url) == ("cgt-1", "https://media.example/cat.mp4")
    assert "secret" not in str(caught.value)
    assert "https://media.example/cat.mp4?…" in str(caught.value)
    assert names(target.parent) == []


@pytest.mark.parametrize("beyond", ["", "?signature=a", "#a", "#a?b", "?a#b", "?a?b#c#d"])
def test_the_link_of_a_failure_ends_where_its_query_begins(target: Path, beyond: str) -> None:
    failure = Fetch("cgt-1", f"https://media.example/cat.mp4{beyond}", target).failed("why")
    assert failure.url == "https://media.example/cat.mp4"


@pytest.mark.parametrize(("seconds", "sends"), [("60", 4), ("61", 1)])
def test_retry_after_is_kept_to_up_to_a_minute(target: Path, seconds: str, sends: int) -> None:
    io = ScriptedIO(answer(503, retry_after=seconds))
    with pytest.raises(DownloadFailed):
        get(io, target)
    assert len(io.sent) == sends
    assert set(io.sleeps) <= {60.0}


def test_a_try_that_got_far_is_not_counted(target: Path) -> None:
    far = box(b"ftyp") + box(b"moov", b"m" * 8 * 1024 * 1024)
    pieces = [cut(1_200_000, far, etag=ETAG)]
    for start in range(1_200_000, 7_000_000, 1_200_000):
        piece = rest(far, start, etag=ETAG)
        pieces.append(Answer(206, piece.headers, piece.body[:1_200_000], "dropped"))
    io = ScriptedIO(*pieces, rest(far, 7_200_000, etag=ETAG))
    io.chunk_size = 100_000
    get(io, target, Retry(attempts=2))
    assert len(io.sent) == 7
    assert target.read_bytes() == far


def test_a_mebibyte_is_far_enough(target: Path) -> None:
    mib = 1024 * 1024
    film = box(b"ftyp") + box(b"moov", b"m" * 2 * mib)
    second = rest(film, mib, etag=ETAG)
    io = ScriptedIO(
        cut(mib, film, etag=ETAG),
        Answer(206, second.headers, second.body[:mib], "dropped"),
        rest(film, 2 * mib, etag=ETAG),
    )
    get(io, target, Retry(attempts=2))
    assert target.read_bytes() == film


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_dead_link_is_left_to_the_caller(target: Path, status: int) -> None:
    with pytest.raises(DeadLink, match=str(status)):
        get(ScriptedIO(answer(status)), target)
    assert names(target.parent) == []


@pytest.mark.parametrize("status", [400, 405, 304, 300, 204])
def test_another_answer_fails_at_once(target: Path, status: int) -> None:
    io = ScriptedIO(answer(status))
    with pytest.raises(DownloadFailed, match=f"answers {status}"):
        get(io, target)
    assert len(io.sent) == 1


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("https://cdn.example/a.mp4?s=1", "https://cdn.example/a.mp4?s=1"),
        ("/b.mp4", "https://media.example/b.mp4"),
        ("c.mp4", "https://media.example/c.mp4"),
        ("//cdn.example/d.mp4", "https://cdn.example/d.mp4"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(target: Path, location: str, leads_to: str, status: int) -> None:
    io = ScriptedIO(answer(status, location=location), media())
    get(io, target)
    assert [request.url for request in io.sent] == [LINK, leads_to]
    assert target.read_bytes() == MP4


def test_from_http_to_https_is_followed(target: Path) -> None:
    io = ScriptedIO(answer(302, location=LINK), media())
    get(io, target, url="http://media.example/a.mp4")
    assert target.read_bytes() == MP4


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://media.example/cat.mp4", "less safe"),
        ("HTTP://media.example/cat.mp4", "less safe"),
        ("ftp://media.example/cat.mp4", "less safe"),
        ("file:///etc/passwd", "less safe"),
        ("https://[broken", "no URL"),
    ],
)
def test_redirects_to_what_is_not_safe_are_refused(target: Path, location: str, why: str) -> None:
    io = ScriptedIO(answer(302, location=location))
    with pytest.raises(DownloadFailed, match=why):
        get(io, target)
    assert len(io.sent) == 1


def test_a_loop_of_redirects_ends(target: Path) -> None:
    io = ScriptedIO(answer(302, location=LINK))
    with pytest.raises(DownloadFailed, match="more than 10 redirects"):
        get(io, target)
    assert len(io.sent) == 11


@pytest.mark.parametrize(
    "url", ["", "ftp://media.example/a", "file:///etc/passwd", "https://", "https://[x", "cat.mp4"]
)
def test_only_http_and_https_links_are_fetched(target: Path, url: str) -> None:
    io = ScriptedIO(media())
    with pytest.raises(DownloadFailed, match="the link"):
        get(io, target, url=url)
    assert io.sent == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_not_left_full(target: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    target.write_bytes(b"old")

    def full(part: PartFile, chunk: bytes) -> None:
        if part.size:
            raise OSError(number, "no room")
        part.size += part._file.write(chunk)

    monkeypatch.setattr(PartFile, "write", full)
    with pytest.raises(OSError, match="no room") as caught:
        get(ScriptedIO(media(etag=ETAG)), target)
    assert (type(caught.value), caught.value.errno) == (OSError, number)
    assert (names(target.parent), target.read_bytes()) == ([target.name], b"old")


def test_a_disk_that_fails_otherwise_keeps_what_can_be_resumed(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="broken"):
        get(ScriptedIO(media(etag=ETAG)), target)
    assert names(target.parent) == [".cat.mp4.part", ".cat.mp4.part.json"]


def test_a_last_frame_is_known_by_its_signature(tmp_path: Path) -> None:
    target = tmp_path / "cat.last-frame.png"
    get(ScriptedIO(media(PNG)), target, check=png_fault)
    assert target.read_bytes() == PNG
    with pytest.raises(DownloadFailed, match="no PNG"):
        get(ScriptedIO(media()), target, check=png_fault)


def test_two_downloads_to_one_name_both_end_whole(target: Path) -> None:
    def meanwhile(_: Request) -> Answer:
        get(ScriptedIO(media(OTHER_MP4)), target)
        assert target.read_bytes() == OTHER_MP4
        return media(etag=ETAG)

    get(ScriptedIO(meanwhile), target)
    assert target.read_bytes() == MP4
    assert alone(target)


def test_a_second_download_that_is_cut_leaves_the_first_ones_part_alone(target: Path) -> None:
    def meanwhile(_: Request) -> Answer:
        with pytest.raises(DownloadFailed):
            get(ScriptedIO(cut(etag=ETAG)), target, OFF)
        return rest(MP4, 100, etag=ETAG)

    begun(target)
    get(ScriptedIO(meanwhile), target)
    assert target.read_bytes() == MP4
    assert alone(target)


def test_a_download_that_has_ended_leaves_the_next_ones_part_alone(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = PartFile.finish

    def finish_and_begin(part: PartFile) -> None:
        finish(part)
        monkeypatch.setattr(PartFile, "finish", finish)
        begun_by_another.append(PartFile(target, "cgt-1"))

    begun_by_another: list[PartFile] = []
    monkeypatch.setattr(PartFile, "finish", finish_and_begin)
    get(ScriptedIO(media()), target)  # without a validator: nothing of its own to keep
    begun_by_another[0].write(MP4)
    begun_by_another[0].finish()
    assert target.read_bytes() == MP4
    assert alone(target)


def test_the_core_downloads_the_last_part_of_an_earlier_process(target: Path) -> None:
    begun(target)
    inner = core(ScriptedIO(rest(MP4, 100, etag=ETAG)))
    run(inner.download(Video("cgt-1", f"{LINK}&new=1"), target, on_progress=None))
    assert target.read_bytes() == MP4
