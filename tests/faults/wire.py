"""What else may go wrong on the wire: drops, hangs, drips, lies about lengths and encodings, and no HTTP at all."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from faults.answers import TASK, TASK_ID, bomb, chunked, deep, http, json_bytes
from faults.server import Behaviour, End, Reads
from faults.statuses import ATTEMPTS, Expected, Row, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERED = Expected(Seen("Task", 1), Seen("Task", 1), Seen("Video", 3))
"""All is well."""
LOST = Expected(Seen("SubmissionUncertain", 1), Seen("InvalidResponse", ATTEMPTS), Seen("Video", 3))
"""A drop, a time-out or garbage."""
REFUSED = Expected(Seen("NotSent", 0), Seen("NotSent", 0), Seen("WaitTimeout", 0))
"""No connection."""
LIMITED = Expected(Seen("RateLimited", ATTEMPTS), Seen("RateLimited", ATTEMPTS), Seen("Video", 3))
LIMITED_FOR_LONG = Expected(Seen("RateLimited", 1), Seen("RateLimited", 1), Seen("Video", 3))
LIMITED_FOR_EVER = Expected(Seen("RateLimited", 1), Seen("RateLimited", 1), Seen("WaitTimeout", 2))
"""The pause is cut to the deadline, and the last query made then."""

_TASK = json_bytes(TASK)
_HALF = len(_TASK) // 2
_WHOLE = http(200, _TASK)
_CLOSE = "Connection: close"  # else the next request may go out on a connection that is about to end
_HANG_SECONDS, _DRIP_SECONDS = 0.1, 0.03
_DRIPS = 100
_MEGABYTES_10 = b"x" * 10_000_000


def wire_rows() -> Iterator[Row]:
    yield Row("connection refused", REFUSED, address="refused")
    yield Row("no TLS where TLS is expected", REFUSED, address="tls")
    yield from _drops()
    yield from _hangs()
    yield from _odd_bodies()
    yield from _lengths()
    yield from _encodings()
    yield from _heads()
    yield from _limits()


def _drops() -> Iterator[Row]:
    readings: tuple[tuple[Reads, str], ...] = (
        ("nothing", "before the request is read"),
        ("head", "in the middle of the request"),
    )
    endings: tuple[tuple[End, str], ...] = (("close", "FIN"), ("reset", "RST"))
    moments = {
        "after the request is read": b"",
        "in the middle of the status line": _WHOLE[:9],
        "in the middle of the headers": _WHOLE[:40],
        "after the headers": _WHOLE[: -len(_TASK)],
        "in the middle of the body": _WHOLE[:-_HALF],
    }
    for end, name in endings:
        for reads, when in readings:
            yield Row(f"drop {when}, {name}", LOST, unread=Behaviour(end=end, reads=reads, accepts=True))
        for moment, sent in moments.items():
            yield Row(f"drop {moment}, {name}", LOST, _taken(sent, end=end))


def _hangs() -> Iterator[Row]:
    hang = {"no answer at all": b"", "headers that never end": _WHOLE[:40], "a body that never ends": _WHOLE[:-_HALF]}
    for name, sent in hang.items():
        yield Row(f"{name}: time-out", LOST, _taken(sent, end="hang"), timeout=_HANG_SECONDS)
    drips = (b"X-Drip: 1\r\n",) * _DRIPS
    yield Row(
        "headers that drip: time-out",
        LOST,
        _taken(b"HTTP/1.1 200 OK\r\n", *drips, pause=_DRIP_SECONDS),
        timeout=_HANG_SECONDS,
    )
    drips = (b" ",) * _DRIPS
    yield Row(
        "a body that drips: time-out",
        LOST,
        _taken(http(200, length="9999"), *drips, pause=_DRIP_SECONDS),
        timeout=_HANG_SECONDS,
    )
    slow = tuple(_WHOLE[at : at + 32] for at in range(0, len(_WHOLE), 32))
    yield Row("an answer in many small pieces", ANSWERED, _taken(*slow, pause=0.001))


def _odd_bodies() -> Iterator[Row]:
    name = TASK_ID.encode()
    yield Row(
        "NaN and Infinity beside the task id",
        ANSWERED,
        _taken(http(200, b'{"task_id": "%s", "a": NaN, "b": -Infinity}' % name)),
    )
    yield Row(
        "invalid UTF-8 beside the task id", ANSWERED, _taken(http(200, b'{"task_id": "%s", "a": "\xff\xfe"}' % name))
    )
    yield Row("a byte order mark before the task", ANSWERED, _taken(http(200, b"\xef\xbb\xbf" + _TASK)))
    yield Row(
        "an integer of 10,000 digits beside the task id",
        ANSWERED,
        _taken(http(200, b'{"task_id": "%s", "a": 1%s}' % (name, b"0" * 10_000))),
    )
    yield Row(
        "an error beside the task id",
        ANSWERED,
        _taken(http(200, b'{"task_id": "%s", "error": {"message": "no", "code": "c"}}' % name)),
    )
    yield Row("the content type of HTML", ANSWERED, _taken(http(200, _TASK, kind="text/html")))
    yield Row(
        "10 MB of JSON around the task id",
        ANSWERED,
        _taken(http(200, b'{"task_id": "%s", "a": "%s"}' % (name, _MEGABYTES_10))),
    )
    yield Row("JSON 150 levels deep beside the task id", ANSWERED, _taken(http(200, deep(150))))
    yield Row("JSON 100,000 levels deep", LOST, _taken(http(200, deep(100_000))))
    yield Row("10 MB of no JSON", LOST, _taken(http(200, _MEGABYTES_10)))
    yield Row("invalid UTF-8, and no JSON", LOST, _taken(http(200, b"\xff\xfe\xfd")))
    yield Row("half a surrogate as the task id", LOST, _taken(http(200, b'{"task_id": "\\ud800"}')))
    for value in (b"null", b"true", b'""', b'"  "', b'"."', b'".."', b"[]", b"{}"):
        yield Row(f"{value.decode()} as the task id", LOST, _taken(http(200, b'{"task_id": %s}' % value)))
    for value in (b"null", b"[]", b'"text"', b"17", b"NaN"):
        yield Row(f"JSON that is {value.decode()}", LOST, _taken(http(200, value)))


def _lengths() -> Iterator[Row]:
    yield Row("no Content-Length, ended by the connection", ANSWERED, _taken(http(200, _TASK, length=""), end="close"))
    yield Row(
        "a Content-Length that is too long, the task whole",
        ANSWERED,
        _taken(http(200, _TASK, length="9999"), end="close"),
    )
    yield Row(
        "a Content-Length that is too short", LOST, _taken(http(200, _TASK, _CLOSE, length=str(_HALF)), end="close")
    )
    yield Row("a Content-Length of 0", LOST, _taken(http(200, _TASK, _CLOSE, length="0"), end="close"))
    for value in ("-1", "ten", "1, 2"):
        yield Row(f"a Content-Length of {value!r}", LOST, _taken(http(200, _TASK, length=value), end="close"))
    yield Row("two different Content-Lengths", LOST, _taken(http(200, _TASK, "Content-Length: 7"), end="close"))
    chunks = {
        "chunks": (chunked(_TASK[:_HALF], _TASK[_HALF:]), ANSWERED),
        "chunks that break off": (chunked(_TASK[:_HALF], end=b""), LOST),
        "a chunk of no size": (b"zz\r\n" + _TASK, LOST),
    }
    for name, (body, expected) in chunks.items():
        yield Row(name, expected, _taken(http(200, body, "Transfer-Encoding: chunked", length=""), end="close"))


def _encodings() -> Iterator[Row]:
    packed = gzip.compress(_TASK)
    yield Row("gzip", ANSWERED, _taken(http(200, packed, "Content-Encoding: gzip")))
    yield Row("deflate", ANSWERED, _taken(http(200, zlib.compress(_TASK), "Content-Encoding: deflate")))
    yield Row(
        "gzip that is corrupt",
        LOST,
        _taken(http(200, packed[:12] + b"\0\0\0\0" + packed[16:], "Content-Encoding: gzip")),
    )
    yield Row("gzip that breaks off", LOST, _taken(http(200, packed[: len(packed) // 2], "Content-Encoding: gzip")))
    yield Row("gzip that is none", LOST, _taken(http(200, b"no gzip at all", "Content-Encoding: gzip")))
    yield Row("gzip of 40 MB of blanks", LOST, _taken(bomb(40_000_000)))
    yield Row("an encoding that nobody asked for", LOST, _taken(http(200, b"\x0b\x02\x80", "Content-Encoding: br")))


def _heads() -> Iterator[Row]:
    yield Row("100 Continue before the answer", ANSWERED, _taken(b"HTTP/1.1 100 Continue\r\n\r\n" + _WHOLE))
    yield Row(
        "103 Early Hints before the answer",
        ANSWERED,
        _taken(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _WHOLE),
    )
    yield Row(
        "101 Switching Protocols",
        LOST,
        _taken(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", end="close"),
    )
    yield Row("60 kB of headers", ANSWERED, _taken(http(200, _TASK, *(f"X-{n}: {'y' * 600}" for n in range(100)))))
    yield Row("10 MB of headers", LOST, _taken(http(200, _TASK, f"X-Long: {_MEGABYTES_10.decode()}"), end="close"))
    yield Row("a header that is not ASCII", ANSWERED, _taken(http(200, _TASK, "X-Name: \xe9\xff")))
    yield Row("a header without a colon", LOST, _taken(http(200, _TASK, "nonsense"), end="close"))
    yield Row("a status line without a reason", ANSWERED, _taken(_WHOLE.replace(b"200 Whatever", b"200", 1)))
    yield Row(
        "bytes after the end of the answer",
        ANSWERED,
        _taken(http(200, _TASK, _CLOSE) + b"HTTP/1.1 500 More\r\n\r\n", end="close"),
    )
    garbage = {
        "a status of 99": b"HTTP/1.1 099 No\r\n\r\n",
        "a status that is no number": b"HTTP/1.1 OK 200\r\n\r\n",
        "HTTP/0.9": _TASK,
        "HTTP/2": b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\0\xff\xff",
        "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
        "a blank line": b"\r\n\r\n",
    }
    for name, sent in garbage.items():
        yield Row(name, LOST, _taken(sent, end="close"))


def _limits() -> Iterator[Row]:
    soon = "Fri, 01 Jan 2027 00:00:09 GMT"
    at = "Date: Fri, 01 Jan 2027 00:00:00 GMT"
    for value, *more in (["9"], ["0"], ["60"], [soon, at], ["soon"], ["-1"]):
        behaviour = Behaviour((http(429, b"", f"Retry-After: {value}", *more),))
        yield Row(f"429 with Retry-After: {value}", LIMITED, behaviour)
    yield Row("429 with Retry-After: 61", LIMITED_FOR_LONG, Behaviour((http(429, b"", "Retry-After: 61"),)))
    yield Row(
        "429 with a Retry-After of 400 digits",
        LIMITED_FOR_EVER,
        Behaviour((http(429, b"", f"Retry-After: {'9' * 400}"),)),
    )


def _taken(*pieces: bytes, pause: float = 0.0, end: End = "keep") -> Behaviour:
    """The service took the create, whatever it then says."""
    return Behaviour(pieces, pause, end, accepts=True)
