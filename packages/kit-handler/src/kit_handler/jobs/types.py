"""The shapes that jobs meet. Only type checkers load this module: `typing` is not free at a cold start."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self, TypeAlias

DeadLetter: TypeAlias = Callable[[Any, Exception], object]
Visibility: TypeAlias = Callable[[list[tuple[Any, int]]], object]


class JobHandler(Protocol):
    """Is the result of `job`: a Lambda handler that answers as the event's source expects."""

    __name__: str
    __wrapped__: Callable[..., Any]

    def __call__(self, event: Any, context: Any = None) -> dict[str, Any] | None: ...


class Record(Protocol):
    """One incoming record, or several that one raw record holds."""

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterable[Self]: ...
