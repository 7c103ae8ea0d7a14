"""The videos of the sandbox, looked at with a real decoder."""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import av
import httpx
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

from unified_video import UnifiedVideo, _document
from unified_video._errors import ConfigurationError
from unified_video.sandbox import Sandbox, stub
from unified_video.sandbox._paint import opened
from unified_video.sandbox._render import render
from unified_video.sandbox._shot import Shot, frame_size, frames_per_second, shot_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PRO, T2V, I2V = _document.component("VideoModel")["enum"][:3]
SIZES = _document.component("Resolution")["x-frame-sizes"]
REQUEST = {"prompt": "a cat dancing", "model": PRO}


def picture(width: int, height: int, colour: str = "orange") -> Image.Image:
    drawn = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(drawn).ellipse((width // 4, height // 4, width // 2, height // 2), fill=colour)
    return drawn


def content(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def uri(image: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(content(image)).decode()


class Film:
    """A shot, rendered and decoded."""

    def __init__(self, request: Mapping[str, object], *, frames: int | None = None, seed: int = 7) -> None:
        shot = shot_of({**REQUEST, **request}, seed)
        with tempfile.TemporaryDirectory() as folder:
            video, last = Path(folder, "a.mp4"), Path(folder, "a.png")
            render(shot if frames is None else replace(shot, frames=frames), video, last)
            self.content, self.png = video.read_bytes(), last.read_bytes()
        self.last_frame = Image.open(io.BytesIO(self.png))
        with av.open(io.BytesIO(self.content), "r") as container:
            stream = container.streams.video[0]
            self.codec, self.rate = stream.codec_context.name, stream.average_rate
            self.format = stream.codec_context.pix_fmt
            decoded = container.decode(stream)
            self.frames = [frame.to_image() for frame in decoded]  # type: ignore[no-untyped-call] # typed in part

    @property
    def size(self) -> tuple[int, int]:
        width, height = self.frames[0].size
        return width, height


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference, of 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean) / 3


def test_the_defaults_make_5_seconds_of_864x480_at_24_frames_a_second(tmp_path: Path) -> None:
    with (
        Sandbox() as sandbox,
        UnifiedVideo(api_key="any", base_url="https://sandbox.invalid", transport=sandbox.transport) as client,
    ):
        video = client.generate("a cat dancing", output=tmp_path / "cat.mp4", return_last_frame=True)
    assert video.path is not None
    with av.open(str(video.path), "r") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (864, 480)
        assert stream.average_rate == 24
        assert len([0 for _ in container.decode(stream)]) == stream.frames == 120
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.duration * stream.time_base == 5
    assert video.last_frame_path is not None
    with Image.open(video.last_frame_path) as last:
        assert (last.format, last.size) == ("PNG", (864, 480))


def test_the_length_is_the_one_that_is_asked_for() -> None:
    assert [shot_of({**REQUEST, "duration": seconds}, 1).frames for seconds in (5, 10, 10.0)] == [120, 240, 240]


@pytest.mark.parametrize("model", [PRO, T2V, I2V])
@pytest.mark.parametrize("resolution", sorted(SIZES.keys() - {"x-provenance"}))
def test_every_model_and_resolution_has_the_frame_size_of_the_table(model: str, resolution: str) -> None:
    images = {"images": ["https://pictures.invalid/cat.png"]} if model == I2V else {}
    for ratio, size in SIZES[resolution].items():
        film = Film({"model": model, "resolution": resolution, "ratio": ratio, **images}, frames=2)
        assert (film.size, film.last_frame.size, len(film.frames)) == (tuple(size), tuple(size), 2)


def test_the_same_request_and_seed_give_the_same_bytes() -> None:
    one, same, other = (Film({}, frames=30, seed=seed) for seed in (7, 7, 8))
    assert (one.content, one.png) == (same.content, same.png)
    assert one.content != other.content


def test_two_threads_at_once_give_the_same_bytes_as_one() -> None:
    found = []
    threads = [Thread(target=lambda: found.append(Film({}, frames=20).content)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Film({}, frames=20).content] * 2


@pytest.mark.parametrize("field", ["prompt", "model", "motion_strength"])
def test_other_words_give_another_picture(field: str) -> None:
    assert shot_of(REQUEST, 7).look != shot_of({**REQUEST, field: "other"}, 7).look


def test_it_moves() -> None:
    film = Film({}, frames=40)
    assert difference(film.frames[0], film.frames[-1]) > 2


def test_a_locked_camera_moves_less() -> None:
    image = [uri(picture(864, 480))]
    film = Film({"images": image, "camerafixed": True}, frames=24)
    above_the_words = (0, 0, 864, 200)
    assert difference(picture(864, 480).crop(above_the_words), film.frames[-1].crop(above_the_words)) < 2


def test_the_watermark_changes_the_lower_right_corner_only() -> None:
    plain, marked = Film({}, frames=24), Film({"watermark": True}, frames=24)
    for one, other in zip(plain.frames, marked.frames, strict=True):
        left, upper = int(0.65 * one.width), int(0.85 * one.height)
        corner = (left, upper, one.width, one.height)
        assert difference(one.crop(corner), other.crop(corner)) > 2
        one.paste(0, corner)
        other.paste(0, corner)
        assert difference(one, other) < 0.25
    assert plain.png == marked.png


def test_the_last_frame_is_the_videos_without_the_watermark() -> None:
    film = Film({"watermark": False}, frames=24)
    assert film.png.startswith(b"\x89PNG")
    assert difference(film.last_frame, film.frames[-1]) < 3


@pytest.mark.parametrize(
    ("width", "height", "size"), [(1200, 900, (736, 544)), (500, 1000, (480, 864)), (700, 300, (960, 416))]
)
@pytest.mark.parametrize("ratio", ["adaptive", "keep_ratio"])
def test_a_picture_begins_the_video_in_the_nearest_ratio(
    width: int, height: int, size: tuple[int, int], ratio: str
) -> None:
    film = Film({"images": [uri(picture(width, height))], "ratio": ratio}, frames=3)
    assert film.size == size
    assert difference(film.frames[0], ImageOps.fit(picture(width, height), size)) < 4


def test_a_picture_is_cropped_to_a_ratio_in_numbers() -> None:
    film = Film({"images": [uri(picture(800, 800))], "ratio": "16:9"}, frames=3)
    assert difference(film.frames[0], ImageOps.fit(picture(800, 800), (864, 480))) < 4


def test_two_pictures_are_the_first_and_the_last_frame() -> None:
    first, last = picture(864, 480), picture(480, 864, "teal")
    film = Film({"images": [uri(first), uri(last)], "ratio": "16:9"}, frames=24)
    assert difference(film.frames[0], first) < 4
    assert difference(film.frames[-1], ImageOps.fit(last, (864, 480))) < 4
    assert difference(film.last_frame, ImageOps.fit(last, (864, 480))) < 4


def test_reference_pictures_are_shown() -> None:
    images = [uri(picture(400, 400, colour)) for colour in ("red", "green", "blue")]
    some, others = (Film({"model": I2V, "images": shown}, frames=2) for shown in (images, images[::-1]))
    assert difference(some.frames[0], others.frames[0]) > 1


def test_a_url_is_not_fetched_and_gives_a_picture_of_its_own() -> None:
    one, other = (Film({"images": [f"https://pictures.invalid/{name}"]}, frames=2) for name in "ab")
    assert one.size == (864, 480)
    assert difference(one.frames[0], other.frames[0]) > 2


@pytest.mark.parametrize(
    "image",
    [
        "data:image/png;base64,AAAA",
        "data:image/png,plain%20text",
        "data:,",
        "no base64 (!)",
        "data:image/png;base64,A",
        "\udcff",
    ],
)
def test_what_is_no_picture_gets_a_made_up_one(image: str) -> None:
    assert len(Film({"images": [image]}, frames=2).frames) == 2


def test_raw_base64_is_a_picture_too() -> None:
    found = shot_of({**REQUEST, "images": [base64.b64encode(content(picture(300, 300))).decode()]}, 1)
    assert found.pictures == (content(picture(300, 300)),)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_every_format_of_the_document_is_read(kind: str) -> None:
    assert kind.lower() in _document.image_limits()["formats"]
    assert difference(opened(content(picture(320, 300), kind)), picture(320, 300)) < 6


def test_a_picture_is_turned_as_its_camera_says() -> None:
    marks = Image.Exif()
    marks[0x0112] = 6  # turned by a quarter
    assert opened(content(picture(400, 300), "JPEG", exif=marks)).size == (300, 400)


def test_a_transparent_picture_lies_on_white() -> None:
    assert opened(content(Image.new("RGBA", (300, 300), (0, 0, 0, 0)))).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "prompt", ["一只猫在雨中跳舞", "مرحبا بالعالم", "नमस्ते", "😀👩‍👩‍👧", "x" * 5000, "\x00\ud800", "é" * 30]
)
def test_any_text_makes_a_video(prompt: str) -> None:
    assert len(Film({"prompt": prompt}, frames=2).frames) == 2


def test_two_chinese_prompts_do_not_look_the_same() -> None:
    lower = (0, 240, 700, 460)
    shot = shot_of(REQUEST, 7)
    with tempfile.TemporaryDirectory() as folder:
        frames = []
        for prompt in ("猫在跳舞", "狗在唱歌"):
            render(replace(shot, prompt=prompt, frames=1), Path(folder, "a.mp4"), Path(folder, "a.png"))
            with Image.open(Path(folder, "a.png")) as frame:
                frames.append(frame.convert("RGB").crop(lower))
    assert difference(*frames) > 0.5


@pytest.mark.parametrize("missing", ["av", "PIL"])
def test_a_missing_extra_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    for name in [name for name in sys.modules if name.endswith(("sandbox._paint", "sandbox._text"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("unified_video.sandbox._paint", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install 'unified-video\[sandbox\]'") as caught:
        render(shot_of(REQUEST, 1), tmp_path / "a.mp4", tmp_path / "a.png")
    assert "\n" not in str(caught.value)


def test_the_stub_needs_no_extra_and_differs_by_request(tmp_path: Path) -> None:
    files = []
    for seed in (1, 2):
        stub(shot_of(REQUEST, seed), tmp_path / "a.mp4", tmp_path / "a.png")
        files.append(((tmp_path / "a.mp4").read_bytes(), (tmp_path / "a.png").read_bytes()))
    assert files[0][0] != files[1][0]
    assert Image.open(io.BytesIO(files[0][1])).size == (1, 1)


# What a shot takes from the document


def test_an_unknown_model_has_the_frame_rate_of_a_known_one() -> None:
    assert frames_per_second("a-newer-model") == frames_per_second(PRO) == 24


def test_without_a_table_of_models_there_is_a_plain_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_document, "component", lambda _: {})
    assert frames_per_second(PRO) == 24


def test_a_resolution_without_a_table_is_made_like_the_default() -> None:
    assert sizes_of("9000p") == sizes_of("480p")


@pytest.mark.parametrize(
    ("ratio", "image", "nearest"),
    [
        ("4:3", (100, 900), "4:3"),
        ("adaptive", (1600, 900), "16:9"),
        ("adaptive", (300, 301), "1:1"),
        ("2:1", None, "16:9"),
        ("1:2", (900, 100), "9:16"),
        ("0:9", None, "16:9"),
        ("adaptive", None, "16:9"),
        ("cinema", None, "16:9"),
    ],
)
def test_the_frame_has_the_nearest_ratio_of_the_table(ratio: str, image: tuple[int, int] | None, nearest: str) -> None:
    sizes = sizes_of("720p")
    assert frame_size(sizes, ratio, image) == sizes[nearest]


def test_a_resolution_may_have_one_ratio_only() -> None:
    assert frame_size({"16:9": (432, 240)}, "1:1", None) == (432, 240)


def test_the_watermark_has_no_part_in_the_look() -> None:
    plain, marked = shot_of(REQUEST, 7), shot_of({**REQUEST, "watermark": True, "return_last_frame": True}, 7)
    assert plain.look == marked.look
    assert plain.key != marked.key
    assert shot_of({**REQUEST, "return_last_frame": True}, 7) == plain


def test_those_who_want_the_same_video_wait_for_one_rendering() -> None:
    shots: list[Shot] = []

    def renderer(shot: Shot, video: Path, last_frame: Path) -> None:
        shots.append(shot)
        stub(shot, video, last_frame)

    with (
        Sandbox(render=renderer) as sandbox,
        sandbox.serve() as url,
        httpx.Client(base_url=url, headers={"Authorization": "Bearer k"}, trust_env=False) as http,
    ):
        task_id = http.post("/v2/videos/generations", json=REQUEST).json()["task_id"]
        link = http.get(f"/v2/videos/generations/{task_id}").json()["data"]["output"]
        threads = [Thread(target=httpx.get, args=(link,), kwargs={"trust_env": False}) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(shots) == 1
