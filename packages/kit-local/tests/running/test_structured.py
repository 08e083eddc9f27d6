"""Structured log lines, as the terminal shows them."""

import io
import json
from typing import Any

import pytest
from kit_local.logs import Console
from kit_local.structured import readable

FRAME = {
    "location": "publish:26",
    "timestamp": "2026-11-21T03:51:44.814+00:00",
    "service": "loans",
    "cold_start": True,
    "function_name": "loans-CreateLoan",
    "function_memory_size": "256",
    "function_arn": "arn",
    "function_request_id": "id",
    "xray_trace_id": "1-2",
}


def shown(**record: Any) -> list[str]:
    found = readable(json.dumps(record))
    assert found
    return found[1]


def test_a_line_is_its_level_its_message_and_what_is_its_own() -> None:
    more = {"event_type": "loan.requested", "count": 2, "text": "two words", "deep": {"a": [1]}, "nothing": None}
    line = 'INFO loan announced event_type=loan.requested count=2 text="two words" deep={"a":[1]}'
    assert shown(level="INFO", message="loan announced", **FRAME, **more) == [line]


def test_a_correlation_id_is_shown_where_it_tells_more_than_the_trace() -> None:
    assert shown(level="INFO", message="m", correlation_id="1-2", xray_trace_id="1-2") == ["INFO m"]
    assert shown(level="INFO", message="m", correlation_id="1-1", xray_trace_id="1-2") == ["INFO m correlation_id=1-1"]


def test_a_traceback_stands_under_its_line_once() -> None:
    trace = 'Traceback (most recent call last):\n  File "app.py", line 1\nKeyError: 1'
    lines = shown(level="ERROR", message="bad", exception=trace, exception_name="KeyError", stack_trace={"frames": []})
    assert lines == ["ERROR bad", *(f"  {line}" for line in trace.split("\n"))]


def test_nothing_that_a_terminal_would_obey_gets_through() -> None:
    lines = shown(level="INFO", message="a\x1b[2Jb\nc", key="\x9b1m", **{"\x07": 1})
    assert lines == ["INFO a\\x1b[2Jb key=\\x9b1m \\x07=1", "  c"]


@pytest.mark.parametrize(
    "line", ["text", "{", "[1]", '{"level": "INFO"}', '{"level": 1, "message": ""}', '{"_aws": {}}']
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert readable(line) is None
    screen = io.StringIO()
    Console(screen).line(line)
    assert screen.getvalue() == f"    {line}\n"


def test_raw_logs_are_left_alone() -> None:
    line = json.dumps({"level": "INFO", "message": "m"})
    screen = io.StringIO()
    Console(screen, raw_logs=True).line(line)
    assert screen.getvalue() == f"    {line}\n"


def test_levels_are_coloured_where_there_are_colours() -> None:
    screen = io.StringIO()
    Console(screen, coloured=True).line(json.dumps({"level": "ERROR", "message": "m"}))
    assert screen.getvalue() == "    \x1b[31mERROR\x1b[0m m\n"
