"""Small promises that a change of one word in the modules that decide would break; found by `nox -s mutation`."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, cast

import pytest
from scripted import (
    BASE,
    FRAME_LINK,
    KEY,
    LINK,
    MP4,
    PNG,
    ScriptedIO,
    accepted,
    answer,
    box,
    core,
    done,
    media,
    names,
    rest,
    task,
    values,
)

from unified_video import (
    BadRequest,
    ConfigurationError,
    DownloadFailed,
    InvalidRequest,
    NotSent,
    ResultMissing,
    Retry,
    SubmissionUncertain,
    Task,
    TaskFailed,
    TaskNotFound,
    Video,
    Violation,
    WaitTimeout,
    __version__,
)
from unified_video._answer import _integer, fault_of_task_id, plain
from unified_video._call import NoRecord, checked_task_id
from unified_video._core import checked_timeout
from unified_video._files import PartFile, _part_name, file_name, place
from unified_video._io import Broken, NotConnected, run
from unified_video._ledger.record import Book
from unified_video._retry import delay, poll_delay, retry_after
from unified_video._schema import compiled
from unified_video._validate import Wish, prepare

if TYPE_CHECKING:
    from pathlib import Path

    from unified_video._core import Core

WISH = Wish("a cat dancing")
WITH_FRAME = Wish("a cat dancing", options={"return_last_frame": True})


class Noting(Book):
    """Notes what it is told of files, and writes nothing."""

    def __init__(self) -> None:
        super().__init__("nowhere", "")
        self.told: list[tuple[str, Path, bool]] = []

    def record(self, *_: object) -> Any:
        return NoRecord()

    def seen(self, task: Task) -> None:
        """Of no interest here."""

    def saved(self, task_id: str, path: Path, *, last_frame: bool) -> None:
        self.told.append((task_id, path, last_frame))


def generated(found: Core, output: Path | None = None, wish: Wish = WISH, **options: Any) -> Video:
    return run(found.generate(wish, output=output, **{"timeout": 1800.0, "on_update": None, **options}))


def test_generate_waits_no_longer_than_its_time() -> None:
    io = ScriptedIO(accepted(), task("IN_PROGRESS"))
    with pytest.raises(WaitTimeout):
        generated(core(io), timeout=20.0)
    assert io.times[-1] == 20


def test_generate_tells_of_the_bytes(tmp_path: Path) -> None:
    found: list[tuple[int, int | None]] = []
    io = ScriptedIO(accepted(), done(), media())
    generated(core(io), tmp_path / "cat.mp4", on_progress=lambda *seen: found.append(seen))
    assert values(found)[-1] == len(MP4)


async def coroutine(*_: object) -> None: ...


@pytest.mark.parametrize("name", ["on_update", "on_progress"])
def test_a_coroutine_function_is_refused_by_its_name(name: str) -> None:
    io = ScriptedIO(accepted())
    with pytest.raises(TypeError, match=f"^{name} "):
        generated(core(io), None, WISH, **{name: coroutine})
    assert io.sent == []


def test_the_ledger_is_told_of_the_video_and_only_at_last_of_its_frame(tmp_path: Path) -> None:
    target, book = tmp_path / "cat.mp4", Noting()
    generated(core(ScriptedIO(accepted(), done(), media()), book=book), target)
    assert book.told == [("cgt-1", target, True)]
    io = ScriptedIO(accepted(), done(last_frame_url=FRAME_LINK), media(), media(PNG))
    generated(core(io, book=book), target, WITH_FRAME)
    assert book.told[1:] == [("cgt-1", target, True)]
    run(core(ScriptedIO(media()), book=book).download(Video("cgt-1", LINK), target, on_progress=None))
    assert book.told[2:] == [("cgt-1", target, False)]


def test_the_ledger_is_not_told_that_a_row_is_done_while_its_frame_is_missing(tmp_path: Path) -> None:
    book = Noting()
    io = ScriptedIO(accepted(), done(last_frame_url=FRAME_LINK), media(), answer(400))
    with pytest.raises(DownloadFailed) as caught:
        generated(core(io, book=book), tmp_path / "cat.mp4", WITH_FRAME)
    assert caught.value.task_id == "cgt-1"
    assert not any(last_frame for _, _, last_frame in book.told)


def test_a_generate_renews_a_dead_link(tmp_path: Path) -> None:
    io = ScriptedIO(accepted(), done(), answer(403), done(f"{LINK}&new=1"), media())
    assert generated(core(io), tmp_path / "cat.mp4").path == tmp_path / "cat.mp4"


def test_a_video_without_its_task_is_saved_without_a_frame(tmp_path: Path) -> None:
    video = Video("cgt-1", LINK, last_frame_url=FRAME_LINK)
    saved = run(core(ScriptedIO(media())).saving.save(video, tmp_path / "cat.mp4", None))
    assert saved.last_frame_path is None


def test_an_input_that_would_be_overwritten_is_named(tmp_path: Path) -> None:
    from PIL import Image

    picture = tmp_path / "cat.png"
    Image.new("RGB", (400, 400)).save(picture)
    with pytest.raises(InvalidRequest) as caught:
        generated(core(ScriptedIO(accepted())), picture, Wish("a cat dancing", images=["https://a.invalid/b", picture]))
    (violation,) = [found for found in caught.value.violations if found.severity == "error"]
    assert (violation.field, violation.rule, violation.value) == ("output", "overwrites_input", "images[1]")
    assert repr(str(picture)) in violation.message


def test_usage_that_grows_is_no_change() -> None:
    seen: list[Task] = []
    io = ScriptedIO(*(task("IN_PROGRESS", data={"usage": {"total_tokens": tokens}}) for tokens in range(3)), done())
    run(core(io).wait("cgt-1", timeout=None, on_update=seen.append))
    assert [found.status for found in seen] == ["IN_PROGRESS", "SUCCESS"]


@pytest.mark.parametrize("data", [None, {}, {"fail_reason": "[Inner] of no task"}])
def test_a_failure_has_the_code_of_its_own_reason(data: object) -> None:
    io = ScriptedIO(task("FAILURE", fail_reason="[Sensitive] not this", data=data))
    with pytest.raises(TaskFailed, match=r"cgt-1 failed \[Sensitive\]: not this") as caught:
        run(core(io).wait("cgt-1", timeout=None, on_update=None))
    assert (caught.value.code, caught.value.reason) == ("Sensitive", "not this")


def test_a_success_without_a_video_says_so() -> None:
    with pytest.raises(ResultMissing, match="task cgt-1 says SUCCESS and has no video: ask the provider") as caught:
        run(core(ScriptedIO(task("SUCCESS"))).wait("cgt-1", timeout=0, on_update=None))
    assert caught.value.reason == "no video in the answer"


@pytest.mark.parametrize(
    ("task_id", "rule", "value", "words"),
    [
        (7, "type", "7", "must be a Task or a task id, not int"),
        (" ", "minLength", " ", "is no task id"),
        ("x" * 2049, "maxLength", "x" * 80, "has 2049 characters"),
        ("\ud800", "pattern", r"'\ud800'", "is no text that a URL can hold"),
    ],
)
def test_what_is_no_task_id_is_one_violation(task_id: Any, rule: str, value: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_task_id(task_id)
    (found,) = caught.value.violations
    assert (found.field, found.rule, found.value) == ("task_id", rule, value)
    assert words in found.message


def test_a_task_id_may_be_as_long_as_a_url_has_room() -> None:
    assert checked_task_id("x" * 2048) == "x" * 2048


def test_a_frame_that_is_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    io = ScriptedIO(accepted(), done(last_frame_url=FRAME_LINK), media(), media(b"GIF89a: not this"))
    with pytest.raises(DownloadFailed, match=r"\(it is no PNG\)"):
        generated(core(io), tmp_path / "cat.mp4", WITH_FRAME)


def test_a_rest_that_does_not_fit_is_refused_in_words(tmp_path: Path) -> None:
    first = answer(200, MP4[:100], broken="drop", content_length=str(len(MP4)), etag='"1"')
    io = ScriptedIO(first, rest(MP4, 90, etag='"1"'))
    assert fetched(io, tmp_path / "cat.mp4", attempts=2) == "the rest that was sent does not fit to what is here"


def test_a_rest_is_told_with_the_whole_length(tmp_path: Path) -> None:
    found: list[tuple[int, int | None]] = []
    first = answer(200, MP4[:100], broken="drop", content_length=str(len(MP4)), etag='"1"')
    io = ScriptedIO(first, rest(MP4, 100, etag='"1"'))
    target = tmp_path / "cat.mp4"
    run(core(io).download(Video("cgt-1", LINK), target, on_progress=lambda *seen: found.append(seen)))
    assert {total for _, total in found} == {len(MP4)}


@pytest.mark.parametrize("text", ['{"error": {"a": 1}}', '{"error": 1}', '{"a": "b"}'])
def test_json_without_words_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_a_rule_is_only_for_what_its_condition_fits() -> None:
    fits = compiled(
        {
            "if": {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
            "then": {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}},
        }
    )
    assert [fits(value) for value in ({}, {"a": 2}, {"a": 1}, {"a": 1, "b": 2})] == [True, True, False, True]


def test_what_is_no_json_is_said_in_pythons_words() -> None:
    with pytest.raises(InvalidRequest) as caught:
        generated(core(ScriptedIO(accepted())), wish=Wish("a cat dancing", extra={"a": {1, 2}}))
    assert "is no JSON value: Object of type set is not JSON serializable" in caught.value.violations[0].message


@pytest.mark.parametrize(("length", "kept"), [(199, True), (200, True), (201, False)])
def test_a_long_task_id_makes_a_name_of_200_characters(length: int, *, kept: bool) -> None:
    name = file_name("x" * length)
    assert (name == "x" * length) == kept
    assert len(name) == min(length, 200)


# Requests and the log


SAYS_WHO = f"unified-video/{__version__}"


def test_a_create_and_a_query_have_these_headers_and_no_other() -> None:
    io = ScriptedIO(accepted(), task())
    found = core(io)
    run(found.create(WISH))
    run(found.retrieve("cgt-1"))
    common = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": SAYS_WHO,
        "Authorization": f"Bearer {KEY}",
    }
    assert [dict(request.headers) for request in io.sent] == [{**common, "Content-Type": "application/json"}, common]
    assert io.sent[1].content == b""


def test_a_download_has_these_headers_and_no_other(tmp_path: Path) -> None:
    first = answer(200, MP4[:100], broken="drop", content_length=str(len(MP4)), etag='"1"')
    io = ScriptedIO(first, rest(MP4, 100, etag='"1"'))
    run(core(io).download(Video("cgt-1", LINK), tmp_path / "cat.mp4", on_progress=None))
    common = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": SAYS_WHO}
    assert [dict(request.headers) for request in io.sent] == [
        common,
        {**common, "Range": "bytes=100-", "If-Range": '"1"'},
    ]


def test_every_exchange_is_one_line_of_the_debug_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "unified_video")
    found = core(ScriptedIO(Broken("drop"), task(), media()))
    run(found.retrieve("cgt-1"))
    run(found.download(Video("cgt-1", LINK), tmp_path / "cat.mp4", on_progress=None))
    query = f"GET {BASE}/v2/videos/generations/cgt-1"
    assert caplog.messages == [
        f"{query}: drop",
        f"{query}: 200 (request id None)",
        "GET https://media.example/cat.mp4?…: 200",
    ]


def test_a_request_id_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "unified_video")
    run(core(ScriptedIO(answer(body={"task_id": "cgt-1"}, x_request_id="r1"))).create(WISH))
    assert caplog.messages == [f"POST {BASE}/v2/videos/generations: 200 (request id r1)"]


def date_in(io: ScriptedIO, seconds: float) -> str:
    return formatdate(io.time() + seconds, usegmt=True)


def test_a_date_to_retry_after_is_held_against_the_clock_where_the_answer_has_none(tmp_path: Path) -> None:
    io = ScriptedIO(task())
    io = ScriptedIO(answer(429, retry_after=date_in(io, 7)), task())
    run(core(io).retrieve("cgt-1"))
    assert io.sleeps == [7]
    io = ScriptedIO(answer(503, retry_after=date_in(ScriptedIO(task()), 7)), media())
    run(core(io).download(Video("cgt-1", LINK), tmp_path / "cat.mp4", on_progress=None))
    assert io.sleeps == [7]


def test_a_date_without_a_zone_means_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry_after({"retry-after": "Fri, 01 Jan 2027 00:00:09 -0000"}, 1_798_761_600.0) == 9
    finally:
        monkeypatch.undo()
        time.tzset()


def test_pauses_grow_to_the_thirtieth_doubling_and_may_be_none() -> None:
    assert delay(Retry(base=0.001, cap=1e9), 100, 0.0) == 0.001 * 2.0**30
    assert poll_delay([0.0], 1, 0.0) == 0


# What an answer means, and the words for it


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Broken("drop"), "its outcome is unknown: drop. It may"),
        (answer(500, {"task_id": "cgt-1"}), 'its outcome is unknown: HTTP 500: {"task_id": "cgt-1"}. It may'),
    ],
)
def test_an_uncertain_create_has_the_words_of_what_came(step: Any, words: str) -> None:
    with pytest.raises(SubmissionUncertain) as caught:
        run(core(ScriptedIO(step)).create(WISH))
    assert words in str(caught.value)


def test_a_create_that_was_never_sent_says_so() -> None:
    with pytest.raises(NotSent) as caught:
        run(core(ScriptedIO(NotConnected("refused"))).create(WISH))
    assert str(caught.value) == f"the service was not reached ({BASE}: refused): it is safe to call again"


def test_a_task_beside_a_fault_is_no_answer() -> None:
    io = ScriptedIO(answer(500, {"task_id": "cgt-1", "status": "SUCCESS"}), task("QUEUED"))
    assert run(core(io).retrieve("cgt-1")).status == "QUEUED"


def test_a_task_of_unknown_age_is_not_fresh() -> None:
    with pytest.raises(TaskNotFound):
        run(core(ScriptedIO(answer(404))).wait(Task("cgt-1"), timeout=20, on_update=None))


def test_a_fresh_task_that_is_not_found_yet_goes_on_for_a_download(tmp_path: Path) -> None:
    io = ScriptedIO(answer(404))
    fresh = Task("cgt-1", created_at=datetime.fromtimestamp(io.time(), UTC))
    with pytest.raises(WaitTimeout):
        run(core(io).download(fresh, tmp_path / "cat.mp4", on_progress=None))
    assert io.paths == ["GET /v2/videos/generations/cgt-1"]


class Refusing(NoRecord):
    """A record that cannot be begun, or notes how it was ended."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault, self.ends = fault, list[BaseException]()

    def sending(self) -> None:
        if self.fault:
            raise self.fault

    def refused(self, error: BaseException) -> None:
        self.ends.append(error)


