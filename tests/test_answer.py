"""Whatever a service answers is read, never raises, and shows no key and no signed link."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unified_video._answer import of_fault, outcome, plain, read, task_id_of
from unified_video._io import Answer, Broken, NotConnected
from unified_video._settings import Settings

KEY = "sk-0123456789abcdef"
REDACT = Settings(base_url="https://gateway.invalid", api_key=KEY).redact


def reading(body: object, status: int = 200, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(Answer(status, named, content), REDACT, 0.0)


TASK = {"task_id": "cgt-1", "status": "QUEUED"}


@pytest.mark.parametrize(
    ("body", "task"),
    [
        (TASK, TASK),
        ({"code": "success", "message": "", "data": TASK}, TASK),
        ({"code": 0, "message": "ok", "data": TASK}, TASK),
        ({**TASK, "data": {"task_id": "inner"}}, {**TASK, "data": {"task_id": "inner"}}),
        ({"task_id": "", "data": TASK}, TASK),
        ({"task_id": None, "data": TASK}, TASK),
        ({"task_id": 17}, {"task_id": 17}),
        ({"error": {"message": "no"}, "task_id": "cgt-1"}, {"error": {"message": "no"}, "task_id": "cgt-1"}),
        ({"code": "bad", "message": "no", "data": TASK}, TASK),
        ({"task_id": True}, None),
        ({"task_id": " "}, None),
        ({"task_id": ".."}, None),
        ({"task_id": ["cgt-1"]}, None),
        ({"data": [TASK]}, None),
        ({"data": None}, None),
        ({}, None),
        ([TASK], None),
        ("cgt-1", None),
        (None, None),
    ],
    ids=str,
)
def test_the_task_is_found_flat_or_wrapped(body: object, task: object) -> None:
    found = reading(body)
    assert found.task == task
    assert found.payload == (body if isinstance(body, dict) else None)


def test_a_task_id_is_text_that_a_path_can_hold() -> None:
    ids = ["cgt-1", 17, "a/b:c", "", " ", ".", "..", None, True, 1.5, {}]
    assert [task_id_of({"task_id": found}) for found in ids] == ["cgt-1", "17", "a/b:c", *[""] * 8]
    assert task_id_of({}) == ""


@pytest.mark.parametrize(
    ("body", "code", "message", "is_error"),
    [
        ({"error": {"message": "no", "type": "t", "param": None, "code": "c"}}, "c", "no", True),
        ({"error": {"message": "no", "type": "t"}}, None, "no", True),
        ({"error": {"message": "no", "code": 1113}}, "1113", "no", True),
        ({"error": {"type": "overloaded"}}, None, "overloaded", True),
        ({"error": "no"}, None, "no", True),
        ({"error": "no", "code": "c"}, "c", "no", True),
        ({"code": "task_not_exist", "message": "no", "data": None}, "task_not_exist", "no", True),
        ({"code": 40001, "message": "no"}, "40001", "no", True),
        ({"code": "c", "message": '{"error": {"code": "i", "message": "inner"}}'}, "c", "inner", True),
        ({"code": "c", "message": '{"message": "inner"}'}, "c", "inner", True),
        ({"error": {"message": '{"error": "inner"}'}}, None, "inner", True),
        ({"code": "success", "message": "fine"}, None, "fine", False),
        ({"code": "SUCCESS", "message": "fine"}, None, "fine", False),
        ({"code": 200, "message": "fine"}, None, "fine", False),
        ({"code": 0, "message": "fine"}, None, "fine", False),
        ({"code": True, "message": "fine"}, None, "fine", False),
        ({"message": "said"}, None, "said", False),
        ({"code": "c"}, None, '{"code": "c"}', False),
        ({"error": {}}, None, '{"error": {}}', False),
        ({"error": None}, None, '{"error": null}', False),
        ({"error": []}, None, '{"error": []}', False),
        ({}, None, "{}", False),
    ],
    ids=str,
)
def test_both_shapes_of_error_are_read(body: object, code: str | None, message: str, is_error: bool) -> None:  # noqa: FBT001
    found = reading(body, 400)
    assert (found.code, found.message, found.is_error) == (code, message, is_error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain", "plain"),
        ('{"message": "inner"}', "inner"),
        (' {"error": {"message": "inner"}}', "inner"),
        (json.dumps({"message": json.dumps({"error": json.dumps({"message": "deep"})})}), "deep"),
        ('{"other": 1}', '{"other": 1}'),
        ('{"message": 5}', '{"message": 5}'),
        ("{not json", "{not json"),
        ("{}", "{}"),
        ('[{"message": "x"}]', '[{"message": "x"}]'),
    ],
)
def test_a_message_that_is_json_in_a_string_is_unwrapped(text: str, words: str) -> None:
    assert plain(text) == words


def test_json_in_json_is_unwrapped_three_times_and_no_more() -> None:
    text = "words"
    for _ in range(4):
        text = json.dumps({"message": text})
    assert plain(text) == '{"message": "words"}'


HTML = b"<!DOCTYPE html><html><head>\n<Title lang=en>\n 504 Gateway\n Time-out</title></head><body>x</body>"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "an empty answer"),
        (b" \n", "an empty answer"),
        (HTML, "504 Gateway Time-out"),
        (b"upstream  connect\nerror", "upstream connect error"),
        (b"x" * 1000, "x" * 200),
        (b"\xff\xfe\x00", "\ufffd\ufffd\x00"),
        (b'{"task_id": "cgt-1"', '{"task_id": "cgt-1"'),
    ],
    ids=["empty", "blank", "html", "text", "long", "binary", "cut"],
)
def test_a_body_that_is_no_json_is_told_in_short(body: bytes, message: str) -> None:
    found = reading(body, 504)
    assert (found.message, found.payload, found.task, found.is_error) == (message, None, None, False)


def test_a_body_that_broke_off_says_so() -> None:
    found = read(Answer(200, {}, b'{"task_id"', "the connection was closed"), REDACT, 0.0)
    assert found.message == 'the connection was closed; {"task_id"'


@pytest.mark.parametrize(
    "body",
    [
        b'{"task_id": "cgt-1", "progress": NaN, "x": [Infinity, -Infinity]}',
        b'{"task_id": "cgt-1", "seed": ' + b"9" * 5000 + b"}",
        b'{"task_id": "cgt-1", "x": 1e999}',
        b'{"task_id": "cgt-1", "x": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"x": ' + b'{"a":' * 300 + b"1" + b"}" * 300 + b', "data": {"task_id": "cgt-1"}}',
        b"\xef\xbb\xbf" + b'{"task_id": "cgt-1"}',
        b'{"task_id": "cgt-1", "x": "\xff\xfe"}',
        b'{"task_id": "cgt-1", "x": "\\ud800"}',
        b' \n{"task_id": "cgt-1"}\n',
        b'{"task_id": "cgt-1", "x": "' + b"y" * 1_000_000 + b'"}',
        b'{"task_id": "cgt-1", "task_id": "cgt-1"}',
    ],
    ids=["nan", "digits", "large", "deep list", "deep object", "bom", "utf-8", "surrogate", "blanks", "huge", "twice"],
)
def test_no_oddity_beside_it_loses_a_task_id_that_was_paid_for(body: bytes) -> None:
    found = reading(body)
    assert outcome("create_video_generation", found)["outcome"] == "accepted"
    assert task_id_of(found.task) == "cgt-1"
    json.dumps(found.payload)
    assert len(found.body) <= 64 * 1024


def test_nan_is_read_as_null_and_what_lies_too_deep_is_cut() -> None:
    assert reading(b'{"x": NaN}').payload == {"x": None}
    inner, depth = reading(b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}").payload, 0
    while inner:
        inner, depth = inner["x"] if isinstance(inner, dict) else inner[0], depth + 1
    assert depth == 100
    flat = {"task_id": "cgt-1", "x": [{}] * 200}
    assert reading(flat).payload == flat


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_an_answer_deeper_than_python_reads_is_garbage(body: bytes) -> None:
    assert reading(body).payload is None or reading(body).task is None


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_reading_never_raises(body: bytes) -> None:
    for operation_id in ("create_video_generation", "get_video_generation"):
        assert outcome(operation_id, reading(body))["outcome"] != "accepted"


ESCAPED = "".join(f"\\u{ord(character):04x}" for character in KEY)
TWICE = json.dumps({"error": {"message": f"bad key {KEY}"}}).replace(KEY, ESCAPED)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"error": {{"message": "bad key {KEY}", "code": "{KEY}"}}}}',
        f'{{"error": {{"message": "bad key {ESCAPED}"}}}}',
        f'{{"error": {{"message": "bad", "{ESCAPED}": ["{ESCAPED}"]}}}}',
        json.dumps({"code": "c", "message": TWICE}),
        json.dumps({"code": "c", "message": json.dumps({"message": TWICE})}),
        f'"{ESCAPED}"',
        f"<html>Bearer {KEY}</html>",
        f'{{"task_id": "cgt-1", "fail_reason": "{ESCAPED}"}}',
    ],
    ids=["plain", "escaped", "names", "twice", "thrice", "text", "html", "task"],
)
def test_the_key_is_redacted_wherever_it_is_echoed(body: str) -> None:
    found = reading(body.encode(), 401, x_request_id=f"r {KEY}", location=f"https://a.invalid/{KEY}")
    told = repr(found) + found.body + json.dumps(found.payload)
    assert KEY not in told
    assert ESCAPED not in told
    assert KEY not in plain(plain(found.message))
    assert "[key]" in told


def test_a_key_that_is_a_common_word_takes_no_number_and_no_task_id_apart() -> None:
    redact = Settings(base_url="https://gateway.invalid", api_key="1").redact
    found = read(Answer(200, {}, b'{"task_id": "cgt-1", "n": 1, "said": "key 1"}'), redact, 0.0)
    assert found.payload == {"task_id": "cgt-1", "n": 1, "said": "key [key]"}
    assert found.body == '{"task_id": "cgt-1", "n": [key], "said": "key [key]"}'


def test_an_escape_that_hides_nothing_changes_nothing() -> None:
    body = b'{"task_id": "cgt-1", "x": "a\\nb", "y": "{\\"n\\": 1}"}'
    found = reading(body)
    assert found.payload == {"task_id": "cgt-1", "x": "a\nb", "y": '{"n": 1}'}
    assert found.body == body.decode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "SUCCESS", "data": {"output": "https://m.invalid/v.mp4?X-Signature=secret"}}',
        b'{"status": "SUCCESS", "data": {"output": "https:\\/\\/m.invalid\\/v.mp4?X-Signature=secret"}}',
        b'{"error": {"message": "cannot fetch HTTPS://m.invalid/v.mp4?X-Signature=secret#secret, sorry"}}',
        b"<title>see https://m.invalid/v.mp4#secret</title>",
    ],
)
def test_a_signed_link_is_in_no_message(body: bytes) -> None:
    found = reading(body, 500)
    assert "secret" not in found.message
    assert "m.invalid" in found.message


def test_the_headers_that_matter_are_kept() -> None:
    found = reading({}, 429, x_oneapi_request_id="one", x_request_id="two", retry_after="5", location="/there")
    assert (found.request_id, found.retry_after, found.location, found.status) == ("one", 5.0, "/there", 429)
    assert reading({}, x_oneapi_request_id="", x_request_id="two").request_id == "two"
    bare = reading({})
    assert (bare.request_id, bare.retry_after, bare.location) == (None, None, None)


def test_a_fault_is_read_as_one_of_two() -> None:
    assert (of_fault(NotConnected("refused")).fault, of_fault(Broken("cut")).fault) == ("not_connected", "broken")
    assert of_fault(Broken("cut")).message == "cut"


@pytest.mark.parametrize("status", [100, 199, 600, 999])
def test_a_status_that_http_does_not_know_is_a_broken_answer(status: int) -> None:
    found = reading(TASK, status)
    assert outcome("create_video_generation", found)["error"] == "SubmissionUncertain"
    assert outcome("get_video_generation", found)["error"] == "InvalidResponse"
