"""What a job's function wants to be called with, read from its parameters without inspect."""

from kit_handler._naming import name_of
from kit_handler.errors import AnnotationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Parse = Callable[[Any], Iterable[Any]]


def is_plain(function: "Any") -> bool:
    """Tell whether `function` has parameters that can be read: it, or what it wraps, is written in Python."""
    return hasattr(_innermost(function), "__code__")


def wants_context(function: "Any") -> bool:
    """Tell whether the second parameter is for the Lambda context: it has no default, or is called context."""
    names, required = _parameters(function)
    return len(names) > 1 and (required > 1 or names[1] == "context")


def record_parser(function: "Any", namespace: "Mapping[str, Any]") -> "Parse | None":
    """Return the `from_record` of the class that the first parameter is annotated with, None for a plain dict.

    `namespace` holds the local names around the function. Raises NameError or AttributeError for an annotation that
    can't be evaluated yet, AnnotationError for one that is neither a record class nor a mapping.
    """
    names, _ = _parameters(function)
    if not names:
        raise AnnotationError(name_of(function), None, "is missing: a job takes the record as its first parameter")
    innermost = _innermost(function)
    annotation = innermost.__annotations__.get(names[0])
    if isinstance(annotation, str):
        # The module's own source, as typing.get_type_hints does it; typing is not worth its import here.
        annotation = eval(annotation, innermost.__globals__, dict(namespace))  # noqa: S307
    parse: Parse | None = getattr(annotation, "from_record", None)
    if parse is None and not _takes_a_dict(annotation):
        raise AnnotationError(name_of(function), annotation, "is neither a mapping nor a class with from_record")
    return parse


def _innermost(function: "Any") -> "Any":
    while True:
        if hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not hasattr(function, "__code__") and hasattr(type(function).__call__, "__code__"):
            function = function.__call__
        else:
            return function


def _parameters(function: "Any") -> tuple[tuple[str, ...], int]:
    """Return the names of the positional parameters, and how many of them have no default."""
    function = _innermost(function)
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    required = len(names) - len(function.__defaults__ or ())
    bound = 1 if hasattr(function, "__self__") else 0
    return names[bound:], required - bound


def _takes_a_dict(annotation: "Any") -> bool:
    kind = getattr(annotation, "__origin__", annotation)
    if kind is None or repr(kind) == "typing.Any":
        return True
    if not isinstance(kind, type):
        return False
    return dict in kind.__mro__ or issubclass(dict, kind)
