"""Whether the process that wrote a row is still alive: it holds a lock that ends with it, however it ends."""

from __future__ import annotations

import atexit
import os
import secrets
from functools import cache
from threading import Lock
from typing import IO, TYPE_CHECKING

from unified_video._lock import try_lock

if TYPE_CHECKING:
    from pathlib import Path

_ONE_AT_A_TIME = Lock()


def owner_name(ledger: Path) -> str:
    """The name under which this process owns rows of this ledger; alive from the first call on."""
    with _ONE_AT_A_TIME:
        return _own(ledger, os.getpid())


def is_alive(ledger: Path, owner: str) -> bool:
    """Whether the owner of a row still runs. Asking changes nothing."""
    try:
        file = _lock_file(ledger, owner).open("rb")
    except FileNotFoundError:
        return False
    except OSError:
        return True  # it is there, and not ours to open
    with file:
        return not try_lock(file)


@cache
def _own(ledger: Path, pid: int) -> str:  # a forked child is another owner
    name = secrets.token_hex(8)
    path = _lock_file(ledger, name)
    # It gets its name when it is locked, so that nobody takes it for a dead one's before.
    unnamed = path.with_suffix(".new")
    file = unnamed.open("x+b")
    file.write(str(pid).encode())
    file.flush()
    try_lock(file)
    unnamed.rename(path)
    atexit.register(_release, path, file, pid)
    if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows, which knows no fork
        # A forked child would hold the lock on after the owner's death.
        os.register_at_fork(after_in_child=file.close)
    return name


def _release(path: Path, file: IO[bytes], pid: int) -> None:
    if pid == os.getpid():  # a child that was forked is not the owner
        path.unlink(missing_ok=True)
        file.close()


def _lock_file(ledger: Path, owner: str) -> Path:
    return ledger.with_name(f".{ledger.name}.{owner}.owner")


def sweep(ledger: Path) -> None:
    """Removes what dead processes left behind."""
    for path in ledger.parent.glob(f".{ledger.name}.*.owner"):
        name = path.name.removesuffix(".owner").rpartition(".")[2]
        if not is_alive(ledger, name):
            path.unlink(missing_ok=True)
