"""A query's answer becomes a Task: only the id and the status can be relied on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unified_video import Task, TaskState
from unified_video._document import states
from unified_video._task import links, read, reason, state_of, video_of

VIDEO, FRAME = "https://m.invalid/v.mp4?sign=1", "https://m.invalid/f.png?sign=2"
PLAIN_FRAME = "https://m.invalid/frames/17?sign=3"


NO_TIME: list[object] = [0, "0", "", None, -1, True, "soon", [], 1e30, 10**400, "1756620879000000"]
NO_TIME += [float("nan"), float("inf")]


def task(known: Task | None = None, **fields: Any) -> Task:
    payload = {"task_id": "cgt-1", "status": "SUCCESS", **fields}
    return read(payload, payload, "cgt-1", known)


@pytest.mark.parametrize(("status", "state"), states().items())
def test_every_status_is_read_in_any_letter_case(status: str, state: str) -> None:
    for written in (status, status.lower(), status.title(), f" {status}\n"):
        assert state_of(written) is TaskState(state)
        assert task(status=written).status == written


@pytest.mark.parametrize("status", ["", "PAUSED", "succes", 17, ["SUCCESS"], {}])
def test_an_unlisted_status_is_unknown_and_not_the_end(status: object) -> None:
    found = task(status=status)
    assert (found.state, found.done, found.status) == (TaskState.UNKNOWN, False, str(status))


def test_a_status_beside_or_inside_the_data_is_found() -> None:
    assert task(status=None, data={"status": "queued"}).state is TaskState.QUEUED
    assert task(status="FAILED", data={"status": "SUCCESS"}).state is TaskState.FAILED
    assert read({"task_id": "cgt-1"}, {}, "cgt-1").status == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"output": VIDEO}},
        {"data": {"output": f" {VIDEO}\n"}},
        {"data": {"output": [VIDEO]}},
        {"data": {"output": [{"url": VIDEO}]}},
        {"data": {"output": {"video_url": VIDEO}}},
        {"data": {"output": {"url": VIDEO}}},
        {"data": {"outputs": [VIDEO, "https://m.invalid/2.mp4"]}},
        {"data": {"outputs": [{"download_url": VIDEO}]}},
        {"data": {"video_url": VIDEO}},
        {"data": {"url": VIDEO}},
        {"data": {"download_url": VIDEO}},
        {"data": {"content": {"video_url": VIDEO}}},
        {"data": {"content": [{"video_url": VIDEO}]}},
        {"data": VIDEO},
        {"data": [VIDEO]},
        {"data": [{"url": VIDEO}]},
        {"video_url": VIDEO},
        {"url": VIDEO, "data": {}},
        {"output": VIDEO, "data": None},
        {"content": {"video_url": VIDEO}},
        {"fail_reason": VIDEO},
        {"fail_reason": VIDEO, "data": {"output": ""}},
        {"data": {"output": VIDEO}, "fail_reason": "https://m.invalid/other.mp4"},
        {"data": {"output": "", "outputs": [], "video_url": None, "url": 5, "content": {"video_url": VIDEO}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("frame", [None, FRAME, PLAIN_FRAME])
def test_the_video_is_found_in_every_place_seen_and_the_last_frame_is_never_taken_for_it(
    fields: dict[str, Any], frame: str | None
) -> None:
    found = task(**{"last_frame_url": frame, **fields})
    assert (found.video_url, found.last_frame_url) == (VIDEO, frame)
    assert found.done


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"last_frame_url": PLAIN_FRAME}},
        {"data": {"last_frame_url": {"url": PLAIN_FRAME}}},
        {"data": {"last_frame_url": [PLAIN_FRAME]}},
        {"data": {"content": {"last_frame_url": PLAIN_FRAME}}},
        {"data": {"content": [{"last_frame_url": PLAIN_FRAME}]}},
        {"data": {"output": {"last_frame_url": PLAIN_FRAME}}},
        {"data": {"outputs": [{"last_frame_url": PLAIN_FRAME}]}},
        {"last_frame_url": PLAIN_FRAME},
        {"content": {"last_frame_url": PLAIN_FRAME}, "data": {}},
        {"data": {"last_frame_url": PLAIN_FRAME, "output": PLAIN_FRAME}},
        {"data": {"last_frame_url": PLAIN_FRAME, "outputs": [PLAIN_FRAME, FRAME]}},
    ],
    ids=str,
)
def test_a_last_frame_alone_is_no_video(fields: dict[str, Any]) -> None:
    found = task(**fields)
    assert (found.video_url, found.last_frame_url, found.done) == (None, PLAIN_FRAME, False)
    assert found.state is TaskState.SUCCEEDED


def test_both_are_told_apart_in_one_list() -> None:
    found = task(data={"outputs": [PLAIN_FRAME, FRAME, VIDEO], "last_frame_url": PLAIN_FRAME})
    assert (found.video_url, found.last_frame_url) == (VIDEO, PLAIN_FRAME)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "v.mp4",
        "ftp://m.invalid/v.mp4",
        "file:///etc/passwd",
        "https://m.invalid/a b",
        "https://m.invalid/\x00",
        5,
        True,
    ],
)
def test_what_is_no_http_link_is_no_video(link: object) -> None:
    assert task(data={"output": link}).video_url is None


@pytest.mark.parametrize("name", ["f.png", "F.PNG", "a.jpg", "a.jpeg", "a.webp", "a.gif", "a.bmp"])
def test_a_picture_is_no_video_and_a_picture_in_the_query_does_not_matter(name: str) -> None:
    assert task(data={"output": f"https://m.invalid/{name}?a=1#b"}).video_url is None
    link = f"https://m.invalid/v.mp4?poster={name}"
    assert task(data={"output": link}).video_url == link


@pytest.mark.parametrize("status", ["QUEUED", "IN_PROGRESS", "FAILED", "CANCELLED", "UNKNOWN", "?"])
def test_links_count_at_success_only(status: str) -> None:
    found = task(status=status, data={"output": VIDEO, "last_frame_url": FRAME})
    assert (found.video_url, found.last_frame_url) == (None, None)


@pytest.mark.parametrize(
    ("value", "words", "code"),
    [
        ("", None, None),
        ("  ", None, None),
        (None, None, None),
        (5, None, None),
        ("too dark", "too dark", None),
        ("[Sensitive] the text is", "the text is", "Sensitive"),
        (" [Sensitive]\nthe text is ", "the text is", "Sensitive"),
        ("[Sensitive]", "Sensitive", "Sensitive"),
        ('{"message": "[Sensitive] no"}', "no", "Sensitive"),
        ('{"error": {"message": "inner"}}', "inner", None),
        ('{"error": {"message": "inner", "code": "Dark"}}', "inner", "Dark"),
        ('{"message": "inner", "code": 1001}', "inner", "1001"),
        ('{"message": "inner", "code": ""}', "inner", None),
        ('{"error": "inner", "code": "Dark"}', "inner", "Dark"),
        ('{"message": "{\\"message\\": \\"inner\\"}", "code": "Dark"}', "inner", "Dark"),
        ('{"code": 1}', '{"code": 1}', None),
        ("see https://m.invalid/a?sign=1", "see https://m.invalid/a?…", None),
        ("[", "[", None),
        ("[]", "[]", None),
    ],
)
def test_a_fail_reason_is_plain_words_and_a_code(value: object, words: str | None, code: str | None) -> None:
    assert reason(value) == (words, code)
    assert task(status="FAILURE", fail_reason=value).fail_reason == words
    assert task(fail_reason=value).fail_reason is None


@pytest.mark.parametrize(
    ("value", "share"),
    [
        ("30%", 0.3),
        ("30", 0.3),
        (" 99.5 % ", 0.995),
        (30, 0.3),
        (0, 0.0),
        ("0%", 0.0),
        ("100%", 1.0),
        ("250%", 1.0),
        ("", None),
        ("-5%", None),
        ("half", None),
        (None, None),
        (True, None),
        ([], None),
        ("9" * 30, None),
        (float("nan"), None),
    ],
)
def test_progress_is_a_share_or_nothing(value: object, share: float | None) -> None:
    assert task(status="IN_PROGRESS", progress=value).progress == share


def test_full_progress_is_no_sign_of_success() -> None:
    found = task(status="FAILURE", progress="100%")
    assert (found.progress, found.state) == (1.0, TaskState.FAILED)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1756620879, datetime(2025, 8, 31, 6, 14, 39, tzinfo=UTC)),
        ("1756620879", datetime(2025, 8, 31, 6, 14, 39, tzinfo=UTC)),
        (1756620879.5, datetime(2025, 8, 31, 6, 14, 39, 500000, tzinfo=UTC)),
        *[(value, None) for value in NO_TIME],
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str | float | datetime) else type(value).__name__,
)
def test_times_are_aware_and_0_is_not_yet(value: object, moment: datetime | None) -> None:
    found = task(submit_time=value, start_time=value, finish_time=value)
    assert (found.submitted_at, found.started_at, found.finished_at) == (moment, moment, moment)


def test_usage_is_found_in_the_data_or_beside_it() -> None:
    usage = {"total_tokens": 5}
    assert task(data={"usage": usage}).usage == task(usage=usage).usage == usage
    assert task(data={"usage": 5}).usage is None
    assert task(data={"usage": {}}, usage=usage).usage == {}


def test_the_whole_answer_is_kept_and_so_is_what_only_this_client_knows() -> None:
    envelope = {"code": "success", "data": {"task_id": "other", "status": "QUEUED"}}
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    known = Task("cgt-1", created_at=moment, request={"prompt": "a cat"}, video_url=VIDEO, fail_reason="old")
    found = read(envelope["data"], envelope, "cgt-1", known)  # type: ignore[arg-type]
    assert found == Task(
        "cgt-1", status="QUEUED", state=TaskState.QUEUED, created_at=moment, request={"prompt": "a cat"}, raw=envelope
    )
    assert read({}, {}, "cgt-1").request is None


def test_a_video_expires_24_hours_after_the_end_of_its_task() -> None:
    found = task(finish_time=1756620879, data={"output": VIDEO, "last_frame_url": FRAME})
    video = video_of(found)
    assert (video.task_id, video.url, video.last_frame_url, video.task) == ("cgt-1", VIDEO, FRAME, found)
    assert video.expires_at == datetime(2025, 8, 31, 6, 14, 39, tzinfo=UTC) + timedelta(hours=24)
    assert (video.path, video.last_frame_path) == (None, None)
    assert video_of(task(data={"output": VIDEO})).expires_at is None


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([VIDEO, FRAME, "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "output", "content"]), inner),
    max_leaves=6,
)
NAMES = ["status", "data", "fail_reason", "progress", "submit_time", "usage", "output", "last_frame_url"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_no_answer_raises_and_no_picture_becomes_the_video(fields: dict[str, Any]) -> None:
    found = task(**{"status": "SUCCESS", **fields})
    assert found.video_url in {None, VIDEO}
    hash(found)
    repr(found)
    assert links({}, {}) == (None, None)
