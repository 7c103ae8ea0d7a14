"""Run by `nox -s package` with the Python of an environment that holds only the installed wheel."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGES = ("unified_video", "unified_video_api", "unified_video_types")
DATA = ("unified_video_types/document.json", "unified_video_types/document.yaml")
TYPED = tuple(f"{package}/py.typed" for package in PACKAGES)
SOURCES = ("openapi/unified_video.yaml", "generation/__main__.py", "noxfile.py", "LICENSE", "README.md", "CHANGELOG.md")
HEAVY = ("httpx", "attrs", "attr", "anyio", "click", "av", "PIL")


def main(dist: Path) -> None:
    content_of_the_wheel(next(dist.glob("*.whl")))
    content_of_the_sdist(next(dist.glob("*.tar.gz")))
    metadata()
    imports()
    first_video()


def content_of_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    claim("the wheel holds the document and says that it is typed", set(names).issuperset({*DATA, *TYPED}))
    other = [name for name in names if not re.match(rf"({'|'.join(PACKAGES)})/|unified_video-[^/]+\.dist-info/", name)]
    claim(f"the wheel holds our packages only, not {other}", not other)
    claim("the wheel holds the licence", any(name.endswith("/licenses/LICENSE") for name in names))


def content_of_the_sdist(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    claim(f"the sdist holds {', '.join(SOURCES)}", names.issuperset(SOURCES))
    claim("the sdist holds nothing of an environment", not any(name.startswith((".venv", ".nox")) for name in names))


def metadata() -> None:
    distribution = importlib.metadata.distribution("unified-video")
    claim("the metadata has the package's version", printed("unified_video.__version__") == distribution.version)
    entries = {(entry.group, entry.name): entry.value for entry in distribution.entry_points}
    claim("the command is there", entries["console_scripts", "unified-video"] == "unified_video.__main__:main")
    claim("the pytest plugin is there", entries["pytest11", "unified_video"] == "unified_video.testing")


def imports() -> None:
    claim(
        "every public name can be imported",
        printed("all(hasattr(unified_video, n) for n in unified_video.__all__)") == "True",
    )
    loaded = printed(f"[name for name in {HEAVY!r} if name in __import__('sys').modules]")
    claim(f"`import unified_video` loads nothing heavy: {loaded}", loaded == "[]")


def first_video() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).with_name("unified-video")),
            "generate",
            "dance",
            "--sandbox",
            "-o",
            "dance.mp4",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        claim(f"the sandbox makes a video: {done.stderr}", done.returncode == 0)
        claim("the path is printed", Path(done.stdout.strip()).name == "dance.mp4")
        claim("the file is an mp4", (Path(folder) / "dance.mp4").read_bytes()[4:8] == b"ftyp")


def printed(expression: str) -> str:
    """What an expression is in a fresh interpreter, outside the sources."""
    code = f"import unified_video; print({expression})"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def claim(words: str, holds: object) -> None:
    sys.stdout.write(f"{'ok' if holds else 'NOT OK'}: {words}\n")
    if not holds:
        sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
