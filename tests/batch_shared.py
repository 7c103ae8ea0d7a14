"""A batch over a ledger in PostgreSQL: in this process, or in processes of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from batch_service import KEY
from own_thread import apart

from unified_video import AsyncUnifiedVideo, LedgerRow, Retry, read_ledger
from unified_video.batch import Report, arun

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from unified_video.sandbox import Sandbox

T = TypeVar("T")

URL = "https://gateway.invalid"
ROOT = Path(__file__).parents[1]
PATH = os.pathsep.join(str(ROOT / folder) for folder in ("overlay", "generated"))


def finished(work: Coroutine[object, object, T]) -> T:
    return apart(lambda: asyncio.run(work))


def client_of(sandbox: Sandbox, kind: Any = AsyncUnifiedVideo, **options: Any) -> Any:
    quick = {"retry": Retry(attempts=1), **options}  # a download is not tried again before the batch does it
    return kind(api_key=KEY, base_url=URL, transport=sandbox.transport, **quick)


def together(ledger: str, output: Path, sandbox: Sandbox, requests: Any, **options: Any) -> Report:
    async def main() -> Report:
        async with client_of(sandbox) as client:
            return await arun(requests, output=output, client=client, ledger=ledger, **options)

    return finished(main())


def rows(ledger: str) -> dict[str, LedgerRow]:
    return {row.key: row for row in read_ledger(ledger)}


def execute(ledger: str, sql: str) -> list[Any]:
    with psycopg.connect(ledger, autocommit=True) as found:
        cursor = found.execute(sql)
        return cursor.fetchall() if cursor.description else []


def spawn(ledger: str, url: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": PATH, "UNIFIED_VIDEO_API_KEY": KEY}
    command = [sys.executable, "-m", "unified_video", "batch", *arguments, "--ledger", ledger, "--base-url", url]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not happen in time"
        threading.Event().wait(0.05)
