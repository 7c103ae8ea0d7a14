"""A batch on one machine, from its requests to its report; against the sandbox, with time that jumps."""

from __future__ import annotations

import csv
import itertools
import json
import os
import sqlite3
import sys
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from batch_service import IMAGE, PRO, cats, keys, service

from unified_video import ConfigurationError, InvalidRequest, UnifiedVideo, _settle
from unified_video._ledger import open_ledger
from unified_video.batch import Progress, Report, arun, run
from unified_video.batch._lock import only_runner
from unified_video.batch._options import Options, names
from unified_video.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batch_service import Service

PNG = b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + (400).to_bytes(4, "big") * 2 + b"picture"


def both(found: Service, how: str) -> Callable[..., Report]:
    return getattr(found, how)  # type: ignore[no-any-return]


@pytest.mark.parametrize("how", ["run", "arun"])
def test_every_row_comes_to_its_file_and_is_told(tmp_path: Path, how: str) -> None:
    found = service(tmp_path, seconds=5.0)
    report = both(found, how)(cats(12, return_last_frame=True))
    assert (report.exit_status, report.counts, report.stopped) == (0, {"done": 12}, None)
    assert keys(report.rows) == [f"cat-{number}" for number in range(1, 13)]
    first = report.rows[0]
    assert first.file == str(found.output / "cat-1.mp4")
    assert (first.reason, first.tokens) == (None, 48600)
    assert first.seconds is not None
    assert first.seconds >= 5.0
    for row in report.rows:
        assert (found.output / f"{row.key}.mp4").stat().st_size
        assert (found.output / f"{row.key}.last-frame.png").stat().st_size
    assert found.sandbox.accepted == 12


