"""Names in annotations that can't be found: a class further down in the module will be there, a misspelt name will not.

Loaded where an annotation could not be evaluated; a route or job pays nothing for it otherwise.
"""

import sys

from kit_core.parameters import globals_of

from kit_handler._naming import name_of
from kit_handler.errors import AnnotationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any


def refuse_misspelt(function: "Any", error: "NameError | AttributeError") -> None:
    """Raise AnnotationError if the name that `error` is about will not be there when the module has been imported.

    The code of the annotation's module is asked: the functions that are being run, the module if it is being imported,
    else its source. Where there is none, the name may come.
    """
    if not _may_come(error, _namespace_of(function, error)):
        raise undefined(function, error) from error


def undefined(function: "Any", error: "NameError | AttributeError") -> AnnotationError:
    """Return the error about a name that can't be found."""
    import builtins
    from difflib import get_close_matches

    known = dir(error.obj) if isinstance(error, AttributeError) else [*_namespace_of(function, error), *dir(builtins)]
    close = get_close_matches(str(error.name), known, n=1)
    reason = "is not defined when the program runs"
    reason = f"{reason}; did you mean {close[0]!r}?" if close else reason
    return AnnotationError(name_of(function), error.name, reason)


def _namespace_of(function: "Any", error: Exception) -> "dict[str, Any]":
    """Return the global names of the module that has the annotation: that of a class with it, or the function's."""
    return getattr(error, "namespace", None) or globals_of(function)


def _may_come(error: "NameError | AttributeError", namespace: "dict[str, Any]") -> bool:
    if isinstance(error, AttributeError):
        return bool(getattr(getattr(error.obj, "__spec__", None), "_initializing", False))  # a circle of imports
    name = str(error.name)
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals is namespace:
            if _has(frame.f_code, name):
                return True
            if frame.f_code.co_name == "<module>":
                return False
        frame = frame.f_back
    return _is_in_source(namespace.get("__file__"), name)


def _has(code: "CodeType", name: str) -> bool:
    if code.co_name == "<module>" and ("*",) in code.co_consts:  # from somewhere import *
        return True
    return name in code.co_names or name in code.co_varnames or name in code.co_cellvars


def _is_in_source(path: "Any", name: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (pathlib is not worth its import)
            code = compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, TypeError, SyntaxError, ValueError):
        return True
    return _has(code, name)
