"""Contains all the data models used in inputs/outputs"""

from .duration import Duration
from .error_detail import ErrorDetail
from .gateway_error import GatewayError
from .ratio import Ratio
from .resolution import Resolution
from .task_error import TaskError
from .usage import Usage
from .video_generation_accepted import VideoGenerationAccepted
from .video_generation_request import VideoGenerationRequest
from .video_model import VideoModel
from .video_options import VideoOptions
from .video_task import VideoTask
from .video_task_data import VideoTaskData

__all__ = (
    "Duration",
    "ErrorDetail",
    "GatewayError",
    "Ratio",
    "Resolution",
    "TaskError",
    "Usage",
    "VideoGenerationAccepted",
    "VideoGenerationRequest",
    "VideoModel",
    "VideoOptions",
    "VideoTask",
    "VideoTaskData",
)
