"""Bodies by annotation: classes with `.load()`, dataclasses, TypedDicts, unions, lists and mappings of these."""

import typing

from kit_handler.binding.annotations import (
    NotUnderstoodError,
    Wrong,
    fields_of,
    has_load,
    is_alias,
    is_dataclass,
    is_typed_dict,
    members_of,
    origin_of,
    parts_of,
)
from kit_handler.binding.conversion import (
    foreign_loader,
    is_decimal,
    list_loader,
    load_each,
    scalar_loader,
    with_checks,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler.binding.annotations import Parts
    from kit_handler.binding.conversion import Loader

_IS_REQUIRED = "is required"
_AN_OBJECT = "must be an object"

_loaders: "dict[Any, Loader]" = {}


def json_loader(annotation: "Any") -> "Loader | None":
    """Return the loader of a JSON value, None if the annotation is nothing that is known here.

    Raises NameError when an annotation inside names something that is not there (yet), NotUnderstoodError for metadata.
    """
    if is_alias(annotation):
        return _named_loader(annotation, lambda alias: json_loader(alias.__value__))
    parts = parts_of(annotation)
    load = _loader_of(parts)
    if load is None:
        return None
    load = with_checks(load, parts)
    return _or_none(load) if parts.may_be_none else load


def may_hold_decimals(annotation: "Any", inside: "tuple[Any, ...]" = ()) -> bool:
    """Tell whether a Decimal may be read somewhere in the annotation; classes with `.load()` are not known inside."""
    if annotation in inside:  # a class that contains itself
        return False
    kind = parts_of(annotation).kind
    if has_load(kind) or is_decimal(kind):
        return True
    if is_typed_dict(kind) or is_dataclass(kind):
        inner: Any = [hint for hint, _ in fields_of(kind).values()]
    else:
        inner = typing.get_args(kind)
    return any(may_hold_decimals(each, (*inside, annotation)) for each in inner)


def _loader_of(parts: "Parts") -> "Loader | None":
    kind, inner = parts.kind, typing.get_args(parts.kind)
    if has_load(kind):
        return foreign_loader(kind)
    if is_typed_dict(kind) or is_dataclass(kind):
        return _named_loader(kind, _object_loader)
    if members_of(kind):
        return _union_loader(parts)
    origin = origin_of(kind)
    if origin is list:
        load = json_loader(inner[0] if inner else typing.Any)
        return load and list_loader(load)
    if origin is tuple:
        from kit_handler.binding.lists import tuple_of

        return tuple_of(inner, json_loader)
    if origin is dict:
        return _dict_loader(*(inner or (str, typing.Any)))
    return scalar_loader(kind, parts.metadata)


def _or_none(load: "Loader") -> "Loader":
    return lambda value: None if value is None else load(value)


def _union_loader(parts: "Parts") -> "Loader | None":
    members = members_of(parts.kind)
    if not all(has_load(each) or is_typed_dict(each) or is_dataclass(each) for each in map(_kind_of, members)):
        return None
    from kit_handler.binding.unions import members_by_tag, union_loader

    tag, by_value = members_by_tag(members, parts.metadata)
    loaders = {value: json_loader(member) for value, member in by_value.items()}
    return union_loader(tag, typing.cast("dict[Any, Loader]", loaders))


def _kind_of(annotation: "Any") -> "Any":
    return parts_of(annotation).kind


def _dict_loader(key: "Any", item: "Any") -> "Loader | None":
    load, load_key = json_loader(item), json_loader(key) if parts_of(key).kind is str else None
    if load is None or load_key is None:
        return None
    is_anything = key is str and item is typing.Any

    def load_dict(value: "Any") -> "dict[str, Any]":
        if not isinstance(value, dict):
            raise Wrong(("", _AN_OBJECT))
        if is_anything:
            return value
        load_each(load_key, ((each, each) for each in value))
        return load_each(load, value.items())

    return load_dict


def _named_loader(kind: "Any", compiled: "Callable[[Any], Loader | None]") -> "Loader | None":
    """Return the loader of a class or alias; one that contains itself finds the same loader again."""
    known = _loaders.get(kind)
    if known is not None:
        return known if known is not _not_yet else lambda value: _loaders[kind](value)
    _loaders[kind] = _not_yet
    loader = None
    try:
        loader = compiled(kind)
    finally:
        if loader is None:
            del _loaders[kind]
        else:
            _loaders[kind] = loader
    return loader


def _not_yet(value: "Any") -> "Any":
    raise Wrong(("", "is not valid"))  # pragma: no cover  (it is replaced before anything is loaded)


def _object_loader(kind: "Any") -> "Loader":
    from kit_handler.errors import AnnotationError

    fields = []
    for name, (hint, required) in fields_of(kind).items():
        reason = "can't be read from JSON"
        try:
            load = json_loader(hint)
        except NotUnderstoodError as error:
            load, reason = None, str(error)
        if load is None:
            raise AnnotationError(f"{kind.__qualname__}.{name}", hint, reason)
        fields.append((name, load, required))
    return _load_fields(kind, fields)


def _load_fields(kind: "Callable[..., Any]", fields: "list[tuple[str, Loader, bool]]") -> "Loader":
    def load_object(value: "Any") -> "Any":
        if not isinstance(value, dict):
            raise Wrong(("", _AN_OBJECT))
        loaded: dict[str, Any] = {}
        found: list[tuple[str, str]] = []
        for name, load, required in fields:
            if name in value:
                try:
                    loaded[name] = load(value[name])
                except Wrong as wrong:
                    found += wrong.under(name)
            elif required:
                found.append((name, _IS_REQUIRED))
        if found:
            raise Wrong(*found)
        try:
            return kind(**loaded)
        except Exception as error:
            from kit_handler.binding.validation import flat, is_validation_error

            # From __post_init__.
            if is_validation_error(error):
                raise Wrong(*flat(error)) from error
            if not isinstance(error, ValueError):
                raise
        raise Wrong(("", "is not valid"))  # an error's own text is not for the client

    return load_object
