"""One message as SQS takes it: body, attributes, and how many bytes that is."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from kit_core import invocation
from kit_core.errors import UnserialisableTypeError, UnserialisableValueError
from kit_core.json import dumps

from kit_aws.errors import PayloadTooLargeError, PayloadTypeError, PayloadValueError

Attribute = str | bytes | int | float | Decimal

# "SendMessage" in the SQS API reference: of a message, and of all that are sent at once. Attributes count, with their
# names and types.
MOST_BYTES = 1024 * 1024

_MOST_ATTRIBUTES = 10
_CORRELATION = "correlation_id"


def parameters_of(
    payload: Any,
    attributes: Mapping[str, Attribute] | None,
    *,
    delay_seconds: int | None,
    group_id: str | None,
    deduplication_id: str | None,
) -> dict[str, Any]:
    """Return the parameters of SendMessage, which an entry of SendMessageBatch shares."""
    given: dict[str, Any] = {
        "DelaySeconds": delay_seconds,
        "MessageGroupId": group_id,
        "MessageDeduplicationId": deduplication_id,
        "MessageAttributes": attributes_of(attributes) or None,
    }
    return {"MessageBody": body_of(payload)} | {name: value for name, value in given.items() if value is not None}


def body_of(payload: Any) -> str:
    """Return a payload as JSON. Raise `PayloadTypeError` or `PayloadValueError`, which name the place."""
    try:
        return dumps(payload)
    except UnserialisableTypeError as error:
        raise PayloadTypeError(error.path, error.problem) from error
    except UnserialisableValueError as error:
        raise PayloadValueError(error.path, error.problem) from error


def attributes_of(attributes: Mapping[str, Attribute] | None) -> dict[str, dict[str, Any]]:
    """Return attributes as SQS and SNS take them, with the correlation id unless ten others leave no room for it."""
    typed = {name: _typed(name, value) for name, value in (attributes or {}).items()}
    if _CORRELATION not in typed and len(typed) < _MOST_ATTRIBUTES and (found := invocation.correlation_id()):
        typed[_CORRELATION] = _typed(_CORRELATION, found)
    return typed


def checked_size(parameters: Mapping[str, Any], subject: str, queue: str) -> int:
    """Return the bytes that count. Raise `PayloadTooLargeError` when SQS would refuse them."""
    size = len(parameters["MessageBody"].encode()) + size_of_attributes(parameters.get("MessageAttributes", {}))
    if size > MOST_BYTES:
        raise PayloadTooLargeError(subject, size, MOST_BYTES, resource=queue)
    return size


def size_of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the bytes of names, types and values, which all count."""
    return sum(
        len(name.encode())
        + len(attribute["DataType"])
        + len(attribute.get("BinaryValue") or attribute.get("StringValue", "").encode())
        for name, attribute in attributes.items()
    )


def _typed(name: str, value: Attribute) -> dict[str, Any]:
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    if isinstance(value, bytes):
        return {"DataType": "Binary", "BinaryValue": value}
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"The attribute {name!r} must be text, bytes or a number, not {type(value).__name__}")
    if not isfinite(value):
        raise ValueError(f"The attribute {name!r} must be a finite number, not {value!r}")
    return {"DataType": "Number", "StringValue": str(value)}
