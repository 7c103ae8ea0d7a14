"""How a freshly made folder differs from the one that lies in the tree."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 200  # document.json is one long line


def differences(present: Path, made: Path) -> list[str]:
    """The lines of a unified diff; empty where every file is there, and nothing else, byte for byte."""
    old, new = _files(present), _files(made)
    return [line for name in sorted(old | new) for line in _difference(name, old.get(name), new.get(name))]


def _files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _difference(name: str, old: bytes | None, new: bytes | None) -> list[str]:
    if old == new:
        return []
    before, after = (
        f"{name} ({'missing' if side is None else label})" for side, label in ((old, "there"), (new, "made"))
    )
    lines = list(difflib.unified_diff(_lines(old), _lines(new), before, after, lineterm=""))
    return [line[:SHOWN] for line in lines] or [f"--- {before}", f"+++ {after}"]


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode(errors="replace").splitlines()
