"""What a client writes into its ledger along a create, its wait and its download."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from both import KINDS, Client, Service, VirtualClock
from scripted import BASE, FRAME_LINK, KEY, PNG, ScriptedIO, accepted, answer, core, done, media, task

from unified_video import ConfigurationError, LedgerRow, NotSent, RateLimited, Task, UnifiedVideoError, read_ledger
from unified_video._errors import SubmissionUncertain
from unified_video._io import Answer, NotConnected, Request, run
from unified_video._ledger.record import Book, LedgerRecord, RowTaken, hash_of, request_of, row_of
from unified_video._ledger.sqlite import SqliteLedger
from unified_video._settle import prepared_of
from unified_video._validate import Prepared, Wish, prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "ledger").mkdir()
    return tmp_path / "ledger" / "ledger.sqlite3"


@pytest.fixture
def book(file: Path) -> Any:
    found = Book(file, BASE)
    yield found
    found.close()


def only(file: Path) -> LedgerRow:
    (row,) = read_ledger(file)
    return row


def states_during(file: Path, seen: list[str], found: Answer) -> Any:
    """A step of a script that looks into the ledger at the moment of the send."""

    def look(_: Request) -> Answer:
        seen.append(only(file).state)
        return found

    return look


def test_each_state_is_on_the_disk_at_its_moment(book: Book, file: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    steps = [answer(429), accepted(), task("IN_PROGRESS"), done(), media()]
    io = ScriptedIO(*[states_during(file, seen, step) for step in steps])
    run(core(io, book=book).generate(Wish("dance"), output=tmp_path / "cat.mp4", timeout=None, on_update=None))
    assert seen == ["sending", "sending", "running", "running", "succeeded"]
    assert (only(file).state, only(file).task_id) == ("done", "cgt-1")
    assert (only(file).path, only(file).base_url) == (str(tmp_path / "cat.mp4"), BASE)


def test_during_the_pause_after_a_429_a_row_is_new(book: Book, file: Path) -> None:
    seen: list[str] = []

    class Watching(ScriptedIO):
        async def sleep(self, seconds: float) -> None:
            seen.append(only(file).state)
            await super().sleep(seconds)

    run(core(Watching(answer(429), answer(429), accepted()), book=book).create(Wish("dance")))
    assert seen == ["new", "new"]
    assert only(file).state == "running"


@pytest.mark.parametrize("kind", KINDS)
def test_sending_is_committed_before_the_first_byte_goes_out(kind: str, tmp_path: Path) -> None:
    seen: list[str] = []

    def handle(_: httpx.Request) -> httpx.Response:
        seen.extend(row.state for row in read_ledger(tmp_path))
        return httpx.Response(200, json={"task_id": "cgt-1"})

    with Client(kind, VirtualClock(), transport=httpx.MockTransport(handle), ledger=tmp_path) as client:
        client.create("dance")
    assert seen == ["sending"]
    assert only(tmp_path / "ledger.sqlite3").state == "running"


def test_the_environment_names_a_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_LEDGER", f"{tmp_path}/deep/")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"task_id": "cgt-1"}))
    with Client("blocking", transport=transport) as client:
        client.create("dance")
    assert only(tmp_path / "deep" / "ledger.sqlite3").task_id == "cgt-1"


@pytest.mark.parametrize(
    ("step", "kind", "state"),
    [
        (answer(504), SubmissionUncertain, "uncertain"),
        (KeyboardInterrupt(), KeyboardInterrupt, "uncertain"),
        (RuntimeError("of a transport"), RuntimeError, "uncertain"),
        (answer(401), UnifiedVideoError, "failed"),
        (answer(429, retry_after="61"), RateLimited, "failed"),
        (NotConnected("refused"), NotSent, "failed"),
    ],
)
def test_how_a_create_ended_is_written_down(
    book: Book, file: Path, step: Any, kind: type[BaseException], state: str
) -> None:
    with pytest.raises(kind):
        run(core(ScriptedIO(step), book=book).create(Wish("dance")))
    assert only(file).state == state
    assert (only(file).error or "").startswith(kind.__name__ if kind is not UnifiedVideoError else "Authentication")


@pytest.mark.parametrize(
    ("found", "state", "error"),
    [
        (done(), "done", None),
        (task("FAILURE", fail_reason="[C] why"), "failed", "why"),
        (task("CANCELLED"), "failed", "CANCELLED"),
        (task("IN_PROGRESS"), "running", None),
        (task("SUCCESS", data={}), "running", None),
    ],
)
def test_the_end_that_a_query_saw_is_written_down(
    book: Book, file: Path, found: Answer, state: str, error: str | None
) -> None:
    inner = core(ScriptedIO(accepted(), found), book=book)
    run(inner.create(Wish("dance")))
    run(inner.retrieve("cgt-1"))
    assert (only(file).state, only(file).error) == (state, error)


def test_a_task_of_another_service_or_client_is_no_row_of_ours(book: Book, file: Path, tmp_path: Path) -> None:
    inner = core(ScriptedIO(accepted(), done(), media()), book=book)
    run(inner.create(Wish("dance")))
    other = Book(file, "https://other.example")
    other.seen(Task("cgt-1", "FAILURE"))
    other.saved("cgt-1", tmp_path / "cat.mp4", last_frame=True)
    run(inner.download("cgt-2", tmp_path / "cat.mp4", on_progress=None))
    other.close()
    assert only(file).state == "running"


def test_a_download_by_itself_is_the_end_where_a_file_was_wanted(book: Book, file: Path, tmp_path: Path) -> None:
    io = ScriptedIO(accepted(), done(), answer(500), answer(500), answer(500), answer(500), done(), media())
    inner = core(io, book=book)
    with pytest.raises(UnifiedVideoError):
        run(inner.generate(Wish("dance"), output=tmp_path / "cat.mp4", timeout=None, on_update=None))
    assert only(file).state == "succeeded"
    run(inner.download("cgt-1", tmp_path / "other.mp4", on_progress=None))
    assert (only(file).state, only(file).path) == ("done", str(tmp_path / "other.mp4"))


def test_where_no_file_was_wanted_a_download_changes_nothing(book: Book, file: Path, tmp_path: Path) -> None:
    inner = core(ScriptedIO(accepted(), done(), media()), book=book)
    video = run(inner.generate(Wish("dance"), output=None, timeout=None, on_update=None))
    run(inner.download(video, tmp_path / "cat.mp4", on_progress=None))
    assert (only(file).state, only(file).path) == ("done", None)


def test_a_row_is_not_done_without_its_last_frame(book: Book, file: Path, tmp_path: Path) -> None:
    frame = done(last_frame_url=FRAME_LINK)
    wish = Wish("dance", options={"return_last_frame": True})
    inner = core(ScriptedIO(accepted(), frame, media(), media(b"<html>"), media(), media()), book=book)
    with pytest.raises(UnifiedVideoError):
        run(inner.generate(wish, output=tmp_path / "cat.mp4", timeout=None, on_update=None))
    assert only(file).state == "succeeded"
    inner = core(ScriptedIO(frame, media()), book=book)
    run(inner.download("cgt-1", tmp_path / "cat.mp4", on_progress=None))  # the video only
    assert only(file).state == "succeeded"


def test_paths_are_kept_absolute(book: Book, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[str | None] = []

    def look(_: Request) -> Answer:
        seen.append(read_ledger(file)[-1].path)
        return accepted()

    for output in ("cat.mp4", "videos/", None):
        io = ScriptedIO(look, done(), media())
        run(core(io, book=book).generate(Wish("dance"), output=output, timeout=None, on_update=None))
    assert seen == [str(tmp_path / "cat.mp4"), f"{tmp_path / 'videos'}{os.sep}", None]
    assert read_ledger(file)[1].path == str(tmp_path / "videos" / "cgt-1.mp4")


def test_a_path_of_odd_bytes_is_kept(book: Book, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "\udcff.mp4"
    seen: list[str | None] = []

    def look(_: Request) -> Answer:
        seen.append(only(file).path)
        return accepted()

    io = ScriptedIO(look, done(), media())
    run(core(io, book=book).generate(Wish("dance"), output=target, timeout=None, on_update=None))
    assert [*seen, only(file).path] == [str(target)] * 2
    assert target.exists()


def test_neither_key_nor_image_bytes_are_in_the_ledger(book: Book, file: Path, tmp_path: Path) -> None:
    picture = PNG + b"a picture of some length" * 20
    (tmp_path / "cat.png").write_bytes(picture)
    data = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    images = [tmp_path / "cat.png", picture, data, "https://pictures.example/a.png", "data:text/plain,hello"]
    with pytest.warns(UserWarning, match="images"):
        run(core(ScriptedIO(accepted()), book=book).create(Wish("dance", images=images)))
    digest = hashlib.sha256(picture).hexdigest()
    assert only(file).request["images"] == [
        {"file": str(tmp_path / "cat.png"), "sha256": digest},
        {"sha256": digest},
        {"sha256": digest},
        "https://pictures.example/a.png",
        {"sha256": hash_of("data:text/plain,hello")},
    ]
    written = b"".join(path.read_bytes() for path in file.parent.iterdir())
    for secret in (KEY.encode(), base64.b64encode(picture)[:40], picture[:40]):
        assert secret not in written


def test_a_data_uri_that_is_no_base64_has_a_hash_all_the_same(book: Book, file: Path) -> None:
    run(core(ScriptedIO(accepted()), book=book).create(Wish("dance", images=["data:image/png;base64,A"])))
    assert only(file).request["images"] == [{"sha256": hashlib.sha256(b"data:image/png;base64,A").hexdigest()}]


@pytest.mark.parametrize("images", ["a text", 5, None, [{"url": "https://pictures.example/a.png"}]])
def test_images_that_went_through_extra_are_kept_as_they_are(images: Any) -> None:
    assert row_of(Prepared({"images": images}, ()), BASE, None, 0.0).request == {"images": images}


BASE64 = base64.b64encode(PNG + b"\xfb\xff a picture of some length" * 20).decode()


@pytest.mark.parametrize(
    "data",
    [
        f"data:image/png;base64,{BASE64}",
        f" DATA:image/png;base64,{BASE64}",
        f"![a picture](data:image/png;charset=x; base64,{BASE64})",
        "data:image/svg+xml,<svg/>",
        BASE64,
        BASE64.replace("+", "-").replace("/", "_"),
    ],
)
@pytest.mark.parametrize("place", [lambda data: data, lambda data: {"mask": [{"url": data}, 5, "a text"]}])
def test_image_data_in_a_field_that_went_through_extra_is_kept_by_its_hash(
    book: Book, file: Path, place: Any, data: str
) -> None:
    run(core(ScriptedIO(accepted()), book=book).create(Wish("dance", extra={"newer": place(data)})))
    assert only(file).request["newer"] == place({"sha256": hash_of(data)})
    assert BASE64[:40].encode() not in b"".join(path.read_bytes() for path in file.parent.iterdir())


@pytest.mark.parametrize("images", [f"data:image/png;base64,{BASE64}", [f"data:image/png;base64,{BASE64}"], [BASE64]])
def test_images_of_extra_go_over_those_of_a_file_and_are_not_taken_for_it(
    book: Book, file: Path, tmp_path: Path, images: Any
) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    io = ScriptedIO(accepted())
    run(core(io, book=book).create(Wish("dance", images=[tmp_path / "cat.png"], extra={"images": images})))
    assert json.loads(io.sent[0].content)["images"] == images
    mark = {"sha256": hash_of(images if isinstance(images, str) else images[0])}
    assert only(file).request["images"] == (mark if isinstance(images, str) else [mark])


def test_links_of_extra_go_over_those_of_a_file_and_can_be_sent_again(book: Book, file: Path, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    wish = Wish("dance", images=[tmp_path / "cat.png"], extra={"images": ["https://pictures.example/a.png"]})
    run(core(ScriptedIO(accepted()), book=book).create(wish))
    assert only(file).request["images"] == ["https://pictures.example/a.png"]
    assert prepared_of(only(file)).body == only(file).request


@pytest.mark.parametrize(
    "words", ["data: rising bars", "A dog. Metadata: none, base64, too", "dGhlIGZpcnN0" * 9, "Qk12"]
)
def test_words_are_no_image_data(words: str) -> None:
    assert request_of(Prepared({"prompt": words, "newer": [words]}, ())) == {"prompt": words, "newer": [words]}


def test_what_only_looks_like_a_mark_is_not_taken_for_one_later() -> None:
    for mark in ({"sha256": "x"}, {"file": "/etc/hosts", "sha256": "x"}):
        kept = request_of(Prepared({"newer": mark}, ()))
        assert kept == {"newer": {"sha256": hash_of(json.dumps(mark))}}


def test_of_what_is_too_deep_the_hash_is_kept() -> None:
    deep: Any = f"data:image/png;base64,{BASE64}"
    for _ in range(400):
        deep = [deep]
    kept: Any = request_of(Prepared({"newer": deep}, ()))["newer"]
    levels = 0
    while isinstance(kept, list):
        kept, levels = kept[0], levels + 1
    assert levels == 101
    assert kept.keys() == {"sha256"}


def test_a_request_that_breaks_rules_may_hold_anything() -> None:
    broken = prepare(Wish("dance", extra={"newer": {"sha256": object()}}))
    assert request_of(broken) == broken.body


def test_a_lone_surrogate_has_a_hash_too() -> None:
    assert request_of(Prepared({"newer": "data:\ud800"}, ())) == {"newer": {"sha256": hash_of("data:\ud800")}}


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_that_cannot_be_written_before_the_send_sends_nothing(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    service = Service()
    with Client(kind, transport=service.transport, ledger=tmp_path / "file" / "ledger") as client:
        with pytest.raises(ConfigurationError, match="cannot be used"):
            client.create("dance")
        with pytest.raises(ConfigurationError, match="cannot be used"):
            client.generate("dance")
    assert service.requests == []


def test_a_disk_that_is_full_before_the_send_sends_nothing(book: Book) -> None:
    ledger = book.ledger
    assert isinstance(ledger, SqliteLedger)
    (pages,) = ledger._run("PRAGMA page_count")[0]
    ledger._run(f"PRAGMA max_page_count = {pages}")
    io = ScriptedIO(accepted())
    with pytest.raises(ConfigurationError, match="full"):
        run(core(io, book=book).create(Wish("d" * 100_000)))
    assert io.sent == []


def broken(monkeypatch: pytest.MonkeyPatch, *, only_first: bool = False) -> None:
    move = SqliteLedger.move

    def fail(*_: object, **__: object) -> bool:
        if only_first:
            monkeypatch.setattr(SqliteLedger, "move", move)
        raise ConfigurationError("the disk is full")

    monkeypatch.setattr(SqliteLedger, "move", fail)


def test_a_fault_after_the_send_is_logged_and_the_task_returned(
    book: Book, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    broken(monkeypatch)
    inner = core(ScriptedIO(accepted(), done(), media()), book=book)
    video = run(inner.generate(Wish("dance"), output=tmp_path / "cat.mp4", timeout=None, on_update=None))
    assert video.path == tmp_path / "cat.mp4"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "accepted as task cgt-1" in caplog.messages[0]
    assert only(file).state == "sending"


def test_a_fault_after_the_send_does_not_hide_what_the_service_said(
    book: Book, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken(monkeypatch)
    for found, kind in ((answer(504), SubmissionUncertain), (answer(429, retry_after="61"), RateLimited)):
        with pytest.raises(kind):
            run(core(ScriptedIO(found), book=book).create(Wish("dance")))
    assert len(caplog.records) == 2


def test_a_row_that_could_not_be_made_new_is_not_sent_again(
    book: Book, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken(monkeypatch, only_first=True)
    io = ScriptedIO(answer(429), accepted())
    with pytest.raises(ConfigurationError, match="in other hands"):
        run(core(io, book=book).create(Wish("dance")))
    assert len(io.sent) == 1
    assert len(caplog.records) == 1


def test_a_late_answer_turns_uncertain_back(book: Book, file: Path) -> None:
    record = book.record(Prepared({"prompt": "dance"}, ()), None, 0.0)
    record.sending()
    book.ledger.move(record.row.key, ["sending"], "uncertain", error="taken for dead")
    record.accepted("cgt-1")
    assert (only(file).state, only(file).task_id, only(file).error) == ("running", "cgt-1", None)


def test_a_row_that_another_process_took_is_left_to_it(book: Book) -> None:
    row = row_of(Prepared({"prompt": "dance"}, ()), BASE, None, 0.0)
    with pytest.raises(RowTaken):
        LedgerRecord(book.ledger, row, written=True).sending()


def test_a_book_can_be_closed_twice_and_opens_again(book: Book, file: Path) -> None:
    book.close()
    book.record(Prepared({}, ()), None, 0.0).sending()
    book.close()
    book.close()
    assert only(file).state == "sending"


def test_an_error_without_words_is_named(book: Book, file: Path) -> None:
    record = book.record(Prepared({}, ()), None, 0.0)
    record.sending()
    record.refused(KeyError())
    assert only(file).error == "KeyError"
