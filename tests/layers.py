"""The picture of the layers in CONTRIBUTING.md, from the rows that import-linter checks and the modules' own words."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OVERLAY = ROOT / "overlay" / "unified_video"
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
    return (
        f'```mermaid\nflowchart TB\n{arrows}    row{len(shown)}["unified_video_types"]\n```\n\n'
        + table("each row imports only rows below it", rows())
        + "".join(f"\n{table(f'and within `{package}`', rows(package), package)}" for package in packages())
    )


def table(title: str, listed: list[list[str]], package: str = "") -> str:
    cells = ["<br>".join(f"`{name}`: {first_line(name, package)}" for name in row) for row in listed]
    return f"| {title} |\n|---|\n" + "".join(f"| {cell} |\n" for cell in cells)


def contracts() -> dict[str, list[str]]:
    """The layers that import-linter checks, by the package whose modules they order; "" is the overlay itself."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    of_rows = [contract for contract in listed if contract["id"].startswith("rows")]
    return {contract["containers"][0].partition(".")[2]: contract["layers"] for contract in of_rows}


def packages() -> list[str]:
    return [package for package in contracts() if package]


def rows(package: str = "") -> list[list[str]]:
    """The modules of each row, the top one first."""
    return [re.split(r"\s*[|:]\s*", row) for row in contracts()[package]]


def first_line(module: str, package: str = "") -> str:
    """What a module says of itself."""
    found = OVERLAY / package / module
    file = found / "__init__.py" if found.is_dir() else found.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.partition("\n")[0].removesuffix(".").replace("|", "\\|")
