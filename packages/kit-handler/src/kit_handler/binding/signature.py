"""What a route's function asks for, told without typing or inspect: most ask for the request and nothing else."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from typing import Any

_ANY = ("Any", "typing.Any", "object")
_VARIABLE = 0x04 | 0x08  # inspect.CO_VARARGS, CO_VARKEYWORDS


def innermost(function: "Any") -> "Any":
    """Return what `function` wraps, in the end."""
    while True:
        if hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not hasattr(function, "__code__") and hasattr(type(function).__call__, "__code__"):
            function = function.__call__
        else:
            return function


def parameter_names(function: "Any") -> "tuple[tuple[str, ...], tuple[str, ...]]":
    """Return the names of the positional parameters (without a method's own first) and of the keyword-only ones."""
    code = function.__code__
    split, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    return code.co_varnames[1 if hasattr(function, "__self__") else 0 : split], code.co_varnames[split:end]


def defaults(function: "Any") -> "dict[str, Any]":
    """Return the parameters that have a default, with it."""
    positional, _ = parameter_names(function)
    given = function.__defaults__ or ()
    tail = positional[len(positional) - len(given) :] if given else ()
    return {**dict(zip(tail, given, strict=True)), **(function.__kwdefaults__ or {})}


def takes_the_request(function: "Any", path_names: "Container[str]" = ()) -> bool:
    """Tell whether `function` is to be called with the request alone, and nothing is to be bound."""
    inner = innermost(function)
    if not hasattr(inner, "__code__"):
        return True  # nothing is known of it
    positional, keywords = parameter_names(inner)
    if not positional:
        return not keywords and bool(inner.__code__.co_flags & _VARIABLE)
    with_default = defaults(inner)
    wanted = [name for name in (*positional[1:], *keywords) if name in path_names or _is_annotated(inner, name)]
    if wanted or any(name not in with_default for name in (*positional[1:], *keywords)):
        return False
    name, annotation = positional[0], annotations(inner).get(positional[0])
    if is_the_request(name, annotation, inner):
        return True
    return name not in path_names and (annotation is None or _says_nothing(annotation))


def texts_of_path(function: "Any", path: "Mapping[str, str]") -> "tuple[str, ...]":
    """Return the parameters when each of them is a text of the route's path, as it is; none if one is anything else.

    path: the parameters of the path and their converters. For these neither typing nor converters have to be loaded.
    """
    inner = innermost(function)
    names, keywords = parameter_names(inner)
    hints = annotations(inner)
    if keywords or not all(name in path and name != "request" for name in names):
        return ()
    for name in names:
        hint = hints.get(name, str if path[name] == "str" else None)
        if hint is not str and not (hint == "str" and "str" not in inner.__globals__):
            return ()
    return names


def annotations(function: "Any") -> "dict[str, Any]":
    """Return the annotations, none if they can't be evaluated yet (PEP 649)."""
    try:
        return function.__annotations__  # type: ignore[no-any-return]
    except (AttributeError, NameError):
        return {}


def is_the_request(name: str, annotation: "Any", function: "Any") -> bool:
    """Tell whether a parameter is the request: it is annotated so, or called so and not annotated as something else."""
    kind = _resolved(annotation, function)
    if isinstance(kind, str) and kind.rpartition(".")[2] == "Request":  # imported for type checkers only
        return True
    if hasattr(kind, "__kit_request__"):
        return True
    return name == "request" and not _is_body_class(kind) and not hasattr(kind, "__metadata__")


def _is_annotated(function: "Any", name: str) -> bool:
    return name in annotations(function)


def _says_nothing(annotation: "Any") -> bool:
    return annotation is object or (annotation if isinstance(annotation, str) else repr(annotation)) in _ANY


def _is_body_class(kind: "Any") -> bool:
    names = ("load", "__dataclass_fields__", "__required_keys__")
    return isinstance(kind, type) and any(hasattr(kind, name) for name in names)


def _resolved(annotation: "Any", function: "Any") -> "Any":
    return function.__globals__.get(annotation, annotation) if isinstance(annotation, str) else annotation
