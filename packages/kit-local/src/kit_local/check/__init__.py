"""`kit-local check`: the places in a template that would lose messages, or do their work twice."""

from kit_local.check.check import check
from kit_local.check.written import Problem

__all__ = ["Problem", "check"]
