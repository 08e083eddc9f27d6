"""Lines as JSON, without secrets, and none longer than CloudWatch Logs takes."""

import json
from collections.abc import Callable
from typing import Any

from kit_core.redaction import redact

# "Maximum event size: 256 KB" (CloudWatch Logs quotas, as Lambda's own pipe still cuts lines), less the 26 bytes that
# each event counts for, and some room.
MAX_BYTES = 262_144 - 144
_STEPS = (65_536, 16_384, 4_096, 1_024, 256, 64)

Encode = Callable[[Any], str]
quoted: Encode = json.encoder.encode_basestring  # a text as JSON, escaped where JSON demands it


def _encoder() -> Encode:
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # not CPython
        return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
    # JSONEncoder.encode makes this function for each call, which takes longer than the encoding itself.
    chunks = make(None, str, quoted, None, ":", ",", False, False, True)
    return lambda value: "".join(chunks(value, 0))


encode: Encode = _encoder()


def plain(value: Any, default: Callable[[Any], Any] | None = None) -> Any:
    """Return a value as JSON's own types, without its secrets.

    default: returns a value that JSON knows for one that it does not know; else the payload's form (`kit_core.json`),
    or the text of the value if the payload knows no form of it
    """
    return redact(value, default=default or _payload_form)


def _payload_form(value: Any) -> Any:
    from kit_core.errors import CoreError
    from kit_core.json import plain as form_of

    try:
        form = form_of(value)
    except CoreError:
        return redact(value)
    return redact(value) if type(form) is type(value) else form  # an object that has every attribute


def fits(line: str) -> bool:
    """Tell whether a line is short enough."""
    length = len(line)
    return length * 4 <= MAX_BYTES or (length <= MAX_BYTES and len(line.encode("utf-8", "surrogatepass")) <= MAX_BYTES)


def shortened(entry: dict[str, Any], line: str, serialize: Encode) -> str:
    """Return `entry` as a line that fits: its long texts and lists cut, and `truncated` with its length in bytes."""
    size = len(line.encode("utf-8", "surrogatepass"))
    for step in _STEPS:
        cut = _cut(entry, step)
        cut["truncated"] = size
        line = serialize(cut)
        if fits(line):
            return line
    few = {
        key: _cut(entry[key], 64) for key in ("level", "location", "message", "timestamp", "service") if key in entry
    }
    return encode({**few, "message": str(few.get("message"))[:1024], "truncated": size})


def _cut(value: Any, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= most else value[:most] + "…"
    if isinstance(value, dict):
        kept = {_cut(key, 256): _cut(item, most) for key, item in list(value.items())[:most]}
        return kept if len(value) <= most else {**kept, "…": len(value) - most}
    if isinstance(value, list):
        kept_items = [_cut(item, most) for item in value[:most]]
        return kept_items if len(value) <= most else [*kept_items, "…"]
    return value
