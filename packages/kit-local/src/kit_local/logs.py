"""What the terminal shows: one line for each invocation, the function's own lines under it."""

import asyncio
import io
import logging
import os
import sys
import time
from contextlib import suppress
from typing import Literal, TextIO

from kit_local.structured import readable

Colour = Literal["dim", "red", "green", "yellow", "cyan", "bold"]
Outcome = tuple[str, Colour]  # the last word of an invocation's line
_CODES: dict[Colour, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_LEVELS: dict[str, Colour] = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_PATIENCE = 1.0  # seconds that an invocation's lines are kept back for its closing line to stand above them
_HEADING = "Traceback (most recent call last):"
_MOST = 1 << 20  # characters that are kept back


class Console:
    """Write to a stream, coloured where it is a terminal (and NO_COLOR is not set)."""

    def __init__(self, stream: TextIO | None = None, *, coloured: bool | None = None, raw_logs: bool = False) -> None:
        self._raw_logs = raw_logs
        self._stream = stream or sys.stdout
        if isinstance(self._stream, io.TextIOWrapper):
            self._stream.reconfigure(errors="backslashreplace")  # what the terminal has no letters for
        self._coloured = (self._stream.isatty() and "NO_COLOR" not in os.environ) if coloured is None else coloured

    def colour(self, text: str, colour: Colour) -> str:
        """Return the text in that colour, or as it is where there are none."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self._coloured else text

    def write(self, text: str) -> None:
        """Write one line."""
        # A terminal that has gone away must not take the backend's requests with it.
        with suppress(OSError, ValueError):
            print(text, file=self._stream, flush=True)

    def note(self, text: str) -> None:
        """Say something of kit-local's own."""
        self.write(f"{self.colour('kit-local:', 'bold')} {text}")

    def warn(self, text: str) -> None:
        """Say what goes on, but not as it should."""
        self.write(f"{self.colour('kit-local: warning:', 'yellow')} {text}")

    def error(self, text: str) -> None:
        """Say what went wrong in kit-local or in the template, not in a function."""
        self.write(f"{self.colour('kit-local: error:', 'red')} {text}")

    def line(self, text: str) -> None:
        """Write a line of a function's own; structured logging as text, unless it is to be raw."""
        found = None if self._raw_logs else readable(text)
        level, lines = found or ("", [text])
        head, *rest = lines
        if level in _LEVELS:
            head = self.colour(level, _LEVELS[level]) + head.removeprefix(level)
        for shown in (head, *rest):
            self.write(f"    {shown}")

    def refused(self, what: str, outcome: Outcome) -> None:
        """Say what a gateway has answered without any function."""
        self.write(f"{_clock()}  {what}  {self.colour(*outcome)}")

    def invocation(self, function: str, source: str, *, dim: bool = False) -> "Entry":
        """Open the entry of one invocation; `dim` is for what only precedes another one."""
        return Entry(self, function, source, dim=dim)


class Entry:
    """One invocation on the terminal: its lines wait for its end, or are streamed when that takes long."""

    def __init__(self, console: Console, function: str, source: str, *, dim: bool) -> None:
        self._console = console
        self._function, self._source, self._dim = function, source, dim
        self._lines: list[str] = []
        self._size = 0
        self._streaming = False
        self._heading = False
        self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self._stream)

    def line(self, text: str) -> None:
        """Take one line of the function's own."""
        # Errors that have no traceback are logged with the heading of one all the same.
        heading, self._heading = self._heading, text == _HEADING
        if heading and text[:1].isspace():
            self._take(_HEADING)
        if not self._heading:
            self._take(text)

    def _take(self, text: str) -> None:
        if self._streaming:
            self._console.line(text)
        else:
            self._lines.append(text)
            self._size += len(text)
            if self._size > _MOST:
                self._stream()

    def end(
        self, *, seconds: float, cold: float | None, memory: int | None, limit: int, outcome: Outcome = ("ok", "green")
    ) -> None:
        """Write the closing line: `cold` is the seconds that starting the process took, None when it was warm."""
        self._timer.cancel()
        over = bool(memory and memory > limit)
        dim = self._dim and outcome[1] == "green" and not over
        colour = self._console.colour if not dim else lambda text, _: text
        line = [
            _clock(),
            f"{colour(self._function, 'cyan')} {self._source}",
            f"{seconds * 1000:.1f} ms",
            "" if memory is None else colour(f"{memory}/{limit} MB", "red") if over else f"{memory}/{limit} MB",
            colour("warm", "dim") if cold is None else colour(f"cold +{cold * 1000:.0f} ms", "yellow"),
            colour(*outcome),
        ]
        whole = "  ".join(filter(None, line))
        self._console.write(self._console.colour(whole, "dim") if dim else whole)
        self._flush()

    def _stream(self) -> None:
        self._timer.cancel()
        self._streaming = True
        colour = self._console.colour
        title = f"{colour(self._function, 'cyan')} {self._source}"
        self._console.write(f"{_clock()}  {title}  {colour('running', 'dim')}")
        self._flush()

    def _flush(self) -> None:
        for line in self._lines:
            self._console.line(line)
        self._lines.clear()


def _clock() -> str:
    return time.strftime("%H:%M:%S")


class LogHandler(logging.Handler):
    """Shows what kit-local logs, in the words of the console."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; a traceback too, since it tells of a fault in kit-local itself."""
        if record.levelno >= logging.ERROR:
            self._console.error(self.format(record))
        elif record.levelno == logging.WARNING:
            self._console.warn(self.format(record))
        else:
            self._console.note(self.format(record))
