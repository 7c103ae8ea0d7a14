"""`models()` and `validate()`: what the document says, with no client and no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _document
from ._models import ModelInfo, Violation
from ._validate import Wish, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from unified_video_types import VideoModel, VideoOptions

    from ._document import Json
    from ._images import Image


def models() -> tuple[ModelInfo, ...]:
    """Every model of the document, with what it can do."""
    schema = _document.component("VideoModel")
    table = schema.get("x-models", {})
    return tuple(_model(name, table.get(name, {})) for name in schema["enum"])


def _model(name: str, entry: Json) -> ModelInfo:
    """What an entry leaves out, the model is not known to be kept from: all that the enums allow."""
    resolutions = tuple(entry.get("resolutions", _document.component("Resolution")["enum"]))
    ratios = tuple(entry.get("ratios", _document.component("Ratio")["enum"]))
    sizes = _document.component("Resolution")["x-frame-sizes"]
    return ModelInfo(
        id=name,
        title=entry.get("title", name),
        modes=tuple(entry.get("modes", ("text", "first_frame", "first_last_frame", "reference_images"))),
        resolutions=resolutions,
        ratios=ratios,
        durations=tuple(entry.get("durations", _document.component("Duration")["enum"])),
        requests_per_minute=entry.get("requests_per_minute"),
        max_concurrent=entry.get("max_concurrent"),
        _frame_sizes=tuple(
            ((resolution, ratio), tuple(size))
            for resolution in resolutions
            for ratio, size in sizes.get(resolution, {}).items()
            if ratio in ratios
        ),
    )


def validate(
    prompt: str,
    *,
    model: VideoModel | None = None,
    images: Image | Sequence[Image] | None = None,
    extra: Mapping[str, object] | None = None,
    strict: bool = False,
    defaults: VideoOptions | None = None,
    **options: Unpack[VideoOptions],
) -> tuple[Violation, ...]:
    """Every violation of a request at once, errors first; nothing is sent. `strict` as for a client."""
    return prepare(Wish(prompt, model, images, extra, options, defaults, strict)).violations
