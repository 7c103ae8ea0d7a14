"""The reference page in a real browser, offline: what a person sees, and that nothing is fetched from anywhere."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contract import _places
from contract._places import read_yaml
from contract._tool import NotHere

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
_NARROW = 420


def chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise NotHere("Chromium is missing: apt-get install chromium fonts-dejavu-core")
    return found


def look() -> tuple[list[str], Path]:
    """What is wrong with the page; and a folder with screenshots, in light and dark."""
    from playwright.sync_api import sync_playwright

    command, folder = chromium(), Path(tempfile.mkdtemp(prefix="reference-"))
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=command, args=_FLAGS)
        try:
            found = [*_on_screen(browser, "light", folder), *_on_screen(browser, "dark", folder), *_on_a_phone(browser)]
        finally:
            browser.close()
    return found, folder


def _opened(page: Page, noted: list[str]) -> Page:
    page.on("console", lambda message: noted.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: noted.append(f"error: {error}"))
    page.on("request", lambda request: noted.append(f"request: {request.url}"))
    page.goto(_places.PAGE.as_uri())
    return page


def _on_screen(browser: Browser, scheme: str, folder: Path) -> list[str]:
    noted: list[str] = []
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1400, "height": 1000}, offline=True)  # type: ignore[arg-type]
    page = _opened(context.new_page(), noted)
    page.screenshot(path=folder / f"{scheme}.png")
    page.locator("#models").scroll_into_view_if_needed()
    page.screenshot(path=folder / f"{scheme}-models.png")
    document = read_yaml(_places.DOCUMENT)
    wanted = [f"request: {_places.PAGE.as_uri()}"]
    problems = [f"{scheme}: {line}" for line in noted if line not in wanted]
    if page.title() != f"{document['info']['title']} {document['info']['version']}":
        problems.append(f"{scheme}: the title is {page.title()!r}")
    return [
        *problems,
        *(f"{scheme}: {text!r} is not to be seen" for text in _texts(document) if not _is_seen(page, text)),
    ]


def _texts(document: _places.Json) -> list[str]:
    schemas = document["components"]["schemas"]
    rules = schemas["VideoGenerationRequest"]
    titles = [rule["title"] for rule in (*rules["allOf"], *rules["x-warnings"]) if "title" in rule]
    return [*document["paths"], *schemas["VideoModel"]["x-models"], *titles]


def _is_seen(page: Page, text: str) -> bool:
    return any(one.is_visible() for one in page.locator("main").get_by_text(text, exact=True).all())


def _on_a_phone(browser: Browser) -> list[str]:
    page = _opened(browser.new_context(viewport={"width": _NARROW, "height": 900}, offline=True).new_page(), [])
    width = page.evaluate("document.documentElement.scrollWidth")
    return [] if width <= _NARROW else [f"on a phone the page is {width} wide, and scrolls sideways"]
