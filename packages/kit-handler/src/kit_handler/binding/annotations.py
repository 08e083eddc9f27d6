"""Annotations taken apart: the kind of a value, the metadata around it, and whether it may be None.

Here are the two errors of the room, too: an annotation that is not understood, a value that is not as annotated.
"""

import sys
import typing
from types import NoneType, UnionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONGEST_NAME = 100  # of a client's own; an entry of a long one would become a far longer answer
_AROUND = (typing.Required, typing.NotRequired, typing.Final, getattr(typing, "ReadOnly", typing.Final))


class NotUnderstoodError(Exception):
    """Say that something in an annotation means nothing here; the text is the reason. It never leaves the package."""


class Wrong(Exception):  # noqa: N818  (never leaves the package)
    """Hold the errors of a value: pairs of a path (`a.0.b`, "" for the value itself) and a message."""

    def __init__(self, *found: tuple[str, str]) -> None:
        super().__init__(found)
        self.found = found

    def under(self, key: object) -> "list[tuple[str, str]]":
        """Return the pairs with `key` before their paths."""
        name = str(key)
        if len(name) > _LONGEST_NAME:
            name = f"{name[:_LONGEST_NAME]}…"
        return [(f"{name}.{path}" if path else name, message) for path, message in self.found]


class Parts:
    """Hold the parts of an annotation.

    kind: without `| None`, Annotated, NewType, aliases and the words around a field of a class; maybe a union of others
    metadata: the objects in Annotated, those nearest to the kind first
    may_be_none: whether `| None` was there
    """

    __slots__ = ("kind", "may_be_none", "metadata")

    def __init__(self, kind: "Any", metadata: "tuple[Any, ...]", may_be_none: bool) -> None:
        self.kind = kind
        self.metadata = metadata
        self.may_be_none = may_be_none


def parts_of(annotation: "Any") -> Parts:
    """Return the parts of an annotation; raises NameError for an alias with a name that is not there (yet)."""
    metadata: tuple[Any, ...] = ()
    may_be_none = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            metadata = (*annotation.__metadata__, *metadata)
            annotation = annotation.__origin__
        elif origin in _AROUND:
            annotation = typing.get_args(annotation)[0]
        elif origin is typing.Union or origin is UnionType:
            kinds = typing.get_args(annotation)
            others = tuple(kind for kind in kinds if kind is not NoneType)
            may_be_none = may_be_none or len(others) < len(kinds)
            if len(others) > 1:
                return Parts(typing.Union[others], metadata, may_be_none)  # noqa: UP007  (as many as there are)
            annotation = others[0]
        elif is_alias(annotation):
            annotation = annotation.__value__
        elif hasattr(annotation, "__supertype__"):  # NewType
            annotation = annotation.__supertype__
        else:
            return Parts(annotation, metadata, may_be_none)


def kind_of(annotation: "Any") -> "Any":
    """Return the kind of an annotation."""
    return parts_of(annotation).kind


def annotated(kind: "Any", metadata: "tuple[Any, ...]") -> "Any":
    """Return the annotation of a kind and metadata."""
    return typing.Annotated[(kind, *metadata)] if metadata else kind


def members_of(kind: "Any") -> "tuple[Any, ...]":
    """Return the members of a union, none if the kind is no union."""
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, UnionType) else ()


def origin_of(kind: "Any") -> "Any":
    """Return list for `list[int]` and for `list`."""
    return typing.get_origin(kind) or kind


def is_alias(annotation: "Any") -> bool:
    """Tell whether the annotation is one of a `type` statement, which may contain itself."""
    return type(annotation).__name__ == "TypeAliasType"


def has_load(kind: "Any") -> bool:
    """Tell whether the kind is a class with `.load()`."""
    return isinstance(kind, type) and callable(getattr(kind, "load", None))


def is_typed_dict(kind: "Any") -> bool:
    """Tell whether the kind is a TypedDict."""
    return isinstance(kind, type) and hasattr(kind, "__required_keys__")


def is_dataclass(kind: "Any") -> bool:
    """Tell whether the kind is a dataclass."""
    return isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")


def takes_parameters(kind: "Any") -> bool:
    """Tell whether the kind is a class with `.load()` that is for texts, as kit-schemas' BaseParams is."""
    return has_load(kind) and bool(getattr(getattr(kind, "__kit_options__", None), "split", False))


def is_body(annotation: "Any") -> bool:
    """Tell whether the annotation can be read from a body alone."""
    kind = kind_of(annotation)
    origin = origin_of(kind)
    if origin in (list, tuple):
        return any(is_body(each) for each in typing.get_args(kind) if each is not ...)
    if members_of(kind):
        return all(is_body(each) for each in members_of(kind))
    return (
        origin is dict
        or is_typed_dict(origin)
        or is_dataclass(origin)
        or (has_load(origin) and not takes_parameters(kind))
    )


def hints_of(kind: "Any") -> "dict[str, Any]":
    """Return the annotations of a class; a NameError says in `namespace` in which module the name was looked for."""
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except NameError as error:
        module: Any = sys.modules.get(kind.__module__)
        error.namespace = vars(module) if module else {}  # type: ignore[attr-defined]
        raise


def fields_of(kind: "Any") -> "dict[str, tuple[Any, bool]]":
    """Return the annotation of each field of a dataclass or TypedDict that may be given, and whether it must be."""
    hints = hints_of(kind)
    if is_typed_dict(kind):
        return {name: (hint, name in kind.__required_keys__) for name, hint in hints.items()}
    from dataclasses import MISSING, InitVar, fields

    found = {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
        if field.init
    }
    return found | {
        name: (hint.type, not hasattr(kind, name)) for name, hint in hints.items() if isinstance(hint, InitVar)
    }
