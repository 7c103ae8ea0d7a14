"""Results, messages and exit statuses."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from unified_video import (
    APIError,
    ConfigurationError,
    DownloadFailed,
    InvalidRequest,
    LedgerRow,
    ModelInfo,
    NotSent,
    SubmissionUncertain,
    Task,
    TaskFailed,
    TaskState,
    UnifiedVideoWarning,
    Video,
    WaitTimeout,
)
from unified_video._cli import show
from unified_video._cli.tables import of_models, of_rows

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotSent("x"), 1),
        (APIError("x"), 1),
        (TaskFailed("x"), 1),
        (DownloadFailed("x"), 1),
        (OSError("x"), 1),
        (ConfigurationError("x"), 2),
        (InvalidRequest(), 2),
        (click.UsageError("x"), 2),
        (SubmissionUncertain("x"), 3),
        (WaitTimeout("x"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_status(error: BaseException, status: int) -> None:
    assert show.status_of(error) == status
    assert show.is_reported(error)


def test_data_are_plain_in_json() -> None:
    task = Task(
        "t", state=TaskState.SUCCEEDED, video_url="u", finished_at=datetime(2026, 1, 2, tzinfo=UTC), raw={"n": 1e999}
    )
    video = Video("t", "u", path=Path("a.mp4"), task=task)
    found = json.loads(show.dump({"videos": (video,)}))["videos"][0]
    assert found["path"] == "a.mp4"
    assert found["task"]["finished_at"] == "2026-01-02T00:00:00+00:00"
    assert (found["task"]["state"], found["task"]["done"]) == ("succeeded", True)
    assert found["task"]["raw"] == {"n": None}


def test_notes_are_told_and_an_interrupt_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    error = KeyboardInterrupt()
    error.add_note("a create was on its way")
    session = show.Session(json=True)
    assert show.report(error, session) == 130
    said = capsys.readouterr()
    assert said.err == "interrupted\na create was on its way\n"
    assert json.loads(said.out) == {
        "error": {"type": "KeyboardInterrupt", "message": "interrupted", "task_id": None},
    }


def test_an_error_without_words_is_called_by_its_name() -> None:
    assert show.message_of(NotSent()) == "NotSent"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_there_are_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    shown: list[bool | None] = []
    monkeypatch.setattr(click, "echo", lambda *_, color, **__: shown.append(color))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    show.say("x", "error")
    monkeypatch.setenv(name, value)
    show.say("x", "error")
    assert shown == [None, False]


def test_messages_that_nobody_reads_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(click, "echo", gone)
    show.say("x")


@pytest.mark.parametrize(
    ("encoding", "text", "data"),
    [
        ("utf-8", "fée", "fée".encode()),
        ("utf-8", "a\udcff", b"a\xff"),
        ("ascii", "fée", b"f\\xe9e"),
    ],
)
def test_a_result_goes_out_in_any_encoding(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str, data: bytes
) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding))
    show.out(text)
    assert buffer.getvalue() == data + b"\n"


def test_a_record_of_the_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("unified_video")
    with show.plain_messages():
        log.warning("a %s", "b")
        log.error("not written", exc_info=OSError("full"))
    log.debug("silent again")
    assert capsys.readouterr().err == "warning: a b\nwarning: not written (full)\n"


def test_a_warning_of_ours_is_one_line_and_others_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def shown(message: Warning | str, *_: Any, **__: Any) -> None:
        seen.append(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = shown
        warnings.simplefilter("always")
        with show.plain_messages():
            warnings.warn("ours", UnifiedVideoWarning, stacklevel=1)
            warnings.warn("theirs", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: ours\n"
    assert seen == ["theirs"]


def test_an_empty_result_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.show(show.Result("", {}), show.Session()) == 0
    assert capsys.readouterr().out == ""


def row(**changes: object) -> LedgerRow:
    known: dict[str, object] = {
        "key": "k",
        "state": "new",
        "task_id": None,
        "request": {"prompt": "a\ncat " * 20},
        "created_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "base_url": "https://gateway.invalid",
        "path": None,
        "error": None,
    }
    make: Callable[..., LedgerRow] = LedgerRow
    return make(**{**known, **changes})


def test_rows_stand_in_columns() -> None:
    shown = of_rows([row(), row(key="longer", task_id="cgt-1", path="/videos/cat.mp4")])
    header, first, second = shown.splitlines()
    assert header.index("STATE") == first.index("new") == second.index("new")
    assert "a cat a cat" in first
    assert first.endswith("…")
    assert second.endswith("/videos/cat.mp4")


def test_a_row_that_failed_says_why() -> None:
    reason = "TaskFailed: task cgt-1 failed [OutputRisk]:\nthe picture is not allowed"
    shown = of_rows([row(state="failed", path="/videos/cat.mp4", error=reason), row(state="failed")])
    _, first, second = shown.splitlines()
    assert first.endswith("task cgt-1 failed [OutputRisk]: the picture is not allowed")
    assert "a cat a cat" in second


def test_what_is_not_known_of_a_model_is_left_out() -> None:
    shown = of_models([ModelInfo("m", "M", (), ("480p",), ("1:1",), (5,), None, None)])
    assert shown == "m  (M)\n  resolutions  480p\n  ratios       1:1\n  seconds      5"
