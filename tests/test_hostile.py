"""No answer of a server makes anything but a UnifiedVideoError, and the key is in nothing that comes out.

A few answers here; `nox -s schedules` tries 10,000 for each verb (the environment variable SCHEDULES).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from faults.measure import JumpingClock
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unified_video import AsyncUnifiedVideo, Retry, Task, UnifiedVideo, UnifiedVideoError, Video

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

KEY = "sk-hostile/0123456789"
COUNT = int(os.environ.get("SCHEDULES", "150"))
MANY = settings(
    max_examples=COUNT, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)

NAMES = st.sampled_from(
    (
        *("task_id", "status", "data", "error", "code", "message", "type", "param", "fail_reason", "progress"),
        *(
            "submit_time",
            "start_time",
            "finish_time",
            "output",
            "outputs",
            "url",
            "video_url",
            "download_url",
            "content",
        ),
        *("last_frame_url", "usage", "total_tokens", KEY),
    )
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        (
            *(
                "cgt-1",
                "SUCCESS",
                "success",
                "FAILURE",
                "IN_PROGRESS",
                "QUEUED",
                "task_not_exist",
                "insufficient_quota",
                "100%",
                "-1%",
            ),
            *(
                "https://media.invalid/a.mp4",
                f"https://media.invalid/{KEY}.mp4?x={KEY}",
                "http://[",
                "file:///etc/passwd",
                "//",
                ".",
            ),
            *(
                KEY,
                f"Bearer {KEY}",
                json.dumps({"message": KEY}),
                json.dumps({"error": {"message": json.dumps({"message": KEY})}}),
            ),
            *("[Code] words", "[", "{", "\ud800", "\x00", "1e999", "9" * 400),
        )
    ),
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from((0, -1, 10**30, 1_756_620_879, 1e308)))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
PLAUSIBLE = st.fixed_dictionaries(
    {},
    optional={
        "task_id": st.just("cgt-1") | TEXTS,
        "status": TEXTS,
        "data": VALUES,
        "error": VALUES,
        "code": VALUES,
        "message": TEXTS,
    },
)


def _escaped(text: str) -> str:
    """The key behind JSON's escapes, which a search for its letters does not find."""
    return text.replace(KEY, "".join(f"\\u{ord(letter):04x}" for letter in KEY)).replace("/", "\\/")


JSON = (VALUES | PLAUSIBLE).map(json.dumps)
BODIES = st.one_of(
    JSON.map(str.encode),
    JSON.map(lambda text: _escaped(text).encode()),
    JSON.map(lambda text: text[: len(text) // 2].encode()),
    st.binary(max_size=60),
    st.sampled_from(
        (b"", KEY.encode(), f"<html><title>{KEY}</title>".encode(), b"\x1f\x8b\x08\0", b"\0\0\0\x08moov", b"[" * 5000)
    ),
)
HEADER_NAMES = st.sampled_from(
    (
        *(
            b"Content-Type",
            b"Content-Encoding",
            b"Content-Length",
            b"Content-Range",
            b"ETag",
            b"Last-Modified",
            b"Location",
        ),
        *(b"Retry-After", b"Date", b"X-Request-Id", b"X-Oneapi-Request-Id"),
    )
)
HEADER_VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        (
            *(
                b"gzip",
                b"deflate",
                b"br",
                b"identity",
                b"0",
                b"8",
                b"-1",
                b"bytes 0-7/8",
                b"bytes 8-1/*",
                b"/",
                b"http://[",
                b"a:b",
            ),
            *(
                KEY.encode(),
                b"https://other.invalid/?" + KEY.encode(),
                b"5",
                b"1e9",
                b"Fri, 31 Dec 9999 23:59:59 -9999",
                b"\xff",
            ),
        )
    ),
)
HEADERS = st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=4)
STATUSES = st.integers(100, 999) | st.sampled_from((200, 200, 200, 206, 302, 400, 404, 429, 503, 521))


