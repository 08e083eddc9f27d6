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


def text_values(holder: "dict[str, Any]", name: str) -> "dict[str, str]":
    """Return the mapping that `holder` has under `name` with its values as texts; null is as if it were not there."""
    values = holder.get(name)
    if not isinstance(values, dict):
        return {}
    for value in values.values():
        if type(value) is not str:
            return {key: str(each) for key, each in values.items() if each is not None}
    return values.copy()


def text_lists(holder: "dict[str, Any]", name: str) -> "dict[str, list[str]]":
    """Return the mapping that `holder` has under `name` with lists of texts as values; null is as if not there."""
    found: dict[str, list[str]] = {}
    for key, values in mapping(holder, name).items():
        several = [str(value) for value in (values if isinstance(values, list) else (values,)) if value is not None]
        if several:
            found[key] = several
    return found


def texts(values: "Any") -> list[str]:
    """Return the texts that are in a list."""
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
