"""Compiled declarations: everything that a request may name, with its SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kit_db.stores.names import quoted, quoted_part
from kit_handler import HttpError
from kit_handler.http.interceptors.access import role_guard, scope_guard

from kit_rest.declaring.claims import Claim
from kit_rest.declaring.columns import Column, bare, column_sql, hints_of, is_array, is_json, settings_of
from kit_rest.declaring.functions import Function
from kit_rest.declaring.relations import ManyToMany, Relation
from kit_rest.declaring.resource import METHODS, Resource
from kit_rest.errors import ResourceDefinitionError, RestError

_HOOKS = (
    "before_create",
    "after_create",
    "before_read",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
)
_AUTOMATIC = ("uid", "created_at", "last_updated_at", "creator_uid", "last_updater_uid")
ETAG = "_etag"
"""The name of a row's version among the columns: it is there for requests that select it."""
_TYPE = re.compile(r"[a-z][a-z0-9_ ]*(\(\d+(, ?\d+)?\))?(\[\])?", re.I)


class Join:
    """A relation, compiled: pairs of quoted columns, and the table between if there is one."""

    def __init__(self, name: str, relation: Relation) -> None:
        self.name = name
        self.target = relation.target
        self.to_many = relation.to_many
        self.aliases = {*([relation.hint] if relation.hint else []), *relation.on}
        self.names = {name, *self.aliases}
        self.on = [(each, other) for each, other in relation.on.items()]
        self.through: str | None = None
        self.then: list[tuple[str, str]] = []
        if isinstance(relation, ManyToMany):
            self.through = qualified(relation.through)
            self.then = list(relation.then.items())
            self.aliases = set()
            self.names.add(relation.through.rpartition(".")[2])


class Table:
    """A resource, compiled once: its columns by name, its joins, its guards by method."""

    def __init__(self, declared: type[Resource] | Resource) -> None:
        self.resource = declared() if isinstance(declared, type) else declared
        kind = type(self.resource)
        self.label = kind.__qualname__
        self.name = kind.name or kind.__name__.lower()
        self.schema = kind.schema
        self.source = qualified(kind.table or self.name)
        self.methods = frozenset(self._methods(kind))
        self.columns = self._columns(kind)
        self.key = tuple(kind.key)
        self.joins = {name: Join(name, each) for name, each in kind.relations.items()}
        self.row_filters = dict(kind.row_filters)
        self.settings = settings_of(each.hint for each in self.columns.values() if each.readable)
        self.max_rows = kind.max_rows
        self.page_size = min(kind.page_size or kind.max_rows, kind.max_rows)
        self.aggregates = kind.aggregates
        self.patterns = kind.patterns
        self.version = kind.version
        self.if_match = kind.if_match
        self.unfiltered_writes = kind.unfiltered_writes
        self.hooks = frozenset(name for name in _HOOKS if getattr(kind, name) is not getattr(Resource, name))
        self.announces = kind.events is not Resource.events
        self.actor = kind.actor
        self.automatic = {name: getattr(kind, name) for name in _AUTOMATIC if getattr(kind, name)}
        self.guards = self._guards(kind)
        self.validators = _validators(kind.entity)
        self.all_columns = tuple(
            each.name
            for each in self.columns.values()
            if each.readable and each.name not in kind.computed and each.name != ETAG
        )
        self._check(kind)

    def _methods(self, kind: type[Resource]) -> list[str]:
        methods = [each.upper() for each in kind.methods]
        unknown = [each for each in methods if each not in METHODS]
        if unknown:
            raise ResourceDefinitionError(f"{self.label}: methods are among {', '.join(METHODS)}, not {unknown[0]!r}")
        return [*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])]

    def _columns(self, kind: type[Resource]) -> dict[str, Column]:
        if not hasattr(kind, "entity"):
            raise ResourceDefinitionError(f"{self.label} has no entity, whose fields are the columns")
        protected = {getattr(kind, name) for name in _AUTOMATIC if name != "uid"} | set(kind.row_filters)
        columns: dict[str, Column] = {}
        for name, hint in hints_of(kind.entity).items():
            json = name in kind.json or is_json(hint)
            readable = kind.readable is None or name in kind.readable
            columns[name] = Column(
                name=name,
                sql=column_sql(name),
                hint=hint,
                json=json,
                array=not json and is_array(hint),
                vector=name in kind.text_search,
                readable=readable,
                writable=(kind.writable is None or name in kind.writable) and name not in protected,
                filterable=readable and (kind.filterable is None or name in kind.filterable),
                sortable=readable and (kind.sortable is None or name in kind.sortable),
                nullable=bare(hint)[1],
            )
        for name, function in kind.computed.items():
            sql = qualified(function).replace("{", "{{").replace("}", "}}") + "({})"
            allowed = kind.readable is None or name in kind.readable
            columns[name] = Column(name, sql, object, readable=allowed, writable=False, filterable=allowed)
        if kind.version is not None and ETAG not in columns:
            version = "{}.xmin" if kind.version == "xmin" else column_sql(kind.version)
            columns[ETAG] = Column(
                ETAG, f"{version}::text", str, writable=False, filterable=False, sortable=False, nullable=False
            )
        return columns

    def _guards(self, kind: type[Resource]) -> dict[str, list[Any]]:
        for name in (*kind.roles, *kind.scopes):
            if name not in (*METHODS, "*"):
                raise ResourceDefinitionError(f"{self.label}: roles and scopes are by method or '*', not {name!r}")
        guards: dict[str, list[Any]] = {}
        for method in METHODS:
            role = kind.roles.get(method, kind.roles.get("*"))
            scope = kind.scopes.get(method, kind.scopes.get("*"))
            guards[method] = [
                *([role_guard(role)] if role is not None else []),
                *([scope_guard(scope)] if scope is not None else []),
            ]
        guards["HEAD"] = guards["GET"]
        return guards

    def _check(self, kind: type[Resource]) -> None:
        lists = {
            "readable": kind.readable,
            "writable": kind.writable,
            "filterable": kind.filterable,
            "sortable": kind.sortable,
            "key": kind.key,
            "text_search": kind.text_search,
            "json": kind.json,
            "row_filters": kind.row_filters,
            "automatic": self.automatic.values(),
        }
        for what, names in lists.items():
            for name in names or ():
                if name not in self.columns:
                    raise ResourceDefinitionError(f"{self.label}: {what} names {name!r}, which the entity lacks")
        if self.version not in (None, "xmin") and self.version not in self.columns:
            raise ResourceDefinitionError(f"{self.label}: version names {self.version!r}, which the entity lacks")
        if kind.if_match not in ("optional", "required"):
            raise ResourceDefinitionError(f"{self.label}: if_match is 'optional' or 'required', not {kind.if_match!r}")
        if not 1 <= self.page_size <= self.max_rows:
            raise ResourceDefinitionError(f"{self.label}: page_size and max_rows are numbers of rows")
        for each in kind.row_filters.values():
            if not isinstance(each, Claim):
                raise ResourceDefinitionError(f"{self.label}: row_filters are Claims by column, not {each!r}")

    def version_sql(self, alias: str) -> str | None:
        """Return the SQL of a row's version as text, None for a resource without versions."""
        if self.version is None:
            return None
        column = f"{alias}.xmin" if self.version == "xmin" else self.columns[self.version].sql.format(alias)
        return f"{column}::text"


