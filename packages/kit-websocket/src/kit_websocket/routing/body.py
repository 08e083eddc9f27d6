"""The JSON of a message: parsed once for each event, however many parts of the resolver look at it."""

from typing import Any

from kit_core import invocation
from kit_core.json import loads

from kit_websocket.errors import InvalidMessageError
from kit_websocket.routing.middleware import Event

_KEY = "kit_websocket.body"


def parse_body(event: Event) -> Any:
    """Return the message's JSON, None where it is empty. Raise InvalidMessageError where it is not JSON."""
    text = event.get("body")
    if text is None or text == "":
        return None
    state = invocation.state()
    kept = None if state is None else invocation.kept(state)
    if kept is not None and (found := kept.get(_KEY)) is not None and found[0] is text:
        return found[1]
    try:
        content = text
        if event.get("isBase64Encoded"):
            from base64 import b64decode

            content = b64decode(text, validate=True).decode()
        parsed = loads(content)
    except (ValueError, TypeError, AttributeError):
        raise InvalidMessageError("The message is not valid JSON") from None
    if kept is not None:
        kept[_KEY] = (text, parsed)
    return parsed


def field_of(event: Event, path: tuple[str, ...]) -> Any:
    """Return the value at a path of the message, None where there is none."""
    try:
        found = parse_body(event)
    except InvalidMessageError:
        return None
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
