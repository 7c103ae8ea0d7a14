"""How often, and after how long: back-off, polls, and the service's own Retry-After."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unified_video import ConfigurationError, Retry
from unified_video._document import operation
from unified_video._retry import LONGEST_RETRY_AFTER, delay, is_seconds, poll_delay, retry_after

NOW = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"  # NOW


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(2, 0.5), (3, 1.0), (4, 2.0), (5, 4.0), (6, 8.0), (7, 8.0), (2000, 8.0)]
)
def test_backoff_doubles_up_to_its_cap(attempt: int, seconds: float) -> None:
    assert delay(Retry(), attempt, jitter=0.0) == seconds


@given(st.integers(2, 50), st.floats(0, 1))
def test_jitter_only_adds_and_at_most_a_quarter(attempt: int, jitter: float) -> None:
    plain = delay(Retry(), attempt, jitter=0.0)
    assert plain <= delay(Retry(), attempt, jitter=jitter) <= plain * 1.25


def test_a_longer_retry_after_wins_and_a_shorter_one_does_not() -> None:
    assert delay(Retry(), 2, 0.0, retry_after=30.0) == 30.0
    assert delay(Retry(), 6, 0.0, retry_after=1.0) == 8.0
    assert poll_delay([2, 4, 8], 1, 0.0, retry_after=30.0) == 30.0
    assert poll_delay([2, 4, 8], 3, 0.0, retry_after=1.0) == 8.0


@pytest.mark.parametrize(("poll", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 8), (1000, 8)])
def test_the_last_pause_between_polls_repeats(poll: int, seconds: float) -> None:
    assert poll_delay([2, 4, 8], poll, jitter=0.0) == seconds
    assert poll_delay([2, 4, 8], poll, jitter=0.25) == seconds * 1.25


def test_the_defaults_are_those_of_api_md() -> None:
    assert Retry() == Retry(attempts=4, base=0.5, cap=8.0)
    assert LONGEST_RETRY_AFTER == 60.0


@pytest.mark.parametrize("operation_id", ["create_video_generation", "get_video_generation"])
def test_the_document_tells_other_languages_the_same_numbers(operation_id: str) -> None:
    told = operation(operation_id)["x-retry"]
    assert Retry(told["attempts"], told["base_seconds"], told["cap_seconds"]) == Retry()
    assert told["longest_retry_after_seconds"] == LONGEST_RETRY_AFTER
    assert delay(Retry(), 3, jitter=1.0) == told["base_seconds"] * told["factor"] * (1 + told["jitter"])


def test_a_retry_is_frozen_hashable_and_picklable() -> None:
    found = Retry(2, 0, 1)
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == found
    assert len({found, Retry(2, 0, 1), Retry()}) == 2
    with pytest.raises(AttributeError):
        found.attempts = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"attempts": 0}, "attempts"),
        ({"attempts": -1}, "attempts"),
        ({"attempts": 2.0}, "attempts"),
        ({"attempts": True}, "attempts"),
        ({"attempts": None}, "attempts"),
        ({"base": -0.1}, "base"),
        ({"base": "1"}, "base"),
        ({"cap": float("nan")}, "cap"),
        ({"cap": float("inf")}, "cap"),
        ({"cap": 10**400}, "cap"),
        ({"base": True}, "base"),
    ],
    ids=lambda value: value if isinstance(value, str) else "wrong",
)
def test_a_retry_that_makes_no_sense_is_refused_by_name(words: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Retry: {named} must be"):
        Retry(**words)


def test_a_length_of_time_is_a_number_from_0_on() -> None:
    assert all(map(is_seconds, [0, 0.0, 1, 1.5, 1e9]))
    assert not any(map(is_seconds, [-1, True, "1", None, float("nan"), float("inf"), 10**400]))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("5", 5.0),
        (" 5 ", 5.0),
        ("1.5", 1.5),
        ("86400", 86400.0),
        ("9" * 400, 1e9),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:50 +0000", 30.0),
        ("Tue, 14 Nov 2023 22:13:50 -0000", 30.0),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),
        ("Tue Nov 14 22:13:50 2023", 30.0),
        ("Tue, 14 Nov 2023 23:13:50 +0100", 30.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("+5", None),
        ("5s", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        (".", None),
        ("1.2.3", None),
        ("٣", None),
        ("soon", None),
        ("Tue, 14 Nov 20231 22:13:00 GMT", None),
        ("Tue, 99 Nov 2023 22:13:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_garbage_is_none(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value, "date": DATE}, now=0.0) == seconds
    assert retry_after({"retry-after": value}, now=NOW) == seconds


def test_no_header_is_no_pause() -> None:
    assert retry_after({}, NOW) is None


def test_a_date_is_held_against_the_answers_own_date_whatever_our_clock_says() -> None:
    headers = {"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT", "date": DATE}
    assert retry_after(headers, now=NOW + 3600) == 30.0
    assert retry_after({**headers, "date": "yesterday"}, now=NOW + 10) == 20.0


@given(st.text(max_size=40))
def test_retry_after_never_raises(value: str) -> None:
    found = retry_after({"retry-after": value, "date": value}, NOW)
    assert found is None or is_seconds(found)