def test_the_report_lies_beside_the_videos(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(prompt="cat 2", reason="[Moderated] no cats"))
    report = found.run(cats(2))
    with (found.output / "report.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (found.output / "report.jsonl").read_text().splitlines()]
    assert [row["status"] for row in table] == [line["status"] for line in lines] == ["done", "failed"]
    assert list(table[0]) == ["key", "task_id", "status", "file", "seconds", "reason", "tokens"]
    assert lines[0]["file"] == str(found.output / "cat-1.mp4")
    assert lines[1]["file"] is None
    assert "[Moderated]" in lines[1]["reason"]
    assert report.exit_status == 1


@pytest.mark.parametrize("how", ["run", "arun"])
def test_the_same_again_sends_nothing(tmp_path: Path, how: str) -> None:
    found = service(tmp_path)
    both(found, how)(row for row in cats(3))
    before = len(found.sandbox.requests)
    assert both(found, how)(cats(3)).counts == {"done": 3}
    assert len(found.sandbox.requests) == before


def test_limit_takes_the_first_rows_and_a_later_run_the_others(tmp_path: Path) -> None:
    found = service(tmp_path)
    assert keys(found.run(cats(5), limit=2).rows) == ["cat-1", "cat-2"]
    assert found.run(cats(5)).counts == {"done": 5}
    assert found.sandbox.accepted == 5


def test_rows_of_every_model_are_within_its_limits(tmp_path: Path) -> None:
    found = service(tmp_path, seconds=10.0)
    images = {"model": IMAGE, "images": "https://x.invalid/a.png"}
    rows = [*cats(30), *({**row, "key": f"i-{row['key']}", **images} for row in cats(20))]
    most = dict[str, int]()

    def look(_: Progress) -> None:
        states = [(row.request["model"], row.state) for row in found.rows().values()]
        live = Counter(model for model, state in states if state in {"sending", "running"})
        most.update({str(model): max(most.get(str(model), 0), number) for model, number in live.items()})

    assert found.run(rows, on_update=look).exit_status == 0
    assert most == {PRO: 10, IMAGE: 5}


def test_max_concurrent_and_per_minute_lower_the_limits(tmp_path: Path) -> None:
    found = service(tmp_path)
    assert found.run(cats(90), per_minute=30).exit_status == 0
    times = found.creates()
    assert times[-1] - times[0] > 170.0
    for first in times:
        assert sum(first <= moment < first + 60.0 for moment in times) <= 30
    other = service(tmp_path / "other", seconds=20.0)
    assert other.run(cats(6), max_concurrent=1).exit_status == 0
    assert other.creates()[-1] - other.creates()[0] > 5 * 20.0


def test_the_pace_holds_from_one_run_to_the_next(tmp_path: Path) -> None:
    found = service(tmp_path)
    for count in (3, 6):
        found.run(cats(count), per_minute=6)
    times = found.creates()
    assert all(later - earlier > 9.0 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("how", ["run", "arun"])
def test_too_many_requests_slow_the_model_down_and_nothing_is_lost(tmp_path: Path, how: str) -> None:
    found = service(tmp_path, Fault(status=429, times=5), Fault(status=429, retry_after=120, skip=5))
    assert both(found, how)(cats(8)).counts == {"done": 8}
    assert found.sandbox.accepted == 8
    times = found.creates()
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) >= 120.0


def test_a_service_that_is_not_reached_is_tried_for_half_an_hour(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(drop="connect", times=None))
    report = found.run(cats(3))
    assert report.counts == {"new": 3}
    assert report.exit_status == 1
    assert "NotSent" in str(report.stopped)
    assert 1800.0 < found.clock.now() < 3000.0


def test_what_was_not_reached_is_sent_by_the_next_run(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(drop="connect", times=40))
    assert found.run(cats(3)).counts == {"new": 3}
    assert found.run(cats(3)).counts == {"done": 3}
    assert found.sandbox.accepted == 3


@pytest.mark.parametrize("how", ["run", "arun"])
@pytest.mark.parametrize("accepted", [True, False])
def test_an_uncertain_row_is_told_and_left_alone(tmp_path: Path, how: str, accepted: bool) -> None:  # noqa: FBT001 - a value of the table
    found = service(tmp_path, Fault(status=504, prompt="cat 2", accepted=accepted))
    for _ in range(2):
        report = both(found, how)(cats(3))
        assert (report.exit_status, report.counts) == (3, {"done": 2, "uncertain": 1})
        assert "504" in str(report.rows[1].reason)
    assert len(found.creates()) == 3


def test_an_uncertain_row_keeps_its_slot_for_the_longest_task_time(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=504))
    began = found.clock.now()
    assert found.run(cats(2), max_concurrent=1).counts == {"uncertain": 1, "done": 1}
    assert found.clock.now() - began >= 1800.0


def test_the_slot_of_an_uncertain_row_is_kept_by_the_next_run_too(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=504))
    found.run(cats(1), max_concurrent=1)
    found.clock.sleep(800.0)
    found.run(cats(2), max_concurrent=1)
    first, second = found.creates()
    assert 1799.0 < second - first < 1900.0


def test_the_slot_of_an_uncertain_row_is_free_after_its_time(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=504))
    found.run(cats(1), max_concurrent=1)
    found.clock.sleep(2000.0)
    began = found.clock.now()
    found.run(cats(2), max_concurrent=1)
    assert found.clock.now() - began < 10.0


@pytest.mark.parametrize("how", ["run", "arun"])
def test_what_a_watcher_raises_comes_out_as_it_is(tmp_path: Path, how: str) -> None:
    found = service(tmp_path)

    def refuse(progress: Progress) -> None:
        if progress.counts.get("done"):
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        both(found, how)(cats(5), on_update=refuse)
    assert both(found, how)(cats(5)).exit_status in {0, 3}
    assert found.sandbox.accepted <= 5


def settled(found: Service, how: Callable[..., None], *arguments: str) -> None:
    with closing(open_ledger(found.output)) as ledger:
        how(ledger, *arguments)


