"""Every error survives pickle and copy with its notes, names its task, and says what happened."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from unified_video import Task, TaskState, Violation, _errors
from unified_video._errors import (
    APIError,
    ConfigurationError,
    DownloadFailed,
    InvalidRequest,
    InvalidResponse,
    LinkExpired,
    NotSent,
    RateLimited,
    ResultMissing,
    SubmissionUncertain,
    TaskFailed,
    UnifiedVideoError,
    UnifiedVideoWarning,
    WaitTimeout,
)

TASK = Task("cgt-1", "FAILURE", TaskState.FAILED, raw={"task_id": "cgt-1", "data": {}})
ANSWERED: dict[str, Any] = {
    "hint": "wait",
    "status_code": 429,
    "code": "c",
    "request_id": "r",
    "body": "{}",
    "task_id": "cgt-1",
}
SAMPLES: list[UnifiedVideoError] = [
    UnifiedVideoError("m", task_id="cgt-1"),
    UnifiedVideoError(),
    ConfigurationError("m"),
    InvalidRequest((Violation("seed", "minimum", "m", -1), Violation("a", "b", "c", [1], "warning"))),
    NotSent("m", task_id="cgt-1"),
    SubmissionUncertain(
        "HTTP 504", request={"prompt": "a"}, sent_at=datetime(2025, 1, 2, tzinfo=UTC), status_code=504, request_id="r"
    ),
    SubmissionUncertain("cut"),
    *[
        kind("m", **ANSWERED)
        for kind in vars(_errors).values()
        if inspect.isclass(kind) and issubclass(kind, APIError) and kind is not RateLimited
    ],
    RateLimited("m", retry_after=5.0, **ANSWERED),
    InvalidResponse("m", task_id="cgt-1"),
    TaskFailed("m", task=TASK, reason="r", code="c"),
    TaskFailed("m"),
    ResultMissing("m", task=TASK),
    WaitTimeout("m", task=TASK, task_id="cgt-1"),
    DownloadFailed("m", url="https://m.invalid/v.mp4", task_id="cgt-1"),
    LinkExpired("m", url="https://m.invalid/v.mp4", task_id="cgt-1"),
]

TREE = {
    "UnifiedVideoError": Exception,
    "ConfigurationError": UnifiedVideoError,
    "InvalidRequest": UnifiedVideoError,
    "NotSent": UnifiedVideoError,
    "SubmissionUncertain": UnifiedVideoError,
    "APIError": UnifiedVideoError,
    "BadRequest": APIError,
    "AuthenticationError": APIError,
    "InsufficientBalance": APIError,
    "PermissionDenied": APIError,
    "TaskNotFound": APIError,
    "RateLimited": APIError,
    "ServerError": APIError,
    "InvalidResponse": UnifiedVideoError,
    "TaskFailed": UnifiedVideoError,
    "ResultMissing": TaskFailed,
    "WaitTimeout": UnifiedVideoError,
    "DownloadFailed": UnifiedVideoError,
    "LinkExpired": DownloadFailed,
    "UnifiedVideoWarning": UserWarning,
}


def test_the_tree_is_that_of_api_md() -> None:
    kinds = {name: kind for name, kind in vars(_errors).items() if inspect.isclass(kind)}
    assert {name: kind.__bases__[0] for name, kind in kinds.items()} == TREE
    assert issubclass(InvalidRequest, ValueError)
    assert issubclass(WaitTimeout, TimeoutError)
    assert {type(sample).__name__ for sample in SAMPLES} == TREE.keys() - {"UnifiedVideoWarning"}


def copies(error: UnifiedVideoError) -> list[UnifiedVideoError]:
    pickled = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [*pickled, copy.copy(error), copy.deepcopy(error)]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_every_error_survives_pickle_and_copy_with_its_notes(error: UnifiedVideoError) -> None:
    noted = copy.copy(error)
    noted.add_note("the task goes on")
    for original in (error, noted):
        for again in copies(original):
            assert type(again) is type(original)
            assert again.__dict__ == original.__dict__
            assert (str(again), repr(again), again.args) == (str(original), repr(original), original.args)
    assert noted.__notes__ == ["the task goes on"]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_every_error_names_its_task_or_none(error: UnifiedVideoError) -> None:
    assert error.task_id in {"cgt-1", None}
    if isinstance(error, TaskFailed):
        assert error.task_id == (error.task.task_id if error.task else None)


def test_an_error_of_the_users_own_survives_pickle_too() -> None:
    again = pickle.loads(pickle.dumps(OwnError(kept=5)))
    assert (again.kept, str(again), again.task_id) == (5, "own", None)


class OwnError(UnifiedVideoError):
    def __init__(self, *, kept: int) -> None:
        super().__init__("own")
        self.kept = kept


def test_a_timeout_shows_its_message_and_no_errno() -> None:
    error = WaitTimeout("task cgt-1 is still running", task=TASK)
    assert str(error) == "task cgt-1 is still running"
    assert error.task is TASK
    assert WaitTimeout().task is None


def test_an_invalid_request_lists_every_violation() -> None:
    error = InvalidRequest((Violation("seed", "minimum", "is low", -1), Violation("a[0]", "b", "c", 1, "warning")))
    assert str(error).splitlines() == [
        "the request was not sent, since it breaks rules:",
        "- seed: is low [error: minimum]",
        "- a[0]: c [warning: b]",
    ]


def test_an_uncertain_submission_says_when_why_and_what_to_do() -> None:
    moment = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    error = SubmissionUncertain("HTTP 504", request={"seed": 1}, sent_at=moment, status_code=504, request_id="r")
    assert (error.request, error.sent_at, error.status_code, error.request_id) == ({"seed": 1}, moment, 504, "r")
    for words in ("at 2025-01-02 03:04:05 UTC", "HTTP 504", "(request id r)", "charged", "look for the task"):
        assert words in str(error)
    bare = SubmissionUncertain("cut")
    assert (bare.request, bare.sent_at, bare.status_code, bare.request_id) == (None, None, None, None)
    assert "request id" not in str(bare)


def test_an_api_error_holds_the_words_of_the_service_and_a_hint() -> None:
    error = APIError("no", **{**ANSWERED, "status_code": 400})
    assert (error.status_code, error.code, error.message, error.request_id, error.body) == (400, "c", "no", "r", "{}")
    assert str(error) == "HTTP 400 [c]: no (request id r); wait"
    assert str(APIError("no", status_code=500)) == "HTTP 500: no"
    assert RateLimited("m", retry_after=5.0).retry_after == 5.0
    assert RateLimited("m").retry_after is None


def test_the_warning_is_a_user_warning() -> None:
    again = pickle.loads(pickle.dumps(UnifiedVideoWarning("m")))
    assert (type(again), str(again)) == (UnifiedVideoWarning, "m")
