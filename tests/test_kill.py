"""kill -9 at random moments: no second create, no lost task id, no half file.

A few kills here; `nox -s kill` does 200 (the environment variable KILLS).
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from faults.server import FaultServer
from kill.round import Round
from kill.service import Counting

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", "1"))


def test_nothing_paid_is_lost_and_nothing_is_paid_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counting = Counting(SEED)
    with FaultServer(counting) as server:
        counting.url = server.url
        found = [Round(SEED + number, counting, tmp_path).run() for number in range(KILLS)]
    tally = Counter((left.state, left.at_last, left.creates) for left in found)
    lines = [
        f"{times:4} killed at {state}, at last {at_last}; creates accepted: {creates}"
        for (state, at_last, creates), times in sorted(tally.items())
    ]
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, ""]))
    assert [left for left in found if left.faults] == []
    assert any(not left.finished for left in found)
