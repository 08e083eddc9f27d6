"""Calling a route's function with the parameters that it names, taken from the request and checked by annotation.

Loaded with the first function that asks for more than the request. Its parameters are read once.
"""

import typing

from kit_core.parameters import annotations_of, globals_of
from kit_core.parameters import parameters_of as named_parameters

from kit_handler._naming import name_of
from kit_handler.binding.bodies import is_body, json_loader, may_hold_decimals
from kit_handler.binding.conversion import Wrong, bare, optional, text_loader
from kit_handler.binding.markers import Body, Marker
from kit_handler.errors import AnnotationError, InvalidRequestError
from kit_handler.http.signature import is_the_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from kit_handler.binding.conversion import Loader
    from kit_handler.http.request import Request

    Extract = Callable[[Request], Any]

_IS_REQUIRED = "is required"
_MISSING = object()
_PARTS = {"path": "path_params", "query": "query", "params": "params", "header": "headers", "cookie": "cookies"}


class BoundParameter:
    """Hold the part of the request that a parameter is bound to.

    source: request, path, query, header, cookie, body, or params (path or query, where no template says which); key:
    its name there; annotation: without None and markers; required: it has no default and can't be None
    """

    __slots__ = ("annotation", "default", "key", "name", "required", "source")

    def __init__(self, name: str, source: str, key: str, annotation: "Any", required: bool, default: "Any") -> None:
        self.name = name
        self.source = source
        self.key = key
        self.annotation = annotation
        self.required = required
        self.default = default


def bind(
    function: "Callable[..., Any]", path: "Mapping[str, str] | None" = None, names: "Mapping[str, Any] | None" = None
) -> "Callable[[Request], Any]":
    """Return `function` as a function of the request alone.

    path: the parameters of the route's path with their converters, None if that is not known; names: the local names
    around the function. Raises AnnotationError for a parameter that can't be bound. An annotation with a name that is
    not there yet is left until the first request.
    """
    try:
        return _bound(function, path, names or {})
    except NameError:
        pass
    bound: list[Callable[[Request], Any]] = []

    def call(request: "Request") -> "Any":
        if not bound:
            bound.append(_bound(function, path, {}))
        return bound[0](request)

    return call


def parameters_of(
    function: "Callable[..., Any]", path: "Mapping[str, str] | None" = None, names: "Mapping[str, Any] | None" = None
) -> "list[BoundParameter]":
    """Return the binding of each parameter of `function`; parameters that keep their default are left out."""
    named = named_parameters(function)
    assert named is not None  # `takes_the_request` was asked before
    hints = annotations_of(function)
    requests = [name for name in named.names if is_the_request(name, hints.get(name), function)]
    hints = {name: hints[name] for name in named.names if name in hints and name not in requests}
    holder = type("_", (), {})()
    holder.__annotations__ = hints
    resolved = typing.get_type_hints(holder, globals_of(function), dict(names or {}), include_extras=True)
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


def _parameter(
    function: "Any", name: str, hint: "Any", path: "Mapping[str, str] | None", default: "Any"
) -> BoundParameter | None:
    if hint is None:
        if path is None or name not in path:
            if default is not _MISSING:
                return None
            raise AnnotationError(name_of(function), None, f"is missing: what is {name!r}?")
        hint = _of_converter(path[name])
    marker = _marker(hint)
    annotation, may_be_none = optional(bare(hint))
    marker = marker or _marker(annotation)
    annotation = bare(annotation)
    of_body = isinstance(marker, Body) or (marker is None and is_body(annotation) and name not in (path or ()))
    if may_be_none and of_body and annotation not in (str, bytes):
        annotation = typing.Optional[annotation]  # noqa: UP045  (JSON has null, texts have not)
    required = default is _MISSING and not may_be_none
    value = None if default is _MISSING else default
    if marker:
        key = (marker.name or "") if isinstance(marker, Body) else marker.key(name)
        parameter = BoundParameter(name, marker.source, key, annotation, required, value)
    elif path is not None and name in path:
        parameter = BoundParameter(name, "path", name, annotation, True, None)
    elif of_body:
        parameter = BoundParameter(name, "body", "", annotation, required, value)
    else:
        parameter = BoundParameter(name, "query" if path is not None else "params", name, annotation, required, value)
    if _loader_of(parameter) is not None:
        return parameter
    if default is not _MISSING and not marker:
        return None  # something of the function's own, with the default that it needs
    raise AnnotationError(name_of(function), hint, f"can't be read from a request, for the parameter {name!r}")


