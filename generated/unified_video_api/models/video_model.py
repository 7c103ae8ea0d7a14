from typing import Literal

VideoModel = Literal[
    "doubao-seedance-1-0-lite-i2v-250428", "doubao-seedance-1-0-lite-t2v-250428", "doubao-seedance-1-0-pro-250528"
]

VIDEO_MODEL_VALUES: set[VideoModel] = {
    "doubao-seedance-1-0-lite-i2v-250428",
    "doubao-seedance-1-0-lite-t2v-250428",
    "doubao-seedance-1-0-pro-250528",
}


def check_video_model(value: str) -> VideoModel:
    if value in VIDEO_MODEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {VIDEO_MODEL_VALUES!r}")
