"""The value of a bound parameter, taken from a request and checked by its annotation."""

import typing

from kit_handler.binding.bodies import json_loader, may_hold_decimals
from kit_handler.binding.conversion import Wrong, text_loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler.binding.conversion import Loader
    from kit_handler.http.request import Request

    Extract = Callable[[Request], Any]

_IS_REQUIRED = "is required"
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


def loader_of(parameter: BoundParameter) -> "Loader | None":
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


def extract_of(parameter: BoundParameter) -> "Extract":
    """Return the function that takes the parameter's value from a request; it raises `Wrong`."""
    if parameter.source == "request":
        return _same
    load = loader_of(parameter)
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
