"""The value of a bound parameter, taken from a request and checked by its annotation."""

from kit_handler.conversion.annotations import kind_of, origin_of, parts_of
from kit_handler.conversion.bodies import json_loader, may_hold_decimals
from kit_handler.conversion.scalars import foreign_loader, text_loader, texts_loader, with_checks
from kit_handler.conversion.validation import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from kit_handler.conversion.scalars import Loader
    from kit_handler.http.request import Request

    Extract = Callable[[Request], Any]

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


def loader_of(parameter: BoundParameter) -> "Loader | None":
    """Return the loader of the parameter's value, None if its annotation can't be read from a request."""
    annotation = parameter.annotation
    if parameter.source == "body":
        return _raw_loader(annotation) if _is_raw(parameter) else json_loader(annotation)
    if not parameter.key:
        return with_checks(foreign_loader(parameter.kind), parts_of(annotation))
    if _is_list(parameter.kind) and parameter.source in ("query", "params", "header"):
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


def extract_of(parameter: BoundParameter, taken: "Container[str]" = ()) -> "Extract":
    """Return the function that takes the parameter's value from a request; it raises `Wrong`.

    taken: the names of all parameters
    """
    if parameter.source == "request":
        return _same
    load = loader_of(parameter)
    assert load is not None  # parameters_of has asked
    if parameter.source == "body":
        return (_of_raw_body if _is_raw(parameter) else _of_body)(parameter, load)
    if not parameter.key:
        from kit_handler.binding.query import of_query

        return of_query(parameter.kind, load, taken)
    if _is_list(parameter.kind):
        return _of_list(parameter, load)
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
        if texts:
            return load(texts)
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
