"""Encoded values as they lie in Redis and on disk: a letter for the form, then JSON, perhaps compressed."""

import json
from typing import Any

from kit_cache.codec.values import TOO_DEEP, from_json, is_plain, to_json, to_text
from kit_cache.errors import UncacheableValueError

_PLAIN, _TAGGED = b"j", b"t"
_PLAIN_SIGN = _PLAIN[0]
_SQUEEZED = {_PLAIN: b"J", _TAGGED: b"T"}
_decoder: Any = json.JSONDecoder()
_scan = _decoder.scan_once  # what `json.loads` calls after a good deal else
_WORTH = 2048  # bytes below which compression saves less than it costs
_LARGEST = 256 * 2**20  # bytes of an unpacked body: a foreign one may claim any size


def dumps(value: object) -> bytes:
    """Return `value` as a body; UncacheableValueError names the place of a value that can't be in it."""
    try:
        form, text = (_PLAIN, to_text(value)) if is_plain(value) else (_TAGGED, to_text(to_json(value)))
        body = text.encode("utf-8", "surrogatepass")
    except RecursionError:
        raise UncacheableValueError(TOO_DEEP, type(value).__name__) from None
    except ValueError as error:  # an integer of more digits than Python turns into text
        raise UncacheableValueError(f"$ ({error})", type(value).__name__) from error
    if len(body) > _WORTH:
        import zlib

        packed = zlib.compress(body, 1)
        if len(packed) < len(body) * 0.8:
            return _SQUEEZED[form] + packed
    return form + body


def loads_from(raw: bytes, start: int) -> Any:
    """Do as `loads` with the body that begins at `start`; plain JSON takes half of the time."""
    if raw[start] == _PLAIN_SIGN:
        try:
            text = raw[start + 1 :].decode()
            value, end = _scan(text, 0)
        except (StopIteration, ValueError, RecursionError):
            return loads(raw[start:])
        if end == len(text):
            return value
    return loads(raw[start:])


def loads(body: bytes) -> Any:
    """Return the value that `dumps` encoded; ValueError when `body` is damaged or of another version."""
    form, content = body[:1], body[1:]
    try:
        if form in b"JT" and form:
            content, form = _unpacked(content), form.lower()
        if form == _PLAIN:
            text = content.decode("utf-8", "surrogatepass")
            value, end = _scan(text, 0)
            if end == len(text):
                return value
        if form == _TAGGED:
            return json.loads(content.decode("utf-8", "surrogatepass"), object_hook=from_json)
    except StopIteration as error:  # the scanner's word for a text that ends too early
        raise ValueError("not a cached value") from error
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        raise ValueError("not a cached value") from error
    raise ValueError("not a cached value")


def _unpacked(content: bytes) -> bytes:
    import zlib

    unpacking = zlib.decompressobj()
    try:
        body = unpacking.decompress(content, _LARGEST)
    except zlib.error as error:
        raise ValueError("damaged") from error
    if not unpacking.eof:
        raise ValueError("cut off, or too large")
    return body
