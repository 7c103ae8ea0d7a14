"""Frames into h264 in mp4: the same bytes for the same shot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unified_video._errors import ConfigurationError

from ._stub import stub

if TYPE_CHECKING:
    from pathlib import Path

    from ._shot import Shot

__all__ = ["render", "stub"]

# One thread: two give other bytes. A short group of pictures makes seeking quick. The quantiser is constant, and motion
# is sought nearby, since both else follow what the whole picture holds: a watermark would change more than its corner.
_ENCODER = {"preset": "ultrafast", "qp": "24", "g": "48", "threads": "1", "x264-params": "me=dia:merange=4"}
_CONTAINER = {"movflags": "+faststart", "fflags": "+bitexact"}


def render(shot: Shot, video: Path, last_frame: Path) -> None:
    """Writes the video, and its last frame without the watermark as PNG. ConfigurationError without the extra."""
    try:
        import av

        from . import _paint
    except ImportError as error:
        raise ConfigurationError(
            f"the sandbox makes video with PyAV and Pillow, and {error.name} is missing:"
            " pip install 'unified-video[sandbox]'"
        ) from error
    film = _paint.film(shot)
    mark = _paint.watermark(film.size) if shot.watermark else None
    with av.open(str(video), "w", format="mp4", options=_CONTAINER) as container:
        stream = container.add_stream("libx264", rate=shot.frames_per_second, options=_ENCODER)
        stream.width, stream.height = film.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(film.frames, start=1):
            if number == shot.frames:
                frame.save(last_frame, "PNG")
            if mark is not None:
                mark(frame)
            picture = av.VideoFrame.from_image(frame)  # type: ignore[no-untyped-call] # PyAV types it in part
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
