"""Typed data classes on real marshmallow."""

from marshmallow import EXCLUDE, RAISE

from kit_schemas.base import BaseSchema
from kit_schemas.declaration import field
from kit_schemas.errors import SchemaDefinitionError, SchemasError, ValidationError

__all__ = [
    "EXCLUDE",
    "RAISE",
    "BaseSchema",
    "SchemaDefinitionError",
    "SchemasError",
    "ValidationError",
    "field",
]
