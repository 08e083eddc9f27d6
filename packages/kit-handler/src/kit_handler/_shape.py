"""Reading events that may hold null, or anything, where a mapping belongs."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def mapping(holder: "dict[str, Any]", name: str) -> "dict[str, Any]":
    """Return the mapping that `holder` has under `name`, an empty one if there is none."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}
