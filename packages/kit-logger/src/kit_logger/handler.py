"""Where lines are written to, and that each is written once."""

import json
import logging
import sys
from typing import TextIO

_FAMILY = "kit"


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stdout` is at that moment, and shows nothing of a record that can't be written."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The standard output; the Lambda runtime and pytest put their own in its place."""
        return sys.stdout

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Say where a record was lost; logging's own way is to print its arguments, secrets included."""
        lost = {"level": "ERROR", "location": f"{record.funcName}:{record.lineno}", "message": "a log line was lost"}
        try:
            print(json.dumps(lost), file=sys.stderr)  # noqa: T201
        except (OSError, ValueError):
            return  # standard error is closed, too


class NotOurs(logging.Filter):
    """Keeps what kit's own loggers say away from the root's handlers: they would write it a second time."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is somebody else's."""
        return record.name != _FAMILY and not record.name.startswith(_FAMILY + ".")


_not_ours = NotOurs()


def adopt(handler: logging.Handler, level: int) -> None:
    """Let the loggers `kit.*` write through `handler`, from `level` on, and through no other."""
    family = logging.getLogger(_FAMILY)
    if handler not in family.handlers:
        family.handlers[:] = [other for other in family.handlers if not isinstance(other, StdoutHandler)]
        family.addHandler(handler)
    if family.level != level:
        family.setLevel(level)
    for other in logging.root.handlers:
        # pytest's own handler may see everything: it is how tests look at records.
        if _not_ours not in other.filters and type(other).__module__ != "_pytest.logging":
            other.addFilter(_not_ours)
