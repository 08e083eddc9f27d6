"""Parameters of more than one text: lists, and a class for the whole query, such as kit-schemas' BaseParams."""

from kit_handler.binding.annotations import Wrong
from kit_handler.binding.texts import fault_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from kit_handler.binding.conversion import Loader
    from kit_handler.http.request import Request

    Extract = Callable[[Request], Any]


def of_list(key: str, load: "Loader", *, of_header: bool, required: bool, default: "Any") -> "Extract":
    """Return the function that takes all texts of a name in the query, or between the commas of a header field."""

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
            raise Wrong(("", "is required"))
        return default

    return extract


def of_query(kind: "Any", load: "Loader", taken: "Container[str]") -> "Extract":
    """Return the function that makes an instance of a request's query and path.

    Of a name that came more than once a list has every value, anything else the last one, as `request.query` does. The
    path's parameters are those that the class has and that no other parameter has `taken`.
    """
    fields = getattr(kind, "__kit_fields__", {})
    lists: set[str] | None = None

    def extract(request: "Request") -> "Any":
        nonlocal lists
        data: dict[str, Any] = dict(request.query)
        repeated = {name: texts for name, texts in request.multi_query.items() if len(texts) > 1}
        if repeated:
            if lists is None:
                lists = _lists_of(kind)
            data |= {name: texts for name, texts in repeated.items() if name in lists}
        for name, text in request.path_params.items():
            if name in fields and name not in taken:
                data[name] = text
        found = [(name, fault) for name, value in data.items() for fault in map(fault_of, _texts(value)) if fault]
        if found:
            raise Wrong(*found)
        return load(data)

    return extract


def is_array(schema: "dict[str, Any]") -> bool:
    """Tell whether a JSON Schema is that of a list."""
    kinds = schema.get("type")
    return "array" in kinds if isinstance(kinds, list) else kinds == "array"


def _lists_of(kind: "Any") -> "set[str]":
    describe = getattr(kind, "json_schema", None)
    schema: dict[str, Any] = describe() if callable(describe) else {}
    return {name for name, each in schema.get("properties", {}).items() if is_array(each)}


def _texts(value: "Any") -> "list[str]":
    return [value] if isinstance(value, str) else value