def test_what_a_person_settles_is_gone_on_with(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=504, times=3, accepted=True))
    assert found.run(cats(3)).counts == {"uncertain": 3}
    settled(found, _settle.resend, "cat-1")
    settled(found, _settle.accept, "cat-2", found.sandbox.tasks[1])
    settled(found, _settle.forget, "cat-3")
    report = found.run(cats(3), retry_failed=["all"])
    assert [row.status for row in report.rows] == ["done", "done", "failed"]
    assert len(found.creates()) == 4


def test_what_a_person_settles_while_it_runs_is_gone_on_with_too(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=504, accepted=True), seconds=5.0)

    def settle(progress: Progress) -> None:
        if progress.counts.get("done") == 1 and found.states()["cat-1"] == "uncertain":
            settled(found, _settle.accept, "cat-1", found.sandbox.tasks[0])

    assert found.run(cats(3), on_update=settle).counts == {"done": 3}


def test_a_changed_row_under_a_used_key_is_refused(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(2))
    changed = [*cats(1), {"key": "cat-2", "prompt": "cat 2", "seed": 7}, *cats(1)[:0]]
    with pytest.raises(InvalidRequest, match=r"row 2, key: was used for another request \(other seed\)"):
        found.run([*changed, {"key": "cat-3", "prompt": "cat 3"}])
    assert list(found.rows()) == ["cat-1", "cat-2"]


def test_a_row_of_another_service_is_refused(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(1))
    other = UnifiedVideo(api_key="k", base_url="https://other.invalid", transport=found.sandbox.transport)
    with pytest.raises(InvalidRequest, match=r"belongs to https://gateway\.invalid"):
        run(cats(1), output=found.output, client=other)
    other.close()


def test_a_running_task_of_a_dead_process_is_gone_on_with(tmp_path: Path) -> None:
    found = service(tmp_path, seconds=50.0)
    assert found.run(cats(3), timeout=20.0).counts == {"running": 3}
    assert found.run(cats(3)).counts == {"done": 3}
    assert found.sandbox.accepted == 3


def test_a_row_that_was_left_while_it_was_sent_is_uncertain(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(1), limit=1)
    with closing(sqlite3.connect(found.output / "ledger.sqlite3")) as connection, connection:
        connection.execute("UPDATE creates SET state = 'sending', owner = 'of the dead', task_id = NULL")
    report = found.run(cats(2))
    assert [row.status for row in report.rows] == ["uncertain", "done"]
    assert found.sandbox.accepted == 2


def test_succeeded_rows_are_fetched_by_the_next_run_however_many(tmp_path: Path) -> None:
    found = service(tmp_path, Fault("media", status=500, times=None))
    assert found.run(cats(70)).counts == {"succeeded": 70}
    states = found.rows().values()
    assert all("DownloadFailed" in str(row.error) for row in states)
    found.sandbox = service(tmp_path).sandbox  # a service that knows nothing of them
    report = found.run(cats(70))
    assert report.counts == {"failed": 70}
    assert "TaskNotFound" in str(report.rows[0].reason)


def test_a_file_that_comes_late_is_fetched_again(tmp_path: Path) -> None:
    found = service(tmp_path, Fault("media", drop="answer", times=9))
    assert found.run(cats(2)).counts == {"done": 2}


def test_a_part_file_is_resumed_by_the_next_run(tmp_path: Path) -> None:
    found = service(tmp_path, Fault("media", drop="answer"), Fault("media", status=500, times=None))
    assert found.run(cats(1)).counts == {"succeeded": 1}
    before = len(found.sandbox.requests)
    found.sandbox._state.clear_faults()
    assert found.run(cats(1)).counts == {"done": 1}
    assert any("range" in request.headers for request in found.sandbox.requests[before:])
    assert found.sandbox.accepted == 1


