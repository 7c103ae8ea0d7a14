"""What a new user meets at the command line: examples that run, completion in each shell, and hints."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

from unified_video import _document
from unified_video._cli import progress as _cli_progress
from unified_video._cli.client import known_tasks
from unified_video._cli.commands import commands, main
from unified_video._cli.show import Session
from unified_video._ledger.row import LedgerRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODELS = _document.fields()["model"]["enum"]


def each(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from each(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(each(commands()))


@pytest.mark.parametrize("path", list(COMMANDS), ids=" ".join)
def test_every_command_has_examples_that_it_takes(path: tuple[str, ...]) -> None:
    examples = (COMMANDS[path].epilog or "").splitlines()
    assert examples
    for line in examples:
        assert parses(line.partition("#")[0]), line


def parses(line: str) -> bool:
    """Whether an example is one that the command line understands; what stands around it in the shell aside."""
    words = shlex.split(line.replace("task=$(", "").replace(")", "").partition(" > ")[0])
    group: click.Command = commands()
    assert words.pop(0) == "unified-video"
    while isinstance(group, click.Group):
        group = group.commands[words.pop(0)]
    with group.make_context(group.name, words, obj=Session()) as context:
        return bool(context)


def completed(shell: str, typed: str, start: str = "") -> list[str]:
    """What is offered for `start` after what was typed."""
    words = f"unified-video {typed} {start}".strip()
    settings = {
        "_UNIFIED_VIDEO_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": start if shell == "fish" else str(len(typed.split()) + 1),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-m", "unified_video"]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("shell", "offered"),
    [
        ("bash", [f"plain,{name}" for name in MODELS]),
        ("zsh", [word for name in MODELS for word in ("plain", name, "_")]),
        ("fish", [f"plain,{name}" for name in MODELS]),
    ],
)
def test_each_shell_completes_the_models_of_the_document(shell: str, offered: list[str]) -> None:
    assert completed(shell, "generate x --model", "dou") == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script_as_the_help_says(shell: str) -> None:
    settings = {"_UNIFIED_VIDEO_COMPLETE": f"{shell}_source", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "unified_video"]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    assert "_unified_video_completion" in done.stdout
    assert f"{shell}_complete" in done.stdout


BASH = """
eval "$(_UNIFIED_VIDEO_COMPLETE=bash_source unified-video)"
COMP_WORDS=(unified-video generate '"a cat"' --model dou) COMP_CWORD=4
_unified_video_completion unified-video
echo "${COMPREPLY[@]}"
"""


def test_bash_itself_completes_a_model_after_the_line_of_the_help(tmp_path: Path) -> None:
    program = tmp_path / "unified-video"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m unified_video "$@"\n', "utf-8")
    program.chmod(0o755)
    settings = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = ["/usr/bin/env", "bash", "-c", BASH]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == MODELS


@pytest.mark.parametrize("option", ["-o", "--image", "--prompt-file", "--ledger"])
def test_a_path_is_completed_by_the_shell_itself(option: str) -> None:
    (parameter,) = [found for found in COMMANDS["generate",].params if option in found.opts]
    (item,) = parameter.shell_complete(click.Context(COMMANDS["generate",]), "ca")
    assert (item.type, item.value) == ("file", "ca")


def test_the_tasks_of_the_ledger_are_offered_the_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("cgt-1"), row("cgt-2"), row(None), row("other")]
    monkeypatch.setattr("unified_video._ledger.read_ledger", lambda _: rows)
    (tmp_path / "ledger.sqlite3").touch()
    assert offered(ledger=str(tmp_path)) == ["cgt-2", "cgt-1"]
    assert offered(ledger=str(tmp_path), no_ledger=True) == []
    assert offered(no_ledger=True) == []
    assert offered(ledger=str(tmp_path / "gone")) == []


def row(task_id: str | None) -> LedgerRow:
    from datetime import UTC, datetime

    return LedgerRow("key", "running", task_id, {}, datetime.now(UTC), "https://gateway.example", None, None)


def offered(**given: Any) -> list[Any]:
    context = click.Context(COMMANDS["status",])
    context.params.update(given)
    (argument,) = [found for found in COMMANDS["status",].params if found.name == "task"]
    assert known_tasks(context, argument, "cgt-") == argument.shell_complete(context, "cgt-") or given
    return known_tasks(context, argument, "cgt-")


def test_alone_it_shows_the_help_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: Missing command.\nUsage: unified-video COMMAND")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("generate", "a cat", "--ratio", "16x9", "--dry-run"), "did you mean '16:9'?"),
        (("create", "a cat", "--resolution", "720", "--dry-run"), "did you mean '720p'?"),
        (("create", "a cat", "--resoluton", "720p"), "--resolution"),
        pytest.param(
            ("genrate", "a cat"),
            "'generate'",
            marks=pytest.mark.skipif(not hasattr(click, "NoSuchCommand"), reason="this click has no such hint"),
        ),
    ],
)
def test_a_near_miss_gets_a_hint(arguments: tuple[str, ...], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert hint in capsys.readouterr().err


def test_words_without_quotes_and_a_missing_setting_get_the_way_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["generate", "a", "cat", "dancing", "-o", "cat.mp4"]) == 2
    assert 'stands in quotes: "a cat dancing"' in capsys.readouterr().err
    assert main(["wait", "cgt-1", "cgt-2"]) == 2
    assert "quotes" not in capsys.readouterr().err
    monkeypatch.delenv("UNIFIED_VIDEO_BASE_URL", raising=False)
    assert main(["create", "a cat", "--no-ledger"]) == 2
    assert capsys.readouterr().err.endswith("add --sandbox\n")
    assert main(["models", "--nothing"]) == 2
    assert "--sandbox" not in capsys.readouterr().err


def test_a_dry_run_asks_for_no_place_and_all_else_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "a cat", "--ratio", "9:16", "--dry-run"]) == 0
    assert '"ratio": "9:16"' in capsys.readouterr().out
    assert main(["generate", "a cat", "--sandbox"]) == 2
    assert "Missing option '-o' / '--output'" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "settings", "live"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"CI": "true"}, False),
        (io.StringIO(), {}, False),
    ],
    ids=["terminal", "dumb", "ci", "pipe"],
)
def test_a_line_is_written_over_only_where_somebody_sees_it(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, settings: dict[str, str], *, live: bool
) -> None:
    for name in ("TERM", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with _cli_progress.Progress(stream):
        pass
    assert bool(stream.getvalue()) is live
