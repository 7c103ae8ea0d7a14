"""The little of Markdown that the document's descriptions use: paragraphs, lists, `code`, **bold** and bare links."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = re.compile(r"^(?:- |(\d+)\. )")
_INLINE = (
    (r"\*\*(.+?)\*\*", r"<strong>\1</strong>"),
    (r"(?<!\w)(https?://[^\s<]+[^\s<.,;:)])", r'<a href="\1">\1</a>'),
)


def blocks(text: str) -> str:
    """HTML of a description."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n".join(part for paragraph in paragraphs for part in _block(paragraph.splitlines()))


def _block(lines: list[str]) -> Iterator[str]:
    """A paragraph may lead into a list without an empty line between."""
    first = next((number for number, line in enumerate(lines) if _ITEM.match(line)), len(lines))
    if first:
        yield f"<p>{inline(' '.join(lines[:first]))}</p>"
    if first < len(lines):
        yield _list(lines[first:])


def _list(lines: list[str]) -> str:
    items: list[str] = []
    for line in lines:
        found = _ITEM.match(line)
        if found:
            items.append(line[found.end() :])
        else:
            items[-1] += f" {line.strip()}"
    kind = "ol" if lines[0][:1].isdigit() else "ul"
    inner = "".join(f"<li>{inline(item)}</li>" for item in items)
    return f"<{kind}>{inner}</{kind}>"


def inline(text: str) -> str:
    """What stands between backticks is taken word for word."""
    parts = " ".join(text.split()).split("`")
    return "".join(_code(part) if number % 2 else _plain(part) for number, part in enumerate(parts))


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"


def _plain(text: str) -> str:
    found = html.escape(text, quote=False)
    for pattern, replacement in _INLINE:
        found = re.sub(pattern, replacement, found)
    return found
