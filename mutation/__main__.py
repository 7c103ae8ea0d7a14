"""`python -m mutation [FOLDER]`: makes a copy in FOLDER, lets mutmut change it, and lists what no test noticed.

In a copy, laid out flat, since mutmut names a mutant by its path; and so that sources may be edited meanwhile. A second
run goes on where the first one ended.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = ("_retry", "_validate", "_schema", "_call", "_core", "_watch", "_saving", "_files", "_download", "_answer")
# Those that run in one process, with no socket, and say something of these modules.
TESTS = (
    *("answer", "call", "client", "core", "details", "download", "errors", "files", "hostile", "images", "models"),
    *("record", "resume", "retry", "schedules", "schema", "settings", "task", "validate"),
)
_MOST_MEMORY = 4 * 1024**3
FEW = {"SCHEDULES": "60"}
UNFIT = "not callers_line and not within_a_second and not last_frame_that_fails"
"""Tests that mutmut's own frames on the stack disturb, a busy machine, or a second run in the same process."""
SETTINGS = """
[tool.mutmut]
source_paths = ["unified_video"]
only_mutate = {only}
also_copy = ["unified_video_api", "unified_video_types", "openapi", "docs"]
pytest_add_cli_args = ["-p", "no:unified_video", "-p", "no:cacheprovider", "-k", "{unfit}"]
pytest_add_cli_args_test_selection = {tests}
timeout_constant = 5.0
timeout_multiplier = 3.0

[tool.pytest.ini_options]
pythonpath = [".", "tests"]
filterwarnings = ["error"]
"""


def main() -> None:
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".nox" / "mutation-work"
    if not folder.exists():
        _copy(folder)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", os.environ.get("MUTANTS_AT_ONCE", "2")]
    subprocess.run(command, cwd=folder, env={**os.environ, **FEW}, check=True, preexec_fn=_politely)  # noqa: S603
    _report(folder)


def _politely() -> None:
    """Behind all others, and not with all memory: a wait without end remembers each of its queries."""
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


def _copy(folder: Path) -> None:
    hidden = shutil.ignore_patterns("__pycache__", "node_modules", "page")
    for source in ("overlay/unified_video", "generated/unified_video_api", "generated/unified_video_types"):
        shutil.copytree(ROOT / source, folder / Path(source).name, ignore=hidden)
    for source in ("tests", "openapi", "docs"):
        shutil.copytree(ROOT / source, folder / source, ignore=hidden)
    only = [f"unified_video/{module}.py" for module in MODULES]
    tests = [f"tests/test_{name}.py" for name in TESTS]
    (folder / "pyproject.toml").write_text(SETTINGS.format(only=only, tests=tests, unfit=UNFIT), encoding="utf-8")


def _report(folder: Path) -> None:
    """One line a module, then each mutant that lives, with what was changed."""
    lines = _mutmut(folder, "results", "--all", "true").split("\n")
    found = [tuple(part.strip() for part in line.rsplit(": ", 1)) for line in lines if ": " in line]
    tally: dict[str, Counter[str]] = {}
    for name, status in found:
        tally.setdefault(name.split(".")[1], Counter())[status] += 1
    for module, counts in sorted(tally.items()):
        caught = counts["killed"] + counts["timeout"]
        print(f"{module:12} {caught:5} of {counts.total():5} {caught / counts.total():7.1%} {dict(counts)}")  # noqa: T201
    for name, status in found:
        if status not in {"killed", "timeout"}:
            print(f"\n{status}\n{_mutmut(folder, 'show', name)}")  # noqa: T201


def _mutmut(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout  # noqa: S603


if __name__ == "__main__":
    main()
