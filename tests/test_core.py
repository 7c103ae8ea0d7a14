"""wait, download and generate over a scripted service: pauses, deadlines, callbacks, notes and files."""

from __future__ import annotations

import functools
import math
import os
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from scripted import (
    FRAME_LINK,
    KEY,
    LINK,
    MP4,
    PNG,
    ScriptedIO,
    accepted,
    answer,
    core,
    done,
    media,
    names,
    task,
)

from unified_video._core import GRACE
from unified_video._errors import (
    AuthenticationError,
    BadRequest,
    DownloadFailed,
    InvalidRequest,
    InvalidResponse,
    LinkExpired,
    NotSent,
    RateLimited,
    ResultMissing,
    TaskFailed,
    TaskNotFound,
    UnifiedVideoWarning,
    WaitTimeout,
)
from unified_video._io import Broken, NotConnected, run
from unified_video._models import Task, TaskState, Video
from unified_video._validate import Wish

if TYPE_CHECKING:
    from pathlib import Path

    from unified_video._retry import Retry

WITH_FRAME = {"last_frame_url": FRAME_LINK}


def wait(io: ScriptedIO, known: Any = "cgt-1", timeout: Any = 1800.0, on_update: Any = None) -> Video:
    return run(core(io).wait(known, timeout=timeout, on_update=on_update))


def generate(
    io: ScriptedIO, wish: Wish | None = None, output: Any = None, timeout: Any = 1800.0, on_update: Any = None
) -> Video:
    given = wish or Wish("dance")
    return run(core(io).generate(given, output=output, timeout=timeout, on_update=on_update))


# Waiting


def test_pauses_are_two_four_eight_eight_seconds_after_a_first_query_at_once() -> None:
    io = ScriptedIO(*[task("IN_PROGRESS")] * 5, done())
    video = wait(io)
    assert io.times == [0, 2, 6, 14, 22, 30]
    assert (video.task_id, video.url) == ("cgt-1", LINK)
    assert video.expires_at == datetime.fromtimestamp(1_700_000_000 + 86_400, UTC)


def test_jitter_only_adds_to_a_pause() -> None:
    io = ScriptedIO(*[task()] * 3, done(), jitter=1.0)
    wait(io)
    assert io.sleeps == [2.5, 5.0, 10.0]


def test_a_longer_retry_after_wins_and_a_shorter_one_does_not() -> None:
    io = ScriptedIO(answer(429, retry_after="90"), answer(429, retry_after="1"), done())
    wait(io)
    assert io.sleeps == [90.0, 4.0]


def test_retry_after_is_cut_to_the_deadline_and_the_last_query_is_made_there() -> None:
    io = ScriptedIO(task(), answer(429, retry_after="3600"), task("IN_PROGRESS"))
    with pytest.raises(WaitTimeout) as caught:
        wait(io, timeout=30)
    assert io.times == [0, 2, 30]
    assert caught.value.task is not None
    assert caught.value.task.state is TaskState.RUNNING
    assert isinstance(caught.value.__cause__, RateLimited)
    assert caught.value.task_id == "cgt-1"


@pytest.mark.parametrize("now", [0.1, 1000.7, 123456.789, 1e6 / 3])
def test_one_query_is_made_at_the_deadline_whatever_the_rounding(now: float) -> None:
    io = ScriptedIO(task(), now=now, jitter=0.3)
    with pytest.raises(WaitTimeout):
        wait(io, timeout=10.1)
    assert io.times == [0, 2.15, 6.45, 10.1]


def test_every_query_may_run_a_little_over_the_deadline_and_no_more() -> None:
    io = ScriptedIO(task())
    with pytest.raises(WaitTimeout):
        wait(io, timeout=5)
    assert io.deadlines == [1005 + GRACE] * 3
    assert GRACE < 1


def test_a_timeout_of_zero_asks_once() -> None:
    io = ScriptedIO(task())
    with pytest.raises(WaitTimeout):
        wait(io, timeout=0)
    assert (len(io.sent), io.sleeps) == (1, [])
    assert wait(ScriptedIO(done()), timeout=0).url == LINK


def test_without_a_timeout_there_is_no_deadline() -> None:
    io = ScriptedIO(*[task()] * 1000, done())
    wait(io, timeout=None)
    assert io.times[-1] > 7900
    assert set(io.deadlines) == {None}


