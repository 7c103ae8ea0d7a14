"""The reference page is made from the document, holds all that matters, and needs nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from contract import _page, _places
from contract._html import provenance, text
from contract._markdown import blocks, inline
from contract._places import read_yaml

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def document() -> Any:
    return read_yaml(_places.DOCUMENT)


@pytest.fixture(scope="module")
def page(document: Any) -> str:
    return _page.page(document)


class Outline(HTMLParser):
    """Every tag is closed in its order; ids and the places that links lead to are kept."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open, self.ids, self.links, self.loads = list[str](), list[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []
        self.loads += [value or "" for name, value in attrs if name == "src" or (name == "href" and tag == "link")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


def test_the_page_that_is_kept_is_the_documents(page: str) -> None:
    assert _places.PAGE.read_text("utf-8") == page, "run `nox -s reference`"


def test_the_page_loads_nothing(outline: Outline, page: str) -> None:
    assert outline.loads == ["data:,"]
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\(", page)


def test_every_tag_is_closed_and_every_link_leads_somewhere(outline: Outline) -> None:
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)


def test_the_page_holds_every_operation_model_rule_status_and_schema(document: Any, page: str) -> None:
    schemas = document["components"]["schemas"]
    request = schemas["VideoGenerationRequest"]
    rules = [rule["title"] for rule in (*request["allOf"], *request["x-warnings"]) if "title" in rule]
    names = [*document["paths"], *schemas, *schemas["VideoModel"]["enum"], *schemas["TaskStatus"]["x-states"], *rules]
    assert [name for name in names if f">{text(name)}<" not in page] == []


def test_the_page_says_every_size_of_a_frame_and_every_class_of_error(document: Any, page: str) -> None:
    sizes = document["components"]["schemas"]["Resolution"]["x-frame-sizes"]
    for resolution in ("480p", "720p", "1080p"):
        assert all(f"<td>{width}{_page.TIMES}{height}</td>" in page for width, height in sizes[resolution].values())
    rows = [row for path in document["paths"].values() for one in path.values() for row in one["x-outcomes"]]
    assert all(f"<code>{row['error']}</code>" in page for row in rows if "error" in row)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("one\ntwo", "<p>one two</p>"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        ("- a\n- b\n  c", "<ul><li>a</li><li>b c</li></ul>"),
        ("first:\n1. a\n2. b", "<p>first:</p>\n<ol><li>a</li><li>b</li></ol>"),
        ("**a** `<b> **c**`", "<p><strong>a</strong> <code>&lt;b&gt; **c**</code></p>"),
        ("see https://x.invalid/a.", '<p>see <a href="https://x.invalid/a">https://x.invalid/a</a>.</p>'),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
    ],
)
def test_the_little_markdown_of_descriptions_is_shown(markdown: str, html: str) -> None:
    assert blocks(markdown) == html


def test_what_comes_from_the_document_is_escaped(document: Any) -> None:
    evil = {**document, "info": {**document["info"], "title": "<script>alert(1)</script>"}}
    assert "<script" not in _page.page(evil)
    assert inline("<img>") == "&lt;img&gt;"


def test_what_has_no_source_of_its_own_names_none() -> None:
    assert provenance(None) == ""
    assert "low confidence" in provenance({"source": "clients", "confidence": "low", "note": "inferred"})


def test_the_page_is_written_where_it_belongs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: str) -> None:
    monkeypatch.setattr(_places, "PAGE", tmp_path / "docs" / "reference.html")
    assert _page.write().read_text("utf-8") == page
