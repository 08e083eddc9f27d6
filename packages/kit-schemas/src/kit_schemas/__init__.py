"""Typed data classes on real marshmallow."""

from typing import TYPE_CHECKING

from kit_schemas.base import BaseSchema
from kit_schemas.compiler.switch import generated_source, set_compiled
from kit_schemas.declaration import EXCLUDE, RAISE, field
from kit_schemas.errors import SchemaDefinitionError, SchemasError, UndumpableValueError, UnionSelectionError

if TYPE_CHECKING:
    from kit_schemas.bases import BaseEntity, BaseParams, EventSchema
    from kit_schemas.errors import ValidationError
    from kit_schemas.json_schema import openapi_components
    from kit_schemas.union import Discriminator
else:
    # What not every function uses is imported when it is asked for.
    def __getattr__(name):
        from importlib import import_module

        modules = {"Discriminator": "union", "ValidationError": "errors", "openapi_components": "json_schema"}
        if name not in __all__:
            raise AttributeError(f"module 'kit_schemas' has no attribute {name!r}")
        value = getattr(import_module(f"kit_schemas.{modules.get(name, 'bases')}"), name)
        globals()[name] = value
        return value


__all__ = [
    "EXCLUDE",
    "RAISE",
    "BaseEntity",
    "BaseParams",
    "BaseSchema",
    "Discriminator",
    "EventSchema",
    "SchemaDefinitionError",
    "SchemasError",
    "UndumpableValueError",
    "UnionSelectionError",
    "ValidationError",
    "field",
    "generated_source",
    "openapi_components",
    "set_compiled",
]
