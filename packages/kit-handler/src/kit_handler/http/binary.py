"""Bodies that are bytes: in base64, or as the text that their Content-Type says they are."""

_TEXTS = frozenset(("json", "xml", "javascript", "ndjson", "x-ndjson", "yaml", "x-www-form-urlencoded"))


def as_text(body: bytes | bytearray | memoryview, headers: dict[str, str], kind: str) -> tuple[str, bool]:
    """Return the body as text, and whether that is base64.

    kind: the Content-Type, "" without one. A REST API decodes base64 for the types alone that it has in its binary
    media types, so that text goes out as text: API Gateway Developer Guide, "Return binary media from a Lambda proxy
    integration".
    """
    if _is_text(kind) and not any(name.lower() == "content-encoding" for name in headers):
        try:
            return bytes(body).decode(), False
        except UnicodeDecodeError:
            pass
    from binascii import b2a_base64

    return b2a_base64(body, newline=False).decode(), True


def _is_text(kind: str) -> bool:
    """Tell whether a Content-Type is text in UTF-8: `text/csv`, `application/json`, `image/svg+xml`."""
    media_type, _, parameters = kind.lower().partition(";")
    if "charset=" in parameters and "utf-8" not in parameters and "utf8" not in parameters:
        return False
    group, _, name = media_type.strip().partition("/")
    return group == "text" or name.rpartition("+")[2] in _TEXTS
