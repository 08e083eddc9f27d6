"""The check of declarations against a database."""

from __future__ import annotations

import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kit_rest.database.catalog import Catalog, ColumnInfo, unsafe_role
from kit_rest.declaring.columns import Column, bare
from kit_rest.declaring.tables import ETAG, Join, Routine, Table

if TYPE_CHECKING:
    from kit_rest.api import Api

_TYPES: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("smallint", "integer", "bigint", "numeric", "oid"),
    float: ("real", "double precision", "numeric"),
    Decimal: ("numeric", "money"),
    UUID: ("uuid",),
    datetime: ("timestamp with time zone", "timestamp without time zone"),
    date: ("date",),
    time: ("time with time zone", "time without time zone"),
    timedelta: ("interval",),
    bytes: ("bytea",),
}
_JSON = ("json", "jsonb")


def differences(api: Api) -> list[str]:
    """Return a line for each difference between the declarations of an Api and its database.

    Example:
        >>> assert differences(api) == []
    """
    catalog = Catalog(api.database)
    found: list[str] = []
    for table in api.tables:
        found += [f"{table.label}: {each}" for each in _table(catalog, table, api)]
    for routine in api.routines:
        found += [f"function {routine.name}: {each}" for each in _routine(catalog, routine)]
    if api.row_security is not None:
        for role in {api.row_security.role, *api.row_security.roles}:
            found += unsafe_role(catalog, role, [table.source for table in api.tables])
    return found


def _table(catalog: Catalog, table: Table, api: Api) -> list[str]:
    source = table.source.replace("%%", "%")
    relation = catalog.relation(source)
    if relation is None:
        return [f"there is no table {source}"]
    columns = catalog.columns(source)
    found: list[str] = []
    computed = set(table.resource.computed)
    for column in table.columns.values():
        if column.name == ETAG or column.name in computed:
            continue
        known = columns.get(column.name)
        if known is None:
            found.append(f"{source} has no column {column.name!r}")
        else:
            found += _column(table, column, known)
    found += _unset(table, columns)
    if relation.kind in ("r", "p") and sorted(table.key) not in catalog.unique(source):
        found.append(f"no unique index is on the key ({', '.join(table.key)})")
    if relation.kind in ("v", "m") and table.version == "xmin":
        found.append("a view has no xmin: version = None, or a column")
    if relation.kind == "p" and table.version == "xmin":
        found.append("a partitioned table returns no xmin from writes: version = None, or a column")
    if relation.kind == "v" and not relation.invoker:
        found.append("the view reads with its owner's rights: create it with security_invoker = true")
    for join in table.joins.values():
        found += _join(catalog, join)
    return found


def _column(table: Table, column: Column, known: ColumnInfo) -> list[str]:
    found: list[str] = []
    if not _fits(column, known):
        found.append(f"the column {column.name!r} is {known.type}, which {_shown(column.hint)} does not describe")
    if column.json != (known.type in _JSON):
        is_json = "is" if known.type in _JSON else "is not"
        found.append(f"the column {column.name!r} {is_json} JSON: name it in json=, or change its annotation")
    if column.vector != (known.type == "tsvector"):
        found.append(f"the column {column.name!r} is {known.type}: text_search names the columns of type tsvector")
    if known.nullable and not column.nullable and table.version is not None:
        found.append(f"the column {column.name!r} may be null, and its annotation says it is not")
    return found


def _fits(column: Column, known: ColumnInfo) -> bool:
    if column.json or known.type in _JSON:
        return True
    kind, _ = bare(column.hint)
    origin: Any = typing.get_origin(kind) or kind
    if column.array:
        return known.category == "A"
    for each, types in _TYPES.items():
        if isinstance(origin, type) and issubclass(origin, each):
            return known.type in types
    return True


def _shown(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).replace("typing.", "")


def _unset(table: Table, columns: dict[str, ColumnInfo]) -> list[str]:
    """Return the columns without which no row can be inserted, and that nobody sets."""
    if "POST" not in table.methods:
        return []
    automatic = set(table.automatic.values())
    settable = {name for name, column in table.columns.items() if column.writable} | automatic | set(table.row_filters)
    needed = [each.name for each in columns.values() if not each.nullable and not each.default]
    return [f"the column {name!r} needs a value, and nobody sets it" for name in needed if name not in settable]


def _join(catalog: Catalog, join: Join) -> list[str]:
    if join.through is None:
        return []
    columns = catalog.columns(join.through)
    if not columns:
        return [f"{join.name} goes through {join.through}, which is not there"]
    names = [near for _, near in join.on] + [near for near, _ in join.then]
    return [f"{join.name}: {join.through} has no column {name!r}" for name in names if name not in columns]


def _routine(catalog: Catalog, routine: Routine) -> list[str]:
    sql = routine.function.sql
    schema, _, name = sql.rpartition(".")
    functions = catalog.functions(schema or "public", name)
    if not functions:
        return [f"there is no function {sql}"]
    fitting = [each for each in functions if set(routine.types) <= set(each.names)]
    if not fitting:
        return [f"no {sql} has the parameters {', '.join(routine.types)}"]
    found: list[str] = []
    if routine.function.reads and all(each.volatility == "v" for each in fitting):
        found.append("it is VOLATILE, and reads=True says that it changes nothing")
    many = routine.function.returns in ("rows", "values")
    if all(each.returns_set != many for each in fitting):
        found.append(f"it {'returns no set' if many else 'returns a set'}, and returns={routine.function.returns!r}")
    return found
