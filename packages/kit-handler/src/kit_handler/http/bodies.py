"""Bodies that are neither text nor a dict: bytes, streams, and everything else as JSON."""

from binascii import b2a_base64

from kit_core.json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_TEXTS = frozenset(("json", "xml", "javascript", "ndjson", "x-ndjson", "yaml", "x-www-form-urlencoded"))


def as_text(body: "Any", fields: dict[str, str], names: "Mapping[str, str]") -> tuple[str, str, bool]:
    """Return the body as text, the Content-Type that it has unless another is given, and whether it is base64.

    fields: the header fields; names: theirs by lower-case name. A REST API decodes base64 for the types alone that it
    has in its binary media types, so that text goes out as text: API Gateway Developer Guide, "Return binary media from
    a Lambda proxy integration".
    """
    if hasattr(body, "__kit_stream__"):
        body = body.joined()
    if not isinstance(body, (bytes, bytearray, memoryview)):
        if hasattr(body, "__next__") or hasattr(body, "__aiter__"):
            raise TypeError(f"a body can't be of type {type(body).__qualname__!r}: Response.stream takes it")
        return dumps(body), "application/json", False
    kind = fields[names["content-type"]] if "content-type" in names else ""
    if _is_text(kind) and "content-encoding" not in names:
        try:
            return bytes(body).decode(), "", False
        except UnicodeDecodeError:
            pass
    return b2a_base64(body, newline=False).decode(), "application/octet-stream", True


def _is_text(kind: str) -> bool:
    """Tell whether a Content-Type is text in UTF-8: `text/csv`, `application/json`, `image/svg+xml`."""
    media_type, _, parameters = kind.lower().partition(";")
    if "charset=" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        return False
    group, _, name = media_type.strip().partition("/")
    return group == "text" or name.rpartition("+")[2] in _TEXTS
