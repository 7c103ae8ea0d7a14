"""The commands from end to end, against a service on loopback."""

from __future__ import annotations

import errno
import io
import json
import re
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click
import pytest
from cli_service import MP4, PNG, Service, serving

from unified_video import _document, models, read_ledger
from unified_video._cli import client as _cli_client
from unified_video._cli import commands as _cli
from unified_video._cli.commands import commands, main
from unified_video._cli.help import HELP
from unified_video._cli.show import Session, typed
from unified_video._io import SystemClock
from unified_video._ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(SystemClock, "sleep", staticmethod(lambda _: None))
    with serving() as found:
        monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", found.url)
        monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", "key-of-a-test")
        yield found


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The platform's state directory, away from the user's own."""
    for name in ("UNIFIED_VIDEO_BASE_URL", "UNIFIED_VIDEO_API_KEY", "UNIFIED_VIDEO_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    folder = tmp_path / "state"
    monkeypatch.setattr("platformdirs.user_state_dir", lambda name: str(folder / name))
    return folder / "unified-video" / "ledger.sqlite3"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def ran(*arguments: str) -> Ran:
        status = main(arguments)
        return Ran(status, *capsys.readouterr())

    return ran


def test_generate_prints_where_the_video_lies(service: Service, run: Callable[..., Ran], tmp_path: Path) -> None:
    done = run("generate", "a cat", "-o", str(tmp_path / "cat.mp4"), "--seed", "7", "--no-watermark")
    assert (done.status, done.out) == (0, f"{tmp_path / 'cat.mp4'}\n")
    assert (tmp_path / "cat.mp4").read_bytes() == MP4
    assert service.sent == [
        {"prompt": "a cat", "model": "doubao-seedance-1-0-pro-250528", "seed": 7, "watermark": False}
    ]


def test_generate_tells_the_task_each_new_state_and_the_bytes(
    service: Service, run: Callable[..., Ran], tmp_path: Path
) -> None:
    running = {"status": "IN_PROGRESS", "progress": "30%"}
    service.queries = [running, {**running, "progress": "60%"}, {"status": "SUCCESS"}]
    done = run("generate", "a cat", "-o", str(tmp_path / "cat.mp4"))
    first, second, third, fourth = done.err.splitlines()
    assert first == "task cgt-1"
    assert re.fullmatch(r"running 30%, 0:\d\d", second)
    assert re.fullmatch(r"succeeded, 0:\d\d", third)
    assert re.fullmatch(r"downloaded 2\.0 kB, .*/s", fourth)


def test_generate_gives_the_attributes_of_the_video_in_json(
    service: Service, run: Callable[..., Ran], tmp_path: Path
) -> None:
    service.queries = [{"status": "SUCCESS", "finish_time": 1756620921}]
    done = run("generate", "a cat", "-o", f"{tmp_path}/", "--return-last-frame", "--json")
    assert done.json["path"] == str(tmp_path / "cgt-1.mp4")
    assert done.json["last_frame_path"] == str(tmp_path / "cgt-1.last-frame.png")
    assert (tmp_path / "cgt-1.last-frame.png").read_bytes() == PNG
    assert done.json["url"].endswith("?sig=secret")
    assert done.json["expires_at"] == "2025-09-01T06:15:21+00:00"
    assert done.json["task"]["state"] == "succeeded"
    assert set(done.json) == {
        "task_id", "url", "last_frame_url", "expires_at", "path", "last_frame_path", "task",
    }  # fmt: skip


def test_a_place_that_cannot_be_written_ends_it_before_anything_is_sent(
    service: Service, run: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = run("generate", "a cat", "-o", str(tmp_path / "file" / "cat.mp4"))
    assert (done.status, done.out, service.sent) == (1, "", [])
    assert done.err == f"error: {tmp_path / 'file'}: File exists\n"


def test_create_prints_the_task_id_alone(service: Service, run: Callable[..., Ran]) -> None:
    assert run("create", "a cat") == Ran(0, "cgt-1\n", "")
    assert service.sent[0]["prompt"] == "a cat"


def test_create_gives_the_attributes_of_the_task_in_json(service: Service, run: Callable[..., Ran]) -> None:
    found = run("create", "a cat", "--json").json
    assert found["task_id"] == "cgt-1"
    assert found["state"] == "queued"
    assert found["done"] is False
    assert found["created_at"].endswith("+00:00")
    assert service.sent


def test_options_reach_the_service_in_their_types(service: Service, run: Callable[..., Ran], tmp_path: Path) -> None:
    image = tmp_path / "cat.png"
    image.write_bytes(PNG)
    done = run(
        *("create", "a cat", "--image", "https://pictures.invalid/a.png", "--image", str(image)),
        *("--resolution", "720p", "--return_last_frame", "--extra", "style=[1]", "--extra", 'ratio="new"'),
    )
    assert done.status == 0
    [sent] = service.sent
    assert sent.pop("images")[0] == "https://pictures.invalid/a.png"
    assert sent == {
        "prompt": "a cat",
        "model": "doubao-seedance-1-0-pro-250528",
        "resolution": "720p",
        "return_last_frame": True,
        "style": [1],
        "ratio": "new",
    }


def test_all_mistakes_are_told_at_once(service: Service, run: Callable[..., Ran]) -> None:
    done = run("create", " ", "--duration", "7", "--seed", "x", "--resolution", "720", "--model", "pro")
    assert (done.status, done.out, service.sent) == (2, "", [])
    assert set(re.findall(r"^- (\w+): .*\[error: (\w+)\]$", done.err, re.MULTILINE)) == {
        ("model", "enum"),
        ("prompt", "pattern"),
        ("duration", "enum"),
        ("resolution", "enum"),
        ("seed", "type"),
    }
    assert "did you mean '720p'?" in done.err
    assert "--extra 'model=JSON'" in done.err


def test_a_warning_is_one_line_and_an_error_with_strict(service: Service, run: Callable[..., Ran]) -> None:
    done = run("create", "a cat", "--generate-audio")
    assert done.status == 0
    assert done.err.startswith("warning: generate_audio: This model makes no sound")
    assert done.err.count("\n") == 1
    assert run("create", "a cat", "--generate-audio", "--strict").status == 2
    assert len(service.sent) == 1


def test_a_prompt_comes_from_stdin_or_a_file(
    service: Service, run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prompt.txt").write_bytes("\ufeffune fée\r\n".encode())
    for arguments in (["-"], ["--prompt-file", "-"], ["--prompt-file", str(tmp_path / "prompt.txt")]):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("une fée\n".encode())))
        assert run("create", *arguments).status == 0
    assert [sent["prompt"] for sent in service.sent] == ["une fée"] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create"], "give one of PROMPT and --prompt-file"),
        (["create", "a", "--prompt-file", "b"], "give one of PROMPT and --prompt-file"),
        (["create", "--prompt-file", "none-there"], "the prompt cannot be read from 'none-there'"),
        (["create", "a", "--extra", "style"], "'style' is not KEY=JSON"),
        (["create", "a", "--extra", "=1"], "'=1' is not KEY=JSON"),
        (["create", "a", "--extra", "style=anime"], "'anime' is no JSON"),
        (["create", "a", "--extra", "style=NaN"], "'NaN' is no JSON"),
        (["create", "a", "--resolutoin", "720p"], "--resolution"),
        (["create", "a", "--api-key", "k"], "--api-key"),
        (["create", "a", "--ledger", "x", "--no-ledger"], "exclude each other"),
        (["status", "t", "--ledger", "x", "--no-ledger"], "exclude each other"),
        (["generate", "a"], "'--output'"),
        (["download", "cgt-1"], "'--output'"),
        (["wait", "cgt-1", "--timeout", "long"], "--timeout"),
        (["wait", "cgt-1", "--timeout", "-1"], "timeout: must be seconds from 0"),
        (["wait", ""], "'' is no task id"),
        (["sandbox", "--port", "-1"], "--port"),
        (["craete", "a"], "No such command 'craete'"),
        ([], "Missing command"),
    ],
)
def test_bad_usage_is_told_and_exits_with_2(
    service: Service, run: Callable[..., Ran], arguments: list[str], words: str
) -> None:
    done = run(*arguments)
    assert (done.status, done.out, service.sent) == (2, "", [])
    assert done.err.startswith("error: ")
    assert words in done.err
    assert "go on with" not in done.err
    in_json = run(*arguments, "--json")
    if arguments:
        assert words in in_json.json["error"]["message"]
    assert set(in_json.json["error"]) == {"type", "message", "task_id"}
    assert in_json.status == 2


def test_what_follows_two_dashes_is_no_option(service: Service, run: Callable[..., Ran]) -> None:
    assert run("create", "--", "--json").out == "cgt-1\n"
    assert service.sent[0]["prompt"] == "--json"


def test_without_key_or_base_url_the_message_names_the_variable(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("create", "a cat")
    assert (done.status, done.out) == (2, "")
    error, hint = done.err.splitlines()
    assert error == "error: no base URL: set the environment variable UNIFIED_VIDEO_BASE_URL, or pass --base-url"
    assert "--sandbox" in hint
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", "https://gateway.invalid")
    assert "error: no key: set the environment variable UNIFIED_VIDEO_API_KEY\n" in run("create", "a cat").err


def test_a_base_url_may_be_an_option(
    service: Service, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNIFIED_VIDEO_BASE_URL")
    service.queries = [{"status": "QUEUED"}]
    assert run("create", "a cat", "--base-url", service.url).status == 0
    late = run("wait", "cgt-1", "--base-url", service.url, "--timeout", "0", "--ledger", "x")
    assert late.status == 2
    late = run("wait", "cgt-1", "--base-url", service.url, "--timeout", "0")
    assert f"unified-video wait cgt-1 --base-url {service.url}\n" in late.err


def test_a_dry_run_prints_what_would_be_sent_and_needs_no_key(run: Callable[..., Ran], tmp_path: Path) -> None:
    done = run("generate", "a cat", "-o", str(tmp_path / "a.mp4"), "--dry-run", "--duration", "10")
    assert done.json == {"prompt": "a cat", "duration": 10, "model": "doubao-seedance-1-0-pro-250528"}
    assert done.err.startswith("warning: duration: ")
    assert run("create", "a cat", "--dry-run", "--json").json["prompt"] == "a cat"
    assert run("create", "", "--dry-run").status == 2


@pytest.mark.parametrize(("status", "state"), [("IN_PROGRESS", "running"), ("FAILURE", "failed"), ("new", "unknown")])
def test_status_prints_the_state_and_exits_with_0(
    service: Service, run: Callable[..., Ran], status: str, state: str
) -> None:
    service.queries = [{"status": status}]
    assert run("status", "cgt-1") == Ran(0, f"{state}\n", "")
    assert run("status", "cgt-1", "--json").json["status"] == status


def test_status_tells_why_a_task_failed_without_obeying_it(service: Service, run: Callable[..., Ran]) -> None:
    service.queries = [{"status": "FAILURE", "fail_reason": "no\x1b[2Jcats"}]
    assert run("status", "cgt-1").err == "the service says: no\\x1b[2Jcats\n"


def test_wait_prints_the_link(service: Service, run: Callable[..., Ran]) -> None:
    done = run("wait", "cgt-1", "--timeout", "inf")
    assert (done.status, done.out) == (0, f"{service.url}/media/cgt-1.mp4?sig=secret\n")
    assert "secret" not in done.err


def test_download_prints_where_the_video_lies(service: Service, run: Callable[..., Ran], tmp_path: Path) -> None:
    done = run("download", "cgt-1", "-o", str(tmp_path / "cat.mp4"))
    assert (done.status, done.out) == (0, f"{tmp_path / 'cat.mp4'}\n")
    found = run("download", "cgt-1", "-o", f"{tmp_path}/", "--json").json
    assert (found["path"], found["url"]) == (str(tmp_path / "cgt-1.mp4"), f"{service.url}/media/cgt-1.mp4?sig=secret")


@pytest.mark.parametrize(
    ("creates", "queries", "ends"),
    [
        ((401, {"error": {"message": "bad key", "type": "t"}}), {"status": "SUCCESS"}, (1, "AuthenticationError")),
        ((504, ""), {"status": "SUCCESS"}, (3, "SubmissionUncertain")),
        ((200, {"task_id": "cgt-1"}), {"status": "FAILURE", "fail_reason": "no"}, (1, "TaskFailed")),
        ((200, {"task_id": "cgt-1"}), {"status": "QUEUED"}, (4, "WaitTimeout")),
        ((200, {"task_id": "cgt-1"}), (401, {"error": {"message": "m", "type": "t"}}), (1, "AuthenticationError")),
    ],
)
def test_the_exit_status_says_what_happened(  # noqa: PLR0917 - fixtures and cases
    service: Service, run: Callable[..., Ran], tmp_path: Path, creates: Any, queries: Any, ends: tuple[int, str]
) -> None:
    service.creates, service.queries = [creates], [queries]
    arguments = ("generate", "a cat", "-o", str(tmp_path / "cat.mp4"), "--timeout", "0")
    done = run(*arguments)
    assert (done.status, done.out) == (ends[0], "")
    in_json = run(*arguments, "--json")
    assert (in_json.status, in_json.json["error"]["type"]) == ends
    assert in_json.json["error"]["task_id"] == ("cgt-1" if creates[0] == 200 else None)


def test_a_download_that_fails_tells_how_to_go_on_and_shows_no_signature(
    service: Service, run: Callable[..., Ran], tmp_path: Path
) -> None:
    service.media = b"<html>"
    done = run("generate", "a cat", "-o", str(tmp_path / "a cat.mp4"))
    assert done.status == 1
    assert "secret" not in done.err
    assert done.err.splitlines()[-4:] == [
        "go on with:",
        "  unified-video wait cgt-1",
        f"  unified-video download cgt-1 -o '{tmp_path / 'a cat.mp4'}'",
        "  unified-video resume",
    ]
    without = run("generate", "a cat", "-o", str(tmp_path / "a cat.mp4"), "--no-ledger")
    assert "resume" not in without.err


def test_tasks_are_written_down_where_the_platform_keeps_state(
    service: Service, run: Callable[..., Ran], own_state: Path
) -> None:
    assert run("tasks") == Ran(0, "", "the ledger holds nothing\n")
    assert not own_state.exists()
    run("create", "a cat")
    [row] = read_ledger(own_state)
    assert (row.state, row.task_id, row.base_url) == ("running", "cgt-1", service.url)
    run("status", "cgt-1")
    assert read_ledger(own_state)[0].state == "done"
    listed = run("tasks")
    assert row.key in listed.out
    assert listed.out.splitlines()[1].endswith("a cat")


def test_another_ledger_is_named_by_the_environment_or_an_option(
    service: Service, run: Callable[..., Ran], own_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("create", "a cat", "--ledger", str(tmp_path / "a"))
    monkeypatch.setenv("UNIFIED_VIDEO_LEDGER", str(tmp_path / "b"))
    run("create", "a cat")
    run("create", "a cat", "--no-ledger")
    assert len(service.sent) == 3
    assert len(read_ledger(tmp_path / "a")) == len(read_ledger(tmp_path / "b")) == 1
    assert not own_state.exists()
    assert len(run("tasks", "--json").json["tasks"]) == 1


def test_a_ledger_that_cannot_be_written_ends_it_before_anything_is_sent(
    service: Service, run: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = run("create", "a cat", "--ledger", str(tmp_path / "file" / "ledger"))
    assert (done.status, done.out, service.sent) == (2, "", [])
    assert "--no-ledger" in done.err


def test_an_uncertain_create_is_listed_and_settled(service: Service, run: Callable[..., Ran], own_state: Path) -> None:
    service.creates = [(504, "")]
    for _ in range(3):
        done = run("create", "a cat " * 20)
        assert done.status == 3
    assert "unified-video tasks\n" in done.err
    assert "tasks" not in run("create", "a cat", "--no-ledger").err
    first, second, third = (row.key for row in read_ledger(own_state))
    assert f"--accept {first} TASK_ID" in run("tasks").err
    settled = run("tasks", "--accept", first, "cgt-7", "--forget", second, "--resend", third, "--json")
    assert [row["state"] for row in settled.json["tasks"]] == ["running", "failed", "new"]
    again = run("tasks", "--forget", first)
    assert (again.status, again.out) == (2, "")
    assert "is running: only what is uncertain can be settled" in again.err


def test_nothing_is_settled_without_a_ledger(run: Callable[..., Ran]) -> None:
    assert run("tasks", "--forget", "row").err == "error: there is no ledger yet, so there is nothing to settle\n"


def test_resume_sends_what_is_new_and_fetches_what_is_wanted(
    service: Service, run: Callable[..., Ran], own_state: Path, tmp_path: Path
) -> None:
    service.creates = [(504, ""), (200, {"task_id": "cgt-1"}), (200, {"task_id": "cgt-2"})]
    service.queries = [{"status": "QUEUED"}, {"status": "SUCCESS"}]
    assert run("create", "a cat").status == 3
    assert run("generate", "a dog", "-o", str(tmp_path / "dog.mp4"), "--timeout", "0").status == 4
    run("tasks", "--resend", read_ledger(own_state)[0].key)
    done = run("resume")
    assert (done.status, done.out) == (0, f"cgt-2\n{tmp_path / 'dog.mp4'}\n")
    assert (tmp_path / "dog.mp4").read_bytes() == MP4
    assert [row.state for row in read_ledger(own_state)] == ["done", "done"]
    assert run("resume", "--json").json == {"tasks": []}


def test_resume_exits_with_3_while_anything_is_uncertain(service: Service, run: Callable[..., Ran]) -> None:
    service.creates = [(504, ""), (200, {"task_id": "cgt-1"})]
    service.queries = [{"status": "QUEUED"}]
    run("create", "a cat")
    run("create", "a dog")
    done = run("resume", "--timeout", "0", "--json")
    assert done.status == 3
    uncertain, late = done.json["tasks"]
    assert uncertain["state"] == "uncertain"
    assert (late["state"], late["task_id"]) == ("running", "cgt-1")
    assert late["error"].startswith("task cgt-1 is still QUEUED")
    assert len(service.sent) == 2


def test_resume_sends_nothing_to_another_service(service: Service, run: Callable[..., Ran]) -> None:
    run("create", "a cat")
    done = run("resume", "--base-url", "https://other.invalid")
    assert (done.status, done.out) == (0, "")
    assert done.err.endswith(f"go on with --base-url {service.url}\n")


def test_resume_leaves_alone_what_another_process_has(
    service: Service, run: Callable[..., Ran], own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.creates = [(504, "")]
    run("create", "a cat")
    run("tasks", "--resend", read_ledger(own_state)[0].key)
    monkeypatch.setattr(SqliteLedger, "claim", lambda *_: False)
    done = run("resume")
    assert (done.status, done.out) == (0, "")
    assert "is in the hands of another process" in done.err
    assert len(service.sent) == 1


def test_an_uncertain_create_is_told_with_what_is_known_and_what_to_do(
    service: Service, run: Callable[..., Ran], tmp_path: Path
) -> None:
    service.creates = [(504, "")]
    run("create", "a cat", "--ledger", str(tmp_path / "a b"))
    [row] = read_ledger(tmp_path / "a b")
    told = run("tasks", "--ledger", str(tmp_path / "a b")).err.splitlines()
    assert told[0].startswith(f"{row.key} is uncertain: SubmissionUncertain: ")
    assert told[1] == f"  sent {row.created_at.astimezone():%Y-%m-%d %H:%M:%S} to {service.url}: 'a cat'"
    ways = f"--accept {row.key} TASK_ID, --resend {row.key} or --forget {row.key}"
    assert told[2] == f"  settle it: unified-video tasks --ledger '{tmp_path}/a b' {ways}"
    assert told[3].startswith("what is uncertain may have been accepted and charged: look in your account")


def test_the_password_of_a_ledger_is_not_in_the_command_to_type() -> None:
    session = Session(ledger="postgresql://me:sesame@host/videos")
    assert typed(session, "resume") == "unified-video resume --ledger 'postgresql://me:…@host/videos'"


def test_a_private_sandbox_says_why_it_knows_no_task(run: Callable[..., Ran]) -> None:
    told = run("status", "cgt-1", "--sandbox")
    assert told.status != 0
    assert "a private sandbox forgets its tasks when its command ends" in told.err


def test_what_is_new_is_told_with_the_ways_on(
    service: Service, run: Callable[..., Ran], own_state: Path, tmp_path: Path
) -> None:
    service.creates = [(504, "")]
    (tmp_path / "cat.png").write_bytes(b"no picture")
    run("create", "a cat", "--image", str(tmp_path / "cat.png"))
    [row] = read_ledger(own_state)
    new = run("tasks", "--resend", row.key)
    assert new.err == (
        "to be sent: 1; go on with: unified-video resume (or give one up: unified-video tasks --forget ROW)\n"
    )
    (tmp_path / "cat.png").unlink()
    stuck = run("resume")
    assert (stuck.status, len(service.sent)) == (2, 1)
    assert (
        f"is gone or has changed; create the video anew, and give this row up: unified-video tasks --forget {row.key}"
        in stuck.err
    )
    assert run("tasks", "--forget", row.key, "--json").json["tasks"][0]["state"] == "failed"


def test_resume_has_nothing_to_do_without_a_ledger(run: Callable[..., Ran]) -> None:
    assert run("resume") == Ran(0, "", "there is nothing to go on with\n")


def test_an_interrupted_resume_is_gone_on_with_by_resume(
    service: Service, run: Callable[..., Ran], own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    run("create", "a cat")
    service.queries = [{"status": "QUEUED"}]
    monkeypatch.setattr(SystemClock, "sleep", staticmethod(interrupted))
    done = run("resume")
    assert done.status == 130
    [row] = read_ledger(own_state)
    named = f"unfinished: row {row.key} (task cgt-1)\n"
    assert done.err.endswith(f"{named}go on with:\n  unified-video resume\n")


def test_models_lists_what_each_can_do(run: Callable[..., Ran]) -> None:
    done = run("models")
    assert all(model.id in done.out for model in models())
    assert "600 requests a minute, 10 tasks at once" in done.out
    listed = run("models", "--json").json["models"]
    assert [model["id"] for model in listed] == [model.id for model in models()]
    assert listed[0]["durations"] == [5, 10]


def test_spec_prints_the_document(run: Callable[..., Ran]) -> None:
    assert run("spec").out.strip() == _document.text().strip()
    assert run("spec", "--json").json == _document.document()


def each(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from each(command)
        else:
            yield command


@pytest.mark.parametrize("command", list(each(commands())), ids=lambda command: command.name)
def test_every_command_has_help_that_shows_all_its_options(command: click.Command) -> None:
    with command.make_context(command.name, [], resilient_parsing=True) as context:
        shown = command.get_help(context)
    for parameter in command.params:
        assert parameter.param_type_name == "argument" or parameter.opts[0] in shown
    assert "--json" in shown
    assert "--sandbox" in shown
    assert command.get_short_help_str(200)


def test_the_help_lists_every_command_and_no_other(run: Callable[..., Ran]) -> None:
    listed = re.findall(r"^  (\w+) ", HELP.partition("Commands:")[2].partition("Options:")[0], re.MULTILINE)
    assert sorted(listed) == sorted(commands().commands)
    assert run("-h") == Ran(0, HELP, "")
    assert run("generate", "--help").out.count("Examples:") == 1


def test_a_private_sandbox_needs_no_key_and_leaves_no_trace(
    service: Service, run: Callable[..., Ran], own_state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import httpx

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "localhost"
        return httpx.Response(200, json={"task_id": "sb-1", "status": "QUEUED"})

    fake = SimpleNamespace(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(_cli_client, "sandbox", lambda: nullcontext(fake))
    monkeypatch.delenv("UNIFIED_VIDEO_API_KEY")
    monkeypatch.setenv("UNIFIED_VIDEO_LEDGER", str(tmp_path / "env"))
    assert run("create", "a cat", "--sandbox", "--ledger", str(tmp_path / "option")).out == "sb-1\n"
    late = run("wait", "sb-1", "--sandbox", "--timeout", "0")
    assert late.status == 4
    assert "go on with" not in late.err
    assert not own_state.exists()
    assert not (tmp_path / "env").exists()
    assert not (tmp_path / "option").exists()
    assert service.sent == []


def test_the_sandbox_prints_its_address_and_serves_until_it_is_interrupted(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(*, port: int) -> Any:
        return nullcontext(f"http://127.0.0.1:{port}")

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("unified_video._cli.verbs.sandbox", lambda: nullcontext(SimpleNamespace(serve=serve)))
    monkeypatch.setattr("time.sleep", interrupted)
    done = run("sandbox", "--port", "8123")
    assert (done.status, done.out) == (130, "http://127.0.0.1:8123\n")
    assert "UNIFIED_VIDEO_BASE_URL=http://127.0.0.1:8123" in done.err


@pytest.mark.parametrize(
    ("number", "status", "words"), [(errno.EADDRINUSE, 2, "port 8123 is in use: choose another"), (errno.EIO, 1, "no")]
)
def test_a_sandbox_that_cannot_serve_says_why(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, number: int, status: int, words: str
) -> None:
    def serve(*, port: int) -> Any:
        raise OSError(number, f"no: {port}")

    monkeypatch.setattr("unified_video._cli.verbs.sandbox", lambda: nullcontext(SimpleNamespace(serve=serve)))
    done = run("sandbox", "--port", "8123")
    assert done.status == status
    assert words in done.err


def test_the_private_sandbox_makes_a_real_video(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_cli_client, "SANDBOX_SECONDS", 0.0)
    done = run("generate", "dance", "--sandbox", "-o", str(tmp_path / "dance.mp4"))
    assert (done.status, done.out) == (0, f"{tmp_path / 'dance.mp4'}\n")
    assert (tmp_path / "dance.mp4").read_bytes()[4:8] == b"ftyp"


def test_without_its_extra_the_sandbox_says_what_to_install(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cli_client, "find_spec", lambda _: None)
    done = run("create", "a cat", "--sandbox")
    assert (done.status, done.out) == (2, "")
    assert done.err == "error: the sandbox needs av and PIL: pip install 'unified-video[sandbox]'\n"


def test_a_new_field_of_the_document_is_an_option_by_itself(
    service: Service, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {"type": "integer", "minimum": 1, "maximum": 10, "description": "How much moves. Much.", "default": 3}
    known = {**_document.options(), "motion_strength": schema}
    monkeypatch.setattr(_document, "options", lambda: known)
    shown = " ".join(run("create", "--help").out.split())
    assert "--motion-strength 1..10 How much moves. [the service's default: 3]" in shown
    fields = {**_document.fields(), "motion_strength": schema}
    monkeypatch.setattr(_document, "fields", lambda: fields)
    assert run("create", "a cat", "--motion-strength", "4").status == 0
    assert service.sent[0]["motion_strength"] == 4


def test_a_fault_of_this_program_shows_its_traceback(
    service: Service, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(_cli, "show", broken)
    with pytest.raises(ZeroDivisionError):
        run("models")
    assert service.sent == []
