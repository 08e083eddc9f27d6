"""The handler that writes lines to standard output: each once, from the level or the sampling on."""

import json
import logging
import sys
import time
from typing import TextIO

from kit_logger.levels import passes
from kit_logger.lines import encode
from kit_logger.scopes import Scope, current

# Set on a record that one of our handlers has taken: the handlers of the root leave it.
_DONE = "kit_logger_done"


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Write to the current `sys.stdout`, and show nothing of a record that cannot be written.

    Records under `threshold` are written if their own logger has a level that lets them pass, or while their invocation
    is sampled; else they are held back if `buffer_bytes` allows it, until the invocation logs an error or fails.
    """

    def __init__(self, threshold: int = logging.INFO, buffer_bytes: int = 0) -> None:
        logging.Handler.__init__(self)
        self.threshold = threshold
        self.buffer_bytes = buffer_bytes

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The standard output; the Lambda runtime and pytest put their own in its place."""
        return sys.stdout

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line, or hold it back."""
        if _DONE in record.__dict__:
            return
        record.__dict__[_DONE] = True
        try:
            if logging.root.handlers != _quiet:
                _quiet_root()
            if record.levelno < self.threshold and not passes(record, self):
                scope = current()
                if scope is None:
                    return
                if not scope.sampled:
                    if self.buffer_bytes:
                        scope.held.add(self.format(record), self.buffer_bytes)
                    return
            elif record.levelno >= logging.ERROR:
                scope = current()
                if scope is not None:
                    self.write_held(scope)
            self.write(self.format(record))
        except Exception:  # noqa: BLE001  # logging is no reason to fail
            self.handleError(record)

    def write(self, line: str) -> None:
        """Write a line, in characters that the output can encode."""
        stream = sys.stdout
        try:
            stream.write(line + "\n")
        except UnicodeEncodeError:  # half a surrogate pair, or an output that is not UTF-8
            try:
                line = json.dumps(json.loads(line))
            except ValueError:  # the user's own serializer does not write JSON
                line = line.encode("ascii", "backslashreplace").decode()
            stream.write(line + "\n")
        stream.flush()

    def write_held(self, scope: Scope) -> None:
        """Write the lines that were held back during the invocation."""
        lines, dropped = scope.take_held()
        if dropped:
            self.write(encode({**_line("WARNING", "debug lines were dropped"), "dropped": dropped}))
        for line in lines:
            self.write(line)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Print the place of a lost record; logging itself would print its arguments, secrets included."""
        lost = {**_line("ERROR", "a log line was lost"), "location": f"{record.funcName}:{record.lineno}"}
        try:
            print(json.dumps(lost), file=sys.stderr)  # noqa: T201
        except (OSError, ValueError):
            return  # standard error is closed, too


def _line(level: str, message: str) -> dict[str, str]:
    # Without a time in this form Lambda takes any line for one of the level INFO.
    return {"level": level, "message": message, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


class NotWritten(logging.Filter):
    """Keep the records that our handlers have taken from the handlers of the root, which would write them again."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is still to be written."""
        return _DONE not in record.__dict__


_not_written = NotWritten()
_quiet: list[logging.Handler] = []  # the root's handlers that have the filter


def _quiet_root() -> None:
    """Let the root's handlers, Lambda's own among them, write the other records only."""
    for other in logging.root.handlers:
        # pytest's own handler may see everything: it is how tests look at records.
        if (
            _not_written not in other.filters
            and not isinstance(other, StdoutHandler)
            and type(other).__module__ != "_pytest.logging"
        ):
            other.addFilter(_not_written)
    _quiet[:] = logging.root.handlers
