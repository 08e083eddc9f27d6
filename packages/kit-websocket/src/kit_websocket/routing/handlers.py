"""Calling a handler with the parameters that it names."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kit_core import loop
from kit_core.json import loads
from kit_core.parameters import is_async, parameters_of

from kit_websocket.errors import StatusError
from kit_websocket.routing.middleware import Event, Step
from kit_websocket.routing.response import Response, message, respond


def handler_step(function: Callable[..., Any]) -> Step:
    """Return `function` as a step of `(event, context)`.

    It is called with the parameters that it names, of event, context, connection_id and body (all four for
    `**kwargs`). Raise TypeError for another required parameter.
    """
    names = _names(function)
    asynchronous = is_async(function, follow_wrapped=True)
    return Step((_asynchronous if asynchronous else _synchronous)(function, names), asynchronous)


def parse_body(event: Event) -> Any:
    """Return the message's JSON, None where it is empty. Raise StatusError 400 where it is not JSON."""
    text = event.get("body")
    if text is None or text == "":
        return None
    try:
        if event.get("isBase64Encoded"):
            from base64 import b64decode

            text = b64decode(text, validate=True).decode()
        return loads(text)
    except ValueError:
        raise StatusError(400, "The message is not valid JSON") from None


_ARGUMENTS: Mapping[str, Callable[[Event, Any], Any]] = {
    "event": lambda event, context: event,
    "context": lambda event, context: context,
    "connection_id": lambda event, context: event["requestContext"]["connectionId"],
    "body": lambda event, context: parse_body(event),
}


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = parameters_of(function)
    if parameters is None:
        raise TypeError(f"{function!r} cannot be a handler: its parameters cannot be read")
    by_keyword = parameters.names[parameters.positional_only :]
    for name in parameters.required:
        if name not in _ARGUMENTS or name not in by_keyword:
            named = getattr(function, "__qualname__", function)
            raise TypeError(f"{named} asks for {name!r}; a handler is called by keyword with {', '.join(_ARGUMENTS)}")
    return tuple(name for name in _ARGUMENTS if parameters.takes_kwargs or name in by_keyword)


def _asynchronous(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Awaitable[Response]]:
    async def call(event: Event, context: Any) -> Response:
        try:
            result = function(**{name: _ARGUMENTS[name](event, context) for name in names})
            # A wrapper may have awaited it already.
            return respond(await result if hasattr(result, "__await__") else result)
        except StatusError as error:
            return message(error.status, error.message)

    return call


def _synchronous(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Response]:
    def call(event: Event, context: Any) -> Response:
        try:
            result = function(**{name: _ARGUMENTS[name](event, context) for name in names})
            # A lambda or a decorator may hide that it makes a coroutine.
            return respond(loop.run(result) if hasattr(result, "__await__") else result)
        except StatusError as error:
            return message(error.status, error.message)

    return call
