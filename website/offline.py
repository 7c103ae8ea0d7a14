"""What the builder's offline mode leaves to the network, brought home."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_FETCHED = '<script src="https://unpkg.com/iframe-worker/shim" type="text/javascript"></script>'
_OWN = "assets/javascripts/frame_worker.js"


def finish(site: Path) -> None:
    shutil.copyfile(Path(__file__).with_name("frame_worker.js"), site / _OWN)
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        own = Path(os.path.relpath(site / _OWN, page.parent)).as_posix()
        page.write_text(text.replace(_FETCHED, f'<script src="{own}"></script>'), "utf-8")
