"""No answer of a server makes anything but a value or a UnifiedVideoError, and none takes long: by coverage.

`nox -s fuzz -- 180` runs it for 180 seconds. tests/test_hostile.py claims the same of answers made by rules; here
libFuzzer grows them from what the sources branch on. One input is a verb and some answers, the last one for ever.
"""
# ruff: noqa: INP001 - a program, not a package

from __future__ import annotations

import json
import pickle
import struct
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(include=["unified_video"]):
    import httpx

    import unified_video._io.blocking  # noqa: F401 - else imported later, and then not instrumented
    from unified_video import Retry, Task, UnifiedVideo, UnifiedVideoError, Video

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-of-the-fuzzer/0123456789"
BETWEEN = b"\xff\n\xff"
"""Between two answers of an input."""
_MOST = 4
_SLOW_SECONDS = 10
_LONGEST_BYTES = 1 << 16

STATUSES = (
    *(200, 200, 201, 204, 206, 301, 302, 307, 400, 401, 402, 403, 404, 408, 409, 410, 413, 415, 416, 422, 425, 429),
    *(500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 100, 304, 451, 600, 999),
)
HEADERS = (
    *(b"Content-Type", b"Content-Encoding", b"Content-Length", b"Content-Range", b"ETag", b"Last-Modified"),
    *(b"Location", b"Retry-After", b"Date", b"X-Request-Id", b"X-Oneapi-Request-Id", b"Transfer-Encoding"),
)


class Clock:
    """Time passes only where something sleeps."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def time(self) -> float:
        return 1_700_000_000.0 + self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Server(httpx.BaseTransport):
    """Gives the answers of one input. Each is a status, how many headers, those as lines, and a body."""

    answers: list[bytes]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "gateway.invalid":
            assert KEY not in str(request.headers.raw), "the key went to another host"  # noqa: S101 - the claim
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, count = STATUSES[found[0] % len(STATUSES)], found[1] % _MOST
        *lines, body = found[2:].split(b"\n", count)
        headers = [(HEADERS[line[0] % len(HEADERS)], line[1:]) for line in lines if line]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


FOLDER = Path(tempfile.mkdtemp())
SERVER, CLOCK = Server(), Clock()
CLIENT = UnifiedVideo(
    api_key=KEY,
    base_url="https://gateway.invalid",
    transport=SERVER,
    retry=Retry(2),
    ledger=FOLDER / "ledger.sqlite3",
)
CLIENT._use_clock(CLOCK)  # noqa: SLF001 - time that jumps
LINK = "https://media.invalid/cat.mp4"
VERBS: tuple[Callable[[], object], ...] = (
    lambda: CLIENT.create("a cat dancing"),
    lambda: CLIENT.retrieve("cgt-1"),
    lambda: CLIENT.wait("cgt-1", timeout=20),
    lambda: CLIENT.wait(Task("cgt-1"), timeout=0),
    lambda: CLIENT.download(Video("cgt-1", LINK), FOLDER / "cat.mp4"),
    lambda: CLIENT.download("cgt-1", FOLDER / "cat.mp4"),
    lambda: CLIENT.generate("a cat dancing", output=FOLDER / "cat.mp4", timeout=20, return_last_frame=True),
)


def one(data: bytes) -> None:
    """One input, from its verb to what is shown of what came of it."""
    if not data:
        return
    SERVER.answers = [answer.ljust(2, b"\0") for answer in data[1:].split(BETWEEN)]
    began = CLOCK.seconds
    try:
        found: object = VERBS[data[0] % len(VERBS)]()
    except UnifiedVideoError as error:
        found = error
    took = CLOCK.seconds - began
    shown = f"{found} {found!r} {getattr(found, 'body', '')} {getattr(found, 'raw', '')}"
    shown.encode()  # can be printed
    assert KEY not in shown, "the key came out"  # noqa: S101 - the claim
    assert type(pickle.loads(pickle.dumps(found))) is type(found), "no pickle"  # noqa: S101, S301 - the claim; ours
    assert took <= 3 * 60 + 60, f"{took} seconds asleep"  # noqa: S101 - three pauses of the longest Retry-After


def seeds() -> list[bytes]:
    """Whole conversations, for each verb."""
    link = {"output": LINK, "last_frame_url": "https://media.invalid/cat.png", "usage": {"total_tokens": 1}}
    task = {"task_id": "cgt-1", "status": "SUCCESS", "progress": "100%", "finish_time": 1_700_000_000, "data": link}
    bodies = [
        {"task_id": "cgt-1"},
        task,
        {"code": "success", "message": "", "data": task},
        {**task, "status": "FAILURE", "fail_reason": '{"message": "[Code] words"}', "data": None},
        {"error": {"message": KEY, "type": "t", "param": "p", "code": "insufficient_quota"}},
        {"code": "task_not_exist", "message": "no such task", "data": None},
    ]
    box = struct.pack
    mp4 = b"".join(box(">I4s", 8 + len(fill), kind) + fill for kind, fill in ((b"ftyp", b"isom"), (b"moov", b"x")))
    png = b"\x89PNG\r\n\x1a\n" + bytes(16)
    answers = [b"\0\0" + json.dumps(body).encode() for body in bodies] + [b"\0\0" + mp4, b"\0\0" + png]
    whole = BETWEEN.join([answers[0], answers[1], answers[6], answers[7]])
    said = [b"\x15\x01\x075\n{}", b"\x15\x01\x07Wed, 21 Oct 2015 07:28:00 GMT\n", b"\x06\x01\x06https://o.invalid/\n"]
    tails = [*answers, whole, BETWEEN.join(answers[1:8]), *said]
    return [bytes([verb]) + tail for verb in range(len(VERBS)) for tail in tails]


def words() -> str:
    """What answers are made of, for libFuzzer to put in."""
    names = (
        "task_id",
        "status",
        "data",
        "error",
        "code",
        "message",
        "fail_reason",
        "output",
        "url",
        "usage",
        "content",
    )
    values = (
        "SUCCESS",
        "FAILURE",
        "QUEUED",
        LINK,
        KEY,
        "[Code]",
        "100%",
        "insufficient_quota",
        "moov",
        "ftyp",
        "bytes ",
    )
    escaped = (r"\\ud800", r"\\u0073", "1e999", "NaN", "[[[[", "gzip", r"\xff\x0a\xff")
    return "\n".join(f'"{word}"' for word in (*(rf"\"{name}\":" for name in names), *values, *escaped))


def main() -> None:
    corpus, dictionary = FOLDER / "corpus", FOLDER / "words"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    dictionary.write_text(words())
    limits = (f"-timeout={_SLOW_SECONDS}", "-rss_limit_mb=1024", f"-max_len={_LONGEST_BYTES}", f"-dict={dictionary}")
    atheris.Setup([sys.argv[0], str(corpus), *limits, "-print_final_stats=1", *sys.argv[1:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
