"""A short form of `python -m batch_scale`: the pace, the end of every kind of fault, one create a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_scale import KINDS, virtual

if TYPE_CHECKING:
    from pathlib import Path


def test_a_batch_is_as_fast_as_the_limits_allow(tmp_path: Path) -> None:
    found = virtual(300, 0.0, tmp_path)
    assert found.wrong == ()
    assert found.states == {"done": 300}
    assert found.seconds < 1.3 * found.allowed_seconds
    assert found.ledger_megabytes < 0.3


def test_every_kind_of_fault_ends_as_it_should(tmp_path: Path) -> None:
    found = virtual(2 * len(KINDS), 1.0, tmp_path)
    assert found.wrong == ()
    assert found.accepted <= found.items
