"""The table of outcomes: what each answer means to a create and to a query, and how often it is sent."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from scripted import BASE, KEY, ScriptedIO, accepted, answer, core, done, task

from unified_video import _errors
from unified_video._call import CREATE, QUERY, NoRecord, checked_task_id
from unified_video._document import document
from unified_video._errors import (
    APIError,
    BadRequest,
    ConfigurationError,
    InvalidRequest,
    InvalidResponse,
    NotSent,
    RateLimited,
    ServerError,
    SubmissionUncertain,
    TaskNotFound,
    UnifiedVideoError,
)
from unified_video._io import Answer, Broken, NotConnected, Request, run
from unified_video._models import Task, TaskState
from unified_video._retry import Retry
from unified_video._validate import Wish
from unified_video_api.api.videos import create_video_generation, get_video_generation
from unified_video_api.models import VideoGenerationRequest

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE_A = {"error": {"message": "no channel", "type": "server_error", "code": "no_channel"}}
SHAPE_B = {"code": "task_not_exist", "message": "the task does not exist", "data": None}
HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"
FRESH = datetime.fromtimestamp(1_700_000_990, UTC)  # ten seconds before a ScriptedIO's clock begins


def create(io: ScriptedIO, **settings: Any) -> Task:
    return run(core(io, **settings).create(Wish("dance")))


def retrieve(io: ScriptedIO, known: Task | str = "cgt-1", **settings: Any) -> Task:
    return run(core(io, **settings).retrieve(known))


CREATE_ROWS: list[tuple[Answer | Exception, str, int]] = [
    (answer(200, b""), "SubmissionUncertain", 1),
    (answer(200, HTML), "SubmissionUncertain", 1),
    (answer(200, {"ok": True}), "SubmissionUncertain", 1),
    (answer(200, {"task_id": ""}), "SubmissionUncertain", 1),
    (answer(200, [1]), "SubmissionUncertain", 1),
    (answer(200, SHAPE_A), "SubmissionUncertain", 1),
    (answer(202, SHAPE_B), "SubmissionUncertain", 1),
    (answer(200, b'{"task_id": "cgt', broken="dropped"), "SubmissionUncertain", 1),
    (answer(301, location="https://other.example/v2/videos/generations"), "APIError", 1),
    (answer(307, location="/elsewhere"), "APIError", 1),
    (answer(304), "APIError", 1),
    *[(answer(status, SHAPE_A), "BadRequest", 1) for status in (400, 405, 409, 413, 415, 418, 422, 451)],
    (answer(400, SHAPE_B), "BadRequest", 1),
    (answer(404, SHAPE_A), "APIError", 1),
    (answer(404, HTML), "APIError", 1),
    (answer(401, SHAPE_A), "AuthenticationError", 1),
    (answer(402), "InsufficientBalance", 1),
    (
        answer(403, {"error": {"message": "no", "type": "t", "code": "INSUFFICIENT_USER_QUOTA"}}),
        "InsufficientBalance",
        1,
    ),
    (answer(400, {"code": "Insufficient_Balance", "message": "no"}), "InsufficientBalance", 1),
    (answer(429, {"code": "insufficient_quota", "message": "no"}), "InsufficientBalance", 1),
    (answer(403), "PermissionDenied", 1),
    (answer(408), "SubmissionUncertain", 1),
    (answer(425), "RateLimited", 4),
    (answer(429, SHAPE_A), "RateLimited", 4),
    (answer(429, SHAPE_A, retry_after="60"), "RateLimited", 4),
    (answer(429, SHAPE_A, retry_after="61"), "RateLimited", 1),
    (answer(503, SHAPE_A), "ServerError", 1),
    (answer(503, {"code": "get_channel_failed", "message": "none"}), "ServerError", 1),
    (answer(503), "SubmissionUncertain", 1),
    (answer(503, HTML), "SubmissionUncertain", 1),
    *[(answer(status, HTML), "NotSent", 4) for status in (521, 522, 523)],
    *[(answer(status, SHAPE_A), "SubmissionUncertain", 1) for status in (500, 501, 502, 504, 520, 524, 525, 599)],
    (NotConnected("refused"), "NotSent", 4),
    (Broken("a time-out"), "SubmissionUncertain", 1),
    (answer(103), "SubmissionUncertain", 1),
    (answer(700), "SubmissionUncertain", 1),
]


@pytest.mark.parametrize(("found", "name", "sends"), CREATE_ROWS, ids=str)
def test_what_an_answer_means_to_a_create(found: Answer | Exception, name: str, sends: int) -> None:
    io = ScriptedIO(found)
    with pytest.raises(UnifiedVideoError) as caught:
        create(io)
    assert type(caught.value).__name__ == name
    assert len(io.sent) == sends
    assert caught.value.task_id is None


QUERY_ROWS: list[tuple[Answer | Exception, str, int]] = [
    (answer(200, b""), "InvalidResponse", 4),
    (answer(200, HTML), "InvalidResponse", 4),
    (answer(200, {"ok": True}), "InvalidResponse", 4),
    (answer(200, SHAPE_A), "APIError", 4),
    (answer(200, SHAPE_B), "TaskNotFound", 1),
    (answer(302, location="https://other.example/login"), "APIError", 1),
    *[(answer(status, SHAPE_A), "BadRequest", 1) for status in (400, 409, 413, 415, 422, 410)],
    (answer(404), "TaskNotFound", 1),
    (answer(404, SHAPE_A), "TaskNotFound", 1),
    (answer(400, SHAPE_B), "TaskNotFound", 1),
    (answer(400, {"error": {"message": "Task cgt-1 not found", "type": "x"}}), "TaskNotFound", 1),
    (answer(401), "AuthenticationError", 1),
    (answer(402), "InsufficientBalance", 1),
    (answer(429, {"code": "INSUFFICIENT_QUOTA", "message": "no"}), "InsufficientBalance", 1),
    (answer(403), "PermissionDenied", 1),
    (answer(408), "ServerError", 4),
    (answer(425), "RateLimited", 4),
    (answer(429, retry_after="60"), "RateLimited", 4),
    (answer(429, retry_after="61"), "RateLimited", 1),
    (answer(500, retry_after="3600"), "ServerError", 1),
    *[(answer(status, HTML), "NotSent", 4) for status in (521, 522, 523)],
    *[(answer(status, SHAPE_A), "ServerError", 4) for status in (500, 502, 503, 504, 520, 524)],
    (NotConnected("refused"), "NotSent", 4),
    (Broken("a drop"), "InvalidResponse", 4),
]


@pytest.mark.parametrize(("found", "name", "sends"), QUERY_ROWS, ids=str)
def test_what_an_answer_means_to_a_query(found: Answer | Exception, name: str, sends: int) -> None:
    io = ScriptedIO(found)
    with pytest.raises(UnifiedVideoError) as caught:
        retrieve(io)
    assert type(caught.value).__name__ == name
    assert len(io.sent) == sends
    assert caught.value.task_id == "cgt-1"


@pytest.mark.parametrize(
    "body",
    [
        {"task_id": "cgt-1"},
        {"code": "success", "message": "", "data": {"task_id": "cgt-1"}},
        {"task_id": "cgt-1", "error": {"message": "strange", "type": "t"}},
        {"code": "failed", "message": "no", "data": {"task_id": "cgt-1"}},
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_a_task_id_is_accepted(body: Any, status: int) -> None:
    io = ScriptedIO(answer(status, body))
    found = create(io)
    assert (found.task_id, found.status, found.state, found.raw) == ("cgt-1", "", TaskState.QUEUED, body)
    assert found.created_at == datetime.fromtimestamp(1_700_001_000, UTC)
    assert found.request == {"prompt": "dance", "model": "doubao-seedance-1-0-pro-250528"}
    assert io.paths == ["POST /v2/videos/generations"]
    assert io.sent[0].headers["Authorization"] == f"Bearer {KEY}"
    assert json.loads(io.sent[0].content) == found.request
    assert (io.sent[0].headers["Content-Type"], io.header("Accept")) == ("application/json", ["application/json"])


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: {"code": "success", "message": "", "data": body}])
def test_a_query_takes_the_flat_and_the_wrapped_task(wrap: Callable[[Any], Any]) -> None:
    body = wrap({"task_id": "cgt-1", "status": "IN_PROGRESS", "progress": "30%"})
    found = retrieve(ScriptedIO(answer(200, body)))
    assert (found.state, found.progress, found.raw) == (TaskState.RUNNING, 0.3, body)


@pytest.mark.parametrize("refusal", [answer(429), answer(425), answer(522), NotConnected("refused")])
def test_a_create_that_was_surely_not_accepted_is_sent_again(refusal: Answer | Exception) -> None:
    io = ScriptedIO(refusal, accepted())
    assert create(io).task_id == "cgt-1"
    assert len(io.sent) == 2
    assert io.sent[0] == io.sent[1]


def test_attempts_of_one_is_off() -> None:
    io = ScriptedIO(answer(429))
    with pytest.raises(RateLimited):
        create(io, retry=Retry(attempts=1))
    assert len(io.sent) == 1


@pytest.mark.parametrize("call", [create, retrieve])
def test_retry_after_is_waited_for_where_it_is_longer_than_the_back_off(call: Callable[[ScriptedIO], Task]) -> None:
    io = ScriptedIO(answer(429, retry_after="60"), answer(429, retry_after="0"), answer(429), task())
    call(io)
    assert io.sleeps == [60.0, 1.0, 2.0]


def test_retry_after_as_a_date_is_held_against_the_date_of_the_answer() -> None:
    dates = {"date": "Wed, 01 Jan 2025 00:00:00 GMT", "retry_after": "Wed, 01 Jan 2025 00:00:07 GMT"}
    io = ScriptedIO(answer(429, **dates), accepted())
    create(io)
    assert io.sleeps == [7.0]


def test_rate_limited_says_how_long_to_wait() -> None:
    with pytest.raises(RateLimited) as caught:
        create(ScriptedIO(answer(429, retry_after="3600")))
    assert caught.value.retry_after == 3600.0
    assert pickle.loads(pickle.dumps(caught.value)).retry_after == 3600.0


def test_jitter_only_adds_to_the_back_off() -> None:
    io = ScriptedIO(answer(429), jitter=1.0)
    with pytest.raises(RateLimited):
        create(io)
    assert io.sleeps == [0.625, 1.25, 2.5]


@pytest.mark.parametrize(
    "found", [answer(404), answer(400, SHAPE_B), answer(200, SHAPE_B), answer(404, SHAPE_A)], ids=str
)
def test_a_task_fresh_from_create_may_be_unknown_at_first(found: Answer) -> None:
    io = ScriptedIO(found, task())
    assert retrieve(io, Task("cgt-1", created_at=FRESH)).state is TaskState.QUEUED
    assert len(io.sent) == 2


def test_after_thirty_seconds_an_unknown_task_is_not_found() -> None:
    io = ScriptedIO(answer(404))
    with pytest.raises(TaskNotFound):
        retrieve(io, Task("cgt-1", created_at=datetime.fromtimestamp(1_700_000_970, UTC)))
    assert len(io.sent) == 1


def test_a_fresh_task_that_stays_unknown_is_not_found_in_the_end() -> None:
    io = ScriptedIO(answer(404))
    with pytest.raises(TaskNotFound):
        retrieve(io, Task("cgt-1", created_at=FRESH))
    assert len(io.sent) == 4


@pytest.mark.parametrize(
    ("location", "named", "base"),
    [
        (
            "https://new.example/v2/videos/generations",
            "https://new.example/v2/videos/generations",
            "https://new.example",
        ),
        ("https://new.example/v9/v2/videos/generations/?k=1", "https://new.example/v9/v2/", "https://new.example/v9"),
        ("//new.example/v2/videos/generations", "https://new.example/v2/videos/generations", "https://new.example"),
        ("/v3/v2/videos/generations", "https://gateway.example/v3/v2/videos", "https://gateway.example/v3"),
        ("https://login.example/", "https://login.example/", "https://login.example/"),
        ("https://[broken", "https://[broken", "https://[broken"),
    ],
)
def test_a_redirect_names_where_it_leads_and_the_base_url_to_set(location: str, named: str, base: str) -> None:
    io = ScriptedIO(answer(308, location=location))
    with pytest.raises(APIError) as caught:
        create(io)
    assert named in str(caught.value)
    assert str(caught.value).endswith(f"UNIFIED_VIDEO_BASE_URL) to {base}")
    assert "k=1" not in str(caught.value)
    assert len(io.sent) == 1


def test_a_location_beside_another_status_is_no_redirect() -> None:
    with pytest.raises(ServerError) as caught:
        create(ScriptedIO(answer(503, SHAPE_A, location="https://status.example/")))
    assert "redirect" not in str(caught.value)
    assert create(ScriptedIO(answer(201, {"task_id": "cgt-1"}, location="/v2/cgt-1"))).task_id == "cgt-1"


def test_an_api_error_carries_the_words_of_the_service() -> None:
    body = {"error": {"message": '{"error": {"message": "too long"}}', "type": "t", "code": "bad_prompt"}}
    with pytest.raises(BadRequest) as caught:
        create(ScriptedIO(answer(400, body, x_request_id="r-2", x_oneapi_request_id="r-1")))
    error = caught.value
    assert (error.status_code, error.code, error.message) == (400, "bad_prompt", "too long")
    assert (error.request_id, json.loads(error.body)) == ("r-1", body)
    assert str(error).startswith("HTTP 400 [bad_prompt]: too long (request id r-1); ")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("AuthenticationError", "UNIFIED_VIDEO_API_KEY"),
        ("APIError", "base URL"),
        ("TaskNotFound", "task id"),
        ("InsufficientBalance", "top up"),
    ],
)
def test_the_message_says_what_to_do_next(name: str, says: str) -> None:
    status = {"AuthenticationError": 401, "APIError": 404, "TaskNotFound": 404, "InsufficientBalance": 402}[name]
    call = retrieve if name == "TaskNotFound" else create
    with pytest.raises(getattr(_errors, name), match=says):
        call(ScriptedIO(answer(status)))


def test_submission_uncertain_carries_all_that_helps_to_find_the_task() -> None:
    io = ScriptedIO(answer(504, HTML, x_request_id="r-9"))
    picture = b"\x89PNG\r\n\x1a\n"
    with pytest.raises(SubmissionUncertain) as caught:
        run(core(io).create(Wish("dance", images=[f"data:image/png;base64,{picture.hex()}"])))
    error = caught.value
    assert error.sent_at == datetime.fromtimestamp(1_700_001_000, UTC)
    assert (error.status_code, error.request_id) == (504, "r-9")
    assert error.request is not None
    assert picture.hex() not in str(error.request)
    assert "502 Bad Gateway" in str(error)
    assert "charged" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (again.request, again.sent_at, str(again)) == (error.request, error.sent_at, str(error))


def test_submission_uncertain_after_a_drop_has_no_status() -> None:
    with pytest.raises(SubmissionUncertain, match="ReadTimeout") as caught:
        create(ScriptedIO(Broken("ReadTimeout")))
    assert (caught.value.status_code, caught.value.request_id) == (None, None)


ECHO = [
    f'{{"error": {{"message": "bad key {KEY}", "type": "{KEY}", "code": "{KEY}"}}, "{KEY}": ["{KEY}"]}}',
    f'{{"error": {{"message": "bad key {KEY.replace("s", chr(92) + "u0073")}", "type": "t", "code": "c"}}}}',
    json.dumps({"error": {"message": json.dumps({"message": f"key {KEY}"}), "type": "t"}}),
    json.dumps({"error": {"message": f'{{"message": "key {KEY.replace("k", chr(92) + "u006b")}"}}', "type": "t"}}),
    f"<html><title>{KEY}</title></html>",
]


@pytest.mark.parametrize("body", ECHO)
@pytest.mark.parametrize("call", [create, retrieve])
@pytest.mark.parametrize("status", [401, 404, 503, 500, 200, 301])
def test_a_key_that_is_echoed_shows_nowhere(body: str, call: Callable[..., Task], status: int) -> None:
    found = answer(status, body.encode(), x_request_id=f"r-{KEY}", location=f"https://other.example/{KEY}")
    with pytest.raises(UnifiedVideoError) as caught:
        call(ScriptedIO(found), retry=Retry(attempts=1))
    shown = f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert KEY not in shown
    assert KEY not in _unescaped(shown)


def _unescaped(text: str) -> str:
    """What a reader sees who undoes the escapes of JSON, twice."""
    for _ in range(4):
        text = text.replace("\\\\", "\\").replace("\\u0073", "s").replace("\\u006b", "k")
    return text


def test_a_key_that_is_echoed_shows_in_no_task() -> None:
    body = f'{{"task_id": "cgt-1", "status": "FAILURE", "fail_reason": "{KEY}", "x": {{"{KEY}": "s\\u006b{KEY[2:]}"}}}}'
    found = retrieve(ScriptedIO(answer(200, body.encode())))
    assert KEY not in f"{found!r} {found.raw} {found.fail_reason}"


def test_a_key_in_the_words_of_a_fault_is_redacted() -> None:
    with pytest.raises(NotSent) as caught:
        create(ScriptedIO(NotConnected(f"illegal header {KEY}")))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", ["BadRequest", "RateLimited", "SubmissionUncertain", "NotSent", "TaskNotFound"])
def test_errors_are_pickled_with_their_notes(name: str) -> None:
    error = getattr(_errors, name)("words")
    error.add_note("a note")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.__notes__, vars(again)) == (str(error), ["a note"], vars(error))


@pytest.mark.parametrize("task_id", ["", " ", ".", "..", 5, None, b"cgt-1", "x" * 2049, "\ud800"])
def test_what_is_no_task_id_is_refused_before_anything_is_sent(task_id: Any) -> None:
    io = ScriptedIO(task())
    with pytest.raises(InvalidRequest) as caught:
        retrieve(io, task_id)
    assert [violation.field for violation in caught.value.violations] == ["task_id"]
    assert io.sent == []


@pytest.mark.parametrize(
    ("task_id", "path"),
    [("a:b", "a%3Ab"), ("../../secret", "..%2F..%2Fsecret"), ("a?b#c", "a%3Fb%23c"), ("é", "%C3%A9"), ("...", "...")],
)
def test_a_task_id_stays_inside_the_collection(task_id: str, path: str) -> None:
    io = ScriptedIO(task())
    assert retrieve(io, task_id).task_id == task_id
    assert io.paths == [f"GET /v2/videos/generations/{path}"]
    assert io.sent[0].url.startswith(BASE)


def test_checked_task_id_takes_a_task() -> None:
    assert checked_task_id(Task("cgt-1")) == "cgt-1"


class Record:
    """Remembers what it is told, and raises once what it is asked to."""

    def __init__(self, **faults: BaseException) -> None:
        self.told: list[str] = []
        self._faults = faults

    def __getattr__(self, name: str) -> Callable[..., None]:
        def tell(*_: object) -> None:
            self.told.append(name)
            if name in self._faults:
                raise self._faults.pop(name)

        return tell


def submit(io: ScriptedIO, record: Any) -> Task:
    inner = core(io)
    return run(inner.calls.create(run(inner._checked(Wish("dance"))), record))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ([accepted()], ["sending", "accepted"]),
        ([answer(429), accepted()], ["sending", "not_accepted", "sending", "accepted"]),
        ([answer(400)], ["sending", "refused"]),
        ([answer(429, retry_after="61")], ["sending", "refused"]),
        ([answer(502)], ["sending", "uncertain"]),
        ([KeyboardInterrupt()], ["sending", "uncertain"]),
        ([ConfigurationError("no proxy")], ["sending", "refused"]),
    ],
)
def test_the_record_is_told_of_each_step(script: list[Any], told: list[str]) -> None:
    record, io = Record(), ScriptedIO(*script)
    with suppress(UnifiedVideoError, KeyboardInterrupt):  # which one, other tests say
        submit(io, record)
    assert record.told == told


def test_the_intent_is_written_before_the_send() -> None:
    record = Record()

    def look(_: Request) -> Answer:
        assert record.told == ["sending"]
        return accepted()

    submit(ScriptedIO(look), record)


@pytest.mark.parametrize(
    ("faults", "script", "note"),
    [
        ({}, KeyboardInterrupt(), "a create was on its way"),
        ({}, RuntimeError("of a transport of the user's own"), "a create was on its way"),
        ({"accepted": KeyboardInterrupt()}, accepted(), "task cgt-1 goes on"),
        ({"uncertain": KeyboardInterrupt()}, answer(502), "a create was on its way"),
    ],
)
def test_what_ends_a_create_from_outside_carries_a_note(faults: Any, script: Any, note: str) -> None:
    with pytest.raises((KeyboardInterrupt, RuntimeError)) as caught:
        submit(ScriptedIO(script), Record(**faults))
    assert any(text.startswith(note) for text in caught.value.__notes__)


def test_a_task_id_whose_writing_was_interrupted_is_written_all_the_same() -> None:
    record = Record(accepted=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        submit(ScriptedIO(accepted()), record)
    assert record.told == ["sending", "accepted", "accepted"]


def test_an_interruption_while_the_intent_is_written_is_no_uncertain_create() -> None:
    record, io = Record(sending=KeyboardInterrupt()), ScriptedIO(accepted())
    with pytest.raises(KeyboardInterrupt) as caught:
        submit(io, record)
    assert record.told == ["sending", "refused"]
    assert io.sent == []
    assert not hasattr(caught.value, "__notes__")


def test_an_intent_that_cannot_be_written_sends_nothing() -> None:
    record, io = Record(sending=ConfigurationError("a full disk")), ScriptedIO(accepted())
    with pytest.raises(ConfigurationError):
        submit(io, record)
    assert (record.told, io.sent) == (["sending"], [])


def test_a_client_without_a_ledger_writes_nothing_down() -> None:
    io = ScriptedIO(answer(429), accepted(), answer(400), answer(500))
    assert submit(io, NoRecord()).task_id == "cgt-1"
    for kind in (BadRequest, SubmissionUncertain):
        with pytest.raises(kind):
            submit(io, NoRecord())


def test_an_unreadable_answer_to_a_query_says_that_the_task_goes_on() -> None:
    with pytest.raises(InvalidResponse, match=r"HTTP 200: 502 Bad Gateway.*not affected"):
        retrieve(ScriptedIO(answer(200, HTML)))
    with pytest.raises(InvalidResponse, match="a drop"):
        retrieve(ScriptedIO(Broken("a drop")))


def test_the_note_is_told_of_the_end_of_a_task() -> None:
    seen: list[Task] = []
    inner = core(ScriptedIO(task(), done()))
    from unified_video._call import Calls

    calls = Calls(inner.io, inner.settings, seen.append)
    run(calls.retrieve("cgt-1", None))
    assert seen == []
    found = run(calls.retrieve("cgt-1", None))
    assert seen == [found]


@pytest.mark.parametrize("task_id", ["cgt-1", "a/b?c#d&e", "ä 中 %2F", "~._-"])
def test_a_query_goes_where_the_generated_client_would_send_it(task_id: str) -> None:
    io = ScriptedIO(task())
    run(core(io).retrieve(task_id))
    expected = get_video_generation._get_kwargs(task_id)
    assert (io.sent[0].method, io.sent[0].url) == (expected["method"].upper(), BASE + expected["url"])
    assert io.sent[0].headers.items() >= expected.get("headers", {}).items()


def test_a_create_goes_where_the_generated_client_would_send_it_as_it_would() -> None:
    io = ScriptedIO(accepted())
    submit(io, NoRecord())
    sent = io.sent[0]
    expected = create_video_generation._get_kwargs(body=VideoGenerationRequest.from_dict(json.loads(sent.content)))
    assert (sent.method, sent.url) == (expected["method"].upper(), BASE + expected["url"])
    assert sent.headers.items() >= expected["headers"].items()


def test_the_document_has_no_operation_that_these_two_tests_leave_out() -> None:
    assert {found["operationId"] for methods in document()["paths"].values() for found in methods.values()} == {
        CREATE,
        QUERY,
    }
