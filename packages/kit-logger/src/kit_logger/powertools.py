"""The Powertools logger of this process, with a formatter that redacts."""

import logging
import os
import threading
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from kit_logger.correlation import correlation_id
from kit_logger.handler import StdoutHandler, adopt
from kit_logger.invocation import current
from kit_logger.redaction import redact

_lock = threading.Lock()
_loggers: list[Logger] = []


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON, without secrets, with the keys of the invocation that a line belongs to.

    Keys that are appended during an invocation are that invocation's alone, also when several run in one process.
    """

    def __init__(self, **options: Any) -> None:
        self._ready = False
        self._lasting: dict[str, Any] = {}
        super().__init__(**options)
        self._ready = True

    @property
    def log_format(self) -> dict[str, Any]:
        """What every line has: the lasting keys and the invocation's."""
        invocation = current() if self._ready else None
        if invocation is None:
            return self._lasting
        return {**self._lasting, **invocation.context_keys, **invocation.keys}

    @log_format.setter
    def log_format(self, keys: dict[str, Any]) -> None:
        self._lasting = keys

    def append_keys(self, **additional_keys: Any) -> None:
        """Add keys to every further line of the invocation; outside of one, to every further line."""
        invocation = current()
        (self._lasting if invocation is None else invocation.keys).update(additional_keys)

    def remove_keys(self, keys: Iterable[str]) -> None:
        """Leave keys out of every further line of the invocation; outside of one, of every further line."""
        invocation = current()
        for key in keys:
            if invocation is None:
                self._lasting.pop(key, None)
            else:
                invocation.keys[key] = None  # a key that is None is not written

    def clear_state(self) -> None:
        """Forget the keys that were appended during the invocation; outside of one, all but the first."""
        invocation = current()
        if invocation is None:
            super().clear_state()
        else:
            invocation.keys.clear()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; whatever is wrong with a record, there is one."""
        if record.name != self._lasting.get("service"):
            record.__dict__.setdefault("logger", record.name)
        try:
            return super().format(record)
        except Exception as error:  # noqa: BLE001  # wrong arguments, reserved keys, broken __str__: not worth a failure
            return self.serialize(
                {
                    "level": record.levelname,
                    "location": f"{record.funcName}:{record.lineno}",
                    "message": record.msg,
                    "timestamp": self.formatTime(record),
                    "service": self._lasting.get("service"),
                    "format_error": type(error).__name__,
                }
            )

    def serialize(self, log: Any) -> str:
        """Return a line as JSON, with the correlation id and without secrets."""
        if log.get("correlation_id") is None:
            found = correlation_id()
            if found is not None:
                log["correlation_id"] = found
        return super().serialize(redact(log))


def process_logger() -> Logger:
    """Return the logger of this process; the first call makes it, and reads the environment."""
    if not _loggers:
        with _lock:
            if not _loggers:
                _loggers.append(_new_logger())
    return _loggers[0]


def follow_level(logger: Logger) -> None:
    """Let the loggers `kit.*` write what the logger would."""
    adopt(logger.registered_handler, logger.log_level)


def _new_logger() -> Logger:
    service = os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("SERVICE_NAME") or "service_undefined"
    formatter = RedactingFormatter(utc=True, use_rfc3339=True)
    logger = Logger(service=service, logger_handler=StdoutHandler(), logger_formatter=formatter)
    if logger.logger_handler not in logger.handlers:  # somebody has made a Powertools logger of this name before
        handler = logger.handlers[0]
        if isinstance(handler.formatter, LambdaPowertoolsFormatter):
            formatter.append_keys(**handler.formatter.get_current_keys())
        handler.setFormatter(formatter)
        logger.logger_handler = handler
    follow_level(logger)
    return logger
