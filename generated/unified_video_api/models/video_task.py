from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.video_task_data import VideoTaskData


T = TypeVar("T", bound="VideoTask")


@_attrs_define
class VideoTask:
    """A task as the query answers it. Only `task_id` and `status` can be relied on. The links to the video and the last
    frame
    expire 24 hours after the task ended; the id may be forgotten after 24 hours.

        Attributes:
            task_id (str): The id of a task, as the create answered it.
            status (str): Where the task stands. Letter case does not matter, and the set is open: `x-states` says what each
                known status
                means, and which are final. Wait on through one that is not listed.
            platform (str | Unset): The gateway's name for the model's vendor.
            action (str | Unset): The gateway's name for the kind of task.
            fail_reason (str | Unset): Why the task failed; "" where there is nothing to say. It may be JSON in a string,
                with a `message`, or `[Code] text`. Some
                gateways put the video's link here on success.
            submit_time (int | Unset): When the task was submitted, in Unix seconds; 0 until then.
            start_time (int | Unset): When the task began to run, in Unix seconds; 0 until then.
            finish_time (int | Unset): When the task ended, in Unix seconds; 0 until then.
            progress (str | Unset): A coarse "N%", or "". It reaches "100%" on failure too, so it is never a sign of
                success.
            data (None | Unset | VideoTaskData): What the model made; null or empty until then. `output` is normally the
                link to the video. Gateways differ: lists and
                objects, `outputs`, `video_url`, `url`, `download_url` and `content.video_url` are seen too. The last frame's
                link has been
                seen in `last_frame_url` and `content.last_frame_url`; never take it for the video. `x-links` lists the names to
                look under, in
                this order, in lists and objects too; first in `data`, then beside it.
            search_item (str | Unset): Of no use to a client; "".
    """

    task_id: str
    status: str
    platform: str | Unset = UNSET
    action: str | Unset = UNSET
    fail_reason: str | Unset = UNSET
    submit_time: int | Unset = UNSET
    start_time: int | Unset = UNSET
    finish_time: int | Unset = UNSET
    progress: str | Unset = UNSET
    data: None | Unset | VideoTaskData = UNSET
    search_item: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.video_task_data import VideoTaskData

        task_id = self.task_id

        status = self.status

        platform = self.platform

        action = self.action

        fail_reason = self.fail_reason

        submit_time = self.submit_time

        start_time = self.start_time

        finish_time = self.finish_time

        progress = self.progress

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, VideoTaskData):
            data = self.data.to_dict()
        else:
            data = self.data

        search_item = self.search_item

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "task_id": task_id,
                "status": status,
            }
        )
        if platform is not UNSET:
            field_dict["platform"] = platform
        if action is not UNSET:
            field_dict["action"] = action
        if fail_reason is not UNSET:
            field_dict["fail_reason"] = fail_reason
        if submit_time is not UNSET:
            field_dict["submit_time"] = submit_time
        if start_time is not UNSET:
            field_dict["start_time"] = start_time
        if finish_time is not UNSET:
            field_dict["finish_time"] = finish_time
        if progress is not UNSET:
            field_dict["progress"] = progress
        if data is not UNSET:
            field_dict["data"] = data
        if search_item is not UNSET:
            field_dict["search_item"] = search_item

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.video_task_data import VideoTaskData

        d = dict(src_dict)
        task_id = d.pop("task_id")

        status = d.pop("status")

        platform = d.pop("platform", UNSET)

        action = d.pop("action", UNSET)

        fail_reason = d.pop("fail_reason", UNSET)

        submit_time = d.pop("submit_time", UNSET)

        start_time = d.pop("start_time", UNSET)

        finish_time = d.pop("finish_time", UNSET)

        progress = d.pop("progress", UNSET)

        def _parse_data(data: object) -> None | Unset | VideoTaskData:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_video_task_data_type_0 = VideoTaskData.from_dict(data)

                return componentsschemas_video_task_data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | VideoTaskData, data)

        data = _parse_data(d.pop("data", UNSET))

        search_item = d.pop("search_item", UNSET)

        video_task = cls(
            task_id=task_id,
            status=status,
            platform=platform,
            action=action,
            fail_reason=fail_reason,
            submit_time=submit_time,
            start_time=start_time,
            finish_time=finish_time,
            progress=progress,
            data=data,
            search_item=search_item,
        )

        video_task.additional_properties = d
        return video_task

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
