"""Where lines are written to, which are, and that each is written once."""

import json
import logging
import sys
from typing import TextIO

from kit_logger.lines import encode
from kit_logger.scopes import Scope, current

# Set on a record that one of our handlers has dealt with: others on its way up to the root leave it.
_DONE = "kit_logger_done"


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stdout` is at that moment, and shows nothing of a record that can't be written.

    Records under `threshold` are written while their invocation is sampled, else held back if `buffer_bytes` allows
    it, until the invocation logs an error or fails.
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
            if record.levelno < self.threshold:
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
        except Exception:  # noqa: BLE001  # nothing that goes wrong while logging is the caller's
            self.handleError(record)

    def write(self, line: str) -> None:
        """Write a line; in characters that the output can take."""
        stream = sys.stdout
        try:
            stream.write(line + "\n")
        except UnicodeEncodeError:  # half a surrogate pair, or an output that isn't UTF-8
            try:
                line = json.dumps(json.loads(line))
            except ValueError:  # a serializer of somebody's own doesn't write JSON
                line = line.encode("ascii", "backslashreplace").decode()
            stream.write(line + "\n")
        stream.flush()

    def write_held(self, scope: Scope) -> None:
        """Write what was held back during the invocation."""
        lines, dropped = scope.take_held()
        if dropped:
            self.write(encode({"level": "WARNING", "message": "debug lines were dropped", "dropped": dropped}))
        for line in lines:
            self.write(line)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Say where a record was lost; logging's own way is to print its arguments, secrets included."""
        lost = {"level": "ERROR", "location": f"{record.funcName}:{record.lineno}", "message": "a log line was lost"}
        try:
            print(json.dumps(lost), file=sys.stderr)  # noqa: T201
        except (OSError, ValueError):
            return  # standard error is closed, too


class NotDone(logging.Filter):
    """Keeps what our handlers have written away from the root's handlers: they would write it a second time."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is still to be written."""
        return _DONE not in record.__dict__


_not_done = NotDone()
_quiet: list[logging.Handler] = []  # the root's handlers that have been seen to


def _quiet_root() -> None:
    """Let the root's handlers, Lambda's own among them, write only what ours don't."""
    for other in logging.root.handlers:
        # pytest's own handler may see everything: it is how tests look at records.
        if (
            _not_done not in other.filters
            and not isinstance(other, StdoutHandler)
            and type(other).__module__ != "_pytest.logging"
        ):
            other.addFilter(_not_done)
    _quiet[:] = logging.root.handlers