def test_a_dead_link_is_the_end_of_a_row_after_some_tries(tmp_path: Path) -> None:
    found = service(tmp_path, Fault("media", status=403, prompt="cat 1", times=None))
    report = found.run(cats(2))
    assert report.counts == {"failed": 1, "done": 1}
    assert "LinkExpired" in str(report.rows[0].reason)


def test_a_task_that_fails_is_failed_and_one_that_is_said_to_be_missing_for_a_moment_is_not(tmp_path: Path) -> None:
    found = service(
        tmp_path,
        Fault("query", status=401, prompt="cat 1", times=2),
        Fault("query", status=404, prompt="cat 2", times=2),
        Fault("query", status=504, prompt="cat 3", times=2),
        Fault(prompt="cat 4", reason="no cats"),
        Fault(prompt="cat 5", link="none"),
        Fault("query", prompt="cat 6", link="none", times=2),
    )
    report = found.run(cats(6))
    assert [row.status for row in report.rows] == ["done", "done", "done", "failed", "failed", "done"]
    assert str(report.rows[4].reason).startswith("ResultMissing")


def test_a_task_that_cannot_be_asked_for_is_left_for_another_run(tmp_path: Path) -> None:
    found = service(tmp_path, Fault("query", status=400, prompt="cat 1", times=4))
    report = found.run(cats(2))
    assert [row.status for row in report.rows] == ["running", "done"]
    assert "BadRequest" in str(report.rows[0].reason)
    assert found.run(cats(2)).counts == {"done": 2}


@pytest.mark.parametrize("status", [401, 402, 403])
@pytest.mark.parametrize("how", ["run", "arun"])
def test_a_run_of_account_errors_ends_all_creates_and_burns_nothing(tmp_path: Path, how: str, status: int) -> None:
    found = service(tmp_path, Fault(status=status, times=3, skip=2), seconds=5.0)
    report = both(found, how)(cats(20))
    assert report.counts == {"done": 2, "new": 18}
    assert report.stopped is not None
    assert report.exit_status == 1
    assert len(found.creates()) <= 6
    assert both(found, how)(cats(20)).counts == {"done": 20}


def test_one_account_error_is_a_whim_of_a_gateway(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=401), Fault(status=401, skip=1), Fault(status=402, skip=2))
    report = found.run(cats(8))
    assert report.counts == {"failed": 3, "done": 5}


def test_max_failures_and_stop_on_end_all_creates(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=400, times=None))
    report = found.run(cats(9), max_failures=4)
    assert report.counts == {"failed": 4, "new": 5}
    assert "4 rows failed" in str(report.stopped)
    other = service(tmp_path / "other", Fault(status=400, code="moderated", times=None))
    assert other.run(cats(9), stop_on=["MODERATED"]).counts == {"failed": 1, "new": 8}


def test_one_reason_may_be_given_as_it_is(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=504), Fault(status=400, skip=1))
    report = found.run(cats(3), stop_on="SubmissionUncertain")
    assert report.counts == {"uncertain": 1, "new": 2}
    assert "504" in str(report.stopped)
    assert found.run(cats(3), retry_failed="BadRequest").counts == {"uncertain": 1, "done": 2}


def test_what_failed_is_sent_again_where_that_is_asked_for(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(status=503, prompt="cat 1", times=2), Fault(status=400, prompt="cat 2"))
    report = found.run(cats(3), retry_failed={"ServerError": 1})
    assert [row.status for row in report.rows] == ["failed", "failed", "done"]
    assert len(found.creates()) == 4
    report = found.run(cats(3), retry_failed=["ServerError"])
    assert [row.status for row in report.rows] == ["done", "failed", "done"]
    assert found.run(cats(3), retry_failed=["all"]).counts == {"done": 3}


def test_a_task_that_failed_is_made_anew_where_that_is_asked_for(tmp_path: Path) -> None:
    found = service(tmp_path, Fault(prompt="cat 1", reason="[Busy] later"))
    assert found.run(cats(1), retry_failed={"busy": 2}).counts == {"done": 1}
    assert found.sandbox.accepted == 2


