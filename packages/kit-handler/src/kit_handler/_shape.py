"""Reading events that may hold null, or anything, where a mapping belongs."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def mapping(holder: "dict[str, Any]", name: str) -> "dict[str, Any]":
    """Return the mapping that `holder` has under `name`, an empty one if there is none."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def body(event: "dict[str, Any]") -> "tuple[Any, bool]":
    """Return the body, and whether it is in base64; every payload of AWS has both in the same place."""
    return event.get("body") or "", bool(event.get("isBase64Encoded"))


def pairs(multiple: "dict[str, Any]") -> "list[tuple[str, Any]]":
    """Return the names and values of header fields that are lists, or single values among them."""
    return [
        (name, value)
        for name, values in multiple.items()
        for value in (values if isinstance(values, list) else (values,))
    ]


def texts(values: "Any") -> list[str]:
    """Return the texts that are in a list."""
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def source_of(record: "Any") -> str:
    """Return the name of a record's source (`aws:sqs`), or ""."""
    return (record.get("eventSource") or record.get("EventSource") or "") if isinstance(record, dict) else ""


def path_texts(event: "dict[str, Any]") -> "dict[str, str]":
    """Return the path parameters of API Gateway's payloads; one that is null is left out."""
    params = dict(mapping(event, "pathParameters"))
    for value in params.values():
        if type(value) is not str:
            return {name: value for name, value in params.items() if isinstance(value, str)}
    return params
