"""Many waits at once: of tasks on one async client, beside aiohttp, and of threads on one blocking client.

`python -m benchmarks.waiting KIND URL COUNT PAUSES` is one run, in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from unified_video import AsyncUnifiedVideo, UnifiedVideo, _document

from ._measure import Line, answers_of, memory_mib
from ._server import service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEY = "key-of-a-benchmark"
POLLS = 3
COUNTS = (100, 1_000, 10_000)
THREADS = (10, 100, 1_000)


def figures(*, quick: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Seconds, µs of CPU a poll and MiB, for each kind and number of waits."""
    runs = {"ours": COUNTS, "aiohttp": COUNTS, "threads": THREADS}
    found: dict[str, dict[str, dict[str, float]]] = {kind: {} for kind in runs}
    for place in range(2 if quick else 3):
        for kind, counts in runs.items():  # in turns: what else the machine does meets all alike
            found[kind][str(counts[place])] = _run(kind, counts[place])
    return found


def lines(found: dict[str, dict[str, dict[str, float]]]) -> list[Line]:
    """Of the most waits that were measured."""
    most, fewest = (choose(found["ours"], key=int) for choose in (max, min))
    ours, theirs, threads = found["ours"], found["aiohttp"], found["threads"]
    many, unit, beside = f"{int(most):,} waits on one async client", "µs of CPU a poll", "aiohttp in the same run"
    found_threads = [threads[choose(threads, key=int)] for choose in (max, min)]
    return [
        Line(f"{many}, {POLLS} polls each", ours[most]["cpu"], ours[fewest]["cpu"], f"{fewest} waits", unit, 1.3),
        Line(f"{many}, pauses included", ours[most]["seconds"], theirs[most]["seconds"], beside, "s", 1.5),
        Line(f"{many}, memory", ours[most]["mib"], theirs[most]["mib"], beside, "MiB", 1.5),
        Line(
            f"{int(max(threads, key=int)):,} waits by threads on one blocking client",
            found_threads[0]["cpu"],
            found_threads[1]["cpu"],
            f"{min(threads, key=int)} threads",
            unit,
            1.5,
        ),
    ]


def _run(kind: str, count: int) -> dict[str, float]:
    with service(POLLS) as url:
        return answers_of("-m", "benchmarks.waiting", kind, url, str(count))[0]


@contextmanager
def _figures(count: int) -> Iterator[dict[str, float]]:
    found: dict[str, float] = {}
    begin, cpu = time.perf_counter(), time.process_time()
    yield found
    found["seconds"] = round(time.perf_counter() - begin, 3)
    found["cpu"] = round((time.process_time() - cpu) / count / POLLS * 1e6, 1)
    found["mib"] = round(memory_mib(), 1)


async def ours(url: str, count: int) -> dict[str, float]:
    async with AsyncUnifiedVideo(api_key=KEY, base_url=url) as client:
        await client.retrieve("warm")
        with _figures(count) as found:
            await asyncio.gather(*[client.wait(f"cgt-{number}") for number in range(count)])
    return found


async def aiohttp(url: str, count: int) -> dict[str, float]:
    """What one would write oneself: no errors, no deadline, no retries; the same pauses."""
    from aiohttp import ClientSession

    async with ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:

        async def wait(number: int) -> str:
            for pause in _pauses():
                async with session.get(f"{url}/v2/videos/generations/cgt-{number}") as answer:
                    task = await answer.json()
                if task["status"] == "SUCCESS":
                    return str(task["data"]["output"])
                await asyncio.sleep(pause * (1 + random.random() * _document.polling()["jitter"]))  # noqa: S311
            raise TimeoutError

        with _figures(count) as found:
            await asyncio.gather(*[wait(number) for number in range(count)])
    return found


def threads(url: str, count: int) -> dict[str, float]:
    ended: list[object] = []
    with UnifiedVideo(api_key=KEY, base_url=url) as client:
        client.retrieve("warm")
        waits = [
            threading.Thread(target=lambda n=number: ended.append(client.wait(f"cgt-{n}"))) for number in range(count)
        ]
        with _figures(count) as found:
            for wait in waits:
                wait.start()
            for wait in waits:
                wait.join()
    assert len(ended) == count
    return found


def _pauses() -> Sequence[float]:
    pauses: list[float] = _document.polling()["pauses_seconds"]
    return pauses


if __name__ == "__main__":
    kind, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = {"ours": ours, "aiohttp": aiohttp}
    print(json.dumps(asyncio.run(run[kind](url, count)) if kind in run else threads(url, count)))
