"""Where each parameter of a handler comes from: decided when it is registered, by its name and annotation."""

import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from kit_core.parameters import annotations_of, innermost, parameters_of

from kit_websocket.errors import InvalidMessageError
from kit_websocket.routing.body import parse_body
from kit_websocket.routing.context import Context
from kit_websocket.routing.loading import Loader, invalid, load, loader_of
from kit_websocket.routing.middleware import Event

Getter: TypeAlias = Callable[[Event, Any], Any]

_REQUIRED, _AN_OBJECT = "is required", "must be an object"
# Annotations that say nothing of a body, so that it is handed over as it is.
_UNTYPED = (Any, object, "Any", "object")


class Plan(NamedTuple):
    """Say how a handler is called.

    getters: the parameters that take a value of the event
    fields: the parameters that take a member of the message: name, loader, and whether it is required
    connection: the parameter that takes the `Connection`, and whether None will do where there is none
    """

    getters: tuple[tuple[str, Getter], ...]
    fields: tuple[tuple[str, Loader | None, bool], ...]
    connection: tuple[str, bool] | None


def plan_of(function: Callable[..., Any], *, has_message: bool, around: tuple[str, ...]) -> Plan:
    """Return the plan of a handler.

    has_message: whether members of the message may be parameters, which `$connect` and `$disconnect` have none of
    around: the members of a message that belong to its route

    Raise TypeError for a required parameter that has no source.
    """
    parameters = parameters_of(function)
    if parameters is None:
        raise TypeError(f"{function!r} cannot be a handler: its parameters cannot be read")
    hints = _hints(function)
    by_keyword = parameters.names[parameters.positional_only :]
    getters: list[tuple[str, Getter]] = []
    fields: list[tuple[str, Loader | None, bool]] = []
    connection: tuple[str, bool] | None = None
    for name in parameters.names:
        required, hint = name in parameters.required, hints.get(name, Any)
        if name not in by_keyword:
            if required:
                raise _unknown(function, name)
        elif _members(hint) & {Context}:
            getters.append((name, Context))
        elif _is_connection(hint):
            connection = (name, type(None) in _members(hint) or not required)
        elif name in _GETTERS:
            getters.append((name, _body_getter(hint, around) if name == "body" else _GETTERS[name]))
        elif has_message:
            fields.append((name, None if hint in _UNTYPED else loader_of(hint), required))
        elif required:
            raise _unknown(function, name)
    if parameters.takes_kwargs:
        named = {name for name, _ in getters}
        getters += [(name, getter) for name, getter in _GETTERS.items() if name not in named]
    return Plan(tuple(getters), tuple(fields), connection)


def take_fields(plan: Plan, event: Event) -> dict[str, Any]:
    """Return the parameters that are members of the message. Raise InvalidMessageError with the ones that are wrong."""
    body = parse_body(event)
    if not isinstance(body, Mapping):
        if body is None and not any(required for _, _, required in plan.fields):
            return {}
        raise invalid([("", _AN_OBJECT)])
    given: dict[str, Any] = {}
    errors: list[dict[str, str]] = []
    for name, loader, required in plan.fields:
        if name not in body:
            if required:
                errors.append({"field": name, "message": _REQUIRED})
            continue
        try:
            given[name] = body[name] if loader is None else load(loader, body[name], name)
        except InvalidMessageError as error:
            errors += error.errors
    if errors:
        raise InvalidMessageError(errors=errors)
    return given


def _event(event: Event, context: Any) -> Any:
    return event


def _context(event: Event, context: Any) -> Any:
    return context


def _connection_id(event: Event, context: Any) -> Any:
    return event["requestContext"]["connectionId"]


def _body(event: Event, context: Any) -> Any:
    return parse_body(event)


_GETTERS: Mapping[str, Getter] = {
    "event": _event,
    "context": _context,
    "connection_id": _connection_id,
    "body": _body,
}


def _body_getter(hint: Any, around: tuple[str, ...]) -> Getter:
    loader = None if hint in _UNTYPED else loader_of(hint, around)
    if loader is None:
        return _body
    found = loader

    def typed_body(event: Event, context: Any) -> Any:
        return load(found, parse_body(event))

    return typed_body


def _is_connection(hint: Any) -> bool:
    # An annotation with the class has loaded its module, which brings the table's.
    loaded: Any = sys.modules.get("kit_websocket.connections.connection")
    return loaded is not None and loaded.Connection in _members(hint)


def _members(hint: Any) -> set[Any]:
    """Return the classes of an annotation, of a union each one."""
    members = typing.get_args(hint) if typing.get_origin(hint) is not None else (hint,)
    return {each for each in members if isinstance(each, type)}


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a handler; ones that cannot be evaluated are left out."""
    given = annotations_of(function)
    if not any(isinstance(each, str) for each in given.values()):
        return given
    inner: Any = innermost(function)
    inner = inner if hasattr(inner, "__code__") else type(inner).__call__
    try:
        return typing.get_type_hints(inner, include_extras=True)
    except NameError as error:
        named = getattr(function, "__qualname__", function)
        raise TypeError(f"an annotation of {named} cannot be evaluated: {error}") from error


def _unknown(function: Callable[..., Any], name: str) -> TypeError:
    named = getattr(function, "__qualname__", function)
    return TypeError(f"{named} asks for {name!r}; a handler is called by keyword with {', '.join(_GETTERS)}")
