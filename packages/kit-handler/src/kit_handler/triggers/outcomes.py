"""A trigger's result as JSON, and its exception as the error that the source may see."""

from kit_handler.errors import AppError, HttpError, TriggerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SAME = frozenset({bool, int, str, type(None)})  # they come back from JSON as they were
GENERAL = "An unexpected error has occurred."


def json_of(answer: "Any") -> "Any":
    """Return `answer` in JSON's own types; TypeError or ValueError if it has no form in JSON."""
    if answer is None or isinstance(answer, (bool, str)):
        return answer
    if type(answer) is dict:
        for key, value in answer.items():
            if type(key) is not str or type(value) not in _SAME:
                break
        else:
            return answer.copy()
    from kit_core.json import dumps, loads

    return loads(dumps(answer))


def failure(error: Exception, name: str) -> TriggerError:
    """Log `error`, and return the error for the source: it holds only messages that were written for clients."""
    from kit_handler import _log

    if isinstance(error, (HttpError, AppError)):
        _log.info("%s answered with an error: %s", name, type(error).__qualname__)
        return TriggerError(str(error.message))
    if isinstance(error, TriggerError):
        return error
    _log.error("%s failed", name, exc_info=error)
    return TriggerError(GENERAL)
