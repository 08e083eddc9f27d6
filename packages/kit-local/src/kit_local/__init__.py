"""Runs a whole AWS SAM backend on one machine, without Docker or an AWS account."""

from typing import TYPE_CHECKING

from kit_local.errors import (
    CloudError,
    LocalError,
    MappingError,
    MigrationError,
    StoreError,
    TemplateError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from kit_local.cloud import Cloud
    from kit_local.stores import Postgres, Redis
else:
    # Every worker imports this package, and needs none of these.
    def __getattr__(name):
        from importlib import import_module

        module = {"Cloud": "kit_local.cloud", "Postgres": "kit_local.stores", "Redis": "kit_local.stores"}.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(module), name)


__all__ = [
    "Cloud",
    "CloudError",
    "LocalError",
    "MappingError",
    "MigrationError",
    "Postgres",
    "Redis",
    "StoreError",
    "TemplateError",
    "UnsupportedError",
]
