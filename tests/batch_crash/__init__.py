"""kill -9 of a batch at every one of its steps, on SQLite and on PostgreSQL, against a service that counts.

`python -m batch_crash --times 20 --ledger sqlite` in the folder of the tests; `nox -s crash` does both kinds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]
_PATH = os.pathsep.join(str(path) for path in (_TESTS, _TESTS.parent / "overlay", _TESTS.parent / "generated"))


def matrix(*arguments: str) -> str:
    """What it says at its end, in a process of its own: it forks, and so it must have no threads."""
    # A killed process would leave half a file of coverage's behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "batch_crash", *arguments]
    ended = subprocess.run(
        command, env={**environment, "PYTHONPATH": _PATH}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
