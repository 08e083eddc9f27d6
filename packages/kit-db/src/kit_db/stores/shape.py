"""Between entities and rows: which columns a class has, and how a row becomes an instance."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import takewhile
from keyword import iskeyword
from typing import Any

from kit_core.parameters import parameters_of

from kit_db.errors import DatabaseError, InvalidValueError, StoreDefinitionError, UnreadableRowError
from kit_db.stores.conversions import READY_MADE, Convert, allows_none, annotated, converter, holds_decimal
from kit_db.stores.statements import DEFAULT
from kit_db.stores.values import COLLECTIONS, READY, array, parameter

_MISSING: Any = object()
# What Python says of a call that a function's parameters don't fit.
_ABOUT_NAMES = re.compile(
    r"[\w.<>]+\(\) (got an unexpected keyword argument '\w+'|missing \d+ required [-\w ]+: [\w', ]+)"
)


class Shape:
    """An entity class, seen as a row.

    Columns are the fields of a dataclass or the annotations of any other class, without ClassVars and without names
    that start with an underscore; or the given ones. `nullable` are the columns that may hold None, as far as the
    annotations say.
    """

    def __init__(
        self, entity: type[Any], *, columns: Sequence[str] | None, arrays: Sequence[str], generated: Sequence[str] = ()
    ) -> None:
        hints = {name: hint for name, hint in annotated(entity).items() if not name.startswith("_")}
        self.columns = tuple(hints if columns is None else columns)
        if not self.columns:
            raise StoreDefinitionError(f"{entity.__qualname__} has no annotated fields: name the columns")
        for name in (*arrays, *generated):
            if name not in self.columns:
                raise StoreDefinitionError(f"{entity.__qualname__} has no column {name!r}")
        self._arrays = frozenset(arrays)
        self.generated = frozenset(generated)
        self.nullable = frozenset(name for name in self.columns if name not in hints or allows_none(hints[name]))
        made = {name: converter(hints[name], array=name in self._arrays) for name in self.columns if name in hints}
        self.entity = _maker(entity, self.columns, {name: each for name, each in made.items() if each})
        """Makes an entity of a row, with values of the annotated types."""
        self.exact = frozenset(at for at, name in enumerate(self.columns) if holds_decimal(hints.get(name)))
        """The positions of the columns in which floats of JSON have to keep their digits, if they are JSON."""
        left = frozenset(name for name in self.columns if _default(entity, name) is None)
        self.row = _reader(self.columns, left, self.generated, self.parameter)
        """Returns the parameters to insert an entity, a None in a field that is None by default as DEFAULT."""

    def parameter(self, column: str, value: Any) -> Any:
        """Return a value as the driver takes it; dicts, lists and objects are JSON, unless the column is an array.

        InvalidValueError names the column if its JSON would hold NaN or a value of a type that JSON has no form for.
        """
        try:
            if column in self._arrays and isinstance(value, COLLECTIONS):
                return array(value)
            return parameter(value)
        except InvalidValueError as error:
            raise InvalidValueError(f"the column {column!r}: {error}", column=column) from None

    def holds_lists(self, column: str) -> bool:
        """Tell whether a list is one value of the column, not several."""
        return column in self._arrays


def _maker(
    entity: type[Any], columns: tuple[str, ...], converters: Mapping[str, Convert]
) -> Callable[[Sequence[Any]], Any]:
    """Compile the function that makes an entity of a row: written out it takes half the time of a loop.

    Names that are identifiers get into its text, others as Python's own literals.
    """
    variables = {name: f"v{at}" for at, name in enumerate(columns)}
    known: dict[str, Any] = {
        "entity": entity,
        "unreadable": partial(_unreadable, entity, columns, converters),
        "DatabaseError": DatabaseError,
    }
    lines = ["def make(row):", f"  {''.join(f'{variable}, ' for variable in variables.values())}= row", "  try:"]
    for name, convert in converters.items():
        variable = variables[name]
        known[f"made_{variable}"] = READY_MADE.get(convert)
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
        "    raise unreadable(row, error) from None",
    ]
    exec("\n".join(lines), known)  # noqa: S102
    make: Callable[[Sequence[Any]], Any] = known["make"]
    return make


def _parameters(entity: type[Any]) -> Sequence[str]:
    """Return the names of the constructor's parameters in their order, as far as they can be given without a name.

    Python takes half the time for values that are given so.
    """
    found = parameters_of(entity)
    made: Any = entity.__new__
    plain = type(entity).__call__ is type.__call__ and made is object.__new__
    return found.positional if plain and found is not None else ()


def _unreadable(
    entity: type[Any], columns: Sequence[str], converters: Mapping[str, Convert], row: Sequence[Any], error: Exception
) -> UnreadableRowError:
    """Return the error of a row: with the first column whose value can't be converted, else the constructor's."""
    for name, value in zip(columns, row, strict=True):
        try:
            if value is not None and name in converters:
                converters[name](value)
        except Exception:  # noqa: BLE001  (whatever a converter of the entity's raises)
            what = f"its column {name!r} holds what its annotation doesn't ({type(error).__name__})"
            return UnreadableRowError(f"a row can't be read as a {entity.__qualname__}: {what}", column=name, row=row)
    # The text is the entity's own, which may quote a value; but for Python's about names.
    said = str(error) if isinstance(error, TypeError) else ""
    about = f": {said}" if _ABOUT_NAMES.fullmatch(said) else ""
    return UnreadableRowError(f"a row can't be read as a {entity.__qualname__}: {type(error).__name__}{about}", row=row)


def _reader(
    columns: tuple[str, ...], left: Collection[str], generated: Collection[str], parameter: Callable[[str, Any], Any]
) -> Callable[[Any], list[Any]]:
    """Compile the function that makes a row of an entity, as above; the database fills the columns that are `left`
    to it, if they are None, and the `generated` ones.
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


def _default(entity: type[Any], name: str) -> Any:
    described = getattr(entity, "__dataclass_fields__", {}).get(name)
    return getattr(entity, name, _MISSING) if described is None else described.default
