"""Calling a route's function with the parameters that it names, taken from the request and checked by annotation.

Loaded with the first function that asks for more than the request. Its parameters are read once.
"""

import typing

from kit_core.parameters import annotations_of, globals_of
from kit_core.parameters import parameters_of as named_parameters

from kit_handler._naming import name_of
from kit_handler.binding.annotations import (
    NotUnderstoodError,
    Parts,
    Wrong,
    annotated,
    has_load,
    is_body,
    kind_of,
    origin_of,
    parts_of,
    takes_parameters,
)
from kit_handler.binding.bodies import json_loader, may_hold_decimals
from kit_handler.binding.conversion import foreign_loader, text_loader, with_checks
from kit_handler.binding.markers import Body, Marker, Query
from kit_handler.errors import AnnotationError, InvalidRequestError
from kit_handler.http.signature import is_the_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from typing import Any

    from kit_handler.binding.conversion import Loader
    from kit_handler.http.request import Request

    Extract = Callable[[Request], Any]

_MISSING = object()
_IS_REQUIRED = "is required"
_PARTS = {"path": "path_params", "query": "query", "params": "params", "header": "headers", "cookie": "cookies"}


class BoundParameter:
    """Hold the part of the request that a parameter is bound to.

    source: request, path, query, header, cookie, body, or params (path or query, where no template says which); key:
    its name there, "" for the whole query or body; annotation: without markers and, but for JSON, None; kind: the
    annotation without metadata; required: it has no default and can't be None
    """

    __slots__ = ("annotation", "default", "key", "kind", "name", "required", "source")

    def __init__(self, name: str, source: str, key: str, annotation: "Any", required: bool, default: "Any") -> None:
        self.name = name
        self.source = source
        self.key = key
        self.annotation = annotation
        self.kind = kind_of(annotation)
        self.required = required
        self.default = default


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

        _later.refuse_misspelt(function, error)
    bound: list[Callable[[Request], Any]] = []

    def call(request: "Request") -> "Any":
        if not bound:
            try:
                bound.append(_bound(function, path, {}))
            except (NameError, AttributeError) as error:
                raise _later.undefined(function, error) from error
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
            raise AnnotationError(name_of(function), None, f"needs an annotation: what is {name!r}?")
        hint = _of_converter(path[name])
    parts = parts_of(hint)
    marker, metadata = _marker(parts.metadata)
    parameter = _bound_parameter(name, Parts(parts.kind, metadata, parts.may_be_none), marker, path, default)
    reason = "can't be read from a request"
    try:
        if _loader_of(parameter) is not None:
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
    extracts = [_extract_of(parameter, taken) for parameter in (*by_position, *by_name)]
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
    from kit_handler.binding.validation import entry

    return InvalidRequestError([entry(field, message) for field, message in found])


def _loader_of(parameter: BoundParameter) -> "Loader | None":
    """Return the loader of the parameter's value, None if its annotation can't be read from a request."""
    annotation = parameter.annotation
    if parameter.source == "body":
        return _raw_loader(annotation) if _is_raw(parameter) else json_loader(annotation)
    if not parameter.key:
        return with_checks(foreign_loader(parameter.kind), parts_of(annotation))
    if _is_list(parameter.kind) and parameter.source in ("query", "params", "header"):
        from kit_handler.binding.lists import texts_loader

        return texts_loader(annotation)
    return text_loader(annotation)


def _is_list(kind: "Any") -> bool:
    return origin_of(kind) in (list, tuple)


def _is_raw(parameter: BoundParameter) -> bool:
    return not parameter.key and parameter.kind in (str, bytes)


def _raw_loader(annotation: "Any") -> "Loader":
    parts = parts_of(annotation)
    return with_checks(_same if parts.kind is bytes else _decoded, parts)


def _same(value: "Any") -> "Any":
    return value


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Wrong(("", "must be text in UTF-8")) from None


def _extract_of(parameter: BoundParameter, taken: "Container[str]" = ()) -> "Extract":
    """Return the function that takes the parameter's value from a request; it raises `Wrong`.

    taken: the names of all parameters
    """
    if parameter.source == "request":
        return _same
    load = _loader_of(parameter)
    assert load is not None  # parameters_of has asked
    if parameter.source == "body":
        return (_of_raw_body if _is_raw(parameter) else _of_body)(parameter, load)
    if not parameter.key:
        from kit_handler.binding.query import of_query

        return of_query(parameter.kind, load, taken)
    if _is_list(parameter.kind):
        from kit_handler.binding.query import of_list

        of_header = parameter.source == "header"
        return of_list(parameter.key, load, of_header=of_header, required=parameter.required, default=parameter.default)
    if parameter.source in ("path", "params") and isinstance(parameter.kind, type):
        return _of_path(parameter, load)
    return _of_text(parameter, load)


def _of_path(parameter: BoundParameter, load: "Loader") -> "Extract":
    key, kind, extract_text = parameter.key, parameter.kind, _of_text(parameter, load)
    if kind is str:
        return extract_text
    check = with_checks(_same, parts_of(parameter.annotation))

    def extract(request: "Request") -> "Any":
        value = request.converted.get(key)
        return check(value) if type(value) is kind else extract_text(request)

    return extract


def _of_text(parameter: BoundParameter, load: "Loader") -> "Extract":
    part, key, default, required = _PARTS[parameter.source], parameter.key, parameter.default, parameter.required

    def extract(request: "Request") -> "Any":
        text = getattr(request, part).get(key)
        if isinstance(text, str):
            return load(text)
        if required:
            raise Wrong(("", _IS_REQUIRED))
        return default

    return extract


def _of_body(parameter: BoundParameter, load: "Loader") -> "Extract":
    key, default, required = parameter.key, parameter.default, parameter.required
    part = "exact_body" if may_hold_decimals(parameter.annotation) else "body"

    def extract(request: "Request") -> "Any":
        whole: Any = getattr(request, part)
        body = whole
        if key:
            if not isinstance(body, dict) and body != "":
                raise Wrong(("", "must be a member of a JSON object"))
            body = body.get(key, "") if body else ""
        if body == "" and not (key and isinstance(whole, dict) and key in whole):
            if required:
                raise Wrong(("", _IS_REQUIRED if key else "The request body is required"))
            return default
        try:
            return load(body)
        except RecursionError:
            raise Wrong(("", "is nested too deeply")) from None

    return extract


def _of_raw_body(parameter: BoundParameter, load: "Loader") -> "Extract":
    def extract(request: "Request") -> "Any":
        raw = request.raw_body
        if raw:
            return load(raw)
        if parameter.required:
            raise Wrong(("", "The request body is required"))
        return parameter.default

    return extract
