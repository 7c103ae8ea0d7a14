"""The built site, from the disk, in a real browser: `nox -s docs`. Not part of the suite, since it needs Chromium.

Environment: `PICTURES` is a folder for a picture of each page at each width; without it, none is kept.
"""

from __future__ import annotations

import os
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

playwright = pytest.importorskip("playwright.sync_api")
SITE = Path(__file__).parents[2] / "site"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if path.name != "404.html")
WIDTHS = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 800}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page, what it asked for elsewhere, and all that its console said."""

    def __init__(self, browser: Any, width: str) -> None:
        self.context = browser.new_context(viewport=WIDTHS[width])
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme not in {"file", "data", "blob"}:
            self.elsewhere.append(url)

    def open(self, page: str) -> Any:
        self.page.goto((SITE / page).as_uri())
        return self.page


@pytest.fixture
def watched(browser: Any, width: str) -> Iterator[Watched]:
    found = Watched(browser, width)
    yield found
    found.context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_from_the_disk_and_asks_for_nothing_elsewhere(watched: Watched, name: str, width: str) -> None:
    page = watched.open(name)
    assert page.title()
    assert page.locator("h1").count() == 1
    page.wait_for_load_state("networkidle")
    assert watched.said == []
    assert watched.elsewhere == []
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 1, f"{name} is {wider} pixels wider than the window"
    assert page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)") == []
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name.replace('/', '-')}-{width}.png")


@pytest.mark.parametrize("width", WIDTHS)  # of the fixture `watched`
@pytest.mark.parametrize(
    ("words", "aim"), [("SubmissionUncertain", ".html"), ("SSL_CERT_FILE", "proxy"), ("last frame", ".html")]
)
def test_the_search_finds_it(watched: Watched, words: str, aim: str) -> None:
    page = watched.open("index.html")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    page.get_by_placeholder("Search").fill(words)
    page.locator(f'a[href*="{aim}"]:has(mark)').first.wait_for(timeout=20_000)
    assert watched.said == []
    assert watched.elsewhere == []


class Reader(HTMLParser):
    """The links of a page, and what a link can lead to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's
        given = dict(attrs)
        self.names |= {name for name in (given.get("id"), given.get("name")) if name}
        self.links += [link for link in (given.get("href"), given.get("src")) if link]


def test_every_link_leads_somewhere() -> None:
    read = {SITE / name: Reader(SITE / name) for name in PAGES}
    assert [
        f"{path.name}: {link}" for path, page in read.items() for link in page.links if dead(path, link, read)
    ] == []


def dead(path: Path, link: str, read: dict[Path, Reader]) -> bool:
    aim = urlsplit(urljoin(path.as_uri(), link))
    if aim.scheme != "file":
        return False
    file = Path(unquote(aim.path))
    if file.is_dir():
        file /= "index.html"
    if not file.exists():
        return True
    return bool(aim.fragment) and file in read and unquote(aim.fragment) not in read[file].names | {"__skip"}


def test_the_notebook_runs_in_a_real_kernel(tmp_path: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(SITE.parent / "examples" / "recipes" / "notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    shown = [output["text/html"] for output in outputs if "text/html" in output]
    assert "succeeded" in shown[0]
    assert "<video controls" in shown[1]
