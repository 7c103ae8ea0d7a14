"""Settling what is uncertain by hand, and going on with what is unfinished."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from scripted import BASE, FRAME_LINK, MP4, PNG, ScriptedIO, accepted, answer, core, done, media, names, task

from unified_video import ConfigurationError, InvalidRequest, LedgerRow, Task, TaskFailed, WaitTimeout, read_ledger
from unified_video import _settle as settle
from unified_video._errors import SubmissionUncertain
from unified_video._io import run
from unified_video._record import Book
from unified_video._resume import Ended, Told, resume, unfinished, workable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unified_video._ledger import Ledger

REQUEST = {"prompt": "dance", "model": "doubao-seedance-1-0-pro-250528"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "ledger").mkdir()
    return tmp_path / "ledger" / "ledger.sqlite3"


@pytest.fixture
def book(file: Path) -> Iterator[Book]:
    found = Book(file, BASE)
    yield found
    found.close()


@pytest.fixture
def ledger(book: Book) -> Ledger:
    return book.ledger


def row(state: str = "uncertain", key: str = "a1", **changes: Any) -> LedgerRow:
    found = LedgerRow(key, state, None, REQUEST, datetime(2025, 1, 1, tzinfo=UTC), BASE, None, None)
    return replace(found, **changes)


def only(file: Path) -> LedgerRow:
    (found,) = read_ledger(file)
    return found


# Settling


def test_accepting_gives_an_uncertain_row_its_task(ledger: Ledger, file: Path) -> None:
    ledger.add(row(error="no answer"))
    settle.accept(ledger, "a1", "cgt-1")
    assert (only(file).state, only(file).task_id, only(file).error) == ("running", "cgt-1", None)


@pytest.mark.parametrize("task_id", ["", "..", " "])
def test_only_a_task_id_can_be_accepted(ledger: Ledger, file: Path, task_id: str) -> None:
    ledger.add(row())
    with pytest.raises(InvalidRequest):
        settle.accept(ledger, "a1", task_id)
    assert only(file).state == "uncertain"


def test_forgetting_ends_an_uncertain_row(ledger: Ledger, file: Path) -> None:
    ledger.add(row())
    settle.forget(ledger, "a1")
    assert (only(file).state, only(file).error) == ("failed", "given up by hand")


def test_resending_makes_an_uncertain_row_new(ledger: Ledger, file: Path) -> None:
    ledger.add(row(error="no answer"))
    settle.resend(ledger, "a1")
    assert (only(file).state, only(file).error) == ("new", None)


@pytest.mark.parametrize("state", ["new", "running", "succeeded", "done", "failed", "sending"])
def test_only_what_is_uncertain_is_settled(ledger: Ledger, state: str) -> None:
    ledger.add(row(state))
    for act in (partial(settle.accept, task_id="x"), settle.forget, settle.resend):
        with pytest.raises(ConfigurationError, match=f"a1 of the ledger is {state}"):
            act(ledger, "a1")
    with pytest.raises(ConfigurationError, match="is not there"):
        settle.resend(ledger, "zz")


def test_a_row_that_changes_meanwhile_is_not_settled(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.add(row())
    monkeypatch.setattr(type(ledger), "move", lambda *_, **__: False)
    with pytest.raises(ConfigurationError, match="changed by another process"):
        settle.forget(ledger, "a1")


def image(path: Path) -> dict[str, str]:
    return {"file": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_images_that_are_still_the_same_are_sent_again(ledger: Ledger, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(PNG)
    images = [image(picture), "https://pictures.example/a.png"]
    ledger.add(row(request={**REQUEST, "images": images}))
    settle.resend(ledger, "a1")
    again = settle.prepared_of(ledger.rows()[0])
    data = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert again.body == {**REQUEST, "images": [data, "https://pictures.example/a.png"]}


@pytest.mark.parametrize(
    ("change", "why"), [("gone", "gone or has changed"), ("other", "gone or"), ("bytes", "as bytes")]
)
def test_images_that_cannot_be_had_again_are_not_sent(
    ledger: Ledger, file: Path, tmp_path: Path, change: str, why: str
) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(PNG)
    kept: dict[str, str] = {"sha256": "x"} if change == "bytes" else image(picture)
    if change == "gone":
        picture.unlink()
    elif change == "other":
        picture.write_bytes(PNG + b"!")
    ledger.add(row(request={**REQUEST, "images": [kept]}))
    with pytest.raises(ConfigurationError, match=why):
        settle.resend(ledger, "a1")
    assert only(file).state == "uncertain"


# Going on


def go_on(io: ScriptedIO, book: Book, timeout: float | None = None, told: Told | None = None) -> Ended | None:
    (found,) = workable(unfinished(book.ledger), BASE)
    return run(resume(core(io, book=book), book.ledger, found, timeout, told or Told()))


def test_only_the_rows_of_this_service_that_are_certain_are_worked_on(ledger: Ledger) -> None:
    states = ["new", "sending", "running", "succeeded", "done", "failed", "uncertain"]
    ledger.add(*[row(state, key=state) for state in states])
    ledger.add(row("running", key="elsewhere", base_url="https://other.example"))
    rows = unfinished(ledger)
    assert [found.key for found in rows] == ["new", "sending", "running", "succeeded", "uncertain", "elsewhere"]
    assert [found.key for found in workable(rows, BASE)] == ["new", "running", "succeeded"]


def test_what_is_new_is_sent_and_brought_to_its_end(book: Book, file: Path, tmp_path: Path) -> None:
    book.ledger.add(row("new", path=str(tmp_path / "new" / "cat.mp4")))
    told: list[Any] = []
    io = ScriptedIO(accepted(), task(), done(), media())
    ended = go_on(io, book, told=Told(lambda found: told.append(found.status), lambda *now: told.append(now)))
    assert ended is not None
    assert ended.video is not None
    assert ended.video.path == tmp_path / "new" / "cat.mp4"
    assert ended.video.path.read_bytes() == MP4
    assert (only(file).state, told[:3]) == ("done", ["", "QUEUED", "SUCCESS"])
    assert io.paths[0] == "POST /v2/videos/generations"


@pytest.mark.parametrize("state", ["running", "succeeded"])
def test_what_was_accepted_is_never_sent_again(book: Book, file: Path, tmp_path: Path, state: str) -> None:
    book.ledger.add(row(state, task_id="cgt-1", path=f"{tmp_path}/videos/"))
    io = ScriptedIO(done(), media())
    assert go_on(io, book) is not None
    assert [path.split()[0] for path in io.paths] == ["GET", "GET"]
    assert names(tmp_path / "videos") == ["cgt-1.mp4"]
    assert only(file).state == "done"


def test_the_last_frame_is_fetched_too_where_one_was_asked_for(book: Book, tmp_path: Path) -> None:
    request = {**REQUEST, "return_last_frame": True}
    book.ledger.add(row("running", task_id="cgt-1", path=str(tmp_path / "cat.mp4"), request=request))
    ended = go_on(ScriptedIO(done(last_frame_url=FRAME_LINK), media(), media(PNG)), book)
    assert ended is not None
    assert ended.video is not None
    assert ended.video.last_frame_path == tmp_path / "cat.last-frame.png"


def test_where_no_file_was_wanted_the_link_is_all(book: Book, file: Path) -> None:
    book.ledger.add(row("running", task_id="cgt-1"))
    ended = go_on(ScriptedIO(done()), book)
    assert ended is not None
    assert ended.video is not None
    assert (ended.video.path, only(file).state) == (None, "done")


@pytest.mark.parametrize(
    ("script", "kind", "state"),
    [
        ([task("FAILURE")], TaskFailed, "failed"),
        ([task("IN_PROGRESS")], WaitTimeout, "running"),
    ],
)
def test_how_a_row_ended_is_told(book: Book, file: Path, script: list[Any], kind: type[Exception], state: str) -> None:
    book.ledger.add(row("running", task_id="cgt-1"))
    ended = go_on(ScriptedIO(*script), book, timeout=0)
    assert ended is not None
    assert isinstance(ended.error, kind)
    assert only(file).state == state


def test_a_new_row_whose_answer_is_lost_is_uncertain(book: Book, file: Path) -> None:
    book.ledger.add(row("new"))
    ended = go_on(ScriptedIO(answer(504)), book)
    assert ended is not None
    assert isinstance(ended.error, SubmissionUncertain)
    assert only(file).state == "uncertain"


def test_a_place_that_cannot_be_is_found_before_a_new_row_is_sent(book: Book, file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    book.ledger.add(row("new", path=str(tmp_path / "file" / "cat.mp4")))
    io = ScriptedIO(accepted())
    ended = go_on(io, book)
    assert ended is not None
    assert isinstance(ended.error, OSError)
    assert (io.sent, only(file).state) == ([], "new")


def test_a_row_that_another_process_took_is_left_to_it(book: Book) -> None:
    book.ledger.add(row("new"))
    rows = unfinished(book.ledger)
    book.ledger.move("a1", ["new"], "sending")
    io = ScriptedIO(accepted())
    assert run(resume(core(io, book=book), book.ledger, rows[0], None, Told())) is None
    assert io.sent == []


def test_a_running_row_without_a_task_id_is_no_row(book: Book) -> None:
    book.ledger.add(row("running"))
    ended = go_on(ScriptedIO(done()), book)
    assert ended is not None
    assert "has no task id" in str(ended.error)


def test_an_interruption_comes_out(book: Book, file: Path) -> None:
    book.ledger.add(row("running", task_id="cgt-1"))
    with pytest.raises(KeyboardInterrupt) as caught:
        go_on(ScriptedIO(KeyboardInterrupt()), book)
    assert "cgt-1" in caught.value.__notes__[0]
    assert only(file).state == "running"


def test_a_row_remembers_what_was_sent(book: Book) -> None:
    seen: list[Task] = []
    book.ledger.add(row("running", task_id="cgt-1"))
    go_on(ScriptedIO(done()), book, told=Told(seen.append))
    assert [found.request for found in seen] == [REQUEST, REQUEST]
