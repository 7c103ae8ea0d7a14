"""`python -m benchmarks.download [MIB…] [--rounds N] [--over SCHEME…]`: downloads to disk, in turns with curl.

Server, curl and each client are processes of their own; a round does all of them once, each time another one first, so
that what else the machine does meets all alike. A line of JSON a size and scheme. Seconds are medians without the start
of a process (curl tells its own); `of_curl` is the median of the rounds' shares. curl leaves its file to the system, a
client's is made to last: `curl_synced` is curl with that. `cpu` is CPU time, which other load disturbs less (of curl,
with its start). `growth_mib`: how much more memory a client had at its highest after the file than after one of 1 MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024 * 1024
ROOT = Path(__file__).parents[1]
OURS = ("sync", "async")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mib", nargs="*", type=int, default=[256])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--over", nargs="+", choices=["http", "https"], default=["http", "https"])
    parser.add_argument("--client", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        kind, url, folder = given.client
        print(json.dumps(client(kind, url, Path(folder))))
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.folder)))
        certificate = _certificate(folder)
        hosts = {
            "http": f"http://127.0.0.1:{stack.enter_context(_server())}",
            "https": f"https://127.0.0.1:{stack.enter_context(_server(certificate))}",
        }
        for mib in given.mib:
            for scheme in given.over:
                found = measured(f"{hosts[scheme]}/{mib * MIB}.mp4", folder, given.rounds)
                print(json.dumps({"mib": mib, "over": scheme, "rounds": given.rounds, **found}), flush=True)


def measured(url: str, folder: Path, rounds: int) -> dict[str, object]:
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in ("curl", *OURS)}
    for at in range(rounds):
        for turn in range(len(runs)):
            kind = list(runs)[(at + turn) % len(runs)]
            runs[kind].append(_curl(url, folder) if kind == "curl" else _apart(kind, url, folder))
    return {"curl": _medians(runs["curl"]), **{kind: _against(runs["curl"], runs[kind]) for kind in OURS}}


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}


def _against(theirs: list[dict[str, float]], ours: list[dict[str, float]]) -> dict[str, float]:
    pairs = list(zip(theirs, ours, strict=True))
    of_curl = statistics.median(their["seconds"] / our["seconds"] for their, our in pairs)
    of_curl_synced = statistics.median(their["synced"] / our["seconds"] for their, our in pairs)
    growth = max(run["growth_mib"] for run in ours)
    shares = {"of_curl": round(of_curl, 2), "of_curl_synced": round(of_curl_synced, 2)}
    return _medians(ours) | {"growth_mib": round(growth, 1)} | shares


def _curl(url: str, folder: Path) -> dict[str, float]:
    target = folder / "curl.mp4"
    options = ["-sS", "--fail", "--cacert", str(folder / "certificate.pem"), "-o", str(target), "-w", "%{time_total}"]
    before = _cpu(resource.RUSAGE_CHILDREN)
    seconds = float(subprocess.run(["curl", *options, url], check=True, capture_output=True).stdout)  # noqa: S607 - curl, from the path  # noqa: S607
    cpu = _cpu(resource.RUSAGE_CHILDREN) - before
    begin = time.perf_counter()
    with target.open("rb") as file:
        os.fsync(file.fileno())
    synced = seconds + time.perf_counter() - begin
    target.unlink()
    return {"seconds": seconds, "synced": synced, "cpu": cpu}


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _apart(kind: str, url: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.download", "--client", kind, url, str(folder)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "overlay"), str(ROOT / "generated")])
    environment = {**os.environ, "PYTHONPATH": paths, "SSL_CERT_FILE": str(folder / "certificate.pem")}
    output = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    found: dict[str, float] = json.loads(output)
    return found


def client(kind: str, url: str, folder: Path) -> dict[str, float]:
    """In a process of its own: a file of 1 MiB, then the one that counts."""
    urls = [f"{url.rpartition('/')[0]}/{MIB}.mp4", url]
    before, after = _blocking(urls, folder) if kind == "sync" else asyncio.run(_async(urls, folder))
    growth = (after.highest - before.highest) / 1024
    return {"seconds": after.at - before.at, "cpu": after.cpu - before.cpu, "growth_mib": growth}


@dataclass(frozen=True, slots=True)
class Mark:
    """How much of time, CPU time and memory (KiB, at the highest) was used up to here."""

    at: float
    cpu: float
    highest: int


def _mark() -> Mark:
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Mark(time.perf_counter(), _cpu(resource.RUSAGE_SELF), highest)


def _blocking(urls: list[str], folder: Path) -> list[Mark]:
    from unified_video import UnifiedVideo, Video

    marks: list[Mark] = []
    with UnifiedVideo(api_key="none", base_url="http://127.0.0.1:1") as ours:
        for url in urls:
            ours.download(Video("cgt-1", url), folder / f"sync-{len(marks)}.mp4")
            marks.append(_mark())
    (folder / "sync-1.mp4").unlink()
    return marks


async def _async(urls: list[str], folder: Path) -> list[Mark]:
    from unified_video import AsyncUnifiedVideo, Video

    marks: list[Mark] = []
    async with AsyncUnifiedVideo(api_key="none", base_url="http://127.0.0.1:1") as ours:
        for url in urls:
            await ours.download(Video("cgt-1", url), folder / f"async-{len(marks)}.mp4")
            marks.append(_mark())
    (folder / "async-1.mp4").unlink()
    return marks


@contextmanager
def _server(*certificate: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.download_server", *map(str, certificate)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield next(process.stdout or iter(())).strip()
        finally:
            process.terminate()


def _certificate(folder: Path) -> Path:
    """Certificate and key of this machine, for a day."""
    if not shutil.which("openssl"):
        raise SystemExit("openssl is needed for a certificate: apt-get install openssl")
    path = folder / "certificate.pem"
    names = "subjectAltName=IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-addext", names, "-keyout", path, "-out", path], check=True, capture_output=True)
    return path


if __name__ == "__main__":
    main()
