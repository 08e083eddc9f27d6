"""The functions of each class, made when they are first used, and the switch that turns them off."""

import os
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from kit_schemas.compiler.doubts import Unusual

_off = {"0", "false", "no", "off"}
_chosen: bool | None = None
_classes_in_use: WeakSet[type] = WeakSet()


def set_compiled(compiled: bool) -> None:
    """Turn generated code on or off for all classes, those in use included.

    Unless this was called, the environment variable `KIT_SCHEMAS_COMPILE` decides, read when a class is first used.
    Without generated code everything is done by marshmallow itself.
    """
    global _chosen
    _chosen = compiled
    classes: list[Any] = list(_classes_in_use)
    for each in classes:
        each.__kit_loaders__.clear()
        each.__kit_dumpers__.clear()


def generated_source(cls: Any) -> str:
    """Return the generated code of a class's load and dump, to be read; empty if marshmallow does all itself."""
    functions = (loader_of(cls, None), dumper_of(cls, False))
    return "\n\n".join(function.__dict__.get("__kit_source__", "") for function in functions).strip()


def loader_of(owner: Any, unknown: Any) -> Callable[[Any], Any]:
    """Return the function that loads a dict into an instance, or raises one of `doubts()`."""
    function: Callable[[Any], Any] | None = owner.__kit_loaders__.get(unknown)
    if function is None:
        function = owner.__kit_loaders__[unknown] = _made(owner, unknown=unknown)
    return function


def dumper_of(owner: Any, skip_none: bool) -> Callable[[Any], Any]:
    """Return the function that dumps an instance into a dict, or raises one of `doubts()`."""
    function: Callable[[Any], Any] | None = owner.__kit_dumpers__.get(skip_none)
    if function is None:
        function = owner.__kit_dumpers__[skip_none] = _made(owner, skip_none=skip_none)
    return function


def is_compiled() -> bool:
    """Tell whether code is generated, as `set_compiled` or else the environment says."""
    if _chosen is not None:
        return _chosen
    return os.environ.get("KIT_SCHEMAS_COMPILE", "").strip().lower() not in _off


def _made(owner: Any, **options: Any) -> Callable[[Any], Any]:
    _classes_in_use.add(owner)
    if not is_compiled() or options.get("unknown") not in (None, "exclude", "raise"):  # marshmallow's side refuses it
        return _always_doubt
    from kit_schemas.compiler.dumping import write_dump
    from kit_schemas.compiler.loading import write_load

    loads = "unknown" in options
    schema = _schema_of(owner, loads, options)
    if schema is None:
        return _always_doubt

    def link(writer: Any, target: Any) -> str:
        return _linked(writer, lambda: loader_of(target, **options) if loads else dumper_of(target, **options))

    try:
        return write_load(owner, schema, link) if loads else write_dump(owner, schema, link=link, **options)
    except SyntaxError:  # containers nested deeper than Python's own blocks may be
        return _always_doubt


def _schema_of(owner: Any, loads: bool, options: dict[str, Any]) -> Any:
    """Return the fields to write a function for, without marshmallow where that can be; None if it has to do all."""
    from kit_schemas.compiler.plain import is_made_plainly, plain_schema

    plain = plain_schema(owner, options.get("unknown"))
    if plain is not None and (not loads or is_made_plainly(owner)):
        return plain
    from kit_schemas.compiler.eligible import DUMP_HOOKS, LOAD_HOOKS, is_eligible

    schema = owner._shared_schema(**options)
    return schema if is_eligible(owner, LOAD_HOOKS if loads else DUMP_HOOKS) else None


def _linked(writer: Any, find: Callable[[], Callable[[Any], Any]]) -> str:
    """Bind a name that stands for another class's function, which is made when it is first called.

    So a class may contain itself, and a class that is never met in the data is never compiled.
    """

    def first(*arguments: Any) -> Any:
        writer.namespace[name] = function = find()
        return function(*arguments)

    name: str = writer.bind(first, "nested")
    return name


def _always_doubt(value: Any) -> Any:
    raise Unusual
