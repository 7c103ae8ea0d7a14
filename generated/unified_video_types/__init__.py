"""Made by `nox -s generate` from openapi/unified_video.yaml; never edited."""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

Prompt: TypeAlias = str


VideoModel: TypeAlias = Literal[
    "doubao-seedance-1-0-pro-250528", "doubao-seedance-1-0-lite-t2v-250428", "doubao-seedance-1-0-lite-i2v-250428"
]


Duration: TypeAlias = Literal[5, 10]


Resolution: TypeAlias = Literal["480p", "720p", "1080p"]


Ratio: TypeAlias = Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "9:21", "keep_ratio", "adaptive"]


Watermark: TypeAlias = bool


Seed: TypeAlias = int


CameraFixed: TypeAlias = bool


ReturnLastFrame: TypeAlias = bool


GenerateAudio: TypeAlias = bool


Images: TypeAlias = list[str]
"""
The uploaded images, each an http or https URL, a data URI or base64. One is the first frame; two are the first and the
last frame; three or four are reference images. Empty means none.

Formats: JPEG, PNG, WebP, BMP, TIFF, GIF. Each is smaller than 30 MB, has sides of 300 to 6000 pixels and a
width of 0.4 to 2.5 times its height; the whole request has at most 64 MB.

"""


class VideoOptions(TypedDict):
    """
    The optional fields of a request for a video. What is left out, the service fills in with the default given here; a
    client sends only what was set.

    """

    duration: NotRequired[Duration]
    resolution: NotRequired[Resolution]
    ratio: NotRequired[Ratio]
    watermark: NotRequired[Watermark]
    seed: NotRequired[Seed]
    camerafixed: NotRequired[CameraFixed]
    return_last_frame: NotRequired[ReturnLastFrame]
    generate_audio: NotRequired[GenerateAudio]


class VideoGenerationRequest(VideoOptions):
    """
    A request for one video. Fields that are not listed here are accepted too, and passed on.

    """

    prompt: Prompt
    model: VideoModel
    images: NotRequired[Images]


TaskId: TypeAlias = str


class VideoGenerationAccepted(TypedDict):
    """
    The answer to an accepted create. Some gateways wrap it in `{"code", "message", "data": {…}}`: where the outer object
    has no `task_id`, look for it in `data`.

    """

    task_id: TaskId


TaskStatus: TypeAlias = str


class Usage(TypedDict):
    """
    What the task used, as far as the gateway says it.
    """

    completion_tokens: NotRequired[int]
    total_tokens: NotRequired[int]


class VideoTaskData(TypedDict):
    """
    What the model made; null or empty until then. `output` is normally the link to the video. Gateways differ: lists and
    objects, `outputs`, `video_url`, `url`, `download_url` and `content.video_url` are seen too. The last frame's link has been
    seen in `last_frame_url` and `content.last_frame_url`; never take it for the video. `x-links` lists the names to look under, in
    this order, in lists and objects too; first in `data`, then beside it.

    """

    output: NotRequired[Any]
    last_frame_url: NotRequired[str]
    usage: NotRequired[Usage]


class VideoTask(TypedDict):
    """
    A task as the query answers it. Only `task_id` and `status` can be relied on. The links to the video and the last frame
    expire 24 hours after the task ended; the id may be forgotten after 24 hours.

    """

    task_id: TaskId
    platform: NotRequired[str]
    action: NotRequired[str]
    status: TaskStatus
    fail_reason: NotRequired[str]
    submit_time: NotRequired[int]
    start_time: NotRequired[int]
    finish_time: NotRequired[int]
    progress: NotRequired[str]
    data: NotRequired[VideoTaskData | None]
    search_item: NotRequired[str]


class ErrorDetail(TypedDict):
    """
    What went wrong.
    """

    message: str
    type: str
    param: NotRequired[str | None]
    code: NotRequired[Any]


class GatewayError(TypedDict):
    """
    Shape A, from authentication, routing and limits.
    """

    error: ErrorDetail


class TaskError(TypedDict):
    """
    Shape B, from the task routes. The message may hold the upstream's JSON as a string, itself with a `message` or an `error`. An envelope around
    a task looks the same: a code of `x-success-codes`, in any letter case, makes it no error.

    """

    code: Any
    message: str
    data: NotRequired[Any]


ErrorAnswer: TypeAlias = GatewayError | TaskError
