"""Log lines inside guards, which must not fail: there is an answer to give, or a batch to account for.

AWS's runtime client puts a handler on the root logger that lets errors of formatting and encoding out into the calling
code; the handlers of the standard library print them to stderr.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any

_loggers: "dict[str, Logger]" = {}  # to ask logging for one takes a good part of a line's time


def log(logger_name: str, level: int, message: str, *args: "Any", exc_info: "Any" = None, **options: "Any") -> None:
    """Log a line, and never raise: a line that cannot be formatted is logged without its arguments, or not at all.

    options: `extra`, `stack_info` and the like, as `logging.Logger.log` takes them
    """
    options.setdefault("stacklevel", 2)  # the line is the caller's
    logger = _loggers.get(logger_name) or _load(logger_name)
    try:
        logger.log(level, message, *args, exc_info=exc_info, **options)
    except Exception:  # noqa: BLE001  (an argument's own `__str__`, a handler, a filter: whatever it is)
        try:
            logger.log(
                level, "%s (its details could not be logged)", message.encode("ascii", "backslashreplace").decode()
            )
        except Exception:  # noqa: BLE001
            return


def _load(name: str) -> "Logger":
    import logging

    logger = _loggers[name] = logging.getLogger(name)
    return logger
