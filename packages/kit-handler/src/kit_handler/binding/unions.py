"""Unions of classes, told apart by one field: its value in the data says the class.

The field is a Literal in each class, or an Enum with a default, and no value is in two of them.
"""

import typing
from enum import Enum

from kit_handler.binding.annotations import (
    NotUnderstoodError,
    Wrong,
    has_load,
    hints_of,
    is_dataclass,
    is_typed_dict,
    kind_of,
)
from kit_handler.checks.metadata import words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Loader = Callable[[Any], Any]


def union_loader(tag: str, loaders: "Mapping[Any, Loader]") -> "Loader":
    """Return the loader of an object by its tag, with the loader for each of the tag's values."""
    by_type = {(type(value), value): load for value, load in loaders.items()}  # to a dictionary, True is 1
    message = f"must be one of {', '.join(map(repr, loaders))}"

    def load(value: "Any") -> "Any":
        if not isinstance(value, dict):
            raise Wrong(("", "must be an object"))
        if tag not in value:
            raise Wrong((tag, "is required"))
        try:
            load_member = by_type[type(value[tag]), value[tag]]
        except (KeyError, TypeError):
            raise Wrong((tag, message)) from None
        return load_member(value)

    return load


def members_by_tag(members: "Iterable[Any]", metadata: "Iterable[Any]") -> "tuple[str, dict[Any, Any]]":
    """Return the field that tells the members of a union apart, and the member for each of its values.

    The field is that which the metadata names (`Discriminator("kind")`), else the first that does so in each. Raises
    NotUnderstoodError where there is none.
    """
    kinds = [kind_of(member) for member in members]
    names = ", ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    tags = [tags_of(kind) for kind in kinds]
    said = [value for word, value in words_of(metadata) if word == "field"]
    for tag in {_name_in_data(kind, field) for kind in kinds for field in said} or tags[0]:
        if not all(tag in each for each in tags):
            continue
        by_value = {value: kind for kind, each in zip(kinds, tags, strict=True) for value in each[tag]}
        if len(by_value) == sum(len(each[tag]) for each in tags):
            return tag, by_value
    field = f"the field {said[0]!r}" if said else "a field"
    raise NotUnderstoodError(f"is a union, and lacks {field} that tells {names} apart: a Literal of its own in each")


def tags_of(kind: "Any") -> "dict[str, tuple[Any, ...]]":
    """Return the fields of a class that could tell it from others, by their names in the data, with their values."""
    if not (is_dataclass(kind) or is_typed_dict(kind) or has_load(kind)):
        return {}
    fields = getattr(kind, "__dataclass_fields__", {})
    found = {}
    for name, hint in hints_of(kind).items():
        values = _values(kind_of(hint), getattr(fields.get(name), "default", None))
        if values:
            found[_name_in_data(kind, name)] = values
    return found


def _name_in_data(kind: "Any", field: str) -> str:
    """Return the name that the data have for a field, which kit-schemas may give another one."""
    spec = getattr(kind, "__kit_fields__", {}).get(field)
    return getattr(spec, "data_key", None) or field


def _values(kind: "Any", default: "Any") -> "tuple[Any, ...]":
    if typing.get_origin(kind) is typing.Literal:
        return tuple(each.value if isinstance(each, Enum) else each for each in typing.get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(default, kind):
        return (default.value,)
    return ()