@pytest.mark.parametrize(
    ("reason", "error", "meant"),
    [
        ("all", "x", True),
        ("TaskFailed", "TaskFailed: task cgt failed [A]: b", True),
        ("taskfailed", "TaskFailed", True),
        ("a", "TaskFailed: task cgt failed [A]: b", True),
        ("b", "TaskFailed: task cgt failed [A]: b", False),
    ],
)
def test_a_reason_is_the_name_of_an_error_or_a_code(reason: str, error: str, meant: bool) -> None:  # noqa: FBT001 - a value of the table
    assert names(reason, error) is meant


@pytest.mark.parametrize("how", ["run", "arun"])
def test_a_batch_that_is_to_stop_finishes_what_is_near(tmp_path: Path, how: str) -> None:
    found = service(tmp_path, seconds=4.0)
    report = both(found, how)(cats(40), stop=lambda: found.sandbox.accepted >= 12)
    assert report.stopped == "interrupted"
    assert set(report.counts) == {"done", "new"}
    assert report.counts["new"] >= 25
    assert both(found, how)(cats(40)).counts == {"done": 40}
    assert found.sandbox.accepted == 40


def test_a_batch_that_is_to_stop_leaves_what_is_not_near(tmp_path: Path) -> None:
    found = service(tmp_path, seconds=400.0)
    began = found.clock.now()
    report = found.run(cats(4), stop=lambda: found.clock.now() - began > 100.0)
    assert report.counts == {"running": 4}
    assert found.clock.now() - began < 130.0


def test_an_image_that_changed_after_the_check_is_not_sent(tmp_path: Path) -> None:
    image = tmp_path / "cat.png"
    image.write_bytes(PNG)
    found = service(tmp_path)

    def change(progress: Progress) -> None:
        if progress.counts.get("done"):
            image.write_bytes(PNG + b"!")
        if progress.counts.get("done", 0) > 1:
            image.unlink(missing_ok=True)

    rows = [
        {"key": "a", "prompt": "a"},
        {"key": "b", "prompt": "b", "images": image},
        {"key": "c", "prompt": "c"},
        {"key": "d", "prompt": "d", "images": [image]},
    ]
    report = found.run(rows, max_concurrent=1, on_update=change)
    assert [row.status for row in report.rows] == ["done", "failed", "done", "failed"]
    assert "has changed" in str(report.rows[1].reason)
    assert "cannot be read" in str(report.rows[3].reason)
    assert report.rows[1].task_id is None


def test_images_given_as_bytes_are_sent(tmp_path: Path) -> None:
    found = service(tmp_path)
    assert found.run([{"prompt": "a cat", "images": PNG}]).exit_status == 0
    (sent,) = [request.json for request in found.sandbox.requests if request.method == "POST"]
    assert str(sent["images"][0]).startswith("data:image/png;base64,")  # type: ignore[index]


def test_each_file_is_handed_on_before_its_row_is_done(tmp_path: Path) -> None:
    found = service(tmp_path)
    taken = list[Any]()

    def take(key: str, path: Path) -> None:
        taken.append((key, path.name, found.states()[key]))
        if len(taken) == 1:
            raise RuntimeError("the bucket is full")

    assert found.run(cats(1, return_last_frame=True), on_file=take).exit_status == 0
    assert taken == [
        ("cat-1", "cat-1.mp4", "succeeded"),
        ("cat-1", "cat-1.mp4", "succeeded"),
        ("cat-1", "cat-1.last-frame.png", "succeeded"),
    ]


def test_a_file_that_nobody_takes_is_left_succeeded(tmp_path: Path) -> None:
    def refuse(_key: str, _path: Path) -> None:
        raise RuntimeError("no")

    report = service(tmp_path).run(cats(1), on_file=refuse)
    assert report.counts == {"succeeded": 1}
    assert "could not be handed on" in str(report.rows[0].reason)


