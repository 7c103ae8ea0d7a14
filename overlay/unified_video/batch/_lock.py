"""One batch at a time over one ledger file."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from unified_video._errors import ConfigurationError
from unified_video._lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def only_runner(ledger: Path) -> Iterator[None]:
    """Raises ConfigurationError where another process runs a batch over this ledger. The lock ends with its process."""
    path = ledger.with_name(f".{ledger.name}.runner")
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise ConfigurationError(f"the ledger {ledger} cannot be used ({error}): give another path") from error
    with file:
        if not try_lock(file):
            file.seek(0)
            raise ConfigurationError(
                f"another batch runs over {ledger} (process {file.read(20).decode('ascii', 'replace') or 'unknown'}):"
                " wait for it or stop it, or give another --output"
            )
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield
