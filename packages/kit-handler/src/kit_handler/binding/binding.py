"""Calling a route's function with the parameters that it names, taken from the request and checked by annotation.

Loaded with the first function that asks for more than the request. Its parameters are read once.
"""

import typing

from kit_core.parameters import annotations_of, globals_of
from kit_core.parameters import parameters_of as named_parameters

from kit_handler._naming import name_of
from kit_handler.binding.extraction import BoundParameter, extract_of, loader_of
from kit_handler.binding.markers import Body, Marker, Query
from kit_handler.binding.signature import is_the_request
from kit_handler.conversion.annotations import Parts, annotated, has_load, is_body, parts_of, takes_parameters
from kit_handler.conversion.metadata import NotUnderstoodError
from kit_handler.conversion.validation import Wrong, entry
from kit_handler.errors import AnnotationError, InvalidRequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from kit_handler.binding.extraction import Extract
    from kit_handler.http.request import Request

_MISSING = object()


def bind(
    function: "Callable[..., Any]", path: "Mapping[str, str] | None" = None, names: "Mapping[str, Any] | None" = None
) -> "Callable[[Request], Any]":
    """Return `function` as a function of the request alone.

    path: the parameters of the route's path with their converters, None if that is not known; names: the local names
    around the function. Raises AnnotationError for a parameter that can't be bound. An annotation with a name that is
    defined further down is left until the first request.
    """
    try:
        return _bound(function, path, names or {})
    except (NameError, AttributeError) as error:
        from kit_handler import _later

        _later.refuse_misspelt(name_of(function), error)
    bound: list[Callable[[Request], Any]] = []

    def call(request: "Request") -> "Any":
        if not bound:
            try:
                bound.append(_bound(function, path, {}))
            except (NameError, AttributeError) as error:
                raise _later.undefined(name_of(function), error) from error
        return bound[0](request)

    return call


def parameters_of(
    function: "Callable[..., Any]", path: "Mapping[str, str] | None" = None, names: "Mapping[str, Any] | None" = None
) -> "list[BoundParameter]":
    """Return the binding of each parameter of `function`; parameters that keep their default are left out."""
    named = named_parameters(function)
    assert named is not None  # `takes_the_request` was asked before
    annotations = annotations_of(function)
    requests = [name for name in named.names if is_the_request(name, annotations.get(name), function)]
    hints = {name: annotations[name] for name in named.names if name in annotations and name not in requests}
    resolved = _evaluated(function, hints, names or {})
    found = []
    for name in named.names:
        if name in requests:
            found.append(BoundParameter(name, "request", name, None, True, None))
            continue
        parameter = _parameter(function, name, resolved.get(name), path, named.defaults.get(name, _MISSING))
        if parameter:
            found.append(parameter)
    if sum(parameter.source == "body" and not parameter.key for parameter in found) > 1:
        raise AnnotationError(
            name_of(function), None, 'asks for the whole body twice; Body("name") takes a member of it'
        )
    return found


def _evaluated(function: "Any", hints: "dict[str, Any]", names: "Mapping[str, Any]") -> "dict[str, Any]":
    holder = type("_", (), {})()
    holder.__annotations__ = hints
    try:
        return typing.get_type_hints(holder, globals_of(function), dict(names), include_extras=True)
    except (SyntaxError, TypeError) as error:
        texts = {name: hint for name, hint in hints.items() if isinstance(hint, str)}
        raise AnnotationError(name_of(function), texts, f"means nothing: {error}") from error


def _parameter(
    function: "Any", name: str, hint: "Any", path: "Mapping[str, str] | None", default: "Any"
) -> BoundParameter | None:
    if hint is None:
        if path is None or name not in path:
            if default is not _MISSING:
                return None
            raise AnnotationError(name_of(function), None, f"is missing: what is {name!r}?")
        hint = _of_converter(path[name])
    parts = parts_of(hint)
    marker, metadata = _marker(parts.metadata)
    parameter = _bound_parameter(name, Parts(parts.kind, metadata, parts.may_be_none), marker, path, default)
    reason = "can't be read from a request"
    try:
        if loader_of(parameter) is not None:
            return parameter
    except NotUnderstoodError as error:
        reason = str(error)
    else:
        if default is not _MISSING and not marker:
            return None  # something of the function's own, with the default that it needs
    raise AnnotationError(name_of(function), hint, f"{reason}, for the parameter {name!r}")


