"""The Powertools loggers of this process: redacted, sampled by the invocation, never a reason to fail."""

import logging
import os
import random
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.filters import SuppressFilter
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from kit_logger.followers import follow, is_followed, set_levels
from kit_logger.formatter import RedactingFormatter
from kit_logger.levels import give_level
from kit_logger.scopes import Scope, current
from kit_logger.stdout import StdoutHandler

_lock = threading.RLock()
_loggers: "dict[str, KitLogger]" = {}
_main: "list[KitLogger]" = []  # the one that kit's own loggers write through
_unasked: set[str] = set()  # the loggers that were needed before anybody has asked for them, and given options
_sampled = 0  # the number of running invocations that are logged in full

_OF_RECORD = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime"})


def _method(level: int, *, error: bool = False) -> Callable[..., None]:
    def log(
        self: "KitLogger",
        msg: object,
        *args: object,
        exc_info: Any = error,
        stack_info: bool = False,
        stacklevel: int = 2,
        extra: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> None:
        # The cache of logging's isEnabledFor: a line that is not written costs little more than logging's own.
        if self._cached(level) is False or not self._logger.isEnabledFor(level):
            return
        if kwargs:
            extra = {**extra, **kwargs} if extra else kwargs
        if extra and not _OF_RECORD.isdisjoint(extra):
            # logging raises KeyError for these names
            extra = {f"{key}_" if key in _OF_RECORD else key: value for key, value in extra.items()}
        self._logger._log(level, msg, args, exc_info, extra, stack_info, stacklevel)

    return log


class KitLogger(Logger):
    """Is Powertools' Logger, with redacted lines, and with state that belongs to the invocation."""

    def __init__(
        self, service: str, *, level: str | int | None, sampling_rate: float | None, buffer_bytes: int
    ) -> None:
        self._output = StdoutHandler(buffer_bytes=buffer_bytes)
        self._applied: int | None = None
        formatter = RedactingFormatter(utc=True, use_rfc3339=True)
        super().__init__(
            service=service,
            level=level,
            sampling_rate=sampling_rate or None,
            logger_handler=self._output,
            logger_formatter=formatter,
        )
        self.sampling_rate = sampling_rate or 0.0
        formatter.append_lasting_keys(service=service, sampling_rate=sampling_rate or None)
        self._take_over(formatter)
        self._cached = getattr(self._logger, "_cache", {}).get
        for handler in logging.root.handlers:
            # Powertools' filter goes by any part of a name: a service `db` would keep `my.db.module` out of the log.
            for each in [each for each in handler.filters if isinstance(each, SuppressFilter)]:
                if each.logger == service:
                    handler.removeFilter(each)
        self._refresh()

    if not TYPE_CHECKING:  # the types are those of the base class
        debug = _method(logging.DEBUG)
        info = _method(logging.INFO)
        warning = _method(logging.WARNING)
        error = _method(logging.ERROR)
        critical = _method(logging.CRITICAL)
        exception = _method(logging.ERROR, error=True)

    def setLevel(self, level: str | int | None) -> None:  # noqa: N802  # logging's own name
        """Write from this level on."""
        super().setLevel(level)
        self._output.threshold = self._logger.level
        self._refresh()

    @property
    def log_level(self) -> int:
        """The level from which on lines are written; of a sampled invocation all are."""
        return self._output.threshold

    def set_options(self, level: str | int | None, sampling_rate: float | None, buffer_bytes: int | None) -> None:
        """Change the options that are not None, of a logger that was made with the environment's."""
        if sampling_rate is not None:
            self.sampling_rate = sampling_rate
            formatter = self._output.formatter
            if isinstance(formatter, RedactingFormatter):
                formatter.append_lasting_keys(sampling_rate=sampling_rate or None)
        if buffer_bytes is not None:
            self._output.buffer_bytes = buffer_bytes
        if level is not None:
            self.setLevel(level)
        self._refresh()

    def refresh_sample_rate_calculation(self) -> None:
        """Decide again whether the current invocation is logged in full."""
        scope = current()
        if scope is not None:
            if scope.sampled:
                _end_sampling(scope)
            if random.random() < float(self.sampling_rate):  # noqa: S311  # no secret
                scope.sampled = True
                _count_sampled(1)

    def flush_buffer(self) -> None:
        """Write the lines that have been held back during the current invocation."""
        scope = current()
        if scope is not None:
            self._output.write_held(scope)

    def clear_buffer(self) -> None:
        """Drop the lines that have been held back during the current invocation."""
        scope = current()
        if scope is not None:
            scope.take_held()

    def _configure_sampling(self) -> None:
        """Do nothing: each invocation is sampled as a whole, not the process."""

    def _take_over(self, formatter: RedactingFormatter) -> None:
        """Take the place of a Powertools logger of this name that was made before."""
        for handler in self._logger.handlers:
            if handler is not self._output and isinstance(handler.formatter, LambdaPowertoolsFormatter):
                before = handler.formatter.get_current_keys()
                formatter.append_lasting_keys(**{key: value for key, value in before.items() if value is not None})
        self._logger.handlers[:] = [
            handler for handler in self._logger.handlers if not isinstance(handler.formatter, LambdaPowertoolsFormatter)
        ]
        if self._applied is None and self._logger.level:  # Powertools leaves a logger that it has set up as it is
            self._output.threshold = self._logger.level
        self._output.setFormatter(formatter)
        self._logger.addHandler(self._output)
        self._logger.handlers.insert(0, self._logger.handlers.pop())  # Powertools takes the first for its own
        self._logger.powertools_handler = self.logger_handler = self._output  # type: ignore[attr-defined]

    def _refresh(self) -> None:
        """Let records under the level be made while an invocation is sampled, or if lines are held back."""
        level = self._output.threshold
        if _sampled or self._output.buffer_bytes:
            level = min(level, logging.DEBUG)
        self._applied = level
        give_level(self._logger, level)
        if self in _main:
            set_levels(level)


def get_logger(
    service: str | None = None,
    *,
    level: str | int | None = None,
    sampling_rate: float | None = None,
    buffer_bytes: int | None = None,
) -> Logger:
    """Return the logger of a service, the same one each time; options count when it is made.

    service: its name on every line (default: POWERTOOLS_SERVICE_NAME, SERVICE_NAME, "service_undefined")
    level: the level from which on lines are written (default: POWERTOOLS_LOG_LEVEL, LOG_LEVEL, INFO)
    sampling_rate: the share of invocations, 0 to 1, that are logged in full (default: POWERTOOLS_LOGGER_SAMPLE_RATE, 0)
    buffer_bytes: the bytes of an invocation's lines under the level that are held back, to be written if it logs an
    error or fails (default: KIT_LOGGER_BUFFER_BYTES, 0)

    Raises ValueError for a senseless option; a senseless environment variable is a warning in the log.

    Example:
        >>> audit = get_logger("audit", level="DEBUG")
    """
    _check_options(level, sampling_rate, buffer_bytes)
    of_process = _service_of_environment()
    name = service or of_process or "service_undefined"
    with _lock:
        logger = _loggers.get(name)
        if logger is None:
            logger = _new_logger(name, level, sampling_rate, buffer_bytes)
        elif name in _unasked:
            logger.set_options(level, sampling_rate, buffer_bytes)
        _unasked.discard(name)
        if service is None or name == of_process or not (_main or of_process):
            _make_main(logger)
        elif not _main:
            process_logger()
        return logger


def process_logger() -> KitLogger:
    """Return the logger that kit's own loggers write through.

    It is that of the service in the environment. If none is named there, it is the first that was made; the logger
    without a name takes its place.
    """
    if not _main:
        with _lock:
            name = _service_of_environment() or "service_undefined"
            if name not in _loggers:
                _unasked.add(name)
                _new_logger(name, None, None, None)
            _make_main(_loggers[name])
    return _main[0]


def _service_of_environment() -> str | None:
    return os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("SERVICE_NAME") or None


def _make_main(logger: KitLogger) -> None:
    _main[:] = [logger]
    follow(logger._output)
    logger._refresh()


def _check_options(level: str | int | None, sampling_rate: float | None, buffer_bytes: int | None) -> None:
    if level is not None and not isinstance(level, int) and level.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"no level of logging: {level!r}")
    if sampling_rate is not None and not 0 <= sampling_rate <= 1:
        raise ValueError(f"sampling_rate is from 0 to 1, not {sampling_rate!r}")
    if buffer_bytes is not None and buffer_bytes < 0:
        raise ValueError(f"buffer_bytes is a number of bytes, not {buffer_bytes!r}")