def test_a_record_is_told_why_a_create_was_never_sent() -> None:
    prepared, fault = prepare(WISH), KeyboardInterrupt()
    interrupted, unfit = Refusing(fault), Refusing()
    with pytest.raises(KeyboardInterrupt):
        run(core(ScriptedIO(accepted())).calls.create(prepared, interrupted))
    wrong = ConfigurationError("no such proxy")
    with pytest.raises(ConfigurationError):
        run(core(ScriptedIO(wrong)).calls.create(prepared, unfit))
    assert (interrupted.ends, unfit.ends) == ([fault], [wrong])


def test_what_a_service_says_is_kept_to_the_letter_but_for_the_key() -> None:
    escaped = "\\u0073" + KEY[1:]
    kept = '{"error":{"message":"a\\nb","code":"c"}}'
    texts = (kept, f'{{"error":{{"message":"é {escaped}"}}}}')
    bodies = []
    for text in texts:
        with pytest.raises(BadRequest) as caught:
            run(core(ScriptedIO(answer(400, text.encode()))).retrieve("cgt-1"))
        bodies.append(caught.value.body)
    assert bodies == [kept, '{"error": {"message": "é [key]"}}']


def test_objects_too_are_cut_where_they_are_too_deep() -> None:
    deep = '{"task_id": "cgt-1", "a": ' + '{"a": ' * 150 + "1" + "}" * 151
    raw: Any = run(core(ScriptedIO(answer(200, deep.encode()))).retrieve("cgt-1")).raw
    levels = 0
    while raw:
        raw, levels = raw["a"], levels + 1
    assert levels == 100


