"""The shapes of an event and its handler. Only type checkers load this module: `typing` is not free at a cold start."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

Event: TypeAlias = dict[str, Any]
EventHandler: TypeAlias = Callable[..., Any]


class TriggerHandler(Protocol):
    """Is the result of `trigger`: a Lambda handler that answers as the event's source expects."""

    __name__: str
    __wrapped__: Callable[..., Any]

    def __call__(self, event: Any, context: Any = None) -> Any: ...
