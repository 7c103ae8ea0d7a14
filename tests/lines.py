"""Lines of code by module, hand-written and generated: no blank line, no comment, no docstring. `nox -s lines`."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
OVERLAY = ROOT / "overlay" / "unified_video"
APART = {
    "sandbox": ("sandbox/", "testing.py"),
    "command line": ("_cli/", "__main__.py"),
    "batch": ("batch/", "_ledger/postgres.py"),
}
"""What stands apart from a client, by the beginnings of its files' names."""
PARTS = {
    "what sends bytes": ("_io/",),
    "checking a request": ("_validate.py", "_schema.py", "_sentences.py", "_images.py", "_picture.py"),
    "files": ("_saving.py", "_download.py", "_files.py", "_mp4.py", "_lock.py"),
    "the ledger, and going on with it": ("_ledger/", "_resume.py", "_settle.py"),
    "notebooks": ("_notebook.py",),
}
"""What the client itself stands on; it is all that is in none of these."""
CLIENT = "the client itself"
FOLDERS = ("generation", "contract", "release", "mutation", "tests")
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def code_lines(source: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    rows = {row for token in tokens if token.type not in _NO_CODE for row in range(token.start[0], token.end[0] + 1)}
    return len(rows - _docstrings(source))


def _docstrings(source: str) -> set[int]:
    """The rows of every text that stands alone: those under attributes too."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    texts = [node for node in found if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)]
    return {row for node in texts for row in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def by_module(folder: Path) -> dict[str, int]:
    files = sorted(folder.rglob("*.py"))
    return {file.relative_to(folder).as_posix(): code_lines(file.read_text("utf-8")) for file in files}


def part_of(name: str, parts: Mapping[str, tuple[str, ...]], rest: str) -> str:
    return next((part for part, starts in parts.items() if name.startswith(starts)), rest)


def of_client() -> dict[str, int]:
    """The overlay without what stands apart, module by module."""
    return {name: lines for name, lines in by_module(OVERLAY).items() if part_of(name, APART, CLIENT) == CLIENT}


def in_parts(modules: Mapping[str, int], parts: Mapping[str, tuple[str, ...]], rest: str) -> Counter[str]:
    found = Counter[str]()
    for name, lines in modules.items():
        found[part_of(name, parts, rest)] += lines
    return found


def table() -> str:
    modules, overlay = of_client(), in_parts(by_module(OVERLAY), APART, "the overlay without these")
    folders = [*sorted((ROOT / "generated").glob("unified_*")), *map(ROOT.joinpath, FOLDERS)]
    for folder in folders:
        overlay[folder.relative_to(ROOT).as_posix()] = sum(by_module(folder).values())
    return "\n".join([*_rows(modules), "", *_rows(in_parts(modules, PARTS, CLIENT)), "", *_rows(overlay), ""])


def _rows(counts: Mapping[str, int]) -> list[str]:
    return [f"{lines:6,}  {name}" for name, lines in sorted(counts.items(), key=lambda item: -item[1])]
