"""Thousands of items: how long, how much memory, how large a ledger, and whether anything is paid twice.

python -m batch_scale --items 5000                           # in real time, over sockets, a service of its own process
python -m batch_scale --items 10000 --faults 0.1 --virtual   # time that jumps
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_crash.service import serve

from unified_video import UnifiedVideo, models, read_ledger
from unified_video.batch import run
from unified_video.sandbox import Sandbox, VirtualClock, stub

KEY = "a-key-of-the-scales"

# A row of the known answers each, in the prompt of the item that meets it, and how the item may end.
KINDS = (
    ("400", "failed"),
    ("401", "failed"),
    ("402", "failed"),
    ("403", "failed"),
    ("404", "failed"),
    ("408", "uncertain"),
    ("408 accepted=true", "uncertain"),
    ("413", "failed"),
    ("415", "failed"),
    ("422", "failed"),
    ("429", "done"),
    ("429 retry_after=3", "done"),
    ("425", "done"),
    ("500", "uncertain"),
    ("500 accepted=true", "uncertain"),
    ("502 body=html", "uncertain"),
    ("503", "failed"),
    ("503 body=html", "uncertain"),
    ("504 body=html accepted=true", "uncertain"),
    ("520 accepted=true", "uncertain"),
    ("521", "done"),
    ("522", "done"),
    ("523", "done"),
    ("524 accepted=true", "uncertain"),
    ("525", "uncertain"),
    ("302 location=https://elsewhere.invalid/", "failed"),
    ("200 body=html accepted=true", "uncertain"),
    ("200 body=empty accepted=true", "uncertain"),
    ("200 body=B accepted=true", "uncertain"),
    ("200 body=cut accepted=true", "uncertain"),
    ("body=wrapped", "done"),
    ("drop=connect", "done"),
    ("drop=read", "uncertain"),
    ("drop=read accepted=true", "uncertain"),
    ("drop=answer accepted=true", "uncertain"),
    ("reason=no", "failed"),
    ("task_status=EXPIRED", "failed"),
    ("task_status=CANCELLED", "failed"),
    ("link=none", "failed"),
    ("link=fail_reason", "done"),
    ("operation=query 401 times=2", "done"),
    ("operation=query 404 times=2", "done"),
    ("operation=query 429 retry_after=9", "done"),
    ("operation=query 500", "done"),
    ("operation=query 504 body=html", "done"),
    ("operation=query body=garbage", "done"),
    ("operation=query body=empty", "done"),
    ("operation=query body=wrapped", "done"),
    ("operation=query drop=read", "done"),
    ("operation=query task_status=UNHEARD", "done"),
    ("operation=query link=none", "done"),
    ("operation=media 500", "done"),
    ("operation=media 403 expired=true", "done"),
    ("operation=media drop=answer", "done"),
    ("operation=media body=html 200", "done"),
)


@dataclass(frozen=True)
class Found:
    """Figures of one run, and what was wrong."""

    items: int
    seconds: float
    allowed_seconds: float
    megabytes: float
    """The most memory that this process ever had."""
    ledger_megabytes: float
    states: dict[str, int]
    accepted: int
    wrong: tuple[str, ...]


def requests(items: int, share: float, seed: int = 1) -> tuple[list[dict[str, object]], dict[str, str]]:
    """The requests, and how each is to end."""
    chance = random.Random(seed)  # noqa: S311 - the schedule of a test
    made, ends = list[dict[str, object]](), dict[str, str]()
    for number in range(items):
        key, kind = f"item-{number:05}", ("", "done")
        if chance.random() < share:
            kind = chance.choice(KINDS)
        made.append({"key": key, "prompt": f"{key}. [fault:{kind[0]}]" if kind[0] else f"{key}."})
        ends[key] = kind[1]
    return made, ends


def virtual(items: int, share: float, output: Path) -> Found:
    """In this process, with time that jumps."""
    clock = VirtualClock()
    made, ends = requests(items, share)
    with Sandbox(clock=clock, render=stub) as sandbox:
        client = UnifiedVideo(api_key=KEY, base_url="https://gateway.invalid", transport=sandbox.transport)
        client._use_clock(clock)
        with client:
            began = clock.now()
            run(made, output=output, client=client)
            seconds = clock.now() - began
        jobs = Counter(str(job.request["prompt"])[:10] for job in sandbox._state.jobs)
    return _found(output, items, seconds, ends, jobs)


def real(items: int, output: Path) -> Found:
    """Over sockets, the service in another process."""
    url, server = serve()
    made, ends = requests(items, 0.0)
    try:
        began = time.monotonic()
        with UnifiedVideo(api_key=KEY, base_url=url) as client:
            run(made, output=output, client=client)
        seconds = time.monotonic() - began
        with urllib.request.urlopen(f"{url}/sandbox/tasks") as answer:  # noqa: S310 - on loopback
            tasks: Any = json.load(answer)["tasks"]
    finally:
        os.kill(server, signal.SIGTERM)
    return _found(output, items, seconds, ends, Counter(task["request"]["prompt"][:10] for task in tasks))


def _found(output: Path, items: int, seconds: float, ends: dict[str, str], jobs: Counter[str]) -> Found:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = {row.key: row for row in read_ledger(output)}
    wrong = [
        f"{key} is {rows[key].state}, not {end} ({rows[key].error})"
        for key, end in ends.items()
        if rows[key].state != end
    ]
    wrong += [f"{key} was accepted {times} times" for key, times in jobs.items() if times > 1]
    wrong += [
        f"{key} has no file" for key, row in rows.items() if row.state == "done" and not Path(str(row.path)).exists()
    ]
    per_minute = models()[0].requests_per_minute or 1
    ledger = sum(file.stat().st_size for file in output.glob("ledger.sqlite3*")) / 1e6
    states = dict(Counter(row.state for row in rows.values()))
    return Found(items, seconds, items * 60 / per_minute, megabytes, ledger, states, sum(jobs.values()), tuple(wrong))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--virtual", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        began = time.process_time()
        found = virtual(options.items, options.faults, output) if options.virtual else real(options.items, output)
        cpu = time.process_time() - began
    print(f"{found.items} items: {found.seconds:.0f} s, {found.seconds / found.allowed_seconds:.2f} x the limits")  # noqa: T201 - figures
    print(f"{cpu:.0f} s of CPU, {found.megabytes:.0f} MB of memory, a ledger of {found.ledger_megabytes:.1f} MB")  # noqa: T201 - figures
    print(f"{found.states}; {found.accepted} creates accepted; {len(found.wrong)} wrong", *found.wrong[:20], sep="\n")  # noqa: T201 - figures
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
