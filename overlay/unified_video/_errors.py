"""Every error and warning, named for what happened; each message says what to do next.

UnifiedVideoError
├── ConfigurationError
├── InvalidRequest (also ValueError)
├── NotSent
├── SubmissionUncertain
├── APIError
│   ├── BadRequest  AuthenticationError  InsufficientBalance  PermissionDenied
│   └── TaskNotFound  RateLimited  ServerError
├── InvalidResponse
├── TaskFailed
│   └── ResultMissing
├── WaitTimeout (also TimeoutError)
└── DownloadFailed
    └── LinkExpired
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ._models import Task, Violation


class UnifiedVideoError(Exception):
    """What every error of this library is. `task_id` is None where there is no task."""

    def __init__(self, message: str = "", *, task_id: str | None = None) -> None:
        super().__init__(message)
        self.task_id = task_id

    def __str__(self) -> str:
        # Not OSError's own, which WaitTimeout would inherit from TimeoutError.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        # Notes lie in `__dict__` too. The constructor is passed by: it may ask for more than `args` holds.
        return _bare, (type(self),), {"args": self.args, **self.__dict__}


def _bare(kind: type[UnifiedVideoError]) -> UnifiedVideoError:
    return kind.__new__(kind)


class UnifiedVideoWarning(UserWarning):
    """A request that will be sent, and that the vendor of the model may refuse or take only in part."""


class ConfigurationError(UnifiedVideoError):
    """The client cannot work as it was set up; nothing was sent."""


class InvalidRequest(UnifiedVideoError, ValueError):
    """The request breaks rules, all of them in `violations`; nothing was sent."""

    def __init__(self, violations: tuple[Violation, ...] = (), *, task_id: str | None = None) -> None:
        lines = [f"- {broken.field}: {broken.message} [{broken.severity}: {broken.rule}]" for broken in violations]
        super().__init__("\n".join(["the request was not sent, since it breaks rules:", *lines]), task_id=task_id)
        self.violations = violations


class NotSent(UnifiedVideoError):
    """The request never reached the service: it is safe to send it again."""


class SubmissionUncertain(UnifiedVideoError):
    """A create was sent and no usable answer came: it may have been accepted and charged.

    `request` is what was sent (images shortened), `sent_at` when; `status_code` and `request_id` are None where no
    answer came.
    """

    def __init__(
        self,
        reason: str = "",
        *,
        request: Mapping[str, object] | None = None,
        sent_at: datetime | None = None,
        status_code: int | None = None,
        request_id: str | None = None,
    ) -> None:
        when = f" at {sent_at:%Y-%m-%d %H:%M:%S} UTC" if sent_at else ""
        trace = f" (request id {request_id})" if request_id else ""
        super().__init__(
            f"a create was sent{when} and its outcome is unknown: {reason.rstrip('.')}{trace}."
            " It may have been accepted and charged, so it was not sent again:"
            " look for the task in your account with the service before you do"
        )
        self.reason, self.request, self.sent_at = reason, request, sent_at
        self.status_code, self.request_id = status_code, request_id


class APIError(UnifiedVideoError):
    """The service answered with an error. `code` and `message` are its own words, `body` is the answer's text."""

    def __init__(
        self,
        message: str = "",
        *,
        hint: str = "",
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        body: str = "",
        task_id: str | None = None,
    ) -> None:
        named = f" [{code}]" if code else ""
        trace = f" (request id {request_id})" if request_id else ""
        super().__init__(f"HTTP {status_code}{named}: {message}{trace}{'; ' if hint else ''}{hint}", task_id=task_id)
        self.status_code, self.code, self.message = status_code, code, message
        self.request_id, self.body = request_id, body


class BadRequest(APIError):
    """The service refused the request: change it before you send it again."""


class AuthenticationError(APIError):
    """The key is missing, wrong or expired."""


class InsufficientBalance(APIError):
    """The account has no balance or quota left."""


class PermissionDenied(APIError):
    """The key may not do this."""


class TaskNotFound(APIError):
    """The service does not know the task, or has forgotten it."""


class RateLimited(APIError):
    """Too many requests. `retry_after` is the pause in seconds that the service asked for, or None."""

    def __init__(
        self,
        message: str = "",
        *,
        hint: str = "",
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        body: str = "",
        task_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(
            message, hint=hint, status_code=status_code, code=code, request_id=request_id, body=body, task_id=task_id
        )
        self.retry_after = retry_after


class ServerError(APIError):
    """The service failed, and says so."""


class InvalidResponse(UnifiedVideoError):
    """The answer to a query could not be understood. The task goes on: ask again."""


class TaskFailed(UnifiedVideoError):
    """The task failed or was cancelled. `reason` and `code` are the service's words, None where it gave none."""

    def __init__(
        self, message: str = "", *, task: Task | None = None, reason: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, task_id=task.task_id if task else None)
        self.task, self.reason, self.code = task, reason, code


class ResultMissing(TaskFailed):
    """The task says success, and has no video."""


class WaitTimeout(UnifiedVideoError, TimeoutError):
    """The wait ended before the task did. The task goes on: wait again with its id.

    `task` is the task as last seen, None if no query was answered.
    """

    def __init__(self, message: str = "", *, task: Task | None = None, task_id: str | None = None) -> None:
        super().__init__(message, task_id=task_id)
        self.task = task


class DownloadFailed(UnifiedVideoError):
    """The file could not be fetched whole; what was there before is untouched. `url` comes without its query."""

    def __init__(self, message: str = "", *, url: str | None = None, task_id: str | None = None) -> None:
        super().__init__(message, task_id=task_id)
        self.url = url


class LinkExpired(DownloadFailed):
    """The link is dead, and the service gave no better one."""