@pytest.mark.parametrize("timeout", [math.inf, 10**400, 1e300])
def test_a_timeout_beyond_all_clocks_is_as_good_as_none(timeout: float) -> None:
    io = ScriptedIO(task(), answer(429, retry_after="9" * 30), done())
    wait(io, timeout=timeout)
    assert io.sleeps[1] <= 1e9


@pytest.mark.parametrize("timeout", [-1, -0.001, math.nan, -math.inf, "5", b"5", True, [], 1j])
def test_what_is_no_timeout_is_refused_before_anything_is_sent(timeout: Any) -> None:
    io = ScriptedIO(accepted())
    for call in (wait, generate):
        with pytest.raises(InvalidRequest) as caught:
            call(io, timeout=timeout)
        assert [violation.field for violation in caught.value.violations] == ["timeout"]
    assert io.sent == []


def test_a_task_that_is_done_is_not_asked_for() -> None:
    io = ScriptedIO(answer(500))
    finished = Task("cgt-1", "SUCCESS", TaskState.SUCCEEDED, video_url=LINK)
    assert wait(io, finished).url == LINK
    for state in (TaskState.FAILED, TaskState.CANCELLED):
        with pytest.raises(TaskFailed):
            wait(io, Task("cgt-1", "X", state))
    assert io.sent == []


def test_a_task_that_succeeded_without_its_link_is_asked_for() -> None:
    io = ScriptedIO(done())
    assert wait(io, Task("cgt-1", "SUCCESS", TaskState.SUCCEEDED)).url == LINK
    assert len(io.sent) == 1


@pytest.mark.parametrize(
    "found",
    [answer(500), answer(408), answer(429), answer(200, b"<html>"), Broken("drop"), NotConnected("no"), answer(522)],
)
def test_a_wait_goes_on_through_what_may_pass(found: Any) -> None:
    io = ScriptedIO(*[found] * 9, done())
    assert wait(io).url == LINK
    assert len(io.sent) == 10


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (400, BadRequest), (404, TaskNotFound)])
def test_a_wait_ends_with_a_final_answer(status: int, kind: type[Exception]) -> None:
    io = ScriptedIO(answer(status))
    with pytest.raises(kind):
        wait(io)
    assert len(io.sent) == 1


def test_a_fresh_task_may_be_unknown_for_thirty_seconds() -> None:
    io = ScriptedIO(accepted(), answer(404))
    with pytest.raises(TaskNotFound):
        generate(io)
    assert io.times[1:] == [0, 2, 6, 14, 22, 30]
    assert generate(ScriptedIO(accepted(), answer(404), done())).url == LINK


def test_wait_timeout_without_any_answer_has_no_task_and_the_last_error_as_cause() -> None:
    io = ScriptedIO(Broken("a drop"), NotConnected("refused"))
    with pytest.raises(WaitTimeout, match=r"cgt-1 was not seen.*refused.*goes on") as caught:
        wait(io, timeout=1)
    assert caught.value.task is None
    assert isinstance(caught.value.__cause__, NotSent)
    assert isinstance(caught.value, TimeoutError)


def test_wait_timeout_shows_what_was_answered_not_what_was_given() -> None:
    given = Task("cgt-1", "QUEUED")
    with pytest.raises(WaitTimeout) as caught:
        wait(ScriptedIO(Broken("a drop")), given, timeout=0)
    assert caught.value.task is None
    with pytest.raises(WaitTimeout, match="still IN_PROGRESS") as caught:
        wait(ScriptedIO(task("IN_PROGRESS")), given, timeout=0)
    assert caught.value.__cause__ is None


def test_success_without_a_video_is_asked_for_three_times_more() -> None:
    io = ScriptedIO(task("SUCCESS", data={}))
    with pytest.raises(ResultMissing) as caught:
        wait(io)
    assert io.times == [0, 2, 6, 14]
    assert caught.value.task is not None
    assert (caught.value.task_id, caught.value.task.status) == ("cgt-1", "SUCCESS")


def test_a_video_that_comes_late_is_taken() -> None:
    assert wait(ScriptedIO(*[task("SUCCESS", data={})] * 3, done())).url == LINK


@pytest.mark.parametrize(("timeout", "queries"), [(0, 1), (1, 2), (7, 4)])
def test_a_missing_video_is_waited_for_within_the_deadline(timeout: float, queries: int) -> None:
    io = ScriptedIO(task("SUCCESS", data={}))
    with pytest.raises(ResultMissing):
        wait(io, timeout=timeout)
    assert len(io.sent) == queries


