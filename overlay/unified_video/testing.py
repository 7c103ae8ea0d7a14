"""A pytest plugin: a sandbox in memory, and a client for it that never sleeps.

def test_the_cat_is_made(video_client, video_sandbox, tmp_path):
    video_client.generate("a cat", output=tmp_path / "cat.mp4")
    assert video_sandbox.requests[0].json["prompt"] == "a cat"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unified_video import AsyncUnifiedVideo, UnifiedVideo
    from unified_video.sandbox import Sandbox

_KEY, _LEDGER = "key-of-the-sandbox", "UNIFIED_VIDEO_LEDGER"
_BASE_URL = "https://sandbox.invalid"


@pytest.fixture
def video_sandbox() -> Iterator[Sandbox]:
    """A sandbox on a clock of its own that jumps; script what goes wrong with `video_sandbox.add(Fault(…))`."""
    from unified_video.sandbox import Sandbox, VirtualClock

    with Sandbox(clock=VirtualClock()) as sandbox:
        yield sandbox


@pytest.fixture
def video_client(video_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[UnifiedVideo]:
    """A client of `video_sandbox`, on the same clock: its pauses take no time. It keeps no ledger."""
    from unified_video import UnifiedVideo

    monkeypatch.delenv(_LEDGER, raising=False)
    with UnifiedVideo(api_key=_KEY, base_url=_BASE_URL, transport=video_sandbox.transport) as client:
        client._use_clock(video_sandbox.clock)  # noqa: SLF001 - made for this
        yield client


@pytest.fixture
def async_video_client(video_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncUnifiedVideo:
    """The same for event loops. It holds no connection, so nothing is to be closed."""
    from unified_video import AsyncUnifiedVideo

    monkeypatch.delenv(_LEDGER, raising=False)
    client = AsyncUnifiedVideo(api_key=_KEY, base_url=_BASE_URL, transport=video_sandbox.transport)
    client._use_clock(video_sandbox.clock)  # noqa: SLF001 - made for this
    return client
