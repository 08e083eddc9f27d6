"""The bytes of a message."""

from collections.abc import Mapping

from kit_core.json import dumps, plain

from kit_websocket.errors import MessageTooLargeError

# "Quotas for configuring and running a WebSocket API in API Gateway": message payload size.
MESSAGE_LIMIT = 128 * 1024


def to_bytes(message: object) -> bytes:
    """Return a message as it is sent: text and bytes as they are, else as JSON. MessageTooLargeError over 128 KB."""
    if isinstance(message, bytes | bytearray | memoryview):
        data = bytes(message)
    else:
        data = (message if isinstance(message, str) else dumps(message)).encode()
    if len(data) > MESSAGE_LIMIT:
        raise MessageTooLargeError(len(data), MESSAGE_LIMIT)
    return data


def numbered(message: object, number: int, **fields: object) -> dict[str, object]:
    """Return a message with its sequence number in `seq`, and further fields.

    TypeError for a message that is not an object in JSON, ValueError if it has one of the fields already.
    """
    if isinstance(message, str | bytes | bytearray | memoryview | list | tuple | set | frozenset) or message is None:
        given: object = None
    else:
        given = message if isinstance(message, dict) else plain(message)
    if not isinstance(given, Mapping):
        raise TypeError(f"ordered=True takes a mapping, or an object that is one in JSON, not {type(message).__name__}")
    for name in ("seq", *fields):
        if name in given and (name == "seq" or given[name] != fields[name]):
            raise ValueError(f"the message has a field {name!r} already, which ordered=True writes")
    return {**given, **fields, "seq": number}
