"""The exceptions of a generated function when marshmallow has to decide."""

import sys


class Unusual(Exception):  # noqa: N818  (it never leaves the package)
    """The input is not of the shape that the generated code is exact for."""


# What follows the first are what conversions and validators raise. Anything else, such as an alarm's, is not caught.
_DOUBTS = (Unusual, AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError)


def doubts() -> tuple[type[Exception], ...]:
    """Return what a generated function may raise: `except doubts()` asks when something was raised.

    A validator of the user's may raise marshmallow's ValidationError; if it can, marshmallow is loaded.
    """
    error = getattr(sys.modules.get("marshmallow"), "ValidationError", None)
    return _DOUBTS if error is None else (*_DOUBTS, error)
