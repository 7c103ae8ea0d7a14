"""From a request to what there is to render: sizes, length, randomness, pictures, which are not opened here."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from unified_video import _document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Size = tuple[int, int]

_PLAIN_FRAMES_PER_SECOND = 24
_NOT_OF_THE_PICTURE = {"watermark", "return_last_frame"}


@dataclass(frozen=True, slots=True)
class Shot:
    """All that decides the bytes of a video.

    - `look` starts the randomness; the watermark has no part in it, so that it changes nothing but its corner.
    - `pictures`: the content of each image, or its URL where that was given: nothing is fetched.
    - `sizes`: the frame sizes of the resolution by ratio; `ratio` may be one that follows the first picture.
    """

    key: str
    look: str
    prompt: str
    caption: str
    seed: int
    frames: int
    frames_per_second: int
    ratio: str
    sizes: Mapping[str, Size] = field(hash=False)
    watermark: bool = False
    camera_fixed: bool = False
    pictures: tuple[bytes | str, ...] = ()


def shot_of(request: Mapping[str, object], seed: int) -> Shot:
    pictures = tuple(_picture(image) for image in _images(request))
    plain = {**request, "seed": seed, "images": [_fingerprint(picture) for picture in pictures]}
    shown = {name: value for name, value in plain.items() if name not in _NOT_OF_THE_PICTURE}
    watermark = bool(_value(request, "watermark"))
    resolution, ratio = str(_value(request, "resolution")), str(_value(request, "ratio"))
    per_second = frames_per_second(str(request["model"]))
    duration = int(_value(request, "duration"))  # type: ignore[call-overload] # checked before
    return Shot(
        key=_hash([shown, watermark]),
        look=_hash(shown),
        prompt=str(request["prompt"]),
        caption=f"{request['model']} | {resolution} | {ratio} | {duration} s | seed {seed}",
        seed=seed,
        frames=duration * per_second,
        frames_per_second=per_second,
        ratio=ratio,
        sizes=sizes_of(resolution),
        watermark=watermark,
        camera_fixed=bool(_value(request, "camerafixed")),
        pictures=pictures,
    )


def _hash(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode("ascii")).hexdigest()


def _value(request: Mapping[str, object], name: str) -> object:
    """What was asked for, else the document's default."""
    return request[name] if name in request else _document.options().get(name, {}).get("default")


def _images(request: Mapping[str, object]) -> Sequence[str]:
    return request.get("images", ())  # type: ignore[return-value] # checked before


def _picture(image: str) -> bytes | str:
    if re.match(r"https?://", image, re.IGNORECASE):
        return image
    if image[:5].lower() != "data:":
        return _decoded(image.encode("utf-8", "replace"))
    head, _, data = image.partition(",")
    content = unquote_to_bytes(data)
    return _decoded(content) if head.lower().endswith(";base64") else content


def _decoded(text: bytes) -> bytes:
    """Of base64; the text itself where it is none, which no renderer will take for a picture."""
    try:
        return base64.b64decode(text)
    except ValueError:
        return text


def _fingerprint(picture: bytes | str) -> str:
    content = picture if isinstance(picture, bytes) else picture.encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()


def frames_per_second(model: str) -> int:
    """Of the model; of an unknown one, as of the first that is known."""
    models = _document.component("VideoModel").get("x-models", {})
    entry: _document.Json = models.get(model) or next(iter(models.values()), {})
    return int(entry.get("frames_per_second", _PLAIN_FRAMES_PER_SECOND))


def sizes_of(resolution: str) -> dict[str, Size]:
    """The frame sizes by ratio; a resolution that the table lacks is made like the default one."""
    schema = _document.component("Resolution")
    table = schema["x-frame-sizes"]
    found = table.get(resolution) or table[schema["default"]]
    return {ratio: (int(width), int(height)) for ratio, (width, height) in found.items()}


def frame_size(sizes: Mapping[str, Size], ratio: str, picture: Size | None) -> Size:
    """The size of a listed ratio, else that of the nearest one: to the picture, or to a ratio in numbers."""
    if ratio in sizes:
        return sizes[ratio]
    wanted = _number(ratio) or (picture and picture[0] / picture[1]) or _number(_document.component("Ratio")["default"])
    return min(sizes.items(), key=lambda item: abs(math.log((_number(item[0]) or 1.0) / (wanted or 1.0))))[1]


def _number(ratio: str) -> float | None:
    """Width to height of a ratio such as 16:9; None for a word."""
    found = re.fullmatch(r"(\d{1,5}):(\d{1,5})", ratio)
    return int(found[1]) / int(found[2]) if found and int(found[1]) and int(found[2]) else None
