"""What this machine does not have is named and fails nothing; what is here and goes wrong fails."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from contract import __main__ as command
from contract import _node, _polyglot
from contract._languages import LANGUAGES
from contract._polyglot import Outcome
from contract._tool import NotHere, ToolFailed, fetch

if TYPE_CHECKING:
    from collections.abc import Callable


def failing(words: str) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({words!r}); sys.exit(1)"]


@pytest.mark.parametrize(
    "words",
    [
        "npm error code ECONNREFUSED",
        "npm error code E503",
        "npm error code EAI_AGAIN",
        "ERROR: No matching distribution (from versions: none)",
        "NewConnectionError: Connection refused",
    ],
)
def test_an_index_that_does_not_answer_fails_nothing_and_is_named(words: str) -> None:
    with pytest.raises(NotHere, match="some tools: the index of packages was not reached"):
        fetch("some tools", failing(words))


@pytest.mark.parametrize("words", ["npm error code EUSAGE", "npm error code E404", "(from versions: 1.0, 1.1)"])
def test_a_wrong_version_or_lock_file_fails(words: str) -> None:
    with pytest.raises(ToolFailed):
        fetch("some tools", failing(words))


def test_a_machine_without_a_toolchain_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    told = [_polyglot.try_language(language) for language in LANGUAGES]
    assert all(one.is_missing and "apt-get install" in one.problem for one in told)
    with pytest.raises(NotHere, match="node and npm missing: apt-get install nodejs npm"):
        _node.install()


def test_a_node_that_is_too_old_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(_node, "run", lambda _command: "v18.20.4\n")
    assert "node is v18.20.4, and has to be 20.19 or newer" in _node.missing()
    monkeypatch.setattr(_node, "run", lambda _command: "v20.19.0\n")
    assert _node.missing() == ""


def raising(error: Exception) -> Callable[[], int]:
    def fail() -> int:
        raise error

    return fail


def test_only_what_was_tried_and_failed_fails_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(command.COMMANDS, "linted", raising(NotHere("node missing")))
    assert command.main(["linted"]) == 0
    assert "linted: not here: node missing" in capsys.readouterr().out
    monkeypatch.setitem(command.COMMANDS, "linted", raising(ToolFailed("a finding")))
    assert command.main(["linted"]) == 1
    assert "a finding" in capsys.readouterr().err


MISSING = Outcome("Go", problem="go is missing", is_missing=True)
PASSED = Outcome("Java", "yes", "yes", "yes", "206 of 206")
FAILED = Outcome("TypeScript", "yes", "yes", "yes", problem="205 of 206 vectors passed")


@pytest.mark.parametrize(
    ("outcomes", "status", "told"),
    [
        ([MISSING, PASSED], 0, "Go: go is missing"),
        ([MISSING, PASSED, FAILED], 1, "TypeScript: 205 of 206 vectors passed"),
        ([MISSING], 0, "nothing was tried"),
    ],
)
def test_the_table_fails_where_a_language_does(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcomes: list[Outcome],
    status: int,
    told: str,
) -> None:
    monkeypatch.setattr(_polyglot, "polyglot", lambda: outcomes)
    assert command.main(["polyglot"]) == status
    assert told in capsys.readouterr().out
