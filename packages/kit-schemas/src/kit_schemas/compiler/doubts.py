"""The exceptions of a generated function when marshmallow has to decide."""

from marshmallow import ValidationError


class Unusual(Exception):  # noqa: N818  (it never leaves the package)
    """The input is not of the shape that the generated code is exact for."""


# What follows the first are what conversions and validators raise. Anything else, such as an alarm's, is not caught.
DOUBTS = (Unusual, ValidationError, AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError)