@pytest.mark.parametrize("status", ["EXPIRED", "TIMEOUT", "FAILURE", "error"])
def test_a_task_that_failed_says_why(status: str) -> None:
    with pytest.raises(TaskFailed, match=r"task cgt-1 failed \[Sensitive\]: not allowed; change") as caught:
        wait(ScriptedIO(task(status, fail_reason="[Sensitive] not allowed", progress="100%")))
    error = caught.value
    assert (error.reason, error.code, error.task_id) == ("not allowed", "Sensitive", "cgt-1")
    assert error.task is not None
    assert error.task.state is TaskState.FAILED


def test_a_task_that_failed_in_an_envelope_has_its_code_too() -> None:
    body = {"code": "success", "data": {"task_id": "cgt-1", "status": "FAILURE", "fail_reason": "[C] why"}}
    with pytest.raises(TaskFailed) as caught:
        wait(ScriptedIO(answer(200, body)))
    assert (caught.value.code, caught.value.reason) == ("C", "why")


def test_a_task_that_was_cancelled_or_gives_no_reason_says_so() -> None:
    with pytest.raises(TaskFailed, match="was cancelled: the service gives no reason"):
        wait(ScriptedIO(task("CANCELED")))


@pytest.mark.parametrize("status", ["UNKNOWN", "PAUSED", "", "SUBMITTING"])
def test_an_unlisted_status_is_not_the_end(status: str) -> None:
    assert wait(ScriptedIO(task(status), done())).url == LINK


# Callbacks


def test_on_update_is_told_of_the_fresh_task_first_then_of_changes_only() -> None:
    seen: list[tuple[str, float | None]] = []
    io = ScriptedIO(
        accepted(),
        answer(500),
        task("QUEUED"),
        task("QUEUED", search_item="other"),
        task("IN_PROGRESS", progress="10%"),
        task("IN_PROGRESS", progress="10%"),
        task("IN_PROGRESS", progress="20%"),
        done(),
    )
    generate(io, on_update=lambda found: seen.append((found.status, found.progress)))
    assert seen == [("", None), ("QUEUED", None), ("IN_PROGRESS", 0.1), ("IN_PROGRESS", 0.2), ("SUCCESS", None)]


def test_on_update_is_told_that_a_fresh_task_has_no_status() -> None:
    seen: list[TaskState] = []
    generate(ScriptedIO(accepted(), task(""), done()), on_update=lambda found: seen.append(found.state))
    assert seen == [TaskState.QUEUED, TaskState.UNKNOWN, TaskState.SUCCEEDED]


def test_on_update_has_the_task_id_before_the_first_query() -> None:
    io = ScriptedIO(accepted(), done())
    sent_when_told: list[int] = []
    generate(io, on_update=lambda _: sent_when_told.append(len(io.sent)))
    assert sent_when_told == [1, 2]


def test_on_update_of_a_bare_id_begins_with_the_first_answer() -> None:
    seen: list[str] = []
    wait(ScriptedIO(task("QUEUED"), done()), on_update=lambda found: seen.append(found.status))
    assert seen == ["QUEUED", "SUCCESS"]


def test_on_update_of_a_known_task_begins_with_a_change() -> None:
    seen: list[str] = []
    wait(ScriptedIO(task("QUEUED"), done()), Task("cgt-1", "QUEUED"), on_update=lambda found: seen.append(found.status))
    assert seen == ["SUCCESS"]


async def _awaited(_: object) -> None:
    """Never called."""


class _Awaited:
    async def __call__(self, _: object) -> None:
        """Never called."""


@pytest.mark.parametrize("function", [_awaited, functools.partial(_awaited), _Awaited(), 5, "print"])
def test_a_callback_that_is_no_plain_function_is_a_type_error_before_the_send(function: Any, tmp_path: Path) -> None:
    io = ScriptedIO(accepted())
    with pytest.raises(TypeError, match="on_update must be a plain function"):
        generate(io, on_update=function)
    with pytest.raises(TypeError, match="on_update"):
        wait(io, on_update=function)
    with pytest.raises(TypeError, match="on_progress"):
        run(core(io).download("cgt-1", tmp_path / "cat.mp4", on_progress=function))
    assert io.sent == []


