"""One message to one connection, without a table; closing a connection, and asking for its state."""

from datetime import datetime
from typing import NamedTuple

from kit_aws import AwsError
from kit_core.loop import in_thread

from kit_websocket import aws, current
from kit_websocket.errors import SendError
from kit_websocket.sending.endpoint import endpoint, region_of
from kit_websocket.sending.message import to_bytes

_NOT_OPEN = "NotOpenYet"


class Status(NamedTuple):
    """Is the state of a connection at API Gateway.

    connected_at, last_active_at: aware datetimes, None where it does not tell
    source_ip, user_agent: the client's
    """

    connected_at: datetime | None
    last_active_at: datetime | None
    source_ip: str | None
    user_agent: str | None


async def send(connection_id: str, message: object, *, endpoint_url: str | None = None) -> bool:
    """Send a message to one connection; False if it is gone.

    `str` and bytes are sent as they are, anything else as JSON. Messages that this process sends to one connection
    arrive in the order in which they were sent. The endpoint is the argument, else that of the event being handled,
    else KIT_WEBSOCKET_ENDPOINT, AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI or AWS_ENDPOINT_URL. Raise
    MessageTooLargeError, EndpointNotSetError, SendError. A connection is open only after its `$connect` has answered,
    so that sending to it from there is a SendError.
    """
    code = await post(connection_id, to_bytes(message), endpoint(endpoint_url))
    return code != "GoneException"


async def post(connection_id: str, body: bytes, endpoint_url: str) -> str:
    """Post to a connection, and return "" or "GoneException"; SendError for any other failure."""
    from kit_websocket.sending.fanout import GONE, REACHED, FanOut
    from kit_websocket.sending.pool import pool_of
    from kit_websocket.sending.time_left import loop_end

    check_open(connection_id)
    try:
        code = await FanOut(pool_of(endpoint_url), body, ends=loop_end()).post(connection_id)
    except AwsError as error:
        raise SendError({connection_id: aws.code_of(error)}) from error
    if code not in (GONE, REACHED):
        raise SendError({connection_id: code})
    return code


async def close(connection_id: str, *, endpoint_url: str | None = None) -> bool:
    """Close a connection; False if it was gone already. Raise EndpointNotSetError, SendError.

    API Gateway runs `$disconnect` for it, as for any other end.
    """
    check_open(connection_id)
    url = endpoint(endpoint_url)
    return (
        await in_thread(aws.manage, "DeleteConnection", connection_id, endpoint_url=url, region=region_of(url))
        is not None
    )


async def status(connection_id: str, *, endpoint_url: str | None = None) -> Status | None:
    """Return the state of a connection at API Gateway, None if it is gone. Raise EndpointNotSetError, SendError."""
    check_open(connection_id)
    url = endpoint(endpoint_url)
    told = await in_thread(aws.manage, "GetConnection", connection_id, endpoint_url=url, region=region_of(url))
    if told is None:
        return None
    identity = told.get("Identity") or {}
    return Status(
        told.get("ConnectedAt"), told.get("LastActiveAt"), identity.get("SourceIp"), identity.get("UserAgent")
    )


def check_open(connection_id: str) -> None:
    """Raise SendError for the connection whose `$connect` is being handled, ValueError for no connection id."""
    if not isinstance(connection_id, str) or not connection_id.strip("."):
        raise ValueError(f"{connection_id!r} is not a connection id")
    if connection_id == current.opening():
        raise SendError({connection_id: _NOT_OPEN})