def test_an_integer_of_400_digits_is_one_no_more() -> None:
    assert isinstance(_integer("9" * 399), int)
    assert isinstance(_integer("9" * 400), float)


@pytest.mark.parametrize(
    ("task_id", "can"),
    [
        ("任务-1", True),
        ("\ud800", False),
        (chr(0xDFFF), False),
        ("\ue000", True),
        ("x" * 2048, True),
        ("x" * 2049, False),
    ],
)
def test_a_task_id_can_be_asked_for_in_any_script(task_id: str, *, can: bool) -> None:
    assert (fault_of_task_id(task_id) is None) == can


@pytest.mark.parametrize(("timeout", "rule"), [(-1, "minimum"), (-0.5, "minimum"), ("5", "type"), (True, "type")])
def test_what_is_no_timeout_is_one_violation(timeout: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_timeout(timeout)
    message = f"must be seconds from 0, or None for no deadline, not {timeout!r}"
    assert caught.value.violations == (Violation("timeout", rule, message, timeout),)


def test_a_task_without_a_status_is_called_so() -> None:
    with pytest.raises(WaitTimeout, match="task cgt-1 is still without a status at the end"):
        run(core(ScriptedIO(task(""))).wait("cgt-1", timeout=0, on_update=None))


def test_each_verb_names_its_callback() -> None:
    found: Any = core(ScriptedIO(task()))
    with pytest.raises(TypeError, match=r"^on_update "):
        run(found.wait("cgt-1", timeout=0, on_update=coroutine))
    with pytest.raises(TypeError, match=r"^on_progress "):
        run(found.download("cgt-1", "cat.mp4", on_progress=coroutine))


def test_the_clients_defaults_are_sent() -> None:
    io = ScriptedIO(accepted())
    run(core(io, defaults={"seed": 7}).create(WISH))
    assert json.loads(io.sent[0].content)["seed"] == 7


def test_a_long_thing_that_is_no_task_id_is_shown_in_80_characters() -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_task_id(cast("str", list(range(100))))
    assert caught.value.violations[0].value == repr(list(range(100)))[:80]


def test_a_task_id_that_no_url_can_hold_is_refused_in_these_words() -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_task_id("\ud800")
    words = "is no text that a URL can hold: give the task id that create returned"
    assert caught.value.violations[0].message == words


# Files and downloads


def fetched(io: ScriptedIO, target: Path, attempts: int = 4, link: str = LINK) -> str:
    """The reason of a download that fails, as it stands in the message."""
    with pytest.raises(DownloadFailed) as caught:
        run(core(io, retry=Retry(attempts)).download(Video("cgt-1", link), target, on_progress=None))
    found = re.search(r"was not fetched from \S*: (.*); nothing was changed on disk", str(caught.value))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([answer(403), answer(403)], "the media host answers 403, and the service gives no new link ("),
        ([answer(403), task("SUCCESS")], "the media host answers 403, and the service gives no new link"),
        ([answer(403), done(), answer(410)], "the media host answers 410, and so it does for a new link"),
        ([answer(416)], "the media host has no such range"),
        ([answer(200, box(b"ftyp"))], "no moov box, so no player can open it"),
        ([answer(200, MP4[:9], content_length="99")], "9 of 99 bytes came"),
        (
            [answer(302, location="http://media.example/cat.mp4")],
            "it redirects from https to something less safe, which is not followed",
        ),
    ],
)
def test_a_failed_download_says_why(tmp_path: Path, steps: list[Any], words: str) -> None:
    assert fetched(ScriptedIO(*steps), tmp_path / "cat.mp4", attempts=1).startswith(words)


