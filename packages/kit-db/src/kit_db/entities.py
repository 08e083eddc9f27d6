"""Between entities and rows: which columns a class has, and how a row becomes an instance."""

import enum
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from itertools import takewhile
from keyword import iskeyword
from typing import Any, TypeVar
from uuid import UUID

from kit_db.errors import DatabaseError, StoreDefinitionError, UnreadableRowError
from kit_db.statements import DEFAULT
from kit_db.values import COLLECTIONS, READY, array, parameter

Convert = Callable[[Any], Any]

_MISSING: Any = object()


class Shape:
    """An entity class, seen as a row.

    Columns are the fields of a dataclass or the annotations of any other class, without ClassVars and without names
    that start with an underscore; or those that are given. `nullable` are those that may hold None, as far as the
    annotations say.
    """

    def __init__(
        self, entity: type[Any], *, columns: Sequence[str] | None, arrays: Sequence[str], generated: Sequence[str] = ()
    ) -> None:
        hints = _hints(entity)
        self.columns = tuple(hints if columns is None else columns)
        if not self.columns:
            raise StoreDefinitionError(f"{entity.__qualname__} has no annotated fields: name the columns")
        for name in (*arrays, *generated):
            if name not in self.columns:
                raise StoreDefinitionError(f"{entity.__qualname__} has no column {name!r}")
        self._arrays = frozenset(arrays)
        self.generated = frozenset(generated)
        self.nullable = frozenset(name for name in self.columns if name not in hints or _allows_none(hints[name]))
        converters = {name: converter(hints[name]) for name in self.columns if name in hints}
        self.entity = _maker(entity, self.columns, {name: each for name, each in converters.items() if each})
        """Makes an entity of a row, by keywords, with values of the annotated types."""
        left = frozenset(name for name in self.columns if _default(entity, name) is None)
        self.row = _reader(self.columns, left, self.generated, self.parameter)
        """Returns the parameters to insert an entity, a None in a field that is None by default as DEFAULT."""

    def parameter(self, column: str, value: Any) -> Any:
        """Return a value as the driver takes it; dicts, lists and objects are JSON, unless the column is an array."""
        if column in self._arrays and isinstance(value, COLLECTIONS):
            return array(value)
        return parameter(value)

    def holds_lists(self, column: str) -> bool:
        """Tell whether a list is one value of the column, not several."""
        return column in self._arrays


def converter(hint: Any, *, json: bool = False) -> Convert | None:
    """Return what makes a value of the annotated type of what the driver gives, or None if nothing has to be done.

    With `json` of what is inside of a JSON value, where times are texts.
    """
    origin, items = _unwrapped(hint)
    if json and origin in (datetime, date, time):
        return lambda value: origin.fromisoformat(value) if isinstance(value, str) else value
    if origin in _CONVERTERS:
        return _CONVERTERS[origin]
    if origin in COLLECTIONS:
        inner = converter(items[0], json=json) if items and (origin is not tuple or items[-1] is ...) else None
        return _collection(origin, inner)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, enum.Enum):
        return origin
    load = getattr(origin, "load", None)
    if callable(load):
        return lambda value: load(value) if isinstance(value, Mapping) else value
    if json and issubclass(origin, dict) and len(items) == 2 and (each := converter(items[1], json=True)):
        return lambda value: {key: None if inner is None else each(inner) for key, inner in value.items()}
    return _nested(origin) if hasattr(origin, "__dataclass_fields__") else None


def _collection(kind: type[Any], inner: Convert | None) -> Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, str):
            # An array of a type that the driver does not know, such as an enum of the database.
            raise StoreDefinitionError(f"a {kind.__name__} is annotated, but the driver gives text: use another type")
        return kind(value if inner is None else (each if each is None else inner(each) for each in value))

    return convert


