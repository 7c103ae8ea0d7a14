"""The picture of the layers in CONTRIBUTING.md, from the rows that import-linter checks and the modules' own words."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- layers: written by `nox -s listings` -->\n", "<!-- end of layers -->"


def write() -> None:
    PAGE.write_text(with_picture(PAGE.read_text("utf-8")), "utf-8")


def with_picture(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{picture()}{END}{rest.partition(END)[2]}"


def picture() -> str:
    shown = [" · ".join(row) for row in rows()]
    arrows = "".join(f'    row{number}["{row}"] --> row{number + 1}\n' for number, row in enumerate(shown))
    table = "".join(f"| {'<br>'.join(f'`{name}`: {first_line(name)}' for name in row)} |\n" for row in rows())
    return (
        f'```mermaid\nflowchart TB\n{arrows}    row{len(shown)}["{" · ".join(generated())}"]\n```\n\n'
        f"| each row imports only rows below it |\n|---|\n{table}"
    )


def rows() -> list[list[str]]:
    """The modules of each row, the top one first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["id"] == "rows")["layers"]
    return [re.split(r"\s*[|:]\s*", row) for row in layers]


def generated() -> list[str]:
    return sorted(folder.name for folder in (ROOT / "generated").glob("unified_*") if folder.is_dir())


def first_line(module: str) -> str:
    """What a module says of itself."""
    found = ROOT / "overlay" / "unified_video" / module
    file = found / "__init__.py" if found.is_dir() else found.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.partition("\n")[0].removesuffix(".").replace("|", "\\|")
