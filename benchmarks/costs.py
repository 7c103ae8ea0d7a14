"""What nobody asks for and all pay: sizes, packages, installation, memory at rest, the time of `nox -s drift`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ._measure import answers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
_REST = """
import json
{construct}
from benchmarks._measure import memory_mib
print(json.dumps({{"mib": memory_mib()}}))
"""
CLIENT = "from unified_video import UnifiedVideo; client = UnifiedVideo(api_key='key', base_url='https://a.example')"


def figures(wheel: Path) -> dict[str, object]:
    memory = {
        name: round(answers_of("-c", _REST.format(construct=code))[0]["mib"], 1)
        for name, code in {"bare": "", "httpx": "import httpx; client = httpx.Client()", "client": CLIENT}.items()
    }
    return {
        "wheel_kib": round(wheel.stat().st_size / 1024),
        "memory_mib": memory,
        "install_seconds": _install(wheel),
        "drift_seconds": _drift(),
    }


def _install(wheel: Path) -> float:
    """`pip install` of the wheel and all it needs into an empty environment, pip's cache warm: the better of two."""
    taken = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            _quiet(sys.executable, "-m", "venv", folder)
            pip = (f"{folder}/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check")
            taken.append(_seconds(*pip, str(wheel)))
    return round(min(taken), 1)


def _drift() -> float | None:
    """As the session does it, without nox's own start; None where generated/ is not what the document gives."""
    with suppress(subprocess.CalledProcessError):
        return round(statistics.median(_seconds(sys.executable, "-m", "generation", "--check") for _ in range(3)), 1)
    return None


def _seconds(*words: str) -> float:
    begin = time.perf_counter()
    _quiet(*words)
    return time.perf_counter() - begin


def _quiet(*words: str | Path) -> None:
    called: Sequence[str] = [str(word) for word in words]
    subprocess.run(called, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