def _nested(kind: type[Any]) -> Convert:
    """Return what makes a dataclass of an object in JSON; keys that are no field, or no longer, are left out."""
    made: dict[str, Convert | None] = {}

    def convert(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if not made:
            # When first needed: a class may hold itself.
            made.update({name: converter(hint, json=True) for name, hint in _hints(kind).items()})
        given = {name: value[name] for name in made if name in value}
        for name, each in given.items():
            change = made[name]
            if each is not None and change is not None:
                given[name] = change(each)
        return kind(**given)

    return convert


def _to_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _to_decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _to_int(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == int(value) else value


def _to_str(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


_CONVERTERS: dict[Any, Convert] = {
    UUID: _to_uuid,
    Decimal: _to_decimal,
    float: float,
    bytes: bytes,
    int: _to_int,
    str: _to_str,
}
_READY_MADE: dict[Any, Any] = {convert: kind for kind, convert in _CONVERTERS.items()}


def _maker(
    entity: type[Any], columns: tuple[str, ...], converters: Mapping[str, Convert]
) -> Callable[[Sequence[Any]], Any]:
    """Compile the function that makes an entity of a row: written out it takes half the time of a loop.

    Of names only those that are identifiers get into its text, others as Python's own literals.
    """
    variables = {name: f"v{at}" for at, name in enumerate(columns)}
    known: dict[str, Any] = {
        "entity": entity,
        "unreadable": partial(_unreadable, entity),
        "DatabaseError": DatabaseError,
    }
    lines = ["def make(row):", f"  {''.join(f'{variable}, ' for variable in variables.values())}= row", "  try:"]
    for name, convert in converters.items():
        variable = variables[name]
        known[f"made_{variable}"] = _READY_MADE.get(convert)
        known[f"convert_{variable}"] = convert
        lines.append(f"    if {variable} is not None and {variable}.__class__ is not made_{variable}:")
        lines.append(f"        {variable} = convert_{variable}({variable})")
    first = list(takewhile(variables.__contains__, _parameters(entity)))
    given = [variables[name] for name in first] + [
        f"{name}={variable}" if _writable(name) else f"**{{{name!r}: {variable}}}"
        for name, variable in variables.items()
        if name not in first
    ]
    lines.append(f"    return entity({', '.join(given)})")
    lines += [
        "  except DatabaseError:",
        "    raise",
        "  except Exception as error:",
        "    raise unreadable(error) from None",
    ]
    exec("\n".join(lines), known)  # noqa: S102
    make: Callable[[Sequence[Any]], Any] = known["make"]
    return make


def _parameters(entity: type[Any]) -> Sequence[str]:
    """Return the names of the constructor's parameters in their order, as far as they can be given without a name.

    Python takes half the time for values that are given so.
    """
    code = getattr(entity.__init__, "__code__", None)
    made: Any = entity.__new__
    plain = type(entity).__call__ is type.__call__ and made is object.__new__
    return code.co_varnames[1 : code.co_argcount] if plain and code is not None else ()


def _unreadable(entity: type[Any], error: Exception) -> UnreadableRowError:
    # Its text is the entity's own, which may quote the value; but for Python's about names.
    said = str(error) if isinstance(error, TypeError) else ""
    about = f": {said}" if "unexpected keyword argument" in said or "missing" in said else ""
    return UnreadableRowError(f"a row can't be read as a {entity.__qualname__}: {type(error).__name__}{about}")


def _reader(
    columns: tuple[str, ...], left: Collection[str], generated: Collection[str], parameter: Callable[[str, Any], Any]
) -> Callable[[Any], list[Any]]:
    """Compile the function that makes a row of an entity, as above; the database fills what is `left` to it, if it is
    None, and what is `generated`.
    """
    lines = ["def read(entity):"]
    for at, name in enumerate(columns):
        if name in generated:
            lines.append(f"    v{at} = DEFAULT")
            continue
        lines.append(f"    v{at} = entity.{name}" if _writable(name) else f"    v{at} = getattr(entity, {name!r})")
        if name in left:
            lines.append(f"    if v{at} is None:")
            lines.append(f"        v{at} = DEFAULT")
        lines.append(f"    {'elif' if name in left else 'if'} v{at}.__class__ not in READY:")
        lines.append(f"        v{at} = parameter({name!r}, v{at})")
    lines.append(f"    return [{', '.join(f'v{at}' for at in range(len(columns)))}]")
    known: dict[str, Any] = {"READY": READY, "DEFAULT": DEFAULT, "parameter": parameter}
    exec("\n".join(lines), known)  # noqa: S102
    read: Callable[[Any], list[Any]] = known["read"]
    return read


def _writable(name: str) -> bool:
    # ASCII alone: Python's parser takes some other letters for one another (its NFKC form of identifiers).
    return name.isascii() and name.isidentifier() and not iskeyword(name)


def _bare(hint: Any) -> Any:
    """Return a hint without what only names it or adds to it: NewType, `type` aliases, Annotated, bounds."""
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint = hint.__origin__
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif hasattr(hint, "__value__"):
            hint = hint.__value__
        elif isinstance(hint, TypeVar):
            hint = Any if hint.__bound__ is None else hint.__bound__
        else:
            return hint


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    while True:
        hint = _bare(hint)
        origin = typing.get_origin(hint)
        if origin is not typing.Union and origin is not types.UnionType:
            return origin or hint, typing.get_args(hint)
        members = [each for each in typing.get_args(hint) if each is not types.NoneType]
        if len(members) != 1:
            return None, ()
        hint = members[0]


def _allows_none(hint: Any) -> bool:
    hint = _bare(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(_allows_none(each) for each in typing.get_args(hint))
    return hint in (Any, object, types.NoneType)


def _hints(entity: type[Any]) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(entity)
    except NameError as error:
        raise StoreDefinitionError(f"{entity.__qualname__}: an annotation names something unknown: {error}") from error
    if hasattr(entity, "__dataclass_fields__"):
        import dataclasses

        names: Iterable[str] = [each.name for each in dataclasses.fields(entity) if each.init]
    elif hasattr(entity, "__kit_fields__"):
        # A schema of kit-schemas, which takes no fields from a mixin that is none.
        names = entity.__kit_fields__
    else:
        names = hints
    return {
        name: hint
        for name, hint in ((name, hints.get(name, Any)) for name in names)
        if not name.startswith("_") and typing.get_origin(hint) is not typing.ClassVar
    }


def _default(entity: type[Any], name: str) -> Any:
    described = getattr(entity, "__dataclass_fields__", {}).get(name)
    return getattr(entity, name, _MISSING) if described is None else described.default
