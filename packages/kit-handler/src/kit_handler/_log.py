"""kit-handler's own log lines, under the name `kit.handler`; loaded with the first of them.

None of them raises, even if a handler or an argument fails: an answer is to be given, or a batch to be accounted for.
"""

import logging

from kit_core import guards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def error(message: str, *args: "Any", exc_info: "Any" = None) -> None:
    """Log an error."""
    guards.log("kit.handler", logging.ERROR, message, *args, exc_info=exc_info)


def warning(message: str, *args: "Any", exc_info: "Any" = None) -> None:
    """Log a warning."""
    guards.log("kit.handler", logging.WARNING, message, *args, exc_info=exc_info)


def info(message: str, *args: "Any") -> None:
    """Log a line of information."""
    guards.log("kit.handler", logging.INFO, message, *args)
