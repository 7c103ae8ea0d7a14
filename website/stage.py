"""Lays the pages out for the site's builder, which knows only what lies in one folder.

In the repository a page may link to any file of it. Here such files come along, and the links lead to them: so those
links are checked too, and work in the built site.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from . import cli_page

DOCS = "docs"
_BESIDE = "project"
"""Where files from outside of docs/ lie in the site."""

_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


class Missing(Exception):
    """A page links to what is not there, or to a folder."""


def stage(root: Path, target: Path) -> Path:
    """Lays everything out under `target`; the settings for the builder."""
    shutil.rmtree(target, ignore_errors=True)
    pages = target / "pages"
    shutil.copytree(root / DOCS, pages)
    (pages / "cli.md").write_text(cli_page.text(), "utf-8")
    for path in sorted((root / DOCS).rglob("*.md")):
        _lay(root, pages, path.relative_to(root))
    settings = target / "mkdocs.yml"
    loaded = yaml.safe_load((root / "mkdocs.yml").read_text("utf-8"))
    settings.write_text(yaml.safe_dump(_placed(loaded, root, pages), sort_keys=False), "utf-8")
    return settings


def _lay(root: Path, pages: Path, path: Path) -> None:
    """Writes one page, and whatever it links to outside of docs/."""
    place = pages / _place(path)
    text = (root / path).read_text("utf-8")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("", "utf-8")  # so that a page that links back to it finds it
    place.write_text(_linked(text, root, pages, path), "utf-8")


def _linked(text: str, root: Path, pages: Path, path: Path) -> str:
    """The text, its links as they must be in the site; code is left alone."""
    parts = _FENCE.split(text)
    parts[::2] = [_LINK.sub(lambda link: _followed(link[1], root, pages, path), part) for part in parts[::2]]
    return "".join(parts)


def _followed(link: str, root: Path, pages: Path, path: Path) -> str:
    aim = Path(os.path.normpath(path.parent / unquote(link)))
    if aim == Path(DOCS, "cli.md"):
        return link
    if not (root / aim).is_file():
        raise Missing(f"{path} links to {link}, which is no file")
    if aim.parts[0] != DOCS:
        _bring(root, pages, aim)
    return Path(os.path.relpath(_place(aim), _place(path).parent)).as_posix()


def _bring(root: Path, pages: Path, aim: Path) -> None:
    place = pages / _place(aim)
    if place.exists():
        return
    if aim.suffix == ".md":
        _lay(root, pages, aim)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / aim, place)


def _place(path: Path) -> Path:
    return path.relative_to(DOCS) if path.parts[0] == DOCS else _BESIDE / path


def _placed(settings: dict[str, Any], root: Path, pages: Path) -> dict[str, Any]:
    """The settings with whole paths, and with the pages that there are."""
    nav = _there(settings["nav"], pages)
    named = set(_files(nav))
    found = sorted(path.relative_to(pages).as_posix() for path in pages.rglob("*.md"))
    others = [name for name in found if name not in named and not name.startswith(f"{_BESIDE}/")]
    handler = next(plugin["mkdocstrings"] for plugin in settings["plugins"] if "mkdocstrings" in plugin)
    python = handler["handlers"]["python"]
    python["paths"] = [str(root / path) for path in python["paths"]]
    for extension in settings["markdown_extensions"]:
        if "pymdownx.snippets" in extension:
            extension["pymdownx.snippets"]["base_path"] = [str(root)]
    return {**settings, "docs_dir": "pages", "site_dir": "site", "nav": [*nav, *([{"More": others}] if others else [])]}


def _there(nav: list[dict[str, Any]], pages: Path) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for entry in nav:
        ((title, aim),) = entry.items()
        if isinstance(aim, list):
            kept.append({title: _there(aim, pages)})
        elif (pages / aim).exists():
            kept.append({title: aim})
    return kept


def _files(nav: list[dict[str, Any]]) -> list[str]:
    """Every page that the navigation names."""
    aims = [aim for entry in nav for aim in entry.values()]
    return [name for aim in aims for name in (_files(aim) if isinstance(aim, list) else [aim])]
