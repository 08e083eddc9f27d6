"""Annotations with their meaning: forward references, type variables and aliases resolved, wrappers taken off."""

import sys
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from kit_schemas.declaration import is_class_variable, own_annotations
from kit_schemas.errors import SchemaDefinitionError


def schema_hints(cls: type) -> dict[str, Any]:
    """Return the evaluated annotations of a schema class and those of its bases that are schema classes, too.

    A name in a string is looked up in the module of the class that says it, then in that class. A type variable of a
    generic base is the type that the class gives for it.
    """
    hints: dict[str, Any] = {}
    arguments = _type_arguments(cls)
    for base in reversed(cls.__mro__):
        # BaseSchema itself declares nothing that is a field.
        if not base.__dict__.get("__kit_declared__", ((), ()))[0]:
            continue
        annotations = {name: hint for name, hint in own_annotations(base).items() if not is_class_variable(hint)}
        # Evaluated as typing.get_type_hints does for a class: what the module says comes before the class's own
        # attributes, or `date: date | None = None` would refer to the default.
        own = {each.__name__: each for each in getattr(base, "__type_params__", ())}
        inner = {**own, **vars(base), base.__name__: base}
        try:
            found = _evaluated(annotations, base.__module__, inner)
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            message = f"an annotation means nothing: {error}"
            if isinstance(error, NameError):
                message += " (a name that is imported for type checkers only is not there when the program runs)"
            raise SchemaDefinitionError(message, owner=cls.__qualname__) from error
        hints.update((name, _filled(hint, arguments.get(base, {}))) for name, hint in found.items())
    return hints


def unwrapped(hint: Any) -> tuple[Any, list[Any], bool]:
    """Take `Annotated`, `| None`, Final, NewType and type aliases off; also return the metadata, and if None may be.

    The rest may be a union of several types.
    """
    found: list[Any] = []
    nullable = False
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            found = [*hint.__metadata__, *found]
            hint = hint.__origin__
        elif origin is typing.Union or origin is types.UnionType:
            members = [each for each in typing.get_args(hint) if each is not types.NoneType]
            nullable = nullable or len(members) < len(typing.get_args(hint))
            if len(members) != 1:
                return typing.Union[tuple(members)], found, nullable  # noqa: UP007  (of as many as there are)
            hint = members[0]
        elif origin is typing.Final:
            hint = typing.get_args(hint)[0]
        elif hasattr(hint, "__supertype__"):
            found = [*_marshmallow_options(hint), *found]
            hint = hint.__supertype__
        elif _is_alias(hint):
            hint = _value_of_alias(hint)
        else:
            return hint, found, nullable


def refuse_recursion(hint: Any, outer: tuple[Any, ...] = ()) -> None:
    """Raise TypeError if an alias contains itself, which no marshmallow field does."""
    if isinstance(hint, typing.ForwardRef):
        raise TypeError(_RECURSIVE.format(hint.__forward_arg__))
    origin = typing.get_origin(hint)
    if _is_alias(hint):
        alias = origin or hint
        if alias in outer:
            raise TypeError(_RECURSIVE.format(alias))
        refuse_recursion(_value_of_alias(alias), (*outer, alias))
    for each in typing.get_args(hint) if origin is not typing.Literal else ():
        refuse_recursion(each, outer)


_RECURSIVE = "the alias {} contains itself, and no field does: make it a class of its own, or annotate Any"


def _evaluated(annotations: Mapping[str, Any], module: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    outer = vars(sys.modules[module]) if module in sys.modules else {}
    # A class, in which Final may be written.
    holder = type("holder", (), {"__annotations__": dict(annotations), "__module__": module})
    return typing.get_type_hints(holder, globalns=dict(inner), localns=outer, include_extras=True)


def _is_alias(hint: Any) -> bool:
    return type(typing.get_origin(hint) or hint).__name__ == "TypeAliasType"


def _value_of_alias(hint: Any) -> Any:
    alias = typing.get_origin(hint) or hint
    inner = {each.__name__: each for each in alias.__type_params__}
    value = _evaluated({"value": alias.__value__}, alias.__module__, inner)["value"]
    return _filled(value, dict(zip(alias.__type_params__, typing.get_args(hint), strict=False)))


def _type_arguments(cls: type) -> dict[type, dict[Any, Any]]:
    """Return the types that a class gives for the type variables of each generic base."""
    found: dict[type, dict[Any, Any]] = {}
    for base, arguments in _generic_bases(cls, {}):
        if arguments or base not in found:
            found[base] = arguments
    return found


def _generic_bases(cls: type, given: dict[Any, Any]) -> Iterator[tuple[type, dict[Any, Any]]]:
    yield cls, given
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin = typing.get_origin(base) or base
        if origin in (typing.Generic, typing.Protocol) or not isinstance(origin, type):
            continue
        arguments = (_filled(each, given) for each in typing.get_args(base))
        yield from _generic_bases(origin, dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False)))


def _filled(hint: Any, arguments: Mapping[Any, Any]) -> Any:
    """Return a hint with its type variables replaced; one that is not given has its default, if it has one."""
    if isinstance(hint, TypeVar):
        variable: Any = hint
        has_default = getattr(hint, "has_default", bool)()
        return arguments.get(hint, variable.__default__ if has_default else hint)
    parameters = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
    if not parameters:
        return hint
    return hint[tuple(_filled(each, arguments) for each in parameters)]


def _marshmallow_options(hint: Any) -> list[Any]:
    """Return the field of a `marshmallow_dataclass.NewType`, as if it stood in Annotated."""
    given = getattr(hint, "_marshmallow_field", None)
    if given is not None:
        return [given]
    if getattr(hint, "_marshmallow_args", None):
        options = ", ".join(f"{name}=…" for name in hint._marshmallow_args)
        raise TypeError(f"NewType({hint.__name__!r}, …, {options}) does nothing here: it is Annotated[…, …]")
    return []
