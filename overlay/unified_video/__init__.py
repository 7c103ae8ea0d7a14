"""Video from text or images, through the unified video API.

    from unified_video import UnifiedVideo

    with UnifiedVideo() as client:
        video = client.generate("a cat dancing", output="cat.mp4")

Nothing is imported before it is used: this module is a table of names.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as checkers know it; importing typing would cost more than all the rest here
if TYPE_CHECKING:
    from unified_video_types import VideoModel, VideoOptions

    from ._capabilities import models, validate
    from ._client import AsyncUnifiedVideo, UnifiedVideo
    from ._errors import (
        APIError,
        AuthenticationError,
        BadRequest,
        ConfigurationError,
        DownloadFailed,
        InsufficientBalance,
        InvalidRequest,
        InvalidResponse,
        LinkExpired,
        NotSent,
        PermissionDenied,
        RateLimited,
        ResultMissing,
        ServerError,
        SubmissionUncertain,
        TaskFailed,
        TaskNotFound,
        UnifiedVideoError,
        UnifiedVideoWarning,
        WaitTimeout,
    )
    from ._images import Image
    from ._ledger import read_ledger
    from ._ledger.row import LedgerRow
    from ._models import ModelInfo, Task, TaskState, Video, Violation
    from ._retry import Retry
    from ._version import __version__

_MODULES = {
    "unified_video._capabilities": "models validate",
    "unified_video._client": "AsyncUnifiedVideo UnifiedVideo",
    "unified_video._errors": "APIError AuthenticationError BadRequest ConfigurationError DownloadFailed"
    " InsufficientBalance InvalidRequest InvalidResponse LinkExpired NotSent PermissionDenied RateLimited ResultMissing"
    " ServerError SubmissionUncertain TaskFailed TaskNotFound UnifiedVideoError UnifiedVideoWarning WaitTimeout",
    "unified_video._images": "Image",
    "unified_video._ledger": "read_ledger",
    "unified_video._ledger.row": "LedgerRow",
    "unified_video._models": "ModelInfo Task TaskState Video Violation",
    "unified_video._retry": "Retry",
    "unified_video._version": "__version__",
    "unified_video_types": "VideoModel VideoOptions",
}
_TABLE = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [  # spelled out for readers and checkers, kept equal to the table by a test
    "APIError",
    "AsyncUnifiedVideo",
    "AuthenticationError",
    "BadRequest",
    "ConfigurationError",
    "DownloadFailed",
    "Image",
    "InsufficientBalance",
    "InvalidRequest",
    "InvalidResponse",
    "LedgerRow",
    "LinkExpired",
    "ModelInfo",
    "NotSent",
    "PermissionDenied",
    "RateLimited",
    "ResultMissing",
    "Retry",
    "ServerError",
    "SubmissionUncertain",
    "Task",
    "TaskFailed",
    "TaskNotFound",
    "TaskState",
    "UnifiedVideo",
    "UnifiedVideoError",
    "UnifiedVideoWarning",
    "Video",
    "VideoModel",
    "VideoOptions",
    "Violation",
    "WaitTimeout",
    "__version__",
    "models",
    "read_ledger",
    "validate",
]


def __getattr__(name: str) -> object:
    if name not in _TABLE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_TABLE[name]), name)
    return found


def __dir__() -> list[str]:
    return __all__
