"""What users would pick instead, each in an environment of its own beside ours: what it costs before and in a call."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ._measure import in_turns, least, program
from ._server import service

ROOT = Path(__file__).parents[1]
KEY = "key-of-a-benchmark"


@dataclass(frozen=True)
class Peer:
    """A package, and the code that makes its client and asks for a task; None where it cannot be asked."""

    name: str
    module: str
    construct: str
    retrieve: str | None
    why_not: str = ""


FIXED = "its host stands in its code, under https"
PEERS = (
    Peer(
        "unified-video",
        "unified_video",
        "from unified_video import UnifiedVideo; client = UnifiedVideo(api_key=KEY, base_url=URL)",
        "client.retrieve('cgt-1')",
    ),
    Peer(
        "httpx",
        "httpx",
        "import httpx; client = httpx.Client(base_url=URL, headers={'Authorization': 'Bearer ' + KEY})",
        "client.get('/v2/videos/generations/cgt-1').json()",
    ),
    Peer(
        "openai",
        "openai",
        "from openai import OpenAI; client = OpenAI(api_key=KEY, base_url=URL)",
        "client.videos.retrieve('cgt-1')",
    ),
    Peer(
        "runwayml",
        "runwayml",
        "from runwayml import RunwayML; client = RunwayML(api_key=KEY, base_url=URL)",
        "client.tasks.retrieve('cgt-1')",
    ),
    Peer("fal-client", "fal_client", "import fal_client; client = fal_client.SyncClient(key=KEY)", None, FIXED),
    Peer(
        "google-genai",
        "google.genai",
        "from google import genai; client = genai.Client(api_key=KEY, http_options={'base_url': URL})",
        "client.operations.get(genai.types.GenerateVideosOperation(name='models/a/operations/cgt-1'))",
    ),
    Peer(
        "hiapi-seedance",
        "hiapi_seedance",
        "from hiapi_seedance import Seedance; client = Seedance(api_key=KEY, base_url=URL)",
        "client.retrieve('cgt-1')",
    ),
    Peer(
        "byteplus-py",
        "byteplus_py",
        "from byteplus_py import BytePlus; client = BytePlus(api_key=KEY, base_url=URL).seedance",
        "client.retrieve('cgt-1')",
    ),
)

_RETRIEVE = """
import json, sys, time
KEY, URL = {key!r}, sys.argv[1]
{construct}
def call():
    return {retrieve}
call()
best = 1e9
for _ in range(5):
    begin = time.process_time()
    for _ in range(100):
        call()
    best = min(best, (time.process_time() - begin) / 100 * 1e6)
print(json.dumps(best))
"""


def figures(rounds: int, wheel: Path) -> dict[str, dict[str, object]]:
    """For each peer: ms of CPU over its bare interpreter to import and to construct, µs a retrieve, its size."""
    found: dict[str, dict[str, object]] = {}
    for peer in PEERS:
        try:
            python = _environment(peer, wheel)
        except subprocess.CalledProcessError:
            found[peer.name] = {"missing": "it did not install"}
            continue
        found[peer.name] = {**_times(peer, python, rounds), **_size(python), **_retrieve(peer, python)}
    return found


def _environment(peer: Peer, wheel: Path) -> Path:
    folder = ROOT / ".nox" / "peers" / peer.name
    python = folder / "bin" / "python"
    ours = peer.name == "unified-video"
    if ours or not python.exists():
        _run(sys.executable, "-m", "venv", *(["--clear"] if ours else []), str(folder))
        pip = (str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
        _run(*pip, str(wheel) if ours else peer.name)
    return python


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _times(peer: Peer, python: Path, rounds: int) -> dict[str, object]:
    construct = f"KEY, URL = {KEY!r}, 'https://gateway.example'\n{peer.construct}"
    try:
        taken = least(
            in_turns(
                rounds,
                {
                    "bare": program(python, "pass"),
                    "import": program(python, f"import {peer.module}"),
                    "construct": program(python, construct),
                },
            )
        )
    except subprocess.CalledProcessError as error:
        return {"failed": str(error.cmd[-1])}
    return {name: round(taken[name] - taken["bare"], 1) for name in ("import", "construct")}


def _size(python: Path) -> dict[str, object]:
    packages = next((python.parents[1] / "lib").glob("python*/site-packages"))
    tools = ("pip", "setuptools", "pkg_resources", "_distutils", "distutils")
    own = [entry for entry in packages.iterdir() if not entry.name.startswith(tools)]
    files = [file for entry in own for file in ([entry] if entry.is_file() else entry.rglob("*")) if file.is_file()]
    sizes = [file.stat().st_size for file in files if file.suffix != ".pyc"]
    return {
        "packages": sum(entry.suffix == ".dist-info" for entry in own),
        "mib": round(sum(sizes) / 1024 / 1024, 1),
    }


def _retrieve(peer: Peer, python: Path) -> dict[str, object]:
    if peer.retrieve is None:
        return {"retrieve": None, "why": peer.why_not}
    code = _RETRIEVE.format(key=KEY, construct=peer.construct, retrieve=peer.retrieve)
    with suppress(subprocess.CalledProcessError), service() as url:
        done = subprocess.run([python, "-c", code, url], check=True, capture_output=True)
        return {"retrieve": round(json.loads(done.stdout), 1)}
    return {"retrieve": None, "why": "its call failed against the benchmark's service"}