def _of_converter(converter: str) -> "Any":
    if converter == "uuid":
        from uuid import UUID

        return UUID
    if converter == "date":
        from datetime import date

        return date
    return int if converter == "int" else str


def _marker(hint: "Any") -> Marker | None:
    for each in getattr(hint, "__metadata__", ()):
        if isinstance(each, type) and issubclass(each, Marker):
            each = each()
        if isinstance(each, Marker):
            return each
    return None


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
    extracts = [_extract_of(parameter) for parameter in (*by_position, *by_name)]
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
        return _same if annotation in (str, bytes) and not parameter.key else json_loader(annotation)
    if _is_list(annotation) and parameter.source in ("query", "params", "header"):
        return text_loader((typing.get_args(annotation) or (str,))[0])
    return text_loader(annotation)


def _is_list(annotation: "Any") -> bool:
    return (typing.get_origin(annotation) or annotation) is list


def _same(value: "Any") -> "Any":
    return value


def _extract_of(parameter: BoundParameter) -> "Extract":
    """Return the function that takes the parameter's value from a request; it raises `Wrong`."""
    if parameter.source == "request":
        return _same
    load = _loader_of(parameter)
    assert load is not None  # parameters_of has asked
    if parameter.source == "body":
        return _of_body(parameter, load)
    if _is_list(parameter.annotation):
        return _of_list(parameter, load)
    if parameter.source in ("path", "params") and isinstance(parameter.annotation, type):
        return _of_path(parameter, load)
    return _of_text(parameter, load)


def _of_path(parameter: BoundParameter, load: "Loader") -> "Extract":
    key, kind, extract_text = parameter.key, parameter.annotation, _of_text(parameter, load)
    if kind is str:
        return extract_text

    def extract(request: "Request") -> "Any":
        value = request.converted.get(key)
        return value if type(value) is kind else extract_text(request)

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


def _of_list(parameter: BoundParameter, load: "Loader") -> "Extract":
    key, default, required, of_header = (
        parameter.key,
        parameter.default,
        parameter.required,
        parameter.source == "header",
    )

    def extract(request: "Request") -> "Any":
        texts: Any = None
        if of_header:
            if key in request.headers:
                texts = [text.strip() for text in request.headers[key].split(",")]
        else:
            texts = request.multi_query.get(key)
        if not texts:
            if required:
                raise Wrong(("", _IS_REQUIRED))
            return default
        values: list[Any] = []
        found: list[tuple[str, str]] = []
        for number, text in enumerate(texts):
            try:
                values.append(load(text))
            except Wrong as wrong:
                found += wrong.under(number)
        if found:
            raise Wrong(*found)
        return values

    return extract


def _of_body(parameter: BoundParameter, load: "Loader") -> "Extract":
    key, default, required = parameter.key, parameter.default, parameter.required
    if not key and parameter.annotation in (str, bytes):
        return _of_raw_body(parameter)
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


def _of_raw_body(parameter: BoundParameter) -> "Extract":
    def extract(request: "Request") -> "Any":
        raw = request.raw_body
        if not raw:
            if parameter.required:
                raise Wrong(("", "The request body is required"))
            return parameter.default
        if parameter.annotation is bytes:
            return raw
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise Wrong(("", "must be text in UTF-8")) from None

    return extract
