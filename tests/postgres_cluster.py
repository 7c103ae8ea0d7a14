"""A PostgreSQL of the tests' own, where the machine has one: under a temporary folder, gone at the end."""

from __future__ import annotations

import asyncio
import atexit
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from unified_video.batch import init

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


@cache
def programs() -> Path | None:
    """Where initdb and pg_ctl lie; None where there is no PostgreSQL."""
    found = None if os.name == "nt" else shutil.which("pg_ctl")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    return Path(found).resolve().parent if found else installed[-1].parent if installed else None


class Cluster:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._ledger: str | None = None
        self._ends = ExitStack()
        self._ends.callback(shutil.rmtree, folder, ignore_errors=True)
        self._as_postgres("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()
        self._ends.callback(self.stop)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._as_postgres("pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "start")

    def stop(self, how: str = "immediate") -> None:
        self._as_postgres("pg_ctl", "-D", "data", "-m", how, "-w", "stop")

    def close(self) -> None:
        """Twice does no harm."""
        self._ends.close()

    def _as_postgres(self, program: str, *arguments: str) -> None:
        """PostgreSQL does not run as root."""
        command = [str(programs() / program), *arguments]  # type: ignore[operator] # asked before
        if os.geteuid() == 0:  # pragma: no branch - as root or not, a machine is one of both
            command = ["su", "postgres", "-s", "/bin/sh", "-c", shlex.join(command)]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def database(self) -> str:
        """The URL of a new one, empty."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as found:
            found.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def ledger(self) -> str:
        """The URL of a ledger that was just made."""
        url = self.database()
        asyncio.run(init(url))
        return url

    def cleared(self) -> str:
        """The URL of a ledger with nothing in it: always the same one, since each database has 7 MB in 300 files."""
        self._ledger = self._ledger or self.ledger()
        with psycopg.connect(self._ledger, autocommit=True) as found:
            found.execute("TRUNCATE unified_video_creates, unified_video_limits, unified_video_batch, pgqueuer")
            found.execute("INSERT INTO unified_video_batch DEFAULT VALUES")
        return self._ledger


@cache
def cluster() -> Cluster:
    folder = Path(tempfile.mkdtemp(prefix="unified-video-postgres-"))
    if os.geteuid() == 0:  # pragma: no branch - as above
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Cluster(folder, port)
    atexit.register(made.close)
    return made


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """Gone with the tests: what ends with its process is not waited for under pytest-xdist, nor counted."""
    made = cluster()
    yield made
    atexit.unregister(made.close)
    cluster.cache_clear()
    made.close()
