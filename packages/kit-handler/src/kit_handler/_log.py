"""kit-handler's own log lines, under the name `kit.handler`; loaded with the first of them.

None of them raises, even if a handler or an argument fails: an answer is to be given, or a batch to be accounted for.
"""

from logging import ERROR, INFO, WARNING

from kit_core.guards import log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def error(message: str, *args: "Any", exc_info: "Any" = None) -> None:
    """Log an error."""
    log("kit.handler", ERROR, message, *args, exc_info=exc_info, stacklevel=3)


def warning(message: str, *args: "Any", exc_info: "Any" = None) -> None:
    """Log a warning."""
    log("kit.handler", WARNING, message, *args, exc_info=exc_info, stacklevel=3)


def info(message: str, *args: "Any") -> None:
    """Log a line of information."""
    log("kit.handler", INFO, message, *args, stacklevel=3)
