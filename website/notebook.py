"""The picture of the notebook: run in a real kernel, shown as JupyterLab shows it, photographed in Chromium."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import sync_playwright

SOURCE = Path(__file__).parents[1] / "examples" / "recipes" / "notebook.ipynb"
_MIDDLE = "video => new Promise(seen => { video.onseeked = seen; video.currentTime = 2.5 })"


def executed() -> nbformat.NotebookNode:
    """The notebook with its outputs; the file is left as it is."""
    notebook = nbformat.read(SOURCE, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder}}).execute()
    return notebook


def write(file: Path) -> None:
    html, _ = HTMLExporter(template_name="lab").from_notebook_node(executed())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder, "notebook.html")
        page_file.write_text(html, "utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 700}, color_scheme="light")
        page.route("http*://**", lambda route: route.abort())
        page.goto(page_file.as_uri())
        page.locator("video").evaluate(_MIDDLE)
        page.wait_for_timeout(1000)  # until the sign that it is being loaded has gone
        page.screenshot(path=file, full_page=True)
        browser.close()