@pytest.mark.parametrize("calls_until", [1, 2])
def test_what_on_update_raises_comes_out_with_the_task_id_in_a_note(calls_until: int) -> None:
    left = [None] * calls_until

    def stop(_: Task) -> None:
        left.pop()
        if not left:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        generate(ScriptedIO(accepted(), done()), on_update=stop)
    assert ["cgt-1" in note for note in caught.value.__notes__] == [True]


def test_an_interrupted_wait_carries_the_task_id() -> None:
    for call in (wait, lambda io: run(core(io).retrieve("cgt-1"))):
        with pytest.raises(KeyboardInterrupt) as caught:
            call(ScriptedIO(KeyboardInterrupt()))
        assert "task cgt-1 goes on" in caught.value.__notes__[0]


def test_an_interrupted_create_says_that_it_may_have_been_accepted() -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        generate(ScriptedIO(KeyboardInterrupt()))
    assert "may have been accepted" in caught.value.__notes__[0]


def test_errors_of_ours_need_no_note() -> None:
    with pytest.raises(WaitTimeout) as caught:
        wait(ScriptedIO(task()), timeout=0)
    assert not hasattr(caught.value, "__notes__")


# Tasks


def test_what_was_sent_is_kept_through_retrieve_wait_and_generate() -> None:
    io = ScriptedIO(accepted(), task(), done(), done())
    inner = core(io)
    fresh = run(inner.create(Wish("dance", options={"seed": 7})))
    assert fresh.request == {"prompt": "dance", "model": "doubao-seedance-1-0-pro-250528", "seed": 7}
    asked = run(inner.retrieve(fresh))
    assert (asked.request, asked.created_at) == (fresh.request, fresh.created_at)
    video = run(inner.wait(asked, timeout=None, on_update=None))
    assert video.task is not None
    assert video.task.request == fresh.request
    assert run(inner.retrieve("cgt-1")).request is None


def test_images_are_shortened_in_what_was_sent() -> None:
    data = f"data:image/png;base64,{'A' * 400}"
    fresh = run(core(ScriptedIO(accepted())).create(Wish("dance", images=[data, "https://pictures.example/a.png"])))
    assert fresh.request is not None
    assert "AAAA" not in str(fresh.request)
    assert "https://pictures.example/a.png" in str(fresh.request)


def test_a_wrong_request_is_not_sent_and_all_its_violations_are_told() -> None:
    io = ScriptedIO(accepted())
    with pytest.raises(InvalidRequest) as caught:
        generate(io, Wish("", options={"seed": -1, "sead": 1}))
    assert {violation.field for violation in caught.value.violations} >= {"prompt", "seed", "sead"}
    assert io.sent == []


def test_a_warning_is_given_once_and_the_request_is_sent() -> None:
    io = ScriptedIO(accepted())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(core(io).create(Wish("dance", options={"duration": 10})))
    assert [warning.category for warning in caught] == [UnifiedVideoWarning]
    assert len(io.sent) == 1


# Generating and downloading


def test_generate_without_output_downloads_nothing() -> None:
    io = ScriptedIO(accepted(), done())
    video = generate(io)
    assert (video.path, video.last_frame_path, len(io.sent)) == (None, None, 2)


def test_generate_downloads_where_output_is_given(tmp_path: Path) -> None:
    io = ScriptedIO(accepted(), done(), media())
    video = generate(io, output=tmp_path / "new" / "cat.mp4")
    assert video.path == tmp_path / "new" / "cat.mp4"
    assert video.path.read_bytes() == MP4
    assert names(video.path.parent) == ["cat.mp4"]
    assert io.sent[-1].url == LINK
    assert KEY not in str(io.sent[-1].headers)


@pytest.mark.parametrize("path", ["made/", "there"])
def test_a_directory_gets_a_file_named_for_the_task(tmp_path: Path, path: str) -> None:
    (tmp_path / "there").mkdir()
    video = generate(ScriptedIO(accepted("a:b/c"), done(), media()), output=f"{tmp_path}/{path}")
    assert video.path == tmp_path / path / "a%3Ab%2Fc.mp4"
    assert video.path.exists()


def test_the_timeout_counts_from_the_accepted_create_and_not_the_download(tmp_path: Path) -> None:
    script = [answer(429, retry_after="50"), accepted(), task(), done(), media(status=500), media()]
    video = generate(ScriptedIO(*script), output=tmp_path / "cat.mp4", timeout=2)
    assert video.path is not None


