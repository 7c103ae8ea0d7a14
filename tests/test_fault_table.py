"""Each behaviour of a service, against both clients, over real sockets: the error, and how many creates it took."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.measure import CLIENTS, Bench, ClientKind, measure
from faults.server import Behaviour, FaultServer
from faults.statuses import Expected, Row, status_rows
from faults.wire import wire_rows

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
@pytest.mark.parametrize("row", [*STATUS_ROWS, *WIRE_ROWS], ids=lambda row: row.name)
def test_behaviour(row: Row, kind: ClientKind, server: FaultServer, bench: Bench) -> None:
    create, came = measure(bench, server, kind, row, "create")
    assert len(server.accepted) <= 1
    retrieve, _ = measure(bench, server, kind, row, "retrieve")
    wait, _ = measure(bench, server, kind, row, "wait")
    assert Expected(create, retrieve, wait) == row.expected