def test_a_full_disk_ends_all_creates_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unified_video._files import PartFile

    found = service(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(PartFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        report = found.run(cats(20))
    assert "No space left" in str(report.stopped)
    assert report.counts["succeeded"] + report.counts["new"] == 20
    assert found.run(cats(20)).counts == {"done": 20}
    assert found.sandbox.accepted == 20


def test_a_report_that_cannot_be_written_hides_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = service(tmp_path)
    (found.output / "report.csv").mkdir(parents=True)
    report = found.run(cats(2))
    assert report.counts == {"done": 2}
    assert report.exit_status == 1
    assert "the report could not be written" in caplog.text
    assert not [file for file in found.output.iterdir() if file.name.endswith(".part")]


def test_what_was_not_sent_when_it_was_interrupted_is_new_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unified_video._ledger.sqlite import SqliteLedger

    found, claim = service(tmp_path), SqliteLedger.claim

    def interrupted(*arguments: Any) -> bool:
        claim(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(SqliteLedger, "claim", interrupted)
    with pytest.raises(KeyboardInterrupt):
        found.run(cats(2))
    monkeypatch.undo()
    assert found.states() == {"cat-1": "new", "cat-2": "new"}
    assert found.run(cats(2)).counts == {"done": 2}


def test_a_ledger_that_cannot_be_written_before_a_send_ends_all_creates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unified_video._ledger.sqlite import SqliteLedger

    found = service(tmp_path)

    def full(*_: object) -> bool:
        raise ConfigurationError("the ledger cannot be used (disk full)")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteLedger, "claim", full)
        report = found.run(cats(2))
    assert (report.counts, len(found.creates())) == ({"new": 2}, 0)
    assert "disk full" in str(report.stopped)


def test_a_ledger_that_cannot_be_written_after_a_send_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from unified_video._ledger.sqlite import SqliteLedger

    found, move, times = service(tmp_path), SqliteLedger.move, list[str]()

    def full_for_a_while(ledger: Any, key: str, before: Any, after: str, **changes: Any) -> bool:
        times.append(after)
        if len(times) <= 3:
            raise ConfigurationError("the ledger cannot be used (disk full)")
        return move(ledger, key, before, after, **changes)

    monkeypatch.setattr(SqliteLedger, "move", full_for_a_while)
    assert found.run(cats(4)).counts == {"done": 4}
    assert found.sandbox.accepted == 4
    assert found.sandbox.tasks[0] in caplog.text


def test_nothing_is_sent_while_what_happened_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from unified_video._ledger.sqlite import SqliteLedger

    found = service(tmp_path)

    def full(*_: object, **__: object) -> bool:
        raise ConfigurationError("the ledger cannot be used (disk full)")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteLedger, "move", full)
        report = found.run(cats(4))
    assert "disk full" in str(report.stopped)
    assert found.sandbox.accepted == 1
    assert found.sandbox.tasks[0] in caplog.text


def test_a_row_in_other_hands_is_left_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unified_video._ledger.sqlite import SqliteLedger

    found, claim = service(tmp_path), SqliteLedger.claim
    monkeypatch.setattr(SqliteLedger, "claim", lambda *args: args[1] != "cat-1" and claim(*args))
    report = found.run(cats(2))
    assert [row.status for row in report.rows] == ["new", "done"]


def test_one_runner_at_a_time_over_a_ledger(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(1))
    with (
        only_runner(found.output / "ledger.sqlite3"),
        pytest.raises(ConfigurationError, match=rf"another batch runs over .* \(process {os.getpid()}\)"),
    ):
        found.run(cats(1))
    assert found.run(cats(1)).exit_status == 0


def test_the_ledger_may_lie_elsewhere(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(1), ledger=tmp_path / "elsewhere.sqlite3")
    assert (tmp_path / "elsewhere.sqlite3").exists()
    assert not (found.output / "ledger.sqlite3").exists()


def test_a_directory_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = service(tmp_path)
    found.output = tmp_path / "file" / "videos"
    with pytest.raises(OSError, match="Not a directory"):
        found.run(cats(1))
    found.output = tmp_path / "videos"
    with pytest.raises(ConfigurationError, match="cannot be used"):
        found.run(cats(1), ledger=tmp_path / "file" / "ledger.sqlite3")
    assert not found.sandbox.requests


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_read_only_directory_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(1))  # all that is imported when it is needed is there
    with TemporaryDirectory() as read_only, TemporaryDirectory() as videos:
        Path(read_only).chmod(0o555)
        Path(videos).chmod(0o777)
        found.output = Path(read_only) / "videos"
        with an_ordinary_user(), pytest.raises(PermissionError, match="Permission denied"):
            found.run(cats(2))
        found.output = Path(videos)
        with an_ordinary_user(), pytest.raises(ConfigurationError, match=r"ledger\.sqlite3 cannot be used .*ermission"):
            found.run(cats(2), ledger=Path(read_only))
    assert found.sandbox.accepted == 1


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Root may write everywhere."""
    os.seteuid(os.geteuid() or 65534)
    try:
        yield
    finally:
        os.seteuid(os.getuid())


def test_a_ledger_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.run(cats(2))
    with closing(sqlite3.connect(found.output / "ledger.sqlite3")) as connection, connection:
        for column in ("sent_at", "ended_at", "tokens"):
            connection.execute(f"ALTER TABLE creates DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 1")
    assert {row.tokens for row in found.rows().values()} == {None}
    assert found.run(cats(3)).counts == {"done": 3}
    assert [row.tokens for row in found.rows().values()] == [None, None, 48600]


def test_progress_is_told_while_it_runs(tmp_path: Path) -> None:
    seen = list[Progress]()
    found = service(tmp_path, Fault(status=400, prompt="cat 3"), seconds=5.0)
    found.run(cats(12), on_update=seen.append)
    first, last = seen[0], seen[-1]
    assert first.counts == {"new": 12}
    assert (first.per_minute, first.seconds_left) == (0.0, None)
    assert last.counts == {"done": 11, "failed": 1}
    assert (last.ended, last.total, last.seconds_left) == (12, 12, 0.0)
    assert last.errors[0].startswith("cat-3: BadRequest")
    assert any(0 < (progress.seconds_left or 0.0) < 600 for progress in seen)


def test_a_ledger_in_postgresql_is_for_the_awaited_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video._ledger.postgres.WAIT", 0.1)
    found = service(tmp_path)
    with pytest.raises(ConfigurationError, match="takes `arun`"):
        found.run(cats(1), ledger="postgresql://127.0.0.1:1/videos")
    with pytest.raises(ConfigurationError, match="database videos on 127"):
        found.arun(cats(1), ledger="postgresql://127.0.0.1:1/videos")
    assert not found.sandbox.requests


def test_a_client_is_made_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import anyio

    monkeypatch.delenv("UNIFIED_VIDEO_BASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="no base_url"):
        run(cats(1), output=tmp_path)
    with pytest.raises(ConfigurationError, match="no base_url"):
        anyio.run(lambda: arun(cats(1), output=tmp_path))
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", "https://gateway.invalid")
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", "key")
    assert run([], output=tmp_path).rows == ()
    assert anyio.run(lambda: arun([], output=tmp_path)).exit_status == 0


@pytest.mark.parametrize("name", ["max_concurrent", "per_minute", "max_failures"])
@pytest.mark.parametrize("number", [0, -1, 1.5, True, "3"])
def test_a_number_of_a_batch_is_an_integer_from_1(name: str, number: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Options(**{name: number})  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_a_batch_does_not_wait_without_end(seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        Options(timeout=seconds)
