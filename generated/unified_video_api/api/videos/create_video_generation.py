from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.gateway_error import GatewayError
from ...models.task_error import TaskError
from ...models.video_generation_accepted import VideoGenerationAccepted
from ...models.video_generation_request import VideoGenerationRequest
from ...types import Response


def _get_kwargs(
    *,
    body: VideoGenerationRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v2/videos/generations",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> GatewayError | TaskError | VideoGenerationAccepted:
    if response.status_code == 200:
        response_200 = VideoGenerationAccepted.from_dict(response.json())

        return response_200

    if 400 <= response.status_code <= 499:

        def _parse_response_4xx(data: object) -> GatewayError | TaskError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_answer_type_0 = GatewayError.from_dict(data)

                return componentsschemas_error_answer_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_answer_type_1 = TaskError.from_dict(data)

            return componentsschemas_error_answer_type_1

        response_4xx = _parse_response_4xx(response.json())

        return response_4xx

    def _parse_response_default(data: object) -> GatewayError | TaskError:
        try:
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_answer_type_0 = GatewayError.from_dict(data)

            return componentsschemas_error_answer_type_0
        except (TypeError, ValueError, AttributeError, KeyError):
            pass
        if not isinstance(data, dict):
            raise TypeError()
        componentsschemas_error_answer_type_1 = TaskError.from_dict(data)

        return componentsschemas_error_answer_type_1

    response_default = _parse_response_default(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[GatewayError | TaskError | VideoGenerationAccepted]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: VideoGenerationRequest,
) -> Response[GatewayError | TaskError | VideoGenerationAccepted]:
    """Start a video

     Starts a task that makes one video, and answers the task's id. An accepted task is charged, whether
    or not the
    answer reaches you: send a create again only where `x-outcomes` says `not_accepted`.

    Args:
        body (VideoGenerationRequest): A request for one video. Fields that are not listed here
            are accepted too, and passed on.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[GatewayError | TaskError | VideoGenerationAccepted]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: VideoGenerationRequest,
) -> GatewayError | TaskError | VideoGenerationAccepted | None:
    """Start a video

     Starts a task that makes one video, and answers the task's id. An accepted task is charged, whether
    or not the
    answer reaches you: send a create again only where `x-outcomes` says `not_accepted`.

    Args:
        body (VideoGenerationRequest): A request for one video. Fields that are not listed here
            are accepted too, and passed on.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        GatewayError | TaskError | VideoGenerationAccepted
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: VideoGenerationRequest,
) -> Response[GatewayError | TaskError | VideoGenerationAccepted]:
    """Start a video

     Starts a task that makes one video, and answers the task's id. An accepted task is charged, whether
    or not the
    answer reaches you: send a create again only where `x-outcomes` says `not_accepted`.

    Args:
        body (VideoGenerationRequest): A request for one video. Fields that are not listed here
            are accepted too, and passed on.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[GatewayError | TaskError | VideoGenerationAccepted]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: VideoGenerationRequest,
) -> GatewayError | TaskError | VideoGenerationAccepted | None:
    """Start a video

     Starts a task that makes one video, and answers the task's id. An accepted task is charged, whether
    or not the
    answer reaches you: send a create again only where `x-outcomes` says `not_accepted`.

    Args:
        body (VideoGenerationRequest): A request for one video. Fields that are not listed here
            are accepted too, and passed on.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        GatewayError | TaskError | VideoGenerationAccepted
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
