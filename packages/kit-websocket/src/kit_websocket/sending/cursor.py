"""The rest of a broadcast whose time was over, as JSON's own types: for a queue, or for the event of a function."""

from base64 import b64decode, b64encode
from typing import Any, NamedTuple

from kit_websocket.sending.delivery import Cursor

_VERSION = "kit-websocket/1"


class Rest(NamedTuple):
    """Hold the rest of a broadcast.

    target: the `rooms` or the `users`, both None for everyone; ids: the rest of a page; place: that of the next page,
    None where there is none; skipped: connections that get nothing
    """

    target: dict[str, list[str] | None]
    body: bytes
    endpoint_url: str
    skipped: list[str]
    ids: list[str]
    place: list[Any] | None


def cursor_of(rest: Rest) -> Cursor:
    """Return the cursor of a rest."""
    try:
        message: dict[str, str] = {"text": rest.body.decode()}
    except UnicodeDecodeError:
        message = {"base64": b64encode(rest.body).decode()}
    return {"cursor": _VERSION, **rest._asdict(), "body": message}


def parsed(cursor: object) -> Rest:
    """Return the rest that a cursor stands for; ValueError for anything else."""
    if not isinstance(cursor, dict) or cursor.get("cursor") != _VERSION:
        raise ValueError("this is no cursor of a broadcast")
    try:
        given = {name: cursor[name] for name in Rest._fields}
        message = given["body"]
        given["body"] = message["text"].encode() if "text" in message else b64decode(message["base64"], validate=True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError("this cursor of a broadcast is not whole") from error
    return Rest(**given)
