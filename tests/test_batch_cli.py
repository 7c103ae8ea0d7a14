"""`batch` on the command line, and what is seen of it while it runs."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from own_thread import apart

from unified_video import AsyncUnifiedVideo, read_ledger
from unified_video._cli import batch as _cli_batch
from unified_video._cli.batch_live import Live
from unified_video._cli.commands import main
from unified_video.batch import Progress, Report, ReportRow, _together
from unified_video.sandbox import Fault, Sandbox, stub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "a-key-of-a-test"
ROOT = Path(__file__).parents[1]


@dataclass
class Place:
    folder: Path
    sandbox: Sandbox
    url: str

    @property
    def output(self) -> Path:
        return self.folder / "videos"

    def manifest(self, *prompts: str) -> str:
        file = self.folder / "jobs.csv"
        file.write_text("key,prompt\n" + "".join(f"k{number},{prompt}\n" for number, prompt in enumerate(prompts, 1)))
        return str(file)

    def run(self, *arguments: str) -> int:
        return apart(lambda: main(["batch", "run", *arguments, "-o", str(self.output), "--base-url", self.url]))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", KEY)
    monkeypatch.delenv("UNIFIED_VIDEO_LEDGER", raising=False)
    sandbox = Sandbox(render=stub)
    with sandbox.serve() as url:
        yield Place(tmp_path, sandbox, url)


def test_a_manifest_comes_to_files_and_a_report(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run(place.manifest("a cat", "a dog")) == 0
    out, err = capsys.readouterr()
    assert out == f"{place.output / 'report.csv'}\n"
    assert err.splitlines()[-1] == "2 done"
    assert {row.state for row in read_ledger(place.output)} == {"done"}


def test_json_is_one_object(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run(place.manifest("a cat"), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["counts"], found["stopped"]) == ({"done": 1}, None)
    assert found["rows"][0]["key"] == "k1"


def test_the_exit_status_is_3_then_1_then_0(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.sandbox.add(Fault(status=400, prompt="a cat"), Fault(status=504, prompt="a dog"))
    manifest = place.manifest("a cat", "a dog", "a bird")
    assert place.run(manifest) == 3
    err = capsys.readouterr().err
    assert "k2 is uncertain" in err
    assert f"--ledger {place.output}" in err
    assert main(["tasks", "--ledger", str(place.output), "--resend", "k2"]) == 0
    assert place.run(manifest) == 1
    assert place.run(manifest, "--retry-failed", "BadRequest=2") == 0
    assert place.run(manifest, "--retry-failed", "all") == 0


def test_what_is_uncertain_is_settled_by_hand_and_what_is_forgotten_is_never_sent_again(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.sandbox.add(Fault(status=504, accepted=True, times=2))
    manifest = place.manifest("a cat", "a dog")
    assert place.run(manifest) == place.run(manifest) == 3
    assert place.sandbox.accepted == 2
    tasks = ["tasks", "--ledger", str(place.output)]
    assert main([*tasks, "--accept", "k1", place.sandbox.tasks[0], "--forget", "k2"]) == 0
    assert place.run(manifest, "--retry-failed", "all") == 1
    assert {row.key: row.state for row in read_ledger(place.output)} == {"k1": "done", "k2": "failed"}
    assert place.sandbox.accepted == 2
    capsys.readouterr()


def test_what_ends_all_creates_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.sandbox.add(Fault(status=400, code="moderated", times=None))
    pace = ("--max-concurrent", "1", "--per-minute", "300")
    manifest = place.manifest("a cat", "a dog", "a bird", "a fish")
    assert place.run(manifest, "--stop-on", "moderated", *pace) == 1
    assert "stopped: BadRequest: HTTP 400 [moderated]" in capsys.readouterr().err
    assert place.run(manifest, "--max-failures", "2", *pace) == 1
    assert "stopped: 2 rows failed, the last one with BadRequest" in capsys.readouterr().err
    assert [row.state for row in read_ledger(place.output)] == ["failed", "failed", "failed", "new"]


def test_a_password_is_not_in_the_way_to_settle_what_is_uncertain(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def arun(*_: object, **__: object) -> Report:
        return Report((ReportRow("k1", None, "uncertain", None, None, "no answer", None),))

    monkeypatch.setattr("unified_video.batch.arun", arun)
    assert place.run(place.manifest("a cat"), "--ledger", "postgresql://user:secret@host/videos") == 3
    err = capsys.readouterr().err
    assert "tasks --ledger postgresql://user:…@host/videos --resend ROW" in err.replace("'", "")
    assert "secret" not in err


def test_every_mistake_is_told_and_nothing_is_sent(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = place.folder / "jobs.jsonl"
    manifest.write_text('{"prompt": ""}\n{"prompt": "a cat", "seed": -1}\n')
    assert place.run(str(manifest)) == 2
    err = capsys.readouterr().err
    assert "row 1, prompt" in err
    assert "row 2, seed" in err
    assert place.run(str(manifest), "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "InvalidRequest"
    assert not place.sandbox.requests


def test_a_dry_run_says_what_it_amounts_to(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = place.manifest("a cat", "a dog", "a bird")
    assert place.run(manifest, "--dry-run", "--limit", "2") == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["total", "2", "10", str(2 * 864 * 480 * 120), "0"]
    assert place.run(manifest, "--dry-run", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["videos"] == found["models"][0]["videos"] == 3
    assert not place.sandbox.requests
    assert not place.output.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--limit", "0"),
        ("--retry-failed", "all=often"),
        ("--timeout", "inf"),
        ("--max-concurrent", "0"),
        ("--timeout", "nan"),
        ("--on-file", ""),
        ("--on-file", "cp 'x"),
        ("--on-file", "no-such-command-here"),
    ],
)
def test_what_makes_no_sense_is_refused(place: Place, arguments: tuple[str, ...]) -> None:
    assert place.run(place.manifest("a cat"), *arguments) == 2
    assert not place.sandbox.requests


def test_a_command_takes_each_file(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    script = (
        f"import os, sys; print(os.environ['ROW_KEY'], sys.argv[1], file=open({str(place.folder / 'taken')!r}, 'a'))"
    )
    assert place.run(place.manifest("a cat"), "--on-file", f'{sys.executable} -c "{script}"') == 0
    assert (place.folder / "taken").read_text() == f"k1 {place.output / 'k1.mp4'}\n"
    assert capfd.readouterr().out == f"{place.output / 'report.csv'}\n"


def test_a_command_that_fails_leaves_the_row(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video.batch._work.poll_delay", lambda *_: 0.0)
    assert place.run(place.manifest("a cat"), "--on-file", "false") == 1
    (row,) = read_ledger(place.output)
    assert row.state == "succeeded"
    assert "false ended with 1" in str(row.error)


def test_a_private_sandbox_needs_no_key_and_keeps_no_ledger(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNIFIED_VIDEO_API_KEY")
    monkeypatch.setattr(_cli_batch, "sandbox", lambda: Sandbox(render=stub))
    assert main(["batch", "run", place.manifest("a cat"), "-o", str(place.output), "--sandbox"]) == 0
    assert {path.name for path in place.output.iterdir()} == {"k1.mp4", "report.csv", "report.jsonl"}


# Ctrl-C


def spawn(place: Place, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT / "overlay"), str(ROOT / "generated")])
    command = [sys.executable, "-m", "unified_video", "batch", *arguments, "--base-url", place.url]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=pipe, stderr=pipe, text=True)


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60.0
    while not holds():
        assert time.monotonic() < ends, "it did not happen in time"
        threading.Event().wait(0.02)


def test_a_batch_is_looked_at_while_it_runs_and_no_other_runs_beside_it(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = place.manifest(*(f"cat {number}" for number in range(200)))
    process = spawn(place, "run", manifest, "-o", str(place.output), "--per-minute", "300")
    until(lambda: place.sandbox.accepted >= 5)
    assert place.run(manifest) == 2
    other = f"another batch runs over {place.output / 'ledger.sqlite3'} (process {process.pid})"
    assert other in capsys.readouterr().err
    assert main(["tasks", "--ledger", str(place.output), "--json"]) == 0
    states = Counter(task["state"] for task in json.loads(capsys.readouterr().out)["tasks"])
    assert sum(states.values()) == 200
    assert states["new"] > 100
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_once_finishes_what_is_near(place: Place, number: int) -> None:
    manifest = place.manifest(*(f"cat {number}" for number in range(200)))
    process = spawn(place, "run", manifest, "-o", str(place.output), "--per-minute", "300")
    until(lambda: place.sandbox.accepted >= 5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == f"{place.output / 'report.csv'}\n"
    assert "nothing new is sent" in err
    assert "stopped: interrupted" in err
    assert {row.state for row in read_ledger(place.output)} == {"done", "new"}


def test_ctrl_c_twice_ends_it_now(place: Place) -> None:
    place.sandbox.add(Fault(delay=30.0, skip=2))
    manifest = place.manifest(*(f"cat {number}" for number in range(20)))
    process = spawn(place, "run", manifest, "-o", str(place.output))
    until(lambda: len(place.sandbox.requests) >= 3 and place.sandbox.accepted >= 2)
    process.send_signal(signal.SIGINT)
    until(lambda: "nothing new" in process.stderr.readline())  # type: ignore[union-attr] # it is a pipe
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    # The create that was being answered:
    assert {row.error for row in read_ledger(place.output) if row.state == "uncertain"} == {
        "interrupted while the create was on its way"
    }
    assert place.run(manifest, "--timeout", "1") == 3
    assert place.sandbox.accepted <= 20


# Live


def progress(*errors: str, stopped: str | None = None, **counts: int) -> Progress:
    return Progress(counts, sum(counts.values()), 30.0, counts.get("done", 0), errors, stopped)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_terminal_shows_lines_that_are_written_over() -> None:
    stream, now = io.StringIO(), Time()
    with Live(stream, live=True, now=now) as live:
        live(progress("k1: BadRequest: \x1b[31mred", done=10, new=20))
        live(progress(done=11, new=19))
        now.now = 0.6
        live(progress(done=12, new=18))
    first, second, third = stream.getvalue().split("\x1b[")[0], *stream.getvalue().split("A\x1b[J")[1:]
    assert first.startswith("0:30  10 done, 20 new; 20.0 a minute, 1:00 left\nk1: BadRequest: \\x1b[31mred\n")
    assert second.startswith("0:30  12 done, 18 new; 24.0 a minute, 0:45 left\n")
    assert third == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("environment", "live"), [({}, True), ({"CI": "true"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_that_only_a_log_reads_is_not_written_over(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, live: bool
) -> None:
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Live(Terminal())._live is live


def test_elsewhere_a_line_comes_now_and_then_and_an_error_once() -> None:
    stream, now = io.StringIO(), Time()
    with Live(stream, live=False, now=now) as live:
        for moment, shown in [
            (0.0, progress(new=3)),
            (1.0, progress(done=1, new=2)),
            (11.0, progress("k1: no", done=1, failed=1, new=1)),
            (22.0, progress("k1: no", "k2: no", failed=2, new=1, stopped="enough")),
        ]:
            now.now = moment
            live(shown)
    assert stream.getvalue().splitlines() == [
        "0:30  3 new; 0.0 a minute",
        "k1: no",
        "0:30  1 done, 1 failed, 1 new; 2.0 a minute, 0:30 left",
        "k2: no",
        "0:30  2 failed, 1 new; 0.0 a minute (nothing new: enough)",
    ]


# Several workers


def test_a_worker_has_no_private_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "worker", "--ledger", "postgresql://host/db", "--sandbox"]) == 2
    assert "has no other workers" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["init", "worker"])
def test_several_workers_need_postgresql(
    place: Place, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", place.url)
    assert apart(lambda: main(["batch", command, "--ledger", "videos/"])) == 2
    assert "postgresql://" in capsys.readouterr().err


def test_init_says_what_it_did(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["1 steps of the ledger"], []])

    async def init(ledger: str, *, dry_run: bool) -> list[str]:
        assert (ledger, dry_run) == ("postgresql://host/db", False)
        return next(answers)

    monkeypatch.setattr(_together, "init", init)
    assert main(["batch", "init", "--ledger", "postgresql://host/db"]) == 0
    assert main(["batch", "init", "--ledger", "postgresql://host/db"]) == 0
    out, err = capsys.readouterr()
    assert out == "1 steps of the ledger\n"
    assert "nothing to do" in err


def test_a_worker_works_until_it_is_interrupted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def worker(*, client: AsyncUnifiedVideo, on_file: object, stop: Callable[[], bool], ledger: str) -> None:
        assert (ledger, on_file, stop()) == ("postgresql://host/db", None, False)
        assert client._limits.each == httpx.Timeout(_cli_batch.HTTP_SECONDS)
        signal.raise_signal(signal.SIGINT)
        assert stop()

    monkeypatch.setattr(_together, "worker", worker)
    assert main(["batch", "worker", "--ledger", "postgresql://host/db", "--base-url", place.url]) == 130


def test_the_second_interrupt_ends_what_is_in_hand() -> None:
    async def hanging() -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        _cli_batch._Stop().run(hanging())


def test_batch_alone_is_told_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch"]) == 2
    assert "Missing command" in capsys.readouterr().err


def test_without_its_engine_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pgqueuer", None)
    assert main(["batch", "init", "--ledger", "postgresql://127.0.0.1:1/none"]) == 2
    assert capsys.readouterr().err.endswith("its engine: pip install 'unified-video[batch]'\n")
