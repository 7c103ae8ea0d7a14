"""A lock on an open file, which ends with its process, however that ends."""

from __future__ import annotations

import sys
from typing import IO

if sys.platform == "win32":  # pragma: no cover - runs on Windows only
    import msvcrt
    import os

    # The same byte whatever was read or written before, and none of the file's own: here a locked byte can be neither.
    _BYTE = 2**31 - 2

    def try_lock(file: IO[bytes]) -> bool:
        """Whether the lock was free, and is ours now."""
        descriptor = file.fileno()
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
        return True

else:
    import fcntl

    def try_lock(file: IO[bytes]) -> bool:
        """Whether the lock was free, and is ours now."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
