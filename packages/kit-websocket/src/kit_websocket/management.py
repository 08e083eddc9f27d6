"""The management API of a WebSocket API (`@connections`): its URL, and sending through it."""

import os
import re

from kit_aws import AwsError
from kit_core.json import dumps
from kit_core.loop import in_thread

from kit_websocket import aws, current
from kit_websocket.errors import EndpointNotSetError, MessageTooLargeError, SendError

# API Gateway quotas for WebSocket APIs: message payload size.
MESSAGE_LIMIT = 128 * 1024

# The status stands in for the code where an answer, such as a proxy's, has none.
_GONE = ("GoneException", "410")
# Requests have to be signed for the API's region, which may not be the function's.
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com")
_VARIABLES = ("KIT_WEBSOCKET_ENDPOINT", "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "AWS_ENDPOINT_URL")


async def send(connection_id: str, message: object, *, endpoint_url: str | None = None) -> bool:
    """Send a message to one connection; False if it is gone.

    `str` and bytes are sent as they are, anything else as JSON. The endpoint is the argument, else
    KIT_WEBSOCKET_ENDPOINT, AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI or AWS_ENDPOINT_URL, else that of the event being
    handled. Raise MessageTooLargeError, EndpointNotSetError, SendError. A connection is open only after its
    `$connect` has answered, so that sending to it from there is a SendError.
    """
    data = to_bytes(message)
    if connection_id == current.opening():
        raise SendError({connection_id: "NotOpenYet"})
    return await in_thread(post, connection_id, data, endpoint(endpoint_url))


def to_bytes(message: object) -> bytes:
    """Return a message as it is sent; MessageTooLargeError over 128 KB."""
    if isinstance(message, bytes | bytearray | memoryview):
        data = bytes(message)
    else:
        data = (message if isinstance(message, str) else dumps(message)).encode()
    if len(data) > MESSAGE_LIMIT:
        raise MessageTooLargeError(len(data), MESSAGE_LIMIT)
    return data


def endpoint(argument: str | None = None) -> str:
    """Return the URL of the management API. Raise EndpointNotSetError if nothing names it."""
    found = argument or next(filter(None, map(os.environ.get, _VARIABLES)), None) or _endpoint_of_event()
    if found is None:
        raise EndpointNotSetError
    return found


def post(connection_id: str, data: bytes, endpoint_url: str) -> bool:
    """Post to a connection, blocking; False for 410, SendError for any other failure."""
    try:
        region = _REGION.search(endpoint_url)
        aws.post_to_connection(connection_id, data, endpoint_url=endpoint_url, region=region[1] if region else None)
    except AwsError as error:
        code = aws.code_of(error)
        if code in _GONE:
            return False
        raise SendError({connection_id: code}) from error
    return True


def _endpoint_of_event() -> str | None:
    context = current.request_context()
    domain, stage = context.get("domainName"), context.get("stage")
    if not domain:
        return None
    # A custom domain maps to a stage; its URL has none.
    return f"https://{domain}/{stage}" if ".execute-api." in domain and stage else f"https://{domain}"
