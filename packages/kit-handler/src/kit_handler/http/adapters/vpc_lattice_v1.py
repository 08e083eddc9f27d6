"""VPC Lattice with the event structure V1, the default of CreateTargetGroup.

Source: VPC Lattice User Guide, "Lambda functions as targets in VPC Lattice". Header fields and query are single values,
and there is no request context, so that a caller who has signed the request is not named.
"""

from kit_handler._shape import text_values
from kit_handler.http.adapters.alb import authorizer, cookies, encode, headers, identity, path_params

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Event

__all__ = [
    "authorizer",
    "body",
    "cookies",
    "encode",
    "headers",
    "identity",
    "method",
    "multi_query",
    "path",
    "path_params",
    "query",
    "recognises",
]


def recognises(event: "Event") -> bool:
    """Tell whether VPC Lattice has sent this: the names of its members are in snake case."""
    return "raw_path" in event and "method" in event


def method(event: "Event") -> str:
    """Return the method."""
    return str(event["method"] or "GET").upper()


def path(event: "Event") -> str:
    """Return the path, encoded as it came."""
    return str(event["raw_path"] or "/").partition("?")[0] or "/"


def query(event: "Event") -> "dict[str, str]":
    """Return each name's value."""
    return text_values(event, "query_string_parameters")


def multi_query(event: "Event") -> "dict[str, list[str]]":
    """Return the one value of each name."""
    return {name: [value] for name, value in query(event).items()}


def body(event: "Event") -> "tuple[Any, bool]":
    """Return the body, and whether it is in base64."""
    return event.get("body") or "", bool(event.get("is_base64_encoded"))
