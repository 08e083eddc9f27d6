"""Bodies by annotation: classes with `.load()`, dataclasses, TypedDicts, and lists and mappings of these."""

import typing

from kit_handler.binding.conversion import Wrong, bare, foreign_loader, is_decimal, optional, scalar_loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler.binding.conversion import Loader

_IS_REQUIRED = "is required"
_AN_OBJECT = "must be an object"
_MOST_NAMED = 100  # wrong elements of a list: a long one of nothing else would become a far longer answer

_loaders: "dict[Any, Loader]" = {}


def has_load(annotation: "Any") -> bool:
    """Tell whether the annotation is a class with `.load()`."""
    return isinstance(annotation, type) and callable(getattr(annotation, "load", None))


def is_typed_dict(annotation: "Any") -> bool:
    """Tell whether the annotation is a TypedDict."""
    return isinstance(annotation, type) and hasattr(annotation, "__required_keys__")


def is_body(annotation: "Any") -> bool:
    """Tell whether the annotation can be read from a body alone."""
    annotation = optional(bare(annotation))[0]
    origin = typing.get_origin(annotation) or annotation
    if origin is list:
        return any(is_body(each) for each in typing.get_args(annotation))
    return origin is dict or has_load(origin) or is_typed_dict(origin) or hasattr(origin, "__dataclass_fields__")


def json_loader(annotation: "Any") -> "Loader | None":
    """Return the loader of a JSON value, None if the annotation is nothing that is known here.

    Raises NameError when an annotation inside names something that is not there (yet).
    """
    annotation, may_be_none = optional(bare(annotation))
    load = _loader_of(bare(annotation))
    return _or_none(load) if load and may_be_none else load


def may_hold_decimals(annotation: "Any", inside: "tuple[Any, ...]" = ()) -> bool:
    """Tell whether a Decimal may be read somewhere in the annotation; classes with `.load()` are not known inside."""
    annotation = bare(optional(bare(annotation))[0])
    if has_load(annotation) or is_decimal(annotation):
        return True
    if is_typed_dict(annotation) or hasattr(annotation, "__dataclass_fields__"):
        if annotation in inside:  # a class that contains itself
            return False
        inner: Any = [hint for hint, _ in fields_of(annotation).values()]
    else:
        inner = typing.get_args(annotation)
    return any(may_hold_decimals(each, (*inside, annotation)) for each in inner)


def fields_of(kind: "Any") -> "dict[str, tuple[Any, bool]]":
    """Return the annotation of each field of a dataclass or TypedDict, and whether it must be there."""
    hints = typing.get_type_hints(kind, include_extras=True)
    if is_typed_dict(kind):
        return {name: (hint, name in kind.__required_keys__) for name, hint in hints.items()}
    from dataclasses import MISSING, fields

    return {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
        if field.init
    }


def _loader_of(annotation: "Any") -> "Loader | None":
    if has_load(annotation):
        return foreign_loader(annotation)
    if is_typed_dict(annotation) or (isinstance(annotation, type) and hasattr(annotation, "__dataclass_fields__")):
        return _object_loader(annotation)
    origin, inner = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if origin in (list, dict):
        loaders = [json_loader(each) for each in (inner or (typing.Any, typing.Any))]
        if None in loaders or (origin is dict and inner and inner[0] is not str):
            return None
        return (_list_loader if origin is list else _dict_loader)(typing.cast("Loader", loaders[-1]))
    return scalar_loader(annotation)


def _or_none(load: "Loader") -> "Loader":
    return lambda value: None if value is None else load(value)


def _list_loader(load: "Loader") -> "Loader":
    def load_list(value: "Any") -> "list[Any]":
        if not isinstance(value, list):
            raise Wrong(("", "must be a list"))
        return list(_each(load, enumerate(value)).values())

    return load_list


def _dict_loader(load: "Loader") -> "Loader":
    def load_dict(value: "Any") -> "dict[str, Any]":
        if not isinstance(value, dict):
            raise Wrong(("", _AN_OBJECT))
        return _each(load, value.items())

    return load_dict


def _each(load: "Loader", items: "Any") -> "dict[Any, Any]":
    loaded: dict[Any, Any] = {}
    found: list[tuple[str, str]] = []
    for key, value in items:
        try:
            loaded[key] = load(value)
        except Wrong as wrong:
            found += wrong.under(key)
            if len(found) >= _MOST_NAMED:
                break
    if found:
        raise Wrong(*found)
    return loaded


def _object_loader(kind: "Any") -> "Loader":
    """Return the loader of a dataclass or TypedDict; one that contains itself finds the same loader again."""
    known = _loaders.get(kind)
    if known is not None:
        return known if known is not _not_yet else lambda value: _loaders[kind](value)
    _loaders[kind] = _not_yet
    try:
        loader = _loaders[kind] = _compiled(kind)
    except BaseException:
        del _loaders[kind]
        raise
    return loader


def _not_yet(value: "Any") -> "Any":
    raise Wrong(("", "is not valid"))  # pragma: no cover  (it is replaced before anything is loaded)


def _compiled(kind: "Any") -> "Loader":
    from kit_handler.errors import AnnotationError

    fields = []
    for name, (hint, required) in fields_of(kind).items():
        load = json_loader(hint)
        if load is None:
            raise AnnotationError(f"{kind.__qualname__}.{name}", hint, "can't be read from JSON")
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
        except ValueError:  # from __post_init__; its text is not for the client
            raise Wrong(("", "is not valid")) from None

    return load_object
