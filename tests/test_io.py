"""run and the system's clock."""

from __future__ import annotations

import asyncio
import json

import pytest

from unified_video._io import Answer, Request, SystemClock, run


async def _answer() -> int:
    return 5


async def _suspend() -> None:
    await asyncio.sleep(0)


def test_what_is_sent_and_what_came_show_no_key_also_to_what_walks_through_sequences() -> None:
    for held in (
        Request("GET", "https://a.example", {"Authorization": "Bearer sk"}, b"sk"),
        Answer(200, {"x": "sk"}, b"sk"),
    ):
        assert "sk" not in json.dumps(held, default=repr)


def test_run_needs_no_loop_and_works_inside_one() -> None:
    async def inside() -> int:
        return run(_answer())

    assert run(_answer()) == 5
    assert asyncio.run(inside()) == 5


def test_run_refuses_a_core_that_suspends() -> None:
    with pytest.raises(RuntimeError, match="suspended"):
        run(_suspend())


def test_what_the_core_raises_comes_out() -> None:
    async def fail() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(fail())


def test_the_clock_of_the_system_goes_forward() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.0)
    assert clock.now() >= before
    assert clock.time() > 1_700_000_000


def test_neither_key_nor_body_shows_in_a_request_or_an_answer() -> None:
    request = Request("GET", "https://x", {"Authorization": "secret"}, b"secret")
    assert "secret" not in f"{request} {Answer(200, {'a': 'secret'}, b'secret')}"