class Routine:
    """A function, compiled."""

    def __init__(self, function: Function, table: Table | None) -> None:
        self.function = function
        self.name = function.name
        self.table = table
        self.source = qualified(function.sql)
        self.guards = [
            *([role_guard(function.role)] if function.role is not None else []),
            *([scope_guard(function.scope)] if function.scope is not None else []),
        ]
        for name, kind in function.parameters.items():
            if not _TYPE.fullmatch(kind):
                raise ResourceDefinitionError(f"{name} of {function.name}: {kind!r} is no type's name")
        self.types = dict(function.parameters)
        self.required = [
            name for name in function.parameters if name not in function.optional and name not in function.claims
        ]

    @property
    def settings(self) -> dict[str, str]:
        """The settings on which the texts of its results depend."""
        if self.table is not None:
            return self.table.settings
        return {"TimeZone": "UTC", "IntervalStyle": "iso_8601", "bytea_output": "hex", "extra_float_digits": "1"}


def qualified(name: str) -> str:
    """Quote a name with its schema, which is `public` where none is given: search_path has no say."""
    try:
        return quoted(name if "." in name else f"public.{name}")
    except ValueError as error:
        raise ResourceDefinitionError(str(error)) from None


def quoted_name(name: str) -> str:
    """Quote a column or alias."""
    return quoted_part(name)


def _validators(entity: type) -> Mapping[str, Any]:
    """Return the marshmallow fields of a kit-schemas class that check more than PostgreSQL does."""
    if not hasattr(entity, "__kit_fields__"):
        return {}
    kind: Any = entity
    fields: dict[str, Any] = kind.Schema().fields
    return {name: each for name, each in fields.items() if each.validate is not None and name in kind.__kit_fields__}


def check_guards(guards: list[Any], request: Any) -> None:
    """Let pass callers with the roles and scopes."""
    try:
        for guard in guards:
            guard(request)
    except HttpError as error:
        code = "PGRST302" if error.status == 401 else "42501"
        raise RestError(error.status, code, error.message) from None


def check_embedded(tables: Iterable[Table], request: Any) -> None:
    """Let pass callers with the right to read the embedded resources of their request."""
    for table in tables:
        check_guards(table.guards["GET"], request)
