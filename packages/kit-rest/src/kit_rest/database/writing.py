"""The statements that write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kit_rest.database.parameters import Parameters
from kit_rest.database.reading import pins_key
from kit_rest.database.sql import Builder, array_of, embedded, labels
from kit_rest.declaring.claims import Claim
from kit_rest.declaring.tables import Table, quoted_name
from kit_rest.resource_mapper import Node

_NOW = "now()"


class WritePlan(NamedTuple):
    """A statement that writes.

    With `answers` it has one row: the objects joined with commas, their number, how many of these were inserted, a
    version, how many rows the filters matched, and the whole rows as a JSON array if a hook is to see them. A `single`
    one, of a row or a key, has each row's object and version. Otherwise it returns nothing.
    """

    sql: str
    parameters: Parameters
    labels: list[str]
    answers: bool
    node: Node
    embedded: tuple[Table, ...]
    single: bool = False


class InsertOptions(NamedTuple):
    """What an INSERT does beside inserting.

    columns: the columns of the body; `many` rows or one, each with an identifier of its own if `uids`
    conflict: the columns that decide whether a row is there already, None for a plain INSERT
    merges: whether such a row is updated, or left alone
    """

    columns: tuple[str, ...]
    many: bool
    uids: bool
    conflict: tuple[str, ...] | None = None
    merges: bool = False
    number: int = 1
    defaults: tuple[tuple[str, ...], ...] | None = None


class Answer(NamedTuple):
    """What a write returns: the representation, without members that are null, and the whole rows for hooks."""

    representation: bool
    stripped: bool = False
    whole: bool = False


def insert_plan(node: Node, options: InsertOptions, answer: Answer) -> WritePlan:
    """Build an INSERT, with ON CONFLICT where it is an upsert."""
    builder = Builder(stripped=answer.stripped)
    table = node.table
    alias = builder.alias("t")
    fixed = _fixed(builder, table, creating=True)
    names = [*options.columns, *fixed]
    if options.uids:
        names.append(table.automatic["uid"])
    listed = ", ".join(map(quoted_name, names))
    if not names:
        key = quoted_name(table.key[0])
        values = ", ".join(["(DEFAULT)"] * options.number)
        sql = f"INSERT INTO {table.source} AS {alias} ({key}) VALUES {values}"
    elif options.defaults is not None:
        sql = f"INSERT INTO {table.source} AS {alias} ({listed}) VALUES {_value_rows(table, options, fixed)}"
    else:
        source, uid = _source(table, options)
        expressions = [f"x.{quoted_name(name)}" for name in options.columns] + list(fixed.values())
        expressions += [uid] if options.uids else []
        sql = f"INSERT INTO {table.source} AS {alias} ({listed}) SELECT {', '.join(expressions)} FROM {source}"
    if options.conflict is not None:
        sql += _on_conflict(builder, table, alias, options)
    inserted = f"({alias}.xmax = 0)" if options.conflict is not None and table.version == "xmin" else "true"
    single = options.number == 1 and not options.many
    return _returning(builder, node, sql, alias, answer, inserted=inserted, single=single)


def _fixed(builder: Builder, table: Table, *, creating: bool) -> dict[str, str]:
    """Return the columns that no body sets, with the SQL of their values."""
    automatic = table.automatic
    found: dict[str, str] = {}
    if creating:
        found.update({name: builder.parameters.claim(claim) for name, claim in table.row_filters.items()})
        if "created_at" in automatic:
            found[automatic["created_at"]] = _NOW
        if "creator_uid" in automatic:
            found[automatic["creator_uid"]] = builder.parameters.claim(_actor(table))
    if "last_updated_at" in automatic:
        found[automatic["last_updated_at"]] = _NOW
    if "last_updater_uid" in automatic:
        found[automatic["last_updater_uid"]] = builder.parameters.claim(_actor(table))
    return found


def _actor(table: Table) -> Claim:
    return table.actor


def _source(table: Table, options: InsertOptions) -> tuple[str, str]:
    """Return the FROM of the body's rows, and the SQL of a row's identifier."""
    row = f"NULL::{table.source}"
    if not options.many:
        return f"json_populate_record({row}, %(body)s::json) x", "%(uid)s::uuid"
    if not options.uids:
        return f"json_populate_recordset({row}, %(body)s::json) x", ""
    elements = "json_array_elements(%(body)s::json) WITH ORDINALITY e (v, n)"
    return f"{elements}, LATERAL json_populate_record({row}, e.v) x", "(%(uid)s::uuid[])[e.n]"


def _value_rows(table: Table, options: InsertOptions, fixed: dict[str, str]) -> str:
    """Return VALUES in which a row has DEFAULT for each column that it lacks (Prefer: missing=default)."""
    rows = []
    for at, given in enumerate(options.defaults or ()):
        record = f"json_populate_record(NULL::{table.source}, %(b{at})s::json)"
        values = [f"({record}).{quoted_name(name)}" if name in given else "DEFAULT" for name in options.columns]
        values += list(fixed.values())
        values += [f"%(u{at})s::uuid"] if options.uids else []
        rows.append(f"({', '.join(values)})")
    return ", ".join(rows)


def _on_conflict(builder: Builder, table: Table, alias: str, options: InsertOptions) -> str:
    target = ", ".join(map(quoted_name, options.conflict or ()))
    kept = {*(options.conflict or ()), *table.key, table.automatic.get("uid")}
    changed = [name for name in options.columns if name not in kept]
    if not options.merges:
        return f" ON CONFLICT ({target}) DO NOTHING"
    sets = [f"{quoted_name(name)} = EXCLUDED.{quoted_name(name)}" for name in changed]
    sets += [f"{quoted_name(name)} = {sql}" for name, sql in _fixed(builder, table, creating=False).items()]
    if not sets:
        # Nothing to change, but the row is to be returned.
        first = quoted_name((options.conflict or table.key)[0])
        sets = [f"{first} = EXCLUDED.{first}"]
    filters = builder.row_filters(table, alias)
    where = f" WHERE {' AND '.join(filters)}" if filters else ""
    return f" ON CONFLICT ({target}) DO UPDATE SET {', '.join(sets)}{where}"


def update_plan(node: Node, columns: Sequence[str], answer: Answer, *, limited: bool, versions: bool) -> WritePlan:
    """Build an UPDATE of the rows that the filters match; `versions` tells whether If-Match has some."""
    builder = Builder(stripped=answer.stripped)
    table = node.table
    alias = builder.alias("t")
    sets = [f"{quoted_name(name)} = x.{quoted_name(name)}" for name in columns]
    sets += [f"{quoted_name(name)} = {sql}" for name, sql in _fixed(builder, table, creating=False).items()]
    where, matched = _where(builder, node, alias, limited=limited, versions=versions)
    body = f"(SELECT * FROM json_populate_record(NULL::{table.source}, %(body)s::json)) x"
    sql = f"UPDATE {table.source} AS {alias} SET {', '.join(sets)} FROM {body}{where}"
    return _returning(builder, node, sql, alias, answer, matched=matched, single=pins_key(node))


def bulk_update_plan(node: Node, columns: Sequence[str], answer: Answer, *, versions: bool) -> WritePlan:
    """Build an UPDATE of one row for each object of the body, found by its key, and by its version where it has one."""
    builder = Builder(stripped=answer.stripped)
    table = node.table
    alias = builder.alias("t")
    sets = [f"{quoted_name(name)} = x.{quoted_name(name)}" for name in columns]
    sets += [f"{quoted_name(name)} = {sql}" for name, sql in _fixed(builder, table, creating=False).items()]
    ties = [f"{alias}.{quoted_name(name)} = x.{quoted_name(name)}" for name in table.key]
    given = f"x.{quoted_name('kit row')}"
    if versions:
        ties.append(f"coalesce({given} ->> '_etag' = {table.version_sql(alias)}, true)")
    elements = f"json_array_elements(%(body)s::json) e ({quoted_name('kit row')})"
    populated = f"json_populate_record(NULL::{table.source}, e.{quoted_name('kit row')})"
    joined = f"(SELECT e.{quoted_name('kit row')}, x.* FROM {elements}, LATERAL {populated} x) x"
    where = builder.where(node, alias, ties)
    sql = f"UPDATE {table.source} AS {alias} SET {', '.join(sets)} FROM {joined}{where}"
    return _returning(builder, node, sql, alias, answer)


def delete_plan(node: Node, answer: Answer, *, limited: bool, versions: bool) -> WritePlan:
    """Build a DELETE of the rows that the filters match."""
    builder = Builder(stripped=answer.stripped)
    alias = builder.alias("t")
    where, matched = _where(builder, node, alias, limited=limited, versions=versions)
    sql = f"DELETE FROM {node.table.source} AS {alias}{where}"
    return _returning(builder, node, sql, alias, answer, matched=matched, single=pins_key(node))


def _where(builder: Builder, node: Node, alias: str, *, limited: bool, versions: bool) -> tuple[str, str]:
    """Return the WHERE clause, and the number of rows that match without regard to their versions."""
    table = node.table
    where = builder.where(node, alias)
    if limited:
        inner = builder.alias("t")
        key = ", ".join(f"{inner}.{quoted_name(name)}" for name in table.key)
        outer = ", ".join(f"{alias}.{quoted_name(name)}" for name in table.key)
        chosen = (
            f"SELECT {key} FROM {table.source} {inner}{builder.where(node, inner)}{builder.order(node.order, inner)}"
        )
        limit = f"({outer}) IN ({chosen} LIMIT %(limit)s OFFSET %(offset)s)"
        where = f"{where} AND {limit}" if where else f" WHERE {limit}"
    matched = "NULL"
    if versions:
        before = builder.alias("t")
        matched = f"(SELECT count(*) FROM {table.source} {before}{builder.where(node, before)})"
        check = f"{table.version_sql(alias)} = ANY(%(versions)s)"
        where = f"{where} AND {check}" if where else f" WHERE {check}"
    return where, matched


def _returning(
    builder: Builder,
    node: Node,
    sql: str,
    alias: str,
    answer: Answer,
    *,
    inserted: str = "true",
    matched: str = "NULL",
    single: bool = False,
) -> WritePlan:
    """Add RETURNING and the statement that makes one row of the written ones."""
    table = node.table
    if not answer.representation and not answer.whole and matched == "NULL" and inserted == "true":
        # RETURNING needs the right, and the policy, to read the written rows.
        return WritePlan(sql, builder.parameters, labels(node), answers=False, node=node, embedded=embedded(node))
    if single and answer.representation and not answer.whole and matched == "NULL" and inserted == "true":
        made = builder.alias("r")
        written = f"(SELECT {builder.json(made)} FROM ({builder.objects(node, alias, direct=True)}) {made})"
        sql += f" RETURNING {written}, {table.version_sql(alias) or 'NULL'}"
        return WritePlan(
            sql, builder.parameters, labels(node), answers=True, node=node, embedded=embedded(node), single=True
        )
    page, row, seen = builder.alias("p"), builder.alias("r"), builder.alias("r")
    returned = builder.needed(node, alias) if answer.representation else []
    if answer.whole:
        every = [f"{alias}.{quoted_name(name)} AS {quoted_name(name)}" for name in table.all_columns]
        returned += [each for each in every if each not in returned]
    returned.append(f"{inserted} AS {quoted_name('kit inserted')}")
    version = table.version_sql(alias)
    if version is not None:
        returned.append(f"{version} AS {quoted_name('kit version')}")
    with_rows = f"WITH {page} AS ({sql} RETURNING {', '.join(returned)})"
    counts = f"count(*), count(*) FILTER (WHERE {page}.{quoted_name('kit inserted')})"
    last = f"min({page}.{quoted_name('kit version')})" if version is not None else "NULL"
    body, source, whole = "''", page, "NULL"
    if answer.representation:
        body = f"coalesce(string_agg({builder.json(row)}, ','), '')"
        source += f", LATERAL ({builder.objects(node, page)}) {row}"
    if answer.whole:
        listed = ", ".join(f"{page}.{quoted_name(name)}" for name in table.all_columns)
        source += f", LATERAL (SELECT {listed}) {seen}"
        whole = array_of(f"row_to_json({seen})::text")
    selected = f"SELECT {body}, {counts}, {last}, {matched}, {whole} FROM {source}"
    return WritePlan(
        f"{with_rows} {selected}", builder.parameters, labels(node), answers=True, node=node, embedded=embedded(node)
    )
