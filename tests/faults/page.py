"""docs/faults.md: the table as a page, with one line for all that comes to the same."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from faults.answers import BODIES
from faults.media import FOUND, OLD, MediaRow, media_rows
from faults.statuses import ATTEMPTS, Expected, StatusRow, status_rows
from faults.wire import wire_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

_INTRODUCTION = f"""\
# What comes of a service that misbehaves

Made from the tests by `nox -s faults_page`: `tests/test_fault_table.py` runs each line against both clients, over
real sockets, and fails where a client does anything else. A number is how many requests of that kind reached the
service; the clients here try {ATTEMPTS} times (`Retry(attempts={ATTEMPTS})`). Where a line says
`SubmissionUncertain`, the service did take the create, so a second one would have been paid twice. Each client was
measured by itself.
"""
_HEAD = (
    "`create`, blocking",
    "`create`, async",
    "`retrieve`, blocking",
    "`retrieve`, async",
    "`wait`, both: ends with",
)
_MEDIA_HEAD = ("what the media host does", "blocking", "async", "queries for a new link", "the file afterwards")


def text() -> str:
    found = list(status_rows("https://elsewhere.invalid"))
    return "\n".join(
        [
            _INTRODUCTION,
            "## Each status, with each body\n",
            *_table(("status", "body", *_HEAD), _status_lines(found)),
            "\n## On the wire\n",
            "With status 200 where nothing else is said.\n",
            *_table(("behaviour", *_HEAD), ((_escaped(row.name), *_cells(row.expected)) for row in wire_rows())),
            "\n## Downloads\n",
            "An old file lies at the place; the service knows a new link. `Path`: the new file is there, whole.\n",
            *_table(_MEDIA_HEAD, (_media_line(row) for row in media_rows())),
            "",
        ]
    )


def write(page: Path = PAGE) -> None:
    page.write_text(text(), encoding="utf-8")


def _table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    for cells in (names, ["---"] * len(names), *lines):
        yield f"| {' | '.join(cells)} |"


def _cells(expected: Expected) -> tuple[str, ...]:
    create, retrieve = str(expected.create), str(expected.retrieve)
    return create, create, retrieve, retrieve, str(expected.wait)


def _escaped(name: str) -> str:
    return name.replace("|", "\\|")


def _status_lines(rows: list[StatusRow]) -> Iterator[tuple[str, ...]]:
    """A line for the statuses that come to the same with every body, and in them for the bodies that do."""
    by_status = {status: list(found) for status, found in groupby(rows, lambda row: row.status)}
    alike: dict[tuple[tuple[str, Expected], ...], list[int]] = {}
    for status, found in by_status.items():
        alike.setdefault(tuple((row.body.name, row.row.expected) for row in found), []).append(status)
    for forms, statuses in alike.items():
        by_answer: dict[Expected, list[str]] = {}
        for body, expected in forms:
            by_answer.setdefault(expected, []).append(body)
        for expected, bodies in by_answer.items():
            yield _statuses(statuses), _bodies(bodies), *_cells(expected)


def _statuses(statuses: list[int]) -> str:
    return " ".join(map(str, statuses))


def _bodies(bodies: list[str]) -> str:
    if len(bodies) == len(BODIES):
        return "any"
    return ", ".join(bodies)


def _media_line(row: MediaRow) -> tuple[str, ...]:
    after = "the old one" if row.content == OLD else "the new one"
    assert (row.expected.outcome == FOUND) == (after == "the new one")
    return _escaped(row.name), str(row.expected), str(row.expected), str(row.queries), after