class Hostile(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Gives every request the same answer."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "gateway.invalid" or KEY not in str(request.headers.raw)
        return httpx.Response(self.status, headers=list(self.headers.items()), stream=httpx.ByteStream(self.body))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


class Bench:
    """Both clients over the same hostile server, with a ledger, and all that they log."""

    def __init__(self, folder: Path) -> None:
        self.server, self.folder = Hostile(), folder
        self.blocking = UnifiedVideo(
            api_key=KEY,
            base_url="https://gateway.invalid",
            transport=self.server,
            retry=Retry(2),
            ledger=folder / "ledger.sqlite3",
        )
        self.loop = AsyncUnifiedVideo(
            api_key=KEY, base_url="https://gateway.invalid", transport=self.server, retry=Retry(2)
        )
        self.blocking._use_clock(JumpingClock())
        self.loop._use_clock(JumpingClock())
        self.runner = asyncio.Runner()
        self.log = Lines()

    def verbs(self, client: UnifiedVideo | AsyncUnifiedVideo) -> tuple[Callable[[], object], ...]:
        video = Video("cgt-1", "https://media.invalid/cat.mp4")
        fresh = datetime.fromtimestamp(client._core.io.time(), UTC)
        return (
            lambda: client.create("a cat dancing"),
            lambda: client.retrieve("cgt-1"),
            lambda: client.wait("cgt-1", timeout=20),
            lambda: client.wait(Task("cgt-1", created_at=fresh), timeout=0),
            lambda: client.download(video, self.folder / "cat.mp4"),
            lambda: client.download("cgt-1", self.folder / "cat.mp4"),
        )

    def close(self) -> None:
        self.blocking.close()
        self.runner.run(self.loop.aclose())
        self.runner.close()


class Lines(logging.Handler):
    """What is logged, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += logging.Formatter().format(record)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("hostile"))
    logger = logging.getLogger("unified_video")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(made.log)
    yield made
    logger.removeHandler(made.log)
    logger.setLevel(level)
    made.close()


@given(status=STATUSES, headers=HEADERS, body=BODIES)
@example(200, {}, b'{"task_id": "\\ud800"}')
@example(400, {}, b'{"code": "c", "message": "\\ud800"}')
@example(200, {b"ETag": b'"\x96"', b"Content-Length": b"8"}, b"\0\0\0\x08")
@example(302, {b"Location": b"https://other.invalid/" + KEY.encode()}, b"")
@MANY
def test_any_answer_makes_a_value_or_our_own_error(
    bench: Bench, status: int, headers: dict[bytes, bytes], body: bytes
) -> None:
    bench.server.status, bench.server.headers, bench.server.body = status, headers, body
    bench.log.text = ""
    for verb in bench.verbs(bench.blocking):
        _assert_harmless(_outcome(verb))
    for verb in bench.verbs(bench.loop):
        _assert_harmless(bench.runner.run(_awaited(verb)))
    assert KEY not in bench.log.text
    assert "older than what happened" not in bench.log.text  # the ledger took every word


def _outcome(verb: Callable[[], object]) -> object:
    try:
        return verb()
    except UnifiedVideoError as error:
        return error


async def _awaited(verb: Callable[[], object]) -> object:
    try:
        return await cast("Awaitable[object]", verb())
    except UnifiedVideoError as error:
        return error


def _assert_harmless(found: object) -> None:
    shown = (
        f"{found} {found!r} {getattr(found, '__notes__', '')} {getattr(found, 'body', '')} {getattr(found, 'raw', '')}"
    )
    if isinstance(found, BaseException):
        shown += "".join(traceback.format_exception(found))
    assert KEY not in shown
    shown.encode()  # can be printed
    kept = pickle.dumps(found)
    assert KEY.encode() not in kept
    assert type(pickle.loads(kept)) is type(found)


def test_the_key_is_not_in_the_ledger(bench: Bench) -> None:
    for file in bench.folder.iterdir():
        assert KEY.encode() not in file.read_bytes()
