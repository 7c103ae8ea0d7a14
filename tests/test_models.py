"""What the library gives out is frozen plain data that can be stored, compared and shown to anybody."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from unified_video import LedgerRow, ModelInfo, Retry, Task, TaskState, Video, Violation, models
from unified_video._links import without_queries, without_query

SIGNED = "https://m.invalid/v.mp4?X-Signature=secret#part"
DATA = "data:image/png;base64,QUJDQUJD"
MOMENT = datetime(2025, 8, 31, tzinfo=UTC)
TASK = Task(
    task_id="cgt-1",
    status="SUCCESS",
    state=TaskState.SUCCEEDED,
    progress=1.0,
    created_at=MOMENT,
    submitted_at=MOMENT,
    started_at=MOMENT,
    finished_at=MOMENT,
    video_url=SIGNED,
    last_frame_url=SIGNED,
    usage={"total_tokens": 5},
    request={"images": [DATA]},
    raw={"data": {"output": SIGNED}},
)
VIDEO = Video("cgt-1", SIGNED, SIGNED, MOMENT, Path("cat.mp4"), Path("cat.last-frame.png"), TASK)
VIOLATION = Violation("seed", "minimum", "is low", [-1], "warning")
SAMPLES: list[Any] = [TASK, Task("cgt-1"), VIDEO, Video("cgt-1", SIGNED), VIOLATION, *models()]


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_data_survives_pickle_and_copy(value: Any) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert again == value
        assert hash(again) == hash(value)
    assert copy.copy(value) == copy.deepcopy(value) == replace(value) == value


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_data_is_frozen_and_has_no_place_for_more(value: Any) -> None:
    for attribute in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, attribute.name, None)
    with pytest.raises((FrozenInstanceError, TypeError)):
        value.other = 1
    assert not hasattr(value, "__dict__")


def test_data_that_differs_is_not_equal() -> None:
    assert len({*SAMPLES}) == len(SAMPLES)
    assert replace(TASK, raw={}) != TASK
    assert hash(replace(TASK, raw={})) == hash(TASK)


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_a_repr_shows_no_signature_and_no_image(value: Any) -> None:
    told = f"{value!r} {value} {[value]}"
    assert "secret" not in told
    assert "QUJD" not in told
    assert "_frame_sizes" not in told


def test_a_repr_shows_what_matters() -> None:
    assert repr(TASK) == (
        "Task(task_id='cgt-1', status='SUCCESS', state='succeeded', progress=1.0,"
        " video_url='https://m.invalid/v.mp4?…')"
    )
    assert repr(Task("cgt-1")) == "Task(task_id='cgt-1', status='', state='queued')"
    assert "fail_reason='dark'" in repr(Task("cgt-1", fail_reason="dark"))
    assert repr(Video("cgt-1", SIGNED)) == "Video(task_id='cgt-1', url='https://m.invalid/v.mp4?…', path=None)"


def test_a_fresh_task_is_queued_with_no_status() -> None:
    fresh = Task("cgt-1")
    assert (fresh.status, fresh.state, fresh.done) == ("", TaskState.QUEUED, False)
    assert {getattr(fresh, attribute.name) for attribute in fields(fresh)} == {"cgt-1", "", TaskState.QUEUED, None}


@pytest.mark.parametrize(
    ("state", "link", "done"),
    [
        ("queued", None, False),
        ("running", None, False),
        ("unknown", SIGNED, False),
        ("succeeded", SIGNED, True),
        ("succeeded", None, False),
        ("failed", None, True),
        ("cancelled", None, True),
    ],
)
def test_done_is_the_end_and_a_success_without_its_link_is_not(state: str, link: str | None, *, done: bool) -> None:
    assert Task("cgt-1", state=TaskState(state), video_url=link).done is done


def test_the_states_are_lower_case_texts() -> None:
    assert [str(state) for state in TaskState] == ["queued", "running", "succeeded", "failed", "cancelled", "unknown"]
    assert TaskState("queued") is TaskState.QUEUED
    assert {"queued": 1}[TaskState.QUEUED] == 1
    assert TaskState.QUEUED.name == "QUEUED"


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        (None, None),
        ("https://m.invalid/v.mp4", "https://m.invalid/v.mp4"),
        (SIGNED, "https://m.invalid/v.mp4?…"),
        ("https://m.invalid/v.mp4#secret?a", "https://m.invalid/v.mp4?…"),
    ],
)
def test_a_link_is_shown_without_its_query(link: str | None, shown: str | None) -> None:
    assert without_query(link) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no link? none", "no link? none"),
        ("https://m.invalid/v.mp4 is plain?", "https://m.invalid/v.mp4 is plain?"),
        (f"see {SIGNED}, and {SIGNED}", "see https://m.invalid/v.mp4?… and https://m.invalid/v.mp4?…"),
        (f'{{"a": "{SIGNED}"}}', '{"a": "https://m.invalid/v.mp4?…"}'),
        (r'{"a": "http:\/\/m.invalid\/v.mp4?secret"}', r'{"a": "http:\/\/m.invalid\/v.mp4?…"}'),
        ("HTTPS://m.invalid?secret", "HTTPS://m.invalid?…"),
    ],
)
def test_links_in_a_text_are_shown_without_their_queries(text: str, shown: str) -> None:
    assert without_queries(text) == shown


def test_a_violation_is_an_error_unless_it_says_otherwise() -> None:
    assert Violation("a", "b", "c", 1).severity == "error"
    assert VIOLATION.severity == "warning"


def test_a_frame_has_a_size_where_the_model_makes_it() -> None:
    model = ModelInfo("m", "M", ("text",), ("480p",), ("1:1",), (5,), None, None, ((("480p", "1:1"), (640, 640)),))
    assert model.frame_size("480p", "1:1") == (640, 640)
    assert model.frame_size("480p", "adaptive") is None
    assert model.frame_size("720p", "1:1") is None


@pytest.mark.parametrize("kind", [Task, Video, Violation, ModelInfo, LedgerRow, Retry])
def test_the_types_of_data_are_there_at_run_time(kind: type) -> None:
    assert get_type_hints(kind).keys() >= {field.name for field in fields(kind)}