def _new_logger(name: str, level: str | int | None, sampling_rate: float | None, buffer_bytes: int | None) -> KitLogger:
    wrong: list[str] = []
    if level is None:
        level = _level_of_environment(wrong)
    if sampling_rate is None:
        sampling_rate = _number("POWERTOOLS_LOGGER_SAMPLE_RATE", 1.0, wrong)
    if buffer_bytes is None:
        buffer_bytes = int(_number("KIT_LOGGER_BUFFER_BYTES", 64e6, wrong))
    logger = KitLogger(name, level=level, sampling_rate=sampling_rate, buffer_bytes=buffer_bytes)
    for variable in wrong:
        logger.warning("the environment can't be used", extra={"variable": variable})
    _loggers[name] = logger
    return logger


def _level_of_environment(wrong: list[str]) -> str | None:
    for variable in ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"):
        level = os.environ.get(variable)
        if level:
            if level.upper() in logging.getLevelNamesMapping():
                return None  # Powertools reads it, and Lambda's own setting
            wrong.append(variable)
            return "INFO"
    return None


def _number(variable: str, most: float, wrong: list[str]) -> float:
    text = os.environ.get(variable, "").strip()
    try:
        number = float(text or 0)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        wrong.append(variable)
        return 0
    return number


def begin_logging(scope: Scope) -> None:
    """Make the loggers ready for an invocation: in line with the configuration, and sampled."""
    logger = _main[0] if _main else process_logger()
    if not is_followed(logger._output):  # handlers were configured since the last invocation
        follow(logger._output)
    if logger._logger.level != logger._applied:  # set past our setLevel
        logger.setLevel(logger._logger.level)
    if scope.outer is not None or logger.sampling_rate:
        _begin_sampling(scope, logger)


def end_logging(scope: Scope, *, failed: bool) -> None:
    """Write the held lines of an invocation that failed, and end its sampling."""
    if failed:
        process_logger()._output.write_held(scope)
    if scope.sampled:
        _end_sampling(scope)


def _begin_sampling(scope: Scope, logger: KitLogger) -> None:
    """Decide whether the invocation is logged in full; one inside another is if that is."""
    outer = scope.outer
    if outer.sampled if outer is not None else random.random() < float(logger.sampling_rate):  # noqa: S311  # no secret
        scope.sampled = True
        _count_sampled(1)


def _end_sampling(scope: Scope) -> None:
    scope.sampled = False
    _count_sampled(-1)


def _count_sampled(change: int) -> None:
    """Let the loggers make records under their level as long as any invocation is sampled."""
    global _sampled
    with _lock:
        _sampled += change
        for logger in _loggers.values():
            logger._refresh()
