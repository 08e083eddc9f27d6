"""Questions to PostgreSQL's catalog, for the check of declarations and for that of the role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kit_db import Database

_RELATION = """
SELECT c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole::text,
       coalesce('security_invoker=true' = ANY(c.reloptions) OR 'security_invoker=on' = ANY(c.reloptions), false)
FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(%s)
"""
_COLUMNS = """
SELECT a.attname::text, format_type(a.atttypid, NULL), NOT a.attnotnull,
       a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '', t.typcategory::text
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""
_UNIQUE = """
SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
GROUP BY i.indexrelid
"""
_FUNCTIONS = """
SELECT p.proargnames, p.pronargs, p.pronargdefaults, p.provolatile::text, p.proretset
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = %s AND p.proname = %s
"""
_ROLE = (
    "SELECT rolname::text, rolsuper, rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = coalesce(%s, current_user)"
)


class Relation(NamedTuple):
    """A table or view: its kind (`r`, `p`, `v`, `m`, `f`), and the state of row-level security."""

    kind: str
    secured: bool
    forced: bool
    owner: str
    invoker: bool


class ColumnInfo(NamedTuple):
    """A column: its type, whether it may be null and has a default, and its type's category (pg_type.typcategory)."""

    name: str
    type: str
    nullable: bool
    default: bool
    category: str


class FunctionInfo(NamedTuple):
    """A function: the names of its parameters, how many have defaults, its volatility, and whether it returns a set."""

    names: list[str]
    defaults: int
    volatility: str
    returns_set: bool


class Catalog:
    """Asks a database; names are as they are declared, quoted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._database.run(query, list(parameters), repeatable=True).rows

    def relation(self, source: str) -> Relation | None:
        """Return a table or view, None if there is none."""
        rows = self._rows(_RELATION, source)
        return Relation(*rows[0]) if rows else None

    def columns(self, source: str) -> dict[str, ColumnInfo]:
        """Return the columns of a table or view by name."""
        return {row[0]: ColumnInfo(*row) for row in self._rows(_COLUMNS, source)}

    def unique(self, source: str) -> list[list[str]]:
        """Return the sorted columns of each unique index."""
        return [list(row[0]) for row in self._rows(_UNIQUE, source)]

    def functions(self, schema: str, name: str) -> list[FunctionInfo]:
        """Return the functions of a name."""
        found = self._rows(_FUNCTIONS, schema, name)
        return [FunctionInfo(list(row[0] or [])[: row[1]], row[2], row[3], row[4]) for row in found]

    def role(self, name: str | None) -> tuple[str, bool, bool] | None:
        """Return a role's name, and whether it is a superuser and bypasses row-level security; None for this login."""
        rows = self._rows(_ROLE, name)
        return rows[0] if rows else None


def unsafe_role(catalog: Catalog, name: str | None, sources: list[str]) -> list[str]:
    """Return the reasons why row-level security would not hold for a role."""
    found = catalog.role(name)
    if found is None:
        return [f"the role {name!r} does not exist"]
    role, superuser, bypasses = found
    reasons = []
    if superuser or bypasses:
        reasons.append(f"the role {role!r} bypasses row-level security")
    for source in sources:
        relation = catalog.relation(source)
        if relation is None:
            continue
        if relation.kind in ("r", "p") and not relation.secured:
            reasons.append(f"row-level security is not enabled on {source}")
        if relation.kind in ("r", "p") and relation.owner == role and not relation.forced:
            reasons.append(f"the role {role!r} owns {source}, where row-level security is not forced")
        if relation.kind == "v" and not relation.invoker:
            reasons.append(f"the view {source} reads with its owner's rights: create it with security_invoker")
    return reasons
