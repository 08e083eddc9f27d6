"""The fields of records, which do not change.

As a frozen dataclass, but without the import of dataclasses and inspect at every cold start.
"""

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

from kit_core.parameters import class_annotations_of


@dataclass_transform(frozen_default=True)
class Frozen:
    """Make, compare, print and protect the fields that a subclass declares by annotation, in their order.

    A value that a subclass gives a field is its default; dicts are copied. `shown` names the fields that are printed:
    only those that identify a record, since its content may be secret.
    """

    shown: ClassVar[tuple[str, ...]] = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Collect the fields."""
        super().__init_subclass__()
        own = [name for name, kind in class_annotations_of(cls).items() if "ClassVar" not in str(kind)]
        cls._fields = (*cls._fields, *(name for name in own if name not in cls._fields))

    def __init__(self, *positional: Any, **named: Any) -> None:
        fields = self._fields
        if len(positional) > len(fields) or any(name in named for name in fields[: len(positional)]):
            raise TypeError(f"{type(self).__name__} takes {', '.join(fields)}, each of them once")
        values = {**dict(zip(fields, positional, strict=False)), **named}
        if unknown := values.keys() - set(fields):
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        for name in fields:
            if name not in values:
                values[name] = self._default(name)
        self.__dict__.update(values)

    @classmethod
    def _default(cls, name: str) -> Any:
        try:
            default = getattr(cls, name)
        except AttributeError:
            raise TypeError(f"{cls.__name__} needs {name}") from None
        return dict(default) if isinstance(default, dict) else default

    @classmethod
    def _made(cls, values: dict[str, Any]) -> Self:
        """Return a record of checked values, which become its own."""
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", values)
        return made

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
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    __hash__ = None  # type: ignore[assignment]  # payloads are dicts

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy by making another one, since fields cannot be set."""
        return type(self)._made, (self.__dict__.copy(),)

    def __repr__(self) -> str:
        """Show the fields that identify a record."""
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.shown)
        return f"{type(self).__name__}({shown})"
