"""`python -m benchmarks [--quick] [--only PART…] [--page]`: writes docs/speed.json, docs/speed.md and docs/plots/.

Nothing fails by time: what misses its target is shown as missed. `--page` measures nothing, and writes the page anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import calls, costs, page, peers, start, waiting
from ._measure import answers_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "speed.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, 1,000 waits: two minutes")
    parser.add_argument("--only", nargs="*", help="start calls waits download peers costs; the rest stays as it was")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--wheel", type=Path, help="what is installed for the sizes")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is measured starts as it does everywhere: compiled
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    if not options.page:
        _measure(found, options)
    page.write(found, ROOT / "docs")


def _measure(found: dict[str, Any], options: argparse.Namespace) -> None:
    rounds = 5 if options.quick else 15
    parts: dict[str, Callable[[], object]] = {
        "start": lambda: [line.plain() for line in start.lines(rounds)],
        "calls": lambda: [line.plain() for line in calls.lines(rounds)],
        "waits": lambda: waiting.figures(quick=options.quick),
        "download": lambda: _download(256, 3 if options.quick else 5),
        "peers": lambda: peers.figures(3 if options.quick else 9, options.wheel),
        "costs": lambda: costs.figures(options.wheel),
    }
    for name, measure in parts.items():
        if options.only and name not in options.only:
            continue
        sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {name}\n")
        found[name] = measure()
        found["where"] = _where()
        RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _where() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def _download(mib: int, rounds: int) -> object:
    """The downloads have a program of their own, which can do 4 GiB too: see there."""
    return answers_of("-m", "benchmarks.download", str(mib), "--rounds", str(rounds))


if __name__ == "__main__":
    main()
