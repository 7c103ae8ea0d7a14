"""The tools of PyPI, one version each, in an environment of their own: their dependencies disagree with ours."""

from __future__ import annotations

import os
import sys

from contract._places import ROOT
from contract._tool import fetch, run

_TOOLS = ("openapi-generator-cli==7.26.0", "schemathesis==4.32.5")
_FOLDER = ROOT / ".nox" / "tools"
_SCRIPTS = _FOLDER / ("Scripts" if os.name == "nt" else "bin")


def install() -> None:
    """Nothing to do where that was done already. Raises NotHere."""
    stamp = _FOLDER / "installed"
    if stamp.exists() and stamp.read_text("utf-8").split() == [*_TOOLS]:
        return
    run([sys.executable, "-m", "venv", "--clear", str(_FOLDER)])
    pip = [tool("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    fetch("openapi-generator and Schemathesis", [*pip, *_TOOLS])
    stamp.write_text("\n".join(_TOOLS), "utf-8")


def tool(name: str) -> str:
    return str(_SCRIPTS / name)
