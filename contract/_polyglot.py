"""Clients in other languages, generated, compiled and run: against the sandbox, and by the conformance vectors."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from contract import _vectors
from contract._languages import LANGUAGES, Language
from contract._tool import NotHere, ToolFailed, run
from unified_video import _mp4

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first query meets a status that the document does not list, the second a field that it does not.
_UNLISTED, _NEW_FIELD = "PAUSED", "queue_position"
_FAULTS = [
    {"operation": "query", "task_status": _UNLISTED},
    {"operation": "query", "text": json.dumps({"task_id": "cgt-1", "status": "IN_PROGRESS", _NEW_FIELD: 3})},
]
_EXPECTED = ("created ", _UNLISTED, _NEW_FIELD, "saved ", "refused BadRequest")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the table. An empty cell was not reached."""

    language: str
    generated: str = ""
    compiled: str = ""
    example: str = ""
    vectors: str = ""
    problem: str = ""
    is_missing: bool = False


@contextmanager
def sandbox() -> Iterator[str]:
    """`unified-video sandbox`, as anybody starts it; gives its address."""
    command = [sys.executable, "-m", "unified_video", "sandbox", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603 - ours
    try:
        yield (process.stdout.readline() if process.stdout else "").strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


def add_faults(url: str) -> None:
    body = json.dumps(_FAULTS).encode()
    request = urllib.request.Request(f"{url}/sandbox/faults", body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
        answer.read()


def try_language(language: Language) -> Outcome:
    """As far as it gets; what stopped it is its problem."""
    missing = language.missing()
    if missing:
        return Outcome(language.name, problem=missing, is_missing=True)
    done: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = language.copy(Path(temporary))
        try:
            language.generate(folder)
            done["generated"] = "yes"
            language.compile(folder)
            done["compiled"] = "yes"
            _run_example(language, folder)
            done["example"] = "yes"
            done["vectors"] = _run_vectors(language, folder)
        except NotHere as lacking:
            return Outcome(language.name, problem=str(lacking), is_missing=True)
        except (ToolFailed, subprocess.TimeoutExpired) as failed:
            done["problem"] = str(failed)
    return replace(Outcome(language.name), **done)  # type: ignore[arg-type] # each value is the text of a cell


def _run_example(language: Language, folder: Path) -> None:
    video = folder / "video.mp4"
    with sandbox() as url:
        add_faults(url)
        settings = {"UNIFIED_VIDEO_BASE_URL": url, "UNIFIED_VIDEO_API_KEY": "sk-of-an-example"}
        output = run([*language.example(folder), str(video)], cwd=folder, env=settings, timeout=120)
    absent = [text for text in _EXPECTED if text not in output]
    if absent:
        raise ToolFailed(f"the example did not say {absent}, but\n{output}")
    with video.open("rb") as file:
        fault = _mp4.fault(file)
    if fault:
        raise ToolFailed(f"the example's video is none: {fault}")


def _run_vectors(language: Language, folder: Path) -> str:
    with _vectors.served() as settings:
        output = run(language.vectors(folder), cwd=folder, env=settings, timeout=300)
    counts = json.loads(output.strip().splitlines()[-1])
    if counts["passed"] != counts["total"] or not counts["total"]:
        raise ToolFailed(f"{counts['passed']} of {counts['total']} vectors passed:\n{output}")
    return f"{counts['passed']} of {counts['total']}"


HEAD = ("language", "generated", "compiled", "example", "vectors passed")


def table(outcomes: list[Outcome]) -> str:
    rows = [HEAD, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _row(outcome: Outcome) -> tuple[str, ...]:
    cells = (outcome.generated, outcome.compiled, outcome.example, outcome.vectors)
    empty = "not here" if outcome.is_missing else "no"
    return (outcome.language, *(cell or empty for cell in cells))


def polyglot() -> list[Outcome]:
    return [try_language(language) for language in LANGUAGES]
