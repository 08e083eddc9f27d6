"""Functions that are compiled for an entity's class: from a row to an entity, and back.

Written out they take half the time of a loop. Names that are identifiers get into their text, others as Python's own
literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import takewhile
from keyword import iskeyword
from typing import Any

from kit_core.parameters import parameters_of

from kit_db.entities.conversions import READY_MADE, Convert
from kit_db.entities.values import DEFAULT, READY
from kit_db.errors import UnreadableRowError

# What Python says of a call that a function's parameters don't fit.
_ABOUT_NAMES = r"[\w.<>]+\(\) (got an unexpected keyword argument '\w+'|missing \d+ required [-\w ]+: [\w', ]+)"


def entity_maker(
    entity: type[Any], columns: tuple[str, ...], converters: Mapping[str, Convert]
) -> Callable[[Sequence[Any]], Any]:
    """Compile the function that makes an entity of a row."""
    variables = {name: f"v{at}" for at, name in enumerate(columns)}
    known: dict[str, Any] = {"entity": entity, "unreadable": partial(_unreadable, entity, columns, converters)}
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
    lines += ["  except Exception as error:", "    raise unreadable(row, error) from None"]
    return _compiled(lines, known, "make")


def row_reader(
    columns: tuple[str, ...],
    left: Collection[str],
    skipped: Collection[str],
    written: Collection[str],
    parameter: Callable[[str, Any], Any],
) -> Callable[[Any], list[Any]]:
    """Compile the function that makes a row of an entity.

    left: columns that the database fills if the entity has None; skipped: those that it fills always
    written: columns whose every value is made by `parameter`; in others the driver takes most as they are
    """
    lines = ["def read(entity):"]
    for at, name in enumerate(columns):
        if name in skipped:
            lines.append(f"    v{at} = DEFAULT")
            continue
        lines.append(f"    v{at} = entity.{name}" if _writable(name) else f"    v{at} = getattr(entity, {name!r})")
        if name in left:
            lines.append(f"    if v{at} is None:")
            lines.append(f"        v{at} = DEFAULT")
        condition = f"v{at} is not None" if name in written else f"v{at}.__class__ not in READY"
        lines.append(f"    {'elif' if name in left else 'if'} {condition}:")
        lines.append(f"        v{at} = parameter({name!r}, v{at})")
    lines.append(f"    return [{', '.join(f'v{at}' for at in range(len(columns)))}]")
    return _compiled(lines, {"READY": READY, "DEFAULT": DEFAULT, "parameter": parameter}, "read")


def _compiled(lines: Sequence[str], known: dict[str, Any], name: str) -> Callable[[Any], Any]:
    exec("\n".join(lines), known)  # noqa: S102
    made: Callable[[Any], Any] = known[name]
    return made


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
    about = f": {said}" if re.fullmatch(_ABOUT_NAMES, said) else ""
    return UnreadableRowError(f"a row can't be read as a {entity.__qualname__}: {type(error).__name__}{about}", row=row)


def _writable(name: str) -> bool:
    # ASCII alone: Python's parser takes some other letters for one another (its NFKC form of identifiers).
    return name.isascii() and name.isidentifier() and not iskeyword(name)
