"""Tuples of JSON, and lists and tuples of texts, as a name that comes more than once in a query."""

import typing

from kit_handler.binding.annotations import Wrong, origin_of, parts_of
from kit_handler.binding.conversion import list_loader, load_each, text_loader, with_checks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler.binding.conversion import Loader


def texts_loader(annotation: "Any") -> "Loader | None":
    """Return the loader of the texts of one name, for a list or a tuple; None for any other annotation."""
    parts = parts_of(annotation)
    items = typing.get_args(parts.kind)
    if origin_of(parts.kind) is list:
        loaders = [text_loader(each) for each in items or (str,)]
        load = loaders[0] and list_loader(loaders[0])
    elif origin_of(parts.kind) is tuple:
        load = tuple_of(items, text_loader)
    else:
        return None
    return load and with_checks(load, parts)


def tuple_of(items: "tuple[Any, ...]", loader: "Callable[[Any], Loader | None]") -> "Loader | None":
    """Return the loader of a tuple by the annotations of its items, each read by `loader`; None if one can't be."""
    if items[1:] == (...,):
        load = loader(items[0])
        load_items = load and list_loader(load)
        return load_items and (lambda value: tuple(load_items(value)))
    loaders = [loader(each) for each in items]
    if not items or None in loaders:
        return None

    def load_tuple(value: "Any") -> "tuple[Any, ...]":
        if not isinstance(value, list):
            raise Wrong(("", "must be a list"))
        if len(value) != len(loaders):
            raise Wrong(("", f"must have {len(loaders)} items"))
        return tuple(load_each(lambda pair: pair[0](pair[1]), enumerate(zip(loaders, value, strict=True))).values())

    return load_tuple
