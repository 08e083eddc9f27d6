"""The parameters of a route's function, told without typing: most functions take the request and nothing else."""

from kit_core.parameters import annotations_of, globals_of, parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from typing import Any

_ANY = ("Any", "typing.Any", "object")


def takes_the_request(function: "Any", path_names: "Container[str]" = ()) -> bool:
    """Tell whether `function` is to be called with the request alone, and nothing is to be bound."""
    found = parameters_of(function)
    if found is None:
        return True
    if not found.positional:
        return not found.keyword_only and (found.takes_args or found.takes_kwargs)
    first, *others = found.names
    annotations = annotations_of(function)
    if any(name in path_names or name in annotations or name not in found.defaults for name in others):
        return False
    annotation = annotations.get(first)
    if is_the_request(first, annotation, function):
        return True
    return first not in path_names and (annotation is None or _says_nothing(annotation))


def texts_of_path(function: "Any", path: "Mapping[str, str]") -> "tuple[str, ...]":
    """Return the parameters if each of them is a text of the route's path, as it is; none if one is anything else.

    path: the parameters of the path and their converters. For these neither typing nor converters have to be loaded.
    """
    found = parameters_of(function)
    if found is None or found.keyword_only or not all(name in path and name != "request" for name in found.positional):
        return ()
    annotations = annotations_of(function)
    for name in found.positional:
        hint = annotations.get(name, str if path[name] == "str" else None)
        if hint is not str and not (hint == "str" and "str" not in globals_of(function)):
            return ()
    return found.positional


def is_the_request(name: str, annotation: "Any", function: "Any") -> bool:
    """Tell whether a parameter is the request: it is annotated so, or called so and not annotated as something else."""
    kind = globals_of(function).get(annotation, annotation) if isinstance(annotation, str) else annotation
    if hasattr(kind, "__metadata__"):  # a request is not checked, and a marker says where something else is
        return False
    if isinstance(kind, str) and kind.rpartition(".")[2] == "Request":  # imported for type checkers only
        return True
    if hasattr(kind, "__kit_request__"):
        return True
    names = (
        "".join(each if each.isalnum() or each == "_" else " " for each in kind).split() if type(kind) is str else ()
    )
    return name == "request" and not any(map(_is_body_class, (kind, *map(globals_of(function).get, names))))


def _says_nothing(annotation: "Any") -> bool:
    return annotation is object or (annotation if isinstance(annotation, str) else repr(annotation)) in _ANY


def _is_body_class(kind: "Any") -> bool:
    """Tell whether an annotation is a class for a body, or a list, union or mapping with one."""
    names = ("load", "__dataclass_fields__", "__required_keys__")
    return (isinstance(kind, type) and any(hasattr(kind, name) for name in names)) or any(
        _is_body_class(each) for each in getattr(kind, "__args__", ())
    )
