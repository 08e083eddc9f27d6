"""Log lines in JSON, as a terminal can show them: `LEVEL message key=value …`, a traceback under that."""

import json
import re
from typing import Any

# What every line of a function says, and what is shown otherwise.
_LEFT_OUT = frozenset(
    """cold_start exception exception_name function_arn function_memory_size function_name function_request_id level
    location logger message sampling_rate service stack_trace timestamp xray_trace_id""".split()  # noqa: SIM905
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what a terminal would obey; JSON has spelt it out


def readable(line: str) -> tuple[str, list[str]] | None:
    """Return the level and the lines to show for a line of structured logging, None for any other line."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("level"), str) or "message" not in record:
        return None
    message, *more = _text(record["message"]).split("\n")
    values = [f"{_safe(name)}={_value(value)}" for name, value in record.items() if _is_shown(name, record)]
    exception = record.get("exception")
    trace = _safe(exception).split("\n") if isinstance(exception, str) else []
    level = _safe(record["level"])
    return level, [" ".join([level, message, *values]), *(f"  {part}" for part in (*more, *trace))]


def _is_shown(name: str, record: dict[str, Any]) -> bool:
    if name == "correlation_id" and record[name] == record.get("xray_trace_id"):
        return False
    return name not in _LEFT_OUT and record[name] is not None


def _text(value: Any) -> str:
    return _safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _value(value: Any) -> str:
    bare = isinstance(value, str) and re.fullmatch(r"[^\s\"=]+", value)
    return _safe(value if bare else json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _safe(text: str) -> str:
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)
