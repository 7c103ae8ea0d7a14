"""What a batch takes of a client: its core, without the client's own ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unified_video._core import Core

if TYPE_CHECKING:
    from unified_video._client import AsyncUnifiedVideo, UnifiedVideo


def core_of(client: UnifiedVideo | AsyncUnifiedVideo) -> Core:
    core = client._core  # noqa: SLF001 - the client is of this package
    return Core(core.io, core.settings)


def exchange_seconds(client: AsyncUnifiedVideo) -> float | None:
    """How long one exchange of it may take; None where it has no end."""
    return client._limits.total  # noqa: SLF001 - as above
