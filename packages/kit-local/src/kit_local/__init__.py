"""Runs a whole AWS SAM backend on one machine, without Docker or an AWS account."""

from kit_local.errors import LocalError, MappingError, TemplateError, UnsupportedError

__all__ = ["LocalError", "MappingError", "TemplateError", "UnsupportedError"]