def test_the_last_frame_lies_beside_the_video_when_it_was_asked_for(tmp_path: Path) -> None:
    io = ScriptedIO(accepted(), done(**WITH_FRAME), media(), media(PNG))
    video = generate(io, Wish("dance", options={"return_last_frame": True}), tmp_path / "cat.mp4")
    assert video.last_frame_path == tmp_path / "cat.last-frame.png"
    assert video.last_frame_path.read_bytes() == PNG
    assert [request.url for request in io.sent[2:]] == [LINK, FRAME_LINK]


def test_a_last_frame_that_nobody_asked_for_is_left_where_it_is(tmp_path: Path) -> None:
    io = ScriptedIO(accepted(), done(**WITH_FRAME), media())
    video = generate(io, output=tmp_path / "cat.mp4")
    assert (video.last_frame_path, video.last_frame_url) == (None, FRAME_LINK)
    assert names(tmp_path) == ["cat.mp4"]


@pytest.mark.parametrize("frame", [media(b"<html>"), media(status=400), KeyboardInterrupt()])
def test_a_last_frame_that_fails_raises_with_the_video_in_place(tmp_path: Path, frame: Any) -> None:
    io = ScriptedIO(accepted(), done(**WITH_FRAME), media(), frame)
    with pytest.raises((DownloadFailed, KeyboardInterrupt)) as caught:
        generate(io, Wish("dance", options={"return_last_frame": True}), tmp_path / "cat.mp4")
    assert str(tmp_path / "cat.mp4") in caught.value.__notes__[0]
    assert (tmp_path / "cat.mp4").read_bytes() == MP4
    assert names(tmp_path) == ["cat.mp4"]


@pytest.mark.parametrize("place", ["file/cat.mp4", "file/deeper/cat.mp4", "", "a\0b", "taken.last-frame.png/../frame/"])
def test_a_place_that_cannot_be_is_an_os_error_and_nothing_is_sent(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "taken.last-frame.png").write_text("a file")
    io = ScriptedIO(accepted())
    with pytest.raises(OSError, match=r".") as caught:
        generate(io, output=f"{tmp_path}/{place}" if place else "")
    assert not isinstance(caught.value, WaitTimeout)
    assert io.sent == []


@pytest.mark.parametrize("kind", ["directory", "pipe", "long name"])
def test_a_place_where_the_last_frame_cannot_lie_is_an_os_error_and_nothing_is_sent(tmp_path: Path, kind: str) -> None:
    stem = "x" * 245 if kind == "long name" else "cat"
    if kind == "directory":
        (tmp_path / "cat.last-frame.png").mkdir()
    if kind == "pipe":
        os.mkfifo(tmp_path / "cat.last-frame.png")
    io = ScriptedIO(accepted(), done(), media())
    with pytest.raises(OSError, match=r"cat\.last-frame|xxx"):
        generate(io, Wish("dance", options={"return_last_frame": True}), tmp_path / f"{stem}.mp4")
    assert io.sent == []
    assert generate(io, Wish("dance"), tmp_path / f"{stem}.mp4").path is not None


def test_a_path_that_is_no_path_is_a_type_error(tmp_path: Path) -> None:
    io = ScriptedIO(accepted())
    for output in (os.fsencode(tmp_path / "cat.mp4"), 5):
        with pytest.raises(TypeError):
            generate(io, output=output)
    assert io.sent == []


@pytest.mark.parametrize("name", ["cat.mp4", "link.mp4", "hard.mp4", "cat", "other.mp4"])
def test_an_input_image_is_never_overwritten(tmp_path: Path, name: str) -> None:
    picture = tmp_path / "cat.mp4"
    picture.write_bytes(PNG)
    (tmp_path / "link.mp4").symlink_to(picture)
    (tmp_path / "hard.mp4").hardlink_to(picture)
    (tmp_path / "cat.last-frame.png").hardlink_to(picture)
    io = ScriptedIO(accepted(), done(), media())
    wish = Wish("dance", images=["https://pictures.example/first.png", picture])
    if name == "other.mp4":
        assert generate(io, wish, tmp_path / name).path is not None
    else:
        with pytest.raises(InvalidRequest, match="overwrite the input image"):
            generate(io, wish, tmp_path / name)
        assert io.sent == []
    assert picture.read_bytes() == PNG


