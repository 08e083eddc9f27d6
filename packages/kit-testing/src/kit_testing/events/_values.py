"""The fixed values and encodings of all events here."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

REGION = "us-east-1"
"""The region of every event, and of the fixture `aws`."""
ACCOUNT = "123456789012"
EPOCH_MS = 1772368245123
"""2026-03-01T12:30:45.123Z, the time of every event, in milliseconds."""
TIME_MS = "2026-03-01T12:30:45.123Z"
TIME = "2026-03-01T12:30:45Z"
LOG_TIME = "01/Mar/2026:12:30:45 +0000"
SOURCE_IP = "203.0.113.7"


def text(value: Any) -> str:
    """Return text as it is, bytes in base64, and anything else as JSON."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value if isinstance(value, str) else json.dumps(value)


def base64(value: Any) -> str:
    """Return bytes, text, or anything else as JSON, in base64."""
    return b64encode(value if isinstance(value, bytes) else text(value).encode()).decode()


def message_attributes(attributes: Any) -> dict[str, str | bytes]:
    """Return message attributes. Raise TypeError unless they are a mapping of names to texts or bytes."""
    if attributes is None:
        return {}
    if isinstance(attributes, Mapping) and all(isinstance(value, str | bytes) for value in attributes.values()):
        return dict(attributes)
    raise TypeError(f"attributes is a mapping of names to texts or bytes, for every record: not {attributes!r}")


def several(values: Iterable[Any], name: str) -> list[Any]:
    """Return a list of values. Raise TypeError for one value where a list of them is expected."""
    if isinstance(values, str | bytes | Mapping):
        raise TypeError(f"{name} is a list with one item for each record, not a {type(values).__name__}: [{values!r}]")
    return list(values)
