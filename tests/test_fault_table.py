"""Each behaviour of a service, against both clients, over real sockets: the error, and how many creates it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults.answers import BODIES, accepted, http
from faults.measure import CLIENTS, Bench, ClientKind, download, measure
from faults.media import FOUND, OLD, MediaRow, media_rows
from faults.page import PAGE, write
from faults.server import Behaviour, FaultServer
from faults.statuses import Expected, Row, status_rows
from faults.wire import wire_rows

from unified_video import APIError, SubmissionUncertain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ELSEWHERE = "http://elsewhere.invalid/v2/videos/generations"
STATUS_ROWS = [found.row for found in status_rows(ELSEWHERE)]
WIRE_ROWS = list(wire_rows())


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer(lambda _: Behaviour()) as running:
        yield running


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("row", [*STATUS_ROWS, *WIRE_ROWS], ids=lambda row: row.name.replace(":", ""))
def test_behaviour(row: Row, kind: ClientKind, server: FaultServer, bench: Bench) -> None:
    create, _ = measure(bench, server, kind, row, "create")
    assert len(server.accepted) <= 1
    retrieve, _ = measure(bench, server, kind, row, "retrieve")
    wait, _ = measure(bench, server, kind, row, "wait")
    assert Expected(create, retrieve, wait) == row.expected


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("row", list(media_rows()), ids=lambda row: row.name.replace(":", ""))
def test_download(row: MediaRow, kind: ClientKind, server: FaultServer, bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "cat.mp4"
    target.write_bytes(OLD)
    seen, _ = download(bench, server, kind, row, target)
    assert seen == row.expected
    assert server.count("query") == row.queries
    assert target.read_bytes() == row.content
    others = {path.name for path in tmp_path.iterdir()} - {target.name}
    assert others <= (set() if seen.outcome == FOUND else {".cat.mp4.part", ".cat.mp4.part.json"})


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_redirect_leads_nowhere_and_is_named(kind: ClientKind, server: FaultServer, bench: Bench) -> None:
    with FaultServer(lambda _: Behaviour((accepted(),))) as other:
        server.reset(lambda _: Behaviour((http(307, b"", f"Location: {other.url}/v2/videos/generations"),)))
        error = bench.call(kind, server.url, 30.0, "create", "a cat dancing")
        assert isinstance(error, APIError)
        assert other.url in str(error)
        assert other.received == []


@pytest.mark.parametrize("kind", CLIENTS)
def test_an_uncertain_create_says_what_was_sent_and_when(kind: ClientKind, server: FaultServer, bench: Bench) -> None:
    server.reset(lambda _: Behaviour((BODIES[2].answer(200),)))
    error = bench.call(kind, server.url, 30.0, "create", "a cat dancing", seed=7)
    assert isinstance(error, SubmissionUncertain)
    assert error.request is not None
    assert error.sent_at is not None
    assert (error.request["prompt"], error.request["seed"], error.status_code) == ("a cat dancing", 7, 200)
    assert "the words of shape A" in str(error)


def test_the_page_is_what_the_table_gives(tmp_path: Path) -> None:
    write(tmp_path / "faults.md")
    assert PAGE.read_text(encoding="utf-8") == (tmp_path / "faults.md").read_text(encoding="utf-8"), (
        "run `nox -s faults_page`"
    )
