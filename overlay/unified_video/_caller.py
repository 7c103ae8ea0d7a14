"""Where the code of the user stands that called us, so that a warning points at their line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = str(Path(__file__).parent) + os.sep


def stack_level() -> int:
    """The `stacklevel` that makes a warning from our caller's line point outside this package."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - warnings counts in frames, and 3.11 cannot skip files
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    return level
