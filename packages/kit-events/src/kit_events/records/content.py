"""The content of carriers: JSON, text or bytes, in base64 or gzip or both."""

import json
from binascii import Error, a2b_base64
from typing import Any, NoReturn

from kit_core.errors import InvalidJsonError
from kit_core.json import loads

# A body of 1 MB in gzip could be a gigabyte; more than this is no record.
MAX_BYTES = 64 * 1024 * 1024

AGGREGATED = b"\xf3\x89\x9a\xc2"  # how a Kinesis record begins that holds many (`aggregated`)

_GZIP = b"\x1f\x8b"
_ENCODED = ("H4sI", "eyJ", "ey", "W3s")  # how base64 of gzip, of an object and of an array of them begins
_SHORT, _MANY = 2000, 16
_BOUNDS = (float("inf"), float("-inf"))


def _finite(digits: str) -> float:
    number = float(digits)
    if number in _BOUNDS:
        raise ValueError
    return number


def _refuse(_: str) -> NoReturn:
    raise ValueError


_scan = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse).scan_once  # type: ignore[attr-defined]


def parsed(text: Any) -> Any:
    """Return the value of a JSON text, and anything else as it is."""
    if not isinstance(text, str):
        return text
    try:
        return loads(text)
    except InvalidJsonError:
        return text


def opened(value: Any) -> Any:
    """Return the value of a text or bytes: JSON, also in base64 or gzip; else the text, or bytes that are no text."""
    if not isinstance(value, str):
        text = _text(value) if isinstance(value, bytes) else None
        return value if text is None else opened(text)
    try:
        # As kit_core.json.loads, without its preparations; in doubt, and for many numbers, that has the last word.
        if len(value) < _SHORT or value.count(".") < _MANY:
            said, end = _scan(value, 0)
            if end == len(value):
                return said
    except (StopIteration, ValueError, RecursionError):
        pass
    said = parsed(value)
    return _decoded(value) if said is value and value.startswith(_ENCODED) else said


def path_of_no_number(value: Any) -> str | None:
    """Return the path of a NaN or an infinity in a value of JSON, as "payload.rates.0"; None if there is none."""
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(value, ())]
    while waiting:
        each, path = waiting.pop()
        if isinstance(each, float):
            if each - each != 0:
                return ".".join(map(str, path))
        elif isinstance(each, dict | list):
            inner = each.items() if isinstance(each, dict) else enumerate(each)
            waiting += [(part, (*path, key)) for key, part in inner if isinstance(part, float | dict | list)]
    return None


def path_in_text(text: str) -> str | None:
    """Return the path of the NaN or infinity that makes a text no JSON; None if there is none, or more is wrong."""
    try:
        return path_of_no_number(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _decoded(text: str) -> Any:
    """Return the JSON object or array inside of base64; else the text as it is."""
    try:
        inside = parsed(_text(unbase64(text)))
    except ValueError:
        return text
    return inside if isinstance(inside, dict | list) else text


def _text(data: bytes) -> str | None:
    """Return bytes as text, out of gzip if they are packed; None if they are no text."""
    try:
        return (gunzipped(data) if data.startswith(_GZIP) else data).decode()
    except ValueError:
        return None


def unbase64(text: str) -> bytes:
    """Return the bytes of base64 text; ValueError for anything else."""
    try:
        return a2b_base64(text, strict_mode=True)
    except Error as error:
        raise ValueError("is not base64") from error


def gunzipped(data: bytes) -> bytes:
    """Return the bytes inside of gzip; ValueError for anything else, or for more than `MAX_BYTES`."""
    import zlib

    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise ValueError("is not gzip") from error
    if not unpacking.eof:
        raise ValueError("is cut off" if len(found) < MAX_BYTES else f"holds more than {MAX_BYTES} bytes")
    return found
