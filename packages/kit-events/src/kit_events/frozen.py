"""What records have in common: fields that do not change.

It does what a frozen dataclass would, without the import of dataclasses and inspect at every cold start.
"""

from typing import Any, NoReturn


class Frozen:
    """Compare, print and protect the fields that a subclass lists in `__slots__`."""

    __slots__: tuple[str, ...] = ()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        """Refuse to change a record."""
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse to change a record."""
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        """Compare with a record of the same class, field by field."""
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]  # payloads are dicts

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy by making another one, since fields cannot be set."""
        return type(self), self._values()

    def __repr__(self) -> str:
        """Show the fields that identify a record; what it carries may be secret."""
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown())
        return f"{type(self).__name__}({shown})"

    def _shown(self) -> tuple[str, ...]:
        return tuple(self.__slots__)
