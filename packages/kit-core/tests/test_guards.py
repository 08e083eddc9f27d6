"""Log lines of guards."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from kit_core import guards


class Raising(logging.Handler):
    """Format in emit without a guard, as the handler of AWS's runtime client does, and encode."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[bytes] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record).encode())


@pytest.fixture
def lines() -> Iterator[list[bytes]]:
    # On the logger itself, since kit-logger, where a test run has loaded it, has the root's lines to itself.
    handler, logger = Raising(), logging.getLogger("kit.test")
    logger.addHandler(handler)
    yield handler.lines
    logger.removeHandler(handler)


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_a_line_is_logged(lines: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("reason")
    except ValueError:
        guards.log("kit.test", logging.ERROR, "failed: %s", "é", exc_info=True, extra={"id": 1})
    assert lines[0].startswith("failed: é\nTraceback".encode())
    record: Any = caplog.records[0]
    assert (record.name, record.levelno, record.id, record.pathname) == ("kit.test", logging.ERROR, 1, __file__)


@pytest.mark.parametrize(
    ("message", "args", "extra"),
    [
        ("failed: %s", (Unprintable(),), None),
        ("failed: %d", ("x",), None),
        ("failed: %s", ("\ud800",), None),
        ("failed: %s %s", ("one",), None),
        ("failed: ", (), {"message": "taken"}),
    ],
)
def test_a_line_that_cannot_be_formatted_or_encoded_is_told_of(
    lines: list[bytes], message: str, args: Any, extra: Any
) -> None:
    guards.log("kit.test", logging.ERROR, message, *args, extra=extra)
    assert len(lines) == 1
    assert lines[0].startswith(b"failed: ")
    assert b"(its details could not be logged)" in lines[0]


def test_a_handler_that_always_fails_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("closed")

    monkeypatch.setattr(logging.Logger, "log", fail)
    guards.log("kit.test", logging.ERROR, "failed")
