from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.usage import Usage


T = TypeVar("T", bound="VideoTaskData")


@_attrs_define
class VideoTaskData:
    """What the model made; null or empty until then. `output` is normally the link to the video. Gateways differ: lists
    and
    objects, `outputs`, `video_url`, `url`, `download_url` and `content.video_url` are seen too. The last frame's link
    has been
    seen in `last_frame_url` and `content.last_frame_url`; never take it for the video. `x-links` lists the names to
    look under, in
    this order, in lists and objects too; first in `data`, then beside it.

        Attributes:
            output (Any | Unset): Normally the link to the video, which expires 24 hours after the task ended.
            last_frame_url (str | Unset): The link to the last frame, a PNG, where it was asked for.
            usage (Usage | Unset): What the task used, as far as the gateway says it.
    """

    output: Any | Unset = UNSET
    last_frame_url: str | Unset = UNSET
    usage: Usage | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        output = self.output

        last_frame_url = self.last_frame_url

        usage: dict[str, Any] | Unset = UNSET
        if not isinstance(self.usage, Unset):
            usage = self.usage.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if output is not UNSET:
            field_dict["output"] = output
        if last_frame_url is not UNSET:
            field_dict["last_frame_url"] = last_frame_url
        if usage is not UNSET:
            field_dict["usage"] = usage

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.usage import Usage

        d = dict(src_dict)
        output = d.pop("output", UNSET)

        last_frame_url = d.pop("last_frame_url", UNSET)

        _usage = d.pop("usage", UNSET)
        usage: Usage | Unset
        if isinstance(_usage, Unset):
            usage = UNSET
        else:
            usage = Usage.from_dict(_usage)

        video_task_data = cls(
            output=output,
            last_frame_url=last_frame_url,
            usage=usage,
        )

        video_task_data.additional_properties = d
        return video_task_data

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
