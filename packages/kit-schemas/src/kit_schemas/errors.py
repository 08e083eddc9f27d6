"""The errors of this package.

    SchemasError
    ├── SchemaDefinitionError (also a TypeError)   a class that can't become a schema
    ├── UndumpableValueError (also a TypeError)    an instance holds a value that its field can't dump
    └── UnionSelectionError (also a ValueError)    `only=` or `exclude=` that reach into a union

Data that does not fit a schema raises marshmallow's own `ValidationError`, which is re-exported here: code that
catches it works with classes of this package and with plain marshmallow schemas alike.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import marshmallow

__all__ = ["SchemaDefinitionError", "SchemasError", "UndumpableValueError", "UnionSelectionError", "ValidationError"]


if TYPE_CHECKING:

    class ValidationError(marshmallow.ValidationError):
        """marshmallow's own: data does not fit. It is the same class; type checkers see the type of `messages` here."""

        messages: list[Any] | dict[Any, Any]

else:

    def __getattr__(name):
        """Import marshmallow for its error when somebody asks for that."""
        if name != "ValidationError":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from marshmallow import ValidationError

        globals()[name] = ValidationError
        return ValidationError


class SchemasError(Exception):
    """The root of this package's own errors."""


class SchemaDefinitionError(SchemasError, TypeError):
    """A class can't become a schema; `owner` and `field` say which one and where.

    `field` is None when the whole class is meant.
    """

    def __init__(self, message: str, *, owner: str, field: str | None = None) -> None:
        super().__init__(message)
        self.owner = owner
        self.field = field

    def __str__(self) -> str:
        place = self.owner if self.field is None else f"{self.owner}.{self.field}"
        return f"{place}: {self.args[0]}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are copied by their positional arguments, and that is how they come out of another process.
        return partial(type(self), owner=self.owner, field=self.field), self.args


class UndumpableValueError(SchemasError, TypeError):
    """An instance holds a value that its field can't dump: the constructor does not check its values.

    `field` is the class and the field, such as `"Order.lines"`; None where no instance of a schema holds the value.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnionSelectionError(SchemasError, ValueError):
    """A `.Schema` was made with dotted names in `only=` or `exclude=` that reach into a union."""
