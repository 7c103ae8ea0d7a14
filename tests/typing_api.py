"""A user's program, as a type checker sees it against the installed wheel; it is never run.

A line with `type: ignore` and `pyright: ignore` claims that both checkers refuse it: where one accepts it, that checker
reports an ignore without need.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, assert_type

from unified_video import (
    AsyncUnifiedVideo,
    LedgerRow,
    ModelInfo,
    Retry,
    Task,
    TaskState,
    UnifiedVideo,
    Video,
    VideoModel,
    VideoOptions,
    Violation,
    models,
    read_ledger,
    validate,
)


def received(count: int, total: int | None) -> None:
    assert total is None or count <= total


def blocking() -> None:
    seen: list[Task] = []
    options: VideoOptions = {"duration": 5, "ratio": "16:9"}
    with UnifiedVideo(api_key="k", base_url="https://a.invalid", defaults=options, retry=Retry(attempts=1)) as client:
        assert_type(client, UnifiedVideo)
        task = client.create("a cat", model="doubao-seedance-1-0-pro-250528", images="cat.png", seed=7)
        assert_type(task, Task)
        assert_type(client.retrieve(task.task_id), Task)
        video = client.wait(task, timeout=None, on_update=seen.append)
        assert_type(video, Video)
        assert_type(client.download(video, Path("cat.mp4"), on_progress=received), Path)
        assert_type(client.generate("a cat", output="cat.mp4", images=[b"", Path("b.png")], **options), Video)
        assert_type(client.validate("a cat", watermark=True), tuple[Violation, ...])


async def awaited() -> None:
    async with AsyncUnifiedVideo(strict=True, ledger="tasks.sqlite3") as client:
        assert_type(client, AsyncUnifiedVideo)
        task = await client.create("a cat", resolution="720p", extra={"new": 1})
        assert_type(task, Task)
        assert_type(await client.wait(task), Video)
        assert_type(await client.download(task, "cat.mp4"), Path)
        assert_type(await client.generate("a cat", return_last_frame=True), Video)
        assert_type(client.validate("a cat"), tuple[Violation, ...])


def data(task: Task, video: Video, violation: Violation) -> None:
    assert_type(task.state, TaskState)
    assert_type(task.progress, float | None)
    assert_type(task.usage, Mapping[str, object] | None)
    assert_type(video.path, Path | None)
    assert_type(violation.severity, Literal["error", "warning"])
    assert_type(models(), tuple[ModelInfo, ...])
    assert_type(models()[0].frame_size("720p", "16:9"), tuple[int, int] | None)
    assert_type(read_ledger("tasks.sqlite3"), tuple[LedgerRow, ...])
    assert_type(validate("a cat", strict=True, seed=1), tuple[Violation, ...])


def refused(client: UnifiedVideo) -> None:
    client.create("a cat", duration=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.create("a cat", sead=7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.create("a cat", model="a newer model")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.create(seed=7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    model: VideoModel = "a newer model"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    assert model
