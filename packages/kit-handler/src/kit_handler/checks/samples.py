"""Values of an annotated kind, to try a bound or a validator with before the first request does."""

from enum import Enum
from typing import Literal, get_args, get_origin

from kit_handler.binding.annotations import NotUnderstoodError, origin_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MADE_EMPTY = ("str", "bytes", "int", "float", "bool", "list", "dict", "tuple", "Decimal")


class Samples:
    """Hold some values of a kind; none if there is no telling how to make one.

    naive: whether a datetime has no offset
    """

    def __init__(self, kind: "Any", *, naive: bool) -> None:
        self.kind = kind
        self._naive = naive

    def refuse_unfit(self, call: "Callable[[Any], object]", what: str) -> None:
        """Raise NotUnderstoodError if `call` can take no value of the kind."""
        samples = self._values()
        unfit = 0
        for sample in samples:
            try:
                call(sample)
            except (TypeError, AttributeError, ZeroDivisionError):
                unfit += 1
            except Exception:  # noqa: BLE001, S110  (the sample may be a wrong value)
                pass
        if samples and unfit == len(samples):
            raise NotUnderstoodError(
                f"has {what} in it, which no {getattr(self.kind, '__name__', self.kind)} can keep to"
            )

    def _values(self) -> "list[Any]":
        if get_origin(self.kind) is Literal:
            return list(get_args(self.kind))
        made = origin_of(self.kind)
        if not isinstance(made, type):
            return []
        if issubclass(made, Enum):
            return list(made)
        module, name = made.__module__, made.__qualname__
        if module in ("builtins", "decimal") and name in _MADE_EMPTY:
            return [made()]
        if module == "datetime":
            return self._times(made, name)
        return [_uuid(made)] if (module, name) == ("uuid", "UUID") else []

    def _times(self, made: "Any", name: str) -> "list[Any]":
        from datetime import UTC

        if name == "time":
            return [made(), made(tzinfo=UTC)]
        return [made(2000, 1, 1, tzinfo=None if self._naive else UTC)] if name == "datetime" else [made(2000, 1, 1)]


def _uuid(made: "Any") -> "Any":
    return made(int=0)
