"""A web service that starts videos and serves them later.

    pip install fastapi uvicorn unified-video
    uvicorn web:from_environment --factory

The task id is all the state there is: the service can be started anew at any time, and several may run side by side.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel

from unified_video import (
    AsyncUnifiedVideo,
    InvalidRequest,
    SubmissionUncertain,
    TaskFailed,
    TaskNotFound,
    UnifiedVideoError,
    WaitTimeout,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Wish(BaseModel):
    """What a visitor may choose."""

    prompt: str


def from_environment() -> FastAPI:
    return make_app(AsyncUnifiedVideo(ledger="videos.sqlite3"), Path("videos"))


def make_app(client: AsyncUnifiedVideo, folder: Path) -> FastAPI:
    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        async with client:  # one client for all requests: it keeps its connections
            yield

    app = FastAPI(lifespan=closing)

    @app.post("/videos", status_code=202)
    async def start(wish: Wish) -> dict[str, str]:
        task = await client.create(wish.prompt)
        return {"id": task.task_id, "state": task.state}

    @app.get("/videos/{task_id}")
    async def show(task_id: str) -> Response:
        path = folder / f"{quote(task_id, safe='')}.mp4"
        if not path.exists():  # fetched once: the service forgets it after a day
            try:
                video = await client.wait(task_id, timeout=0)  # asks once
            except WaitTimeout as late:
                state = late.task.state if late.task else "unknown"
                return JSONResponse({"id": task_id, "state": state}, 202, {"Retry-After": "5"})
            await client.download(video, path)
        return FileResponse(path, media_type="video/mp4")

    @app.exception_handler(UnifiedVideoError)
    async def explain(_request: object, error: UnifiedVideoError) -> Response:
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 503)
        return JSONResponse({"error": type(error).__name__, "message": str(error)}, status)

    return app


STATUSES: dict[type[UnifiedVideoError], int] = {
    InvalidRequest: 422,
    TaskNotFound: 404,
    TaskFailed: 410,
    # Not 503: a visitor's program would try again by itself, and that may be charged twice.
    SubmissionUncertain: 502,
}