def _bound_parameter(
    name: str, parts: Parts, marker: Marker | None, path: "Mapping[str, str] | None", default: "Any"
) -> BoundParameter:
    annotation = annotated(parts.kind, parts.metadata)
    required = default is _MISSING and not parts.may_be_none
    value = None if default is _MISSING else default
    of_path = path is not None and name in path
    of_body = isinstance(marker, Body) or (marker is None and not of_path and is_body(parts.kind))
    of_query = isinstance(marker, Query) or (marker is None and not of_path)
    if of_body:
        key = (marker and marker.name) or ""
        if parts.may_be_none and (key or parts.kind not in (str, bytes)):  # JSON has null, texts have not
            annotation = typing.Optional[annotation]  # noqa: UP045
        return BoundParameter(name, "body", key, annotation, required, value)
    if of_query and (takes_parameters(parts.kind) or (marker and has_load(parts.kind))):
        return BoundParameter(name, "query", "", annotation, required, value)
    if marker:
        return BoundParameter(name, marker.source, marker.key(name), annotation, required, value)
    if of_path:
        return BoundParameter(name, "path", name, annotation, True, None)
    return BoundParameter(name, "query" if path is not None else "params", name, annotation, required, value)


def _of_converter(converter: str) -> "Any":
    if converter == "uuid":
        from uuid import UUID

        return UUID
    if converter == "date":
        from datetime import date

        return date
    return int if converter == "int" else str


def _marker(metadata: "tuple[Any, ...]") -> "tuple[Marker | None, tuple[Any, ...]]":
    """Return the marker, and the rest of the metadata. A second marker stays there, and is refused with it."""
    for place, each in enumerate(metadata):
        if isinstance(each, type) and issubclass(each, Marker):
            each = each()
        if isinstance(each, Marker):
            return each, (*metadata[:place], *metadata[place + 1 :])
    return None, metadata


def _bound(
    function: "Callable[..., Any]", path: "Mapping[str, str] | None", names: "Mapping[str, Any]"
) -> "Callable[[Request], Any]":
    found = parameters_of(function, path, names)
    named = named_parameters(function)
    positional = named.positional if named else ()
    leading = [parameter for parameter in found if parameter.name in positional]
    # A parameter that keeps its default ends what can be passed by position.
    in_order = [parameter.name for parameter in leading] == list(positional[: len(leading)])
    by_position = leading if in_order else []
    by_name = [parameter for parameter in found if parameter not in by_position]
    taken = {parameter.name for parameter in found}
    extracts = [extract_of(parameter, taken) for parameter in (*by_position, *by_name)]
    fields = [parameter.key for parameter in (*by_position, *by_name)]
    return _call(function, extracts, fields, len(by_position), [parameter.name for parameter in by_name])


def _call(
    function: "Callable[..., Any]", extracts: "list[Extract]", fields: list[str], count: int, names: list[str]
) -> "Callable[[Request], Any]":
    if len(extracts) == count == 1:
        return _call_with_one(function, extracts[0], fields[0])

    def call(request: "Request") -> "Any":
        values: list[Any] = []
        found: list[tuple[str, str]] = []
        for extract in extracts:
            try:
                values.append(extract(request))
            except Wrong as wrong:
                found += wrong.under(fields[len(values)]) if fields[len(values)] else wrong.found
                values.append(None)
        if found:
            raise _invalid(found)
        if names:
            return function(*values[:count], **dict(zip(names, values[count:], strict=True)))
        return function(*values)

    return call


def _call_with_one(function: "Callable[..., Any]", extract: "Extract", field: str) -> "Callable[[Request], Any]":
    def call(request: "Request") -> "Any":
        try:
            value = extract(request)
        except Wrong as wrong:
            raise _invalid(wrong.under(field) if field else wrong.found) from None
        return function(value)

    return call


def _invalid(found: "Iterable[tuple[str, str]]") -> InvalidRequestError:
    return InvalidRequestError([entry(field, message) for field, message in found])