@pytest.mark.parametrize(("link", "scheme"), [("ftp://a.invalid/cat", "ftp"), ("cat.mp4", "without a scheme")])
def test_a_link_of_another_kind_is_named(tmp_path: Path, link: str, scheme: str) -> None:
    words = f"the link is no http or https URL, but {scheme}"
    assert fetched(ScriptedIO(media()), tmp_path / "cat.mp4", link=link) == words


def test_a_new_link_is_tried_as_often_as_any_other(tmp_path: Path) -> None:
    io = ScriptedIO(answer(403), done(), answer(500), media())
    run(core(io).download(Video("cgt-1", LINK), tmp_path, on_progress=None))
    assert io.paths[1] == "GET /v2/videos/generations/cgt-1"
    assert names(tmp_path) == ["cgt-1.mp4"]


def test_only_new_bytes_are_progress(tmp_path: Path) -> None:
    whole = box(b"moov", b"m" * 2_000_000)
    first = answer(200, whole[:1_500_000], broken="drop", content_length=str(len(whole)), etag='"1"')
    io = ScriptedIO(first, Broken("drop"))
    io.chunk_size = 100_000
    assert fetched(io, tmp_path / "cat.mp4", attempts=2) == "drop"
    assert len(io.sent) == 2


def test_a_disk_that_fails_again_at_the_end_says_nothing_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = PartFile.close

    def fails(part: PartFile, *, keep: bool) -> None:
        closed(part, keep=keep)
        raise OSError("once more")

    monkeypatch.setattr(PartFile, "close", fails)
    assert fetched(ScriptedIO(answer(400)), tmp_path / "cat.mp4") == "the media host answers 400"


def test_a_file_and_then_its_folder_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(stat.S_ISDIR(os.fstat(number).st_mode)))
    run(core(ScriptedIO(media())).download(Video("cgt-1", LINK), tmp_path / "cat.mp4", on_progress=None))
    assert synced == [False, True]


def test_a_name_of_200_bytes_is_a_part_files_own() -> None:
    assert _part_name("x" * 200) == f".{'x' * 200}.part"
    assert len(_part_name("x" * 201)) == 38


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_an_error_of_the_system(path: str) -> None:
    with pytest.raises(OSError, match="no path for a file") as caught:
        place(path)
    assert (caught.value.errno, caught.value.strerror, caught.value.filename) == (22, "no path for a file", path)


def test_bytes_are_no_path() -> None:
    with pytest.raises(TypeError, match=r"^a path is a str or os\.PathLike\[str\], not bytes$"):
        place(cast("str", b"cat.mp4"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_pipe_is_no_place_for_a_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file") as caught:
        place(tmp_path / "pipe")
    words = "not a regular file; give the path of a file or directory"
    assert (caught.value.errno, caught.value.strerror, caught.value.filename) == (22, words, str(tmp_path / "pipe"))
