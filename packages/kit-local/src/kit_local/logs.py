"""What the terminal shows: one line for each invocation, the function's own lines under it."""

import asyncio
import io
import logging
import os
import sys
import time
from contextlib import suppress
from typing import Literal, TextIO

Colour = Literal["dim", "red", "green", "yellow", "cyan", "bold"]
_CODES: dict[Colour, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_PATIENCE = 1.0  # seconds that an invocation's lines are kept back for its closing line to stand above them
_MOST = 1 << 20  # characters that are kept back


class Console:
    """Write to a stream, coloured where it is a terminal (and NO_COLOR is not set)."""

    def __init__(self, stream: TextIO | None = None, *, coloured: bool | None = None) -> None:
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

    def invocation(self, function: str, source: str) -> "Entry":
        """Open the entry of one invocation."""
        return Entry(self, function, source)


class Entry:
    """One invocation on the terminal: its lines wait for its end, or are streamed when that takes long."""

    def __init__(self, console: Console, function: str, source: str) -> None:
        self._console = console
        self._title = f"{console.colour(function, 'cyan')} {source}"
        self._lines: list[str] = []
        self._size = 0
        self._streaming = False
        self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self._stream)

    def line(self, text: str) -> None:
        """Take one line of the function's own."""
        if self._streaming:
            self._console.write(f"    {text}")
        else:
            self._lines.append(text)
            self._size += len(text)
            if self._size > _MOST:
                self._stream()

    def end(self, *, seconds: float, cold: float | None, memory: int | None, limit: int, error: str = "") -> None:
        """Write the closing line: `cold` is the seconds that starting the process took, None when it was warm."""
        self._timer.cancel()
        colour = self._console.colour
        start = colour("warm", "dim") if cold is None else colour(f"cold +{cold * 1000:.0f} ms", "yellow")
        used = "" if memory is None else f"{memory}/{limit} MB"
        outcome = colour(error, "red") if error else colour("ok", "green")
        parts = [self._title, f"{seconds * 1000:.1f} ms", colour(used, "red") if memory and memory > limit else used]
        self._console.write("  ".join([_clock(), *filter(None, parts), start, outcome]))
        self._flush()

    def _stream(self) -> None:
        self._timer.cancel()
        self._streaming = True
        self._console.write(f"{_clock()}  {self._title}  {self._console.colour('running', 'dim')}")
        self._flush()

    def _flush(self) -> None:
        for line in self._lines:
            self._console.write(f"    {line}")
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
