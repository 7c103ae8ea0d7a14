from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.duration import Duration, check_duration
from ..models.ratio import Ratio, check_ratio
from ..models.resolution import Resolution, check_resolution
from ..models.video_model import VideoModel, check_video_model
from ..types import UNSET, Unset

T = TypeVar("T", bound="VideoGenerationRequest")


@_attrs_define
class VideoGenerationRequest:
    """A request for one video. Fields that are not listed here are accepted too, and passed on.

    Attributes:
        prompt (str): What the video shows, in any language. Advice: at most 500 Chinese characters or 1,000 English
            words.
        model (VideoModel): The name of the model, such as `doubao-seedance-1-0-pro-250528`.

            - `doubao-seedance-1-0-pro-250528`: Latest models
            - `doubao-seedance-1-0-lite-t2v-250428`: Text-to-Video
            - `doubao-seedance-1-0-lite-i2v-250428`: Image-to-Video - first frame / start-end frames / reference image
        duration (Duration | Unset): Length of the video in seconds. The page calls it fixed at 5, not to be changed,
            and says that the model always makes
            5 seconds; it lists 10 all the same, so 10 is allowed, and may be ignored or refused.
        resolution (Resolution | Unset): Resolution of the video. With the aspect ratio it gives the size of the frame:
            see `x-frame-sizes`.
        ratio (Ratio | Unset): Aspect ratio of the video, width to height.

            - `keep_ratio`: stays consistent with the uploaded image, so it needs one.
            - `adaptive`: the most suitable ratio is chosen automatically from the uploaded image, so it needs one.
        watermark (bool | Unset): Whether to add a watermark. It stands in the lower-right corner and reads "Generated
            by AI".
        seed (int | Unset): A random seed that controls the randomness of the content, in the range [0, 2147483647].
            Without it the algorithm draws a seed
            by itself. To keep the content relatively stable, use the same seed again.
        camerafixed (bool | Unset): Whether to lock the camera.

            - `true`: locks it. The platform appends a fixed-camera instruction to the prompt; the effect is not guaranteed.
            - `false`: does not lock it.
        return_last_frame (bool | Unset): Whether to make the last frame available as a picture.

            - `true`: the last frame of the video as a PNG image, with the same dimensions as the video and no watermark.
            The
              video-task query endpoint answers its link.
            - `false`: no picture of the last frame.
        generate_audio (bool | Unset): Whether to make sound too. The page lists the field and says no more of it. None
            of the models in `x-models` makes audio.
        images (list[str] | Unset): The uploaded images, each an http or https URL, a data URI or base64. One is the
            first frame; two are the first and the
            last frame; three or four are reference images. Empty means none.

            Formats: JPEG, PNG, WebP, BMP, TIFF, GIF. Each is smaller than 30 MB, has sides of 300 to 6000 pixels and a
            width of 0.4 to 2.5 times its height; the whole request has at most 64 MB.
    """

    prompt: str
    model: VideoModel
    duration: Duration | Unset = UNSET
    resolution: Resolution | Unset = UNSET
    ratio: Ratio | Unset = UNSET
    watermark: bool | Unset = UNSET
    seed: int | Unset = UNSET
    camerafixed: bool | Unset = UNSET
    return_last_frame: bool | Unset = UNSET
    generate_audio: bool | Unset = UNSET
    images: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        model: str = self.model

        duration: int | Unset = UNSET
        if not isinstance(self.duration, Unset):
            duration = self.duration

        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        ratio: str | Unset = UNSET
        if not isinstance(self.ratio, Unset):
            ratio = self.ratio

        watermark = self.watermark

        seed = self.seed

        camerafixed = self.camerafixed

        return_last_frame = self.return_last_frame

        generate_audio = self.generate_audio

        images: list[str] | Unset = UNSET
        if not isinstance(self.images, Unset):
            images = self.images

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
                "model": model,
            }
        )
        if duration is not UNSET:
            field_dict["duration"] = duration
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if ratio is not UNSET:
            field_dict["ratio"] = ratio
        if watermark is not UNSET:
            field_dict["watermark"] = watermark
        if seed is not UNSET:
            field_dict["seed"] = seed
        if camerafixed is not UNSET:
            field_dict["camerafixed"] = camerafixed
        if return_last_frame is not UNSET:
            field_dict["return_last_frame"] = return_last_frame
        if generate_audio is not UNSET:
            field_dict["generate_audio"] = generate_audio
        if images is not UNSET:
            field_dict["images"] = images

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        prompt = d.pop("prompt")

        model = check_video_model(d.pop("model"))

        _duration = d.pop("duration", UNSET)
        duration: Duration | Unset
        if isinstance(_duration, Unset):
            duration = UNSET
        else:
            duration = check_duration(_duration)

        _resolution = d.pop("resolution", UNSET)
        resolution: Resolution | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_resolution(_resolution)

        _ratio = d.pop("ratio", UNSET)
        ratio: Ratio | Unset
        if isinstance(_ratio, Unset):
            ratio = UNSET
        else:
            ratio = check_ratio(_ratio)

        watermark = d.pop("watermark", UNSET)

        seed = d.pop("seed", UNSET)

        camerafixed = d.pop("camerafixed", UNSET)

        return_last_frame = d.pop("return_last_frame", UNSET)

        generate_audio = d.pop("generate_audio", UNSET)

        images = cast(list[str], d.pop("images", UNSET))

        video_generation_request = cls(
            prompt=prompt,
            model=model,
            duration=duration,
            resolution=resolution,
            ratio=ratio,
            watermark=watermark,
            seed=seed,
            camerafixed=camerafixed,
            return_last_frame=return_last_frame,
            generate_audio=generate_audio,
            images=images,
        )

        video_generation_request.additional_properties = d
        return video_generation_request

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
