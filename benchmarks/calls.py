"""One call: retrieve in memory and on loopback, validate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from unified_video import AsyncUnifiedVideo, UnifiedVideo, validate

from ._measure import Line, each, in_turns, least
from ._server import done, service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KEY = "key-of-a-benchmark"
PATH = "/v2/videos/generations/cgt-1"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
TYPICAL = {
    "model": "doubao-seedance-1-0-lite-i2v-250428",
    "duration": 5,
    "resolution": "720p",
    "ratio": "16:9",
    "seed": 7,
}
PROMPT = "A red panda walks through a forest in the snow; the camera follows it slowly."
IMAGE = "https://media.example/first-frame.png"


def lines(rounds: int) -> list[Line]:
    return [*_in_memory(rounds), *_on_loopback(rounds)]


def _in_memory(rounds: int) -> list[Line]:
    body = done(b"cgt-1")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    base = "https://gateway.example"
    with (
        httpx.Client(transport=transport, headers=HEADERS, base_url=base) as http,
        UnifiedVideo(transport=transport, api_key=KEY, base_url=base) as client,
    ):
        measures = {
            "httpx": each(300, lambda: http.get(PATH).json()),
            "retrieve": each(300, lambda: client.retrieve("cgt-1")),
            "validate": each(1000, lambda: validate(PROMPT, images=IMAGE, **TYPICAL)),  # type: ignore[arg-type] # a dict
            "text": each(1000, lambda: validate(PROMPT, resolution="720p", duration=5, ratio="16:9", seed=7)),
        }
        found = least(in_turns(rounds, measures))
    beside = "`httpx.Client.get().json()` in memory"
    return [
        Line("`retrieve`, in memory", found["retrieve"], found["httpx"], beside, "µs of CPU", 0.70),
        Line("`validate`, a text with five options", found["text"], found["httpx"], beside, "µs of CPU", 0.2),
        Line("`validate`, with an image's URL too", found["validate"], found["httpx"], beside, "µs of CPU", 0.2),
    ]


def _on_loopback(rounds: int) -> list[Line]:
    with service() as url:
        with httpx.Client(headers=HEADERS, base_url=url) as http, UnifiedVideo(api_key=KEY, base_url=url) as client:
            measures = {
                "httpx": each(200, lambda: http.get(PATH).json()),
                "retrieve": each(200, lambda: client.retrieve("cgt-1")),
            }
            blocking = least(in_turns(rounds, measures))
        in_loop = asyncio.run(_awaited(url, rounds))
    beside, unit = "httpx's own client of the same kind", "µs of CPU"
    return [
        Line("`retrieve`, loopback, keep-alive, sync", blocking["retrieve"], blocking["httpx"], beside, unit, 0.85),
        Line("`retrieve`, loopback, keep-alive, async", in_loop["retrieve"], in_loop["httpx"], beside, unit, 0.85),
    ]


async def _awaited(url: str, rounds: int) -> dict[str, float]:
    async with (
        httpx.AsyncClient(headers=HEADERS, base_url=url) as http,
        AsyncUnifiedVideo(api_key=KEY, base_url=url) as client,
    ):

        async def plain() -> object:
            return (await http.get(PATH)).json()

        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "httpx": plain,
            "retrieve": lambda: client.retrieve("cgt-1"),
        }
        found: dict[str, list[float]] = {name: [] for name in calls}
        for number in range(rounds + 1):
            for name, call in calls.items():
                took = await _each(200, call)
                if number:
                    found[name].append(took)
        return least(found)


async def _each(count: int, call: Callable[[], Awaitable[object]]) -> float:
    import time

    begin = time.process_time()
    for _ in range(count):
        await call()
    return (time.process_time() - begin) / count * 1e6
