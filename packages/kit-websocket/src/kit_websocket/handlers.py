"""How a handler is called: with the parameters that it names."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

from kit_websocket import loop
from kit_websocket.errors import StatusError
from kit_websocket.middleware import Event, Step
from kit_websocket.response import Response, message, respond


def handler_step(function: Callable[..., Any]) -> Step:
    """Return `function` as a step of `(event, context)`.

    It is called with those of event, context, connection_id and body that it names (all four for `**kwargs`);
    TypeError names a required parameter that is none of these.
    """
    names = _names(function)
    is_async = is_coroutine_function(function)
    return Step((_asynchronous if is_async else _synchronous)(function, names), is_async)


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Tell whether calling `function`, or what it wraps, gives a coroutine."""
    import inspect

    plain = inspect.unwrap(function)
    return inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(getattr(plain, "__call__", None))  # noqa: B004


def parse_body(event: Event) -> Any:
    """Return the message as JSON says it, None where there is none; StatusError 400 where it is not JSON."""
    text = event.get("body")
    if text is None or text == "":
        return None
    try:
        if event.get("isBase64Encoded"):
            from base64 import b64decode

            text = b64decode(text, validate=True).decode()
        return _json.decode(text)
    except (ValueError, RecursionError):
        raise StatusError(400, "The message is not valid JSON") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")


_json = json.JSONDecoder(parse_constant=_refuse)

_ARGUMENTS: Mapping[str, Callable[[Event, Any], Any]] = {
    "event": lambda event, context: event,
    "context": lambda event, context: context,
    "connection_id": lambda event, context: event["requestContext"]["connectionId"],
    "body": lambda event, context: parse_body(event),
}


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    import inspect

    names = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            return tuple(_ARGUMENTS)
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.name in _ARGUMENTS and parameter.kind is not parameter.POSITIONAL_ONLY:
            names.append(parameter.name)
        elif parameter.default is parameter.empty:
            named = getattr(function, "__qualname__", function)
            raise TypeError(
                f"{named} asks for {parameter.name!r}; a handler is called by keyword with {', '.join(_ARGUMENTS)}"
            )
    return tuple(names)


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
            return respond(loop.run(lambda: _awaited(result)) if hasattr(result, "__await__") else result)
        except StatusError as error:
            return message(error.status, error.message)

    return call


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
