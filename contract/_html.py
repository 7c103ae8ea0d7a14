"""Pieces of a page."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from contract._markdown import blocks, inline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    return html.escape(str(value))


def code(value: object) -> str:
    return f"<code>{text(value)}</code>"


def as_json(value: object) -> str:
    return code(json.dumps(value, ensure_ascii=False))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Cells are HTML; the first of each row names it."""
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others)


def section(anchor: str, title: str, *parts: str, level: int = 2) -> str:
    heading = f'<h{level} id="{anchor}"><a href="#{anchor}">{title}</a></h{level}>'
    return f"<section>{heading}{''.join(parts)}</section>"


def badge(words: str, kind: str = "") -> str:
    return f'<span class="badge {kind}">{text(words)}</span>'


def example(title: str, value: object) -> str:
    shown = text(json.dumps(value, ensure_ascii=False, indent=2))
    return f'<figure><figcaption>{inline(title)}</figcaption><pre tabindex="0"><code>{shown}</code></pre></figure>'


def described(value: object) -> str:
    return blocks(str(value or ""))


def provenance(found: object) -> str:
    """Where a statement comes from, if not from the provider's page."""
    if not isinstance(found, dict):
        return ""
    sure, source, note = found.get("confidence", ""), found.get("source", ""), found.get("note", "")
    words = f"{source}{'; ' if note else ''}{note}"
    return f'<p class="source">{badge(f"{sure} confidence", str(sure))} {inline(words)}</p>'
