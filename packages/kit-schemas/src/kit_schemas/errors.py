"""What this package raises.

    SchemasError
    └── SchemaDefinitionError (also a TypeError)   a class that can't become a schema

Data that does not fit a schema raises marshmallow's own `ValidationError`, which is re-exported here: code that
catches it works with classes of this package and with plain marshmallow schemas alike.
"""

from marshmallow import ValidationError

__all__ = ["SchemaDefinitionError", "SchemasError", "ValidationError"]


class SchemasError(Exception):
    """The root of this package's own errors."""


class SchemaDefinitionError(SchemasError, TypeError):
    """A class can't become a schema; `owner` and `field` say which one and where.

    `field` is None when the whole class is meant.
    """

    def __init__(self, message: str, *, owner: str, field: str | None = None) -> None:
        place = owner if field is None else f"{owner}.{field}"
        super().__init__(f"{place}: {message}")
        self.owner = owner
        self.field = field
