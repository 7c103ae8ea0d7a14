"""Settling what is uncertain by hand, and going on with what is unfinished."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from scripted import BASE, FRAME_LINK, MP4, PNG, ScriptedIO, accepted, answer, core, done, media, names, task

from unified_video import (
    APIError,
    AuthenticationError,
    BadRequest,
    ConfigurationError,
    InsufficientBalance,
    InvalidRequest,
    LedgerRow,
    LinkExpired,
    NotSent,
    RateLimited,
    Retry,
    SubmissionUncertain,
    Task,
    TaskFailed,
    TaskNotFound,
    WaitTimeout,
    read_ledger,
)
from unified_video import _settle as settle
from unified_video._io import Answer, Broken, NotConnected, Request, run
from unified_video._ledger.record import Book, RowTaken
from unified_video._resume import Ended, Told, resume, unfinished, workable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from unified_video._ledger.row import Ledger

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
    found = LedgerRow(key, state, None, REQUEST, datetime(2023, 1, 1, tzinfo=UTC), BASE, None, None)
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
    acts: list[Callable[[Ledger, str], None]] = [partial(settle.accept, task_id="x"), settle.resend]
    for act in [*acts, *([] if state == "new" else [settle.forget])]:
        with pytest.raises(ConfigurationError, match=f"a1 of the ledger is {state}"):
            act(ledger, "a1")
    assert ledger.rows()[0].state == state
    with pytest.raises(ConfigurationError, match="is not there"):
        settle.resend(ledger, "zz")


def test_a_row_that_changes_meanwhile_is_not_settled(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.add(row())
    monkeypatch.setattr(type(ledger), "move", lambda *_, **__: False)
    with pytest.raises(ConfigurationError, match="changed by another process"):
        settle.forget(ledger, "a1")


def test_what_is_new_can_be_given_up_though_it_can_never_be_sent(ledger: Ledger, file: Path) -> None:
    ledger.add(row("new", request={**REQUEST, "images": [{"sha256": "x"}]}))
    with pytest.raises(ConfigurationError, match=r"as bytes .* give this row up: unified-video tasks --forget a1"):
        settle.resend(ledger, "a1")
    settle.forget(ledger, "a1")
    assert (only(file).state, only(file).error) == ("failed", "given up by hand")


def test_what_a_living_process_is_about_to_send_is_not_given_up(
    ledger: Ledger, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.add(row("new"))
    monkeypatch.setattr(type(ledger), "claim", lambda *_: False)
    with pytest.raises(ConfigurationError, match="in the hands of a living process"):
        settle.forget(ledger, "a1")
    assert only(file).state == "new"


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


@pytest.mark.parametrize("field", ["mask", "images"])
def test_a_request_with_image_data_anywhere_is_not_sent_again_and_all_else_is(ledger: Ledger, field: str) -> None:
    plain = {"layers": [{"url": "https://pictures.example/a.png", "file": "a", "sha256": "b", "weight": 1}]}
    ledger.add(row(request={**REQUEST, field: plain}))
    assert settle.prepared_of(ledger.rows()[0]).body == {**REQUEST, field: plain}
    ledger.add(row(key="b2", request={**REQUEST, field: {"layers": [{"url": {"sha256": "x"}}]}}))
    with pytest.raises(ConfigurationError, match="as a data URI"):
        settle.resend(ledger, "b2")


# Going on


def go_all(
    io: ScriptedIO, book: Book, timeout: float | None = None, told: Told | None = None, retry: Retry | None = None
) -> dict[str, Ended]:
    """How each row ended, in that order."""
    rows = workable(unfinished(book.ledger), BASE)
    ended = run(resume(core(io, book=book, retry=retry), book.ledger, rows, timeout, told or Told()))
    return {end.row.key: end for end in ended}


def go_on(io: ScriptedIO, book: Book, timeout: float | None = None, told: Told | None = None) -> Ended:
    (ended,) = go_all(io, book, timeout, told).values()
    return ended


def test_only_the_rows_of_this_service_that_are_certain_are_worked_on(ledger: Ledger) -> None:
    states = ["new", "sending", "running", "succeeded", "done", "failed", "uncertain"]
    ledger.add(*[row(state, key=state) for state in states])
    ledger.add(row("running", key="elsewhere", base_url="https://other.example"))
    rows = unfinished(ledger)
    assert [found.key for found in rows] == ["new", "sending", "running", "succeeded", "uncertain", "elsewhere"]
    assert [found.key for found in workable(rows, BASE)] == ["new", "running", "succeeded"]


def test_what_was_being_sent_when_its_process_died_is_never_sent_again(
    book: Book, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.ledger.add(row("sending"))
    monkeypatch.setattr("unified_video._ledger.sqlite.is_alive", lambda *_: False)
    io = ScriptedIO(accepted())
    assert go_all(io, book) == go_all(io, book) == {}
    assert (io.sent, only(file).state) == ([], "uncertain")


def test_what_is_new_is_sent_and_brought_to_its_end(book: Book, file: Path, tmp_path: Path) -> None:
    book.ledger.add(row("new", path=str(tmp_path / "new" / "cat.mp4")))
    told: list[Any] = []
    io = ScriptedIO(accepted(), task(), done(), media())
    ended = go_on(io, book, told=Told(lambda found: told.append(found.status), lambda *now: told.append(now)))
    assert ended.video is not None
    assert ended.video.path == tmp_path / "new" / "cat.mp4"
    assert ended.video.path.read_bytes() == MP4
    assert (only(file).state, told[:3]) == ("done", ["", "QUEUED", "SUCCESS"])
    assert io.paths[0] == "POST /v2/videos/generations"


@pytest.mark.parametrize("state", ["running", "succeeded"])
def test_what_was_accepted_is_never_sent_again(book: Book, file: Path, tmp_path: Path, state: str) -> None:
    book.ledger.add(row(state, task_id="cgt-1", path=f"{tmp_path}/videos/"))
    io = ScriptedIO(done(), media())
    go_on(io, book)
    assert [path.split()[0] for path in io.paths] == ["GET", "GET"]
    assert names(tmp_path / "videos") == ["cgt-1.mp4"]
    assert only(file).state == "done"


def test_the_last_frame_is_fetched_too_where_one_was_asked_for(book: Book, tmp_path: Path) -> None:
    request = {**REQUEST, "return_last_frame": True}
    book.ledger.add(row("running", task_id="cgt-1", path=str(tmp_path / "cat.mp4"), request=request))
    ended = go_on(ScriptedIO(done(last_frame_url=FRAME_LINK), media(), media(PNG)), book)
    assert ended.video is not None
    assert ended.video.last_frame_path == tmp_path / "cat.last-frame.png"


def test_where_no_file_was_wanted_the_link_is_all(book: Book, file: Path) -> None:
    book.ledger.add(row("running", task_id="cgt-1"))
    ended = go_on(ScriptedIO(done()), book)
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
    assert isinstance(ended.error, kind)
    assert only(file).state == state


def test_a_new_row_whose_answer_is_lost_is_uncertain(book: Book, file: Path) -> None:
    book.ledger.add(row("new"))
    ended = go_on(ScriptedIO(answer(504)), book)
    assert isinstance(ended.error, SubmissionUncertain)
    assert only(file).state == "uncertain"


def test_a_place_that_cannot_be_is_found_before_a_new_row_is_sent(book: Book, file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    book.ledger.add(row("new", path=str(tmp_path / "file" / "cat.mp4")))
    io = ScriptedIO(accepted())
    ended = go_on(io, book)
    assert isinstance(ended.error, OSError)
    assert (io.sent, only(file).state) == ([], "new")


def test_a_row_that_another_process_took_is_left_to_it(book: Book) -> None:
    book.ledger.add(row("new"))
    rows = unfinished(book.ledger)
    book.ledger.move("a1", ["new"], "sending")
    io = ScriptedIO(accepted())
    (ended,) = run(resume(core(io, book=book), book.ledger, rows, None, Told()))
    assert isinstance(ended.error, RowTaken)
    assert io.sent == []


def test_a_running_row_without_a_task_id_is_no_row(book: Book) -> None:
    book.ledger.add(row("running"))
    ended = go_on(ScriptedIO(done()), book)
    assert "has no task id" in str(ended.error)


def test_an_interruption_comes_out(book: Book, file: Path) -> None:
    book.ledger.add(row("running", task_id="cgt-1"))
    with pytest.raises(KeyboardInterrupt) as caught:
        go_on(ScriptedIO(KeyboardInterrupt()), book)
    assert "cgt-1" in caught.value.__notes__[0]
    assert only(file).state == "running"


class Gateway:
    """A service of some tasks: each is done after so many queries, at most `slots` run at a time."""

    def __init__(self, slots: int = 100, queries: int = 1, **of: int) -> None:
        self.slots, self.queries, self.of = slots, queries, of
        self.tasks: dict[str, int] = {}
        self.creates: list[str] = []

    def __call__(self, request: Request) -> Answer:
        if request.method == "POST":
            return self._create(json.loads(request.content)["prompt"])
        name = request.url.rpartition("/")[2]
        return self._query(name) if request.url.startswith(BASE) else media()

    def _create(self, prompt: str) -> Answer:
        self.creates.append(prompt)
        if len(self.tasks) >= self.slots:
            return answer(429)
        self.tasks[prompt] = 0
        return accepted(prompt)

    def _query(self, name: str) -> Answer:
        self.tasks[name] = self.tasks.get(name, 0) + 1
        if self.tasks[name] < self.of.get(name, self.queries):
            return task("IN_PROGRESS", name)
        del self.tasks[name]
        return done(f"https://media.example/{name}")


def new(*keys: str, **changes: Any) -> list[LedgerRow]:
    return [row("new", key, **{"request": {**REQUEST, "prompt": key}, **changes}) for key in keys]


def running(*keys: str, **changes: Any) -> list[LedgerRow]:
    return [row("running", key, task_id=key, **changes) for key in keys]


def test_a_model_at_its_limit_keeps_no_accepted_row_waiting(book: Book) -> None:
    book.ledger.add(*running("old"), *new("a"))
    ended = go_all(ScriptedIO(Gateway(slots=0)), book, retry=Retry(attempts=1))
    assert [(key, type(end.error)) for key, end in ended.items()] == [("old", type(None)), ("a", RateLimited)]


@pytest.mark.parametrize("rows", [new("a", "b"), running("a", "b")], ids=["new", "running"])
def test_what_on_update_raises_of_a_fresh_task_comes_out(book: Book, rows: list[LedgerRow]) -> None:
    def refuse(_: Task) -> None:
        raise OSError("nobody listens")

    book.ledger.add(*rows)
    with pytest.raises(OSError, match="nobody listens") as caught:
        go_all(ScriptedIO(Gateway()), book, told=Told(on_update=refuse))
    assert caught.value.__notes__[-1].startswith("unfinished: row a (task a), row b")


def states(file: Path) -> dict[str, str]:
    return {found.key: found.state for found in read_ledger(file)}


def test_all_that_is_new_is_sent_before_anything_is_waited_for(book: Book, file: Path, tmp_path: Path) -> None:
    book.ledger.add(*running("old"), *new("a", "b", "c", path=f"{tmp_path}/videos/"))
    io = ScriptedIO(Gateway(queries=2))
    ended = go_all(io, book)
    assert io.paths[:4] == ["POST /v2/videos/generations"] * 3 + ["GET /v2/videos/generations/a"]
    assert names(tmp_path / "videos") == ["a.mp4", "b.mp4", "c.mp4"]
    assert {key for key, end in ended.items() if end.video} == {"old", "a", "b", "c"}
    assert set(states(file).values()) == {"done"}
    assert max(io.times) < 4  # the pause between two queries is that of one row


def test_what_is_ready_is_fetched_while_others_go_on(book: Book, tmp_path: Path) -> None:
    book.ledger.add(*running("slow", "fast", path=f"{tmp_path}/videos/"))
    io = ScriptedIO(Gateway(slow=3))
    assert list(go_all(io, book)) == ["fast", "slow"]
    assert [path.rpartition("/")[2] for path in io.paths] == ["slow", "fast", "fast", "slow", "slow", "slow"]
    assert io.sleeps == [2.0, 4.0]


def test_what_one_row_fails_with_stops_no_other(book: Book, file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    book.ledger.add(
        *new("bytes", request={**REQUEST, "images": [{"sha256": "x"}]}),
        *new("place", path=str(tmp_path / "file" / "a.mp4")),
        *new("sent"),
        row("running", "no-id"),
        *running("place-too", path=str(tmp_path / "file" / "b.mp4")),
        *running(".."),
        *running("failure", "fine"),
    )
    gateway = Gateway()

    def answers(request: Request) -> Answer:
        return task("FAILURE") if request.url.endswith("failure") else gateway(request)

    told: list[Ended] = []
    ended = go_all(ScriptedIO(answers), book, told=Told(on_end=told.append))
    assert told == list(ended.values())
    assert {key: type(end.error).__name__ for key, end in ended.items() if end.error} == {
        "bytes": "ConfigurationError",
        "place": "FileExistsError",
        "no-id": "ConfigurationError",
        "place-too": "FileExistsError",
        "..": "InvalidRequest",
        "failure": "TaskFailed",
    }
    assert [key for key, end in ended.items() if end.video] == ["sent", "fine"]
    assert [states(file)[key] for key in ("bytes", "place", "sent", "fine")] == ["new", "new", "done", "done"]


def test_a_service_at_its_limit_gets_the_rest_when_a_task_has_ended(book: Book, file: Path) -> None:
    book.ledger.add(*new("a", "b", "c", "d"))
    gateway = Gateway(slots=2, queries=2)
    ended = go_all(ScriptedIO(gateway), book, retry=Retry(1))
    assert list(ended) == ["a", "b", "c", "d"]
    assert gateway.creates == ["a", "b", "c", "c", "d", "d"]
    assert set(states(file).values()) == {"done"}


def test_the_limit_of_one_model_holds_up_no_other(book: Book) -> None:
    other = {"prompt": "other", "model": "doubao-seedance-1-0-lite-t2v-250428"}
    book.ledger.add(*new("a", "b"), *new("other", request=other))
    gateway = Gateway(queries=3)

    def answers(request: Request) -> Answer:
        if request.method == "POST" and b"pro-250528" in request.content and "a" in gateway.tasks:
            gateway.creates.append("refused")
            return answer(429)
        return gateway(request)

    go_all(ScriptedIO(answers), book, retry=Retry(1))
    assert gateway.creates == ["a", "refused", "other", "b"]


def test_a_service_that_takes_nothing_is_an_end_and_the_rows_are_still_to_be_sent(book: Book, file: Path) -> None:
    book.ledger.add(*new("a", "b"))
    io = ScriptedIO(answer(429))
    ended = go_all(io, book, retry=Retry(1))
    assert [type(end.error) for end in ended.values()] == [RateLimited, RateLimited]
    assert len(io.sent) == 1
    assert states(file) == {"a": "new", "b": "new"}
    assert (read_ledger(file)[0].error or "").startswith("RateLimited: ")
    go_all(ScriptedIO(Gateway()), book)
    assert [(found.state, found.error) for found in read_ledger(file)] == [("done", None)] * 2


@pytest.mark.parametrize(
    ("step", "kind", "state"),
    [
        (answer(400), BadRequest, "failed"),
        (answer(401), AuthenticationError, "new"),
        (answer(402), InsufficientBalance, "new"),
        (answer(404), APIError, "new"),
        (NotConnected("refused"), NotSent, "new"),
        (ConfigurationError("no such proxy"), ConfigurationError, "new"),
        (answer(504), SubmissionUncertain, "uncertain"),
    ],
)
def test_only_what_the_service_does_not_take_for_its_request_is_given_up(
    book: Book, file: Path, step: Any, kind: type[Exception], state: str
) -> None:
    book.ledger.add(row("new"))
    ended = go_on(ScriptedIO(step), book)
    assert type(ended.error) is kind
    assert (only(file).state, (only(file).error or "").partition(":")[0]) == (state, kind.__name__)


def test_a_row_that_is_sent_late_keeps_the_time_of_its_send(book: Book, file: Path) -> None:
    book.ledger.add(row("new"))
    io = ScriptedIO(accepted(), done())
    sent_at = datetime.fromtimestamp(io.time(), UTC)
    go_on(io, book)
    assert only(file).sent_at == sent_at


@pytest.mark.parametrize("state", ["new", "running"])
def test_a_task_is_not_missed_in_its_first_moments(book: Book, file: Path, state: str) -> None:
    io = ScriptedIO(*([accepted()] if state == "new" else []), answer(404), done())
    just_now = datetime.fromtimestamp(io.time(), UTC)
    book.ledger.add(row(state, task_id=None if state == "new" else "cgt-1", created_at=just_now))
    go_on(io, book)
    assert only(file).state == "done"


def test_a_task_that_was_sent_long_ago_may_be_missed(book: Book) -> None:
    book.ledger.add(row("running", task_id="cgt-1"))
    assert isinstance(go_on(ScriptedIO(answer(404)), book).error, TaskNotFound)


def test_what_passes_ends_no_wait(book: Book, file: Path) -> None:
    book.ledger.add(*running("cgt-1"))
    io = ScriptedIO(answer(500), answer(429, retry_after="9"), Broken("drop"), answer(200, b"<html>"), done())
    go_on(io, book, timeout=600)
    assert (io.sleeps, only(file).state) == ([2.0, 9.0, 8.0, 8.0], "done")


def test_each_wait_has_its_own_deadline_and_another_download_takes_no_query_away(book: Book, tmp_path: Path) -> None:
    book.ledger.add(*running("big", path=f"{tmp_path}/"), *running("small"))

    class Slow(ScriptedIO):
        async def stream(self, request: Request, accept: Any) -> Answer:
            await self.sleep(100)
            return await super().stream(request, accept)

    io = Slow(Gateway())
    assert all(end.video for end in go_all(io, book, timeout=50).values())
    assert [None if deadline is None else round(deadline - 1000, 1) for deadline in io.deadlines] == [50.8, None, 100.8]


def test_all_that_goes_on_is_told_at_the_deadline(book: Book, file: Path) -> None:
    book.ledger.add(*running("a", "b"))
    io = ScriptedIO(task("IN_PROGRESS"))
    ended = go_all(io, book, timeout=10)
    assert {key: type(end.error) for key, end in ended.items()} == {"a": WaitTimeout, "b": WaitTimeout}
    assert max(io.times) == 10
    assert states(file) == {"a": "running", "b": "running"}


def test_a_link_that_died_is_renewed_once(book: Book, file: Path, tmp_path: Path) -> None:
    book.ledger.add(*running("a", "b", path=f"{tmp_path}/videos/"))
    links = {"old": answer(403), "young": media()}
    seen: list[str] = []

    def answers(request: Request) -> Answer:
        name = request.url.rpartition("/")[2]
        seen.append(name)
        if request.url.startswith(BASE):
            return done("https://media.example/" + ("young" if name in seen[:-1] else "old"))
        return links[name]

    ended = go_all(ScriptedIO(answers), book)
    assert seen == ["a", "old", "a", "young", "b", "old", "b", "young"]
    assert all(end.video for end in ended.values())
    assert states(file) == {"a": "done", "b": "done"}


def test_a_link_that_is_dead_for_good_stops_no_other_row(book: Book, file: Path, tmp_path: Path) -> None:
    book.ledger.add(*running("a", "b", path=f"{tmp_path}/videos/"))
    gateway = Gateway()

    def answers(request: Request) -> Answer:
        return answer(410) if request.url == "https://media.example/a" else gateway(request)

    ended = go_all(ScriptedIO(answers), book)
    assert isinstance(ended["a"].error, LinkExpired)
    assert ended["b"].video is not None
    assert states(file) == {"a": "succeeded", "b": "done"}


def test_an_interruption_names_all_that_is_unfinished(book: Book, file: Path) -> None:
    gateway = Gateway(ended=1, queries=9)

    def answers(request: Request) -> Answer:
        if request.content and b"last" in request.content:
            raise KeyboardInterrupt
        return gateway(request)

    book.ledger.add(*running("old"), *new("a", "last", "b"))
    with pytest.raises(KeyboardInterrupt) as caught:
        go_all(ScriptedIO(answers), book)
    assert "a create was on its way" in caught.value.__notes__[0]
    named = "row old (task old), row a (task a), row last (no task id yet), row b (no task id yet)"
    assert caught.value.__notes__[1:] == [f"unfinished: {named}"]
    assert states(file) == {"old": "running", "a": "running", "last": "uncertain", "b": "new"}


def test_an_interruption_names_nothing_that_has_ended_and_no_more_than_can_be_read(book: Book) -> None:
    book.ledger.add(*running("ended", *[f"r{number}" for number in range(22)]))
    io = ScriptedIO(done(), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt) as caught:
        go_all(io, book)
    (note,) = caught.value.__notes__
    assert note.startswith("unfinished: row r0 (task r0), row r1 (task r1), ")
    assert note.endswith("row r19 (task r19), and 2 more")


def test_an_interruption_before_the_send_leaves_a_row_to_be_sent(
    book: Book, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> bool:
        raise KeyboardInterrupt

    book.ledger.add(row("new"))
    monkeypatch.setattr(type(book.ledger), "claim", interrupted)
    io = ScriptedIO(accepted())
    with pytest.raises(KeyboardInterrupt):
        go_on(io, book)
    assert (only(file).state, io.sent) == ("new", [])


def test_a_row_remembers_what_was_sent(book: Book) -> None:
    seen: list[Task] = []
    book.ledger.add(row("running", task_id="cgt-1"))
    go_on(ScriptedIO(done()), book, told=Told(seen.append))
    assert [found.request for found in seen] == [REQUEST, REQUEST]
