"""Many videos: from a manifest to files, through anything, and never paid for twice.

    from unified_video.batch import run

    report = run([{"key": "cat", "prompt": "a cat dancing"}, {"key": "dog", "prompt": "a dog singing"}], output="videos/")
"""

from __future__ import annotations

from ._entries import Figures
from ._report import Progress, Report, ReportRow
from ._run import arun, check, run

__all__ = ["Figures", "Progress", "Report", "ReportRow", "arun", "check", "run"]