def test_a_directory_overwrites_no_input_image(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    generate(ScriptedIO(accepted(), done(), media()), Wish("dance", images=tmp_path / "cat.png"), tmp_path)
    assert names(tmp_path) == ["cat.png", "cgt-1.mp4"]


def download(io: ScriptedIO, video: Any, path: Path, retry: Retry | None = None) -> Path:
    return run(core(io, retry=retry).download(video, path, on_progress=None))


VIDEO = Video("cgt-1", LINK)
FINISHED = Task("cgt-1", "SUCCESS", TaskState.SUCCEEDED, video_url=LINK)


@pytest.mark.parametrize(("video", "sends"), [(VIDEO, 1), (FINISHED, 1), (Task("cgt-1"), 2), ("cgt-1", 2)])
def test_download_takes_a_video_a_task_or_a_task_id(tmp_path: Path, video: Any, sends: int) -> None:
    io = ScriptedIO(*([done(**WITH_FRAME)] * (sends - 1)), media())
    assert download(io, video, tmp_path / "cat.mp4") == tmp_path / "cat.mp4"
    assert (len(io.sent), names(tmp_path)) == (sends, ["cat.mp4"])


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (task("IN_PROGRESS"), WaitTimeout),
        (Broken("a drop"), WaitTimeout),
        (task("FAILURE"), TaskFailed),
        (task("SUCCESS", data={}), ResultMissing),
        (answer(404), TaskNotFound),
        (answer(401), AuthenticationError),
    ],
)
def test_download_of_what_is_not_done_asks_once_and_raises_as_wait_does(
    tmp_path: Path, found: Any, kind: type[Exception]
) -> None:
    io = ScriptedIO(found)
    with pytest.raises(kind):
        download(io, "cgt-1", tmp_path / "cat.mp4")
    assert (len(io.sent), io.deadlines, names(tmp_path)) == (1, [None], [])


def test_download_of_a_failed_task_asks_nothing(tmp_path: Path) -> None:
    io = ScriptedIO(done())
    with pytest.raises(TaskFailed):
        download(io, Task("cgt-1", "FAILURE", TaskState.FAILED, fail_reason="no"), tmp_path / "cat.mp4")
    assert io.sent == []


def test_download_of_what_has_no_task_id_is_refused(tmp_path: Path) -> None:
    io = ScriptedIO(done())
    with pytest.raises(InvalidRequest):
        download(io, 5, tmp_path / "cat.mp4")
    assert io.sent == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_dead_link_is_renewed_once(tmp_path: Path, status: int) -> None:
    io = ScriptedIO(media(status=status), done("https://media.example/new.mp4"), media())
    download(io, VIDEO, tmp_path / "cat.mp4")
    assert [request.url for request in io.sent][::2] == [LINK, "https://media.example/new.mp4"]
    assert (tmp_path / "cat.mp4").read_bytes() == MP4


@pytest.mark.parametrize(
    "script",
    [
        [done("https://media.example/new.mp4?x=1"), media(status=403)],
        [answer(404)],
        [task("IN_PROGRESS")],
        [answer(401)],
    ],
)
def test_a_link_that_stays_dead_is_expired(tmp_path: Path, script: list[Any]) -> None:
    io = ScriptedIO(media(status=403), *script)
    with pytest.raises(LinkExpired) as caught:
        download(io, VIDEO, tmp_path / "cat.mp4")
    assert len(io.sent) == 1 + len(script)
    assert caught.value.task_id == "cgt-1"
    assert caught.value.url == "https://media.example/cat.mp4"
    assert "secret" not in str(caught.value)
    assert names(tmp_path) == []


def test_the_dead_link_of_a_last_frame_is_renewed_too(tmp_path: Path) -> None:
    new = "https://media.example/new.png"
    io = ScriptedIO(accepted(), done(**WITH_FRAME), media(), media(status=403), done(last_frame_url=new), media(PNG))
    generate(io, Wish("dance", options={"return_last_frame": True}), tmp_path / "cat.mp4")
    assert io.sent[-1].url == new


def test_an_interrupted_download_carries_the_task_id(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        download(ScriptedIO(KeyboardInterrupt()), VIDEO, tmp_path / "cat.mp4")
    assert "cgt-1" in caught.value.__notes__[0]


def test_a_query_that_cannot_be_understood_is_the_cause_of_the_wait_timeout() -> None:
    with pytest.raises(WaitTimeout) as caught:
        wait(ScriptedIO(answer(200, b"<html>")), timeout=0)
    assert isinstance(caught.value.__cause__, InvalidResponse)
