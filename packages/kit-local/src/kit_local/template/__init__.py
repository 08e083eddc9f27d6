"""Templates: what is in them, and whether it runs locally."""

from kit_local.template.model import ApiStub, Template, load

__all__ = ["ApiStub", "Template", "load"]
