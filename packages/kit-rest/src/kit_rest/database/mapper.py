"""The database mapper: runs plans, and keeps them by shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from kit_rest.database.reading import ReadPlan
from kit_rest.database.session import RowSecurity, Session
from kit_rest.database.writing import WritePlan
from kit_rest.errors import RestError
from kit_rest.responses.mapper import Found

if TYPE_CHECKING:
    from kit_db import Database

P = TypeVar("P")

_MOST_PLANS = 512
_NO_TRANSACTION = nullcontext()


class Plans:
    """Plans by shape; the oldest go when there are too many, as a client can make up any number of shapes."""

    def __init__(self) -> None:
        self._plans: dict[Any, Any] = {}

    def get(self, key: Any, make: Callable[[], P]) -> P:
        """Return the plan of a shape, made if it is new."""
        found: P | None = self._plans.get(key)
        return self.keep(key, make()) if found is None else found

    def find(self, key: Any) -> Any:
        """Return the plan of a shape, None if it is new."""
        return self._plans.get(key)

    def keep(self, key: Any, plan: P) -> P:
        """Keep the plan of a shape."""
        while len(self._plans) >= _MOST_PLANS:
            self._plans.pop(next(iter(self._plans)), None)
        self._plans[key] = plan
        return plan


class DatabaseMapper:
    """Runs statements on a database, which is the default one unless it is given."""

    def __init__(self, database: Database | None, security: RowSecurity | None, sources: list[str]) -> None:
        self._database = database
        self._security = security
        self._sources = sources
        self._checked = security is None
        self.session = Session(security)
        self.plans = Plans()

    @property
    def database(self) -> Database:
        """The database that requests are about."""
        if self._database is not None:
            return self._database
        from kit_db import default_database

        return default_database()

    @property
    def secured(self) -> bool:
        """Whether statements switch roles."""
        return self._security is not None

    def run(
        self,
        sql: str,
        parameters: dict[str, Any],
        settings: Mapping[str, str],
        claims: Mapping[str, Any] | None,
        *,
        timezone: str | None = None,
        reads: bool = False,
        read_only: bool = False,
    ) -> tuple[list[tuple[Any, ...]], int]:
        """Run one statement in one message with its settings; return its rows and how many it touched."""
        database = self.database
        if not self._checked:
            self._check_roles(database)
        if settings or timezone is not None or read_only or self._security is not None:
            # Behind RDS Proxy nothing is set that is not asked for: settings could pin the connection.
            known = {} if database.proxied else settings
            prefix = self.session.prefix(known, claims, timezone=timezone, parameters=parameters, read_only=read_only)
            sql = prefix + sql
        result = database.run(sql, parameters, repeatable=reads)
        return result.rows, result.count

    def _check_roles(self, database: Database) -> None:
        """Refuse, once per process, roles for which row-level security would not hold."""
        from kit_rest.database.catalog import Catalog, unsafe_role
        from kit_rest.errors import ResourceDefinitionError

        security = self._security
        if security is not None:
            roles = [security.role, *security.roles] if security.role or not security.roles else list(security.roles)
            catalog = Catalog(database)
            reasons = [each for role in roles for each in unsafe_role(catalog, role, self._sources)]
            if reasons:
                raise ResourceDefinitionError(f"row-level security would not hold: {'; '.join(reasons)}")
        self._checked = True

    def read(
        self,
        plan: ReadPlan,
        parameters: dict[str, Any],
        settings: Mapping[str, str],
        claims: Mapping[str, Any] | None,
        *,
        timezone: str | None,
        read_only: bool = False,
    ) -> Found:
        """Run a read."""
        rows, _ = self.run(
            plan.sql, parameters, settings, claims, timezone=timezone, reads=not read_only, read_only=read_only
        )
        if not rows:
            return Found("", 0, None, None, None, plan.labels)
        if plan.single:
            body, version = rows[0]
            return Found(body, 1, None, version, None, plan.labels)
        body, count, total, version, position = (*rows[0], None, None, None)[:5]
        return Found(body, count, total, version, position, plan.labels)

    def planned(
        self,
        plan: ReadPlan,
        parameters: dict[str, Any],
        settings: Mapping[str, str],
        claims: Mapping[str, Any] | None,
    ) -> int:
        """Return how many rows the planner expects, without a limit."""
        rows, _ = self.run(f"EXPLAIN (FORMAT JSON) {plan.explained}", parameters, settings, claims, reads=True)
        (explained,) = rows[0]
        return int(explained[0]["Plan"]["Plan Rows"])

    def explain(
        self,
        plan: ReadPlan,
        parameters: dict[str, Any],
        settings: Mapping[str, str],
        claims: Mapping[str, Any] | None,
        *,
        options: tuple[str, ...],
        style: str,
    ) -> str:
        """Return the plan of a read, as text or JSON."""
        from kit_core.json import dumps

        words = ", ".join([f"FORMAT {style.upper()}", *(each.upper() for each in options)])
        rows, _ = self.run(f"EXPLAIN ({words}) {plan.sql}", parameters, settings, claims)
        return dumps(rows[0][0]) if style == "json" else "\n".join(line for (line,) in rows)

    def write(
        self,
        plan: WritePlan,
        parameters: dict[str, Any],
        settings: Mapping[str, str],
        claims: Mapping[str, Any] | None,
        *,
        timezone: str | None,
    ) -> Written:
        """Run a write."""
        rows, touched = self.run(plan.sql, parameters, settings, claims, timezone=timezone)
        if not plan.answers:
            return Written(Found("", touched, None, None, None, plan.labels), touched, None, None)
        if plan.single:
            number = len(rows)
            version = rows[0][1] if number == 1 else None
            return Written(
                Found(",".join(row[0] for row in rows), number, None, version, None, plan.labels), number, None, None
            )
        body, count, inserted, version, matched, whole = rows[0]
        return Written(Found(body, count, None, version, None, plan.labels), inserted, matched, whole)

    def transaction(self, *, wanted: bool, keeps: bool = True) -> AbstractContextManager[None]:
        """Make a `with` block a transaction if that is wanted; one that is not to be kept is rolled back at its end."""
        return self._transaction(keeps=keeps) if wanted else _NO_TRANSACTION

    @contextmanager
    def _transaction(self, *, keeps: bool) -> Iterator[None]:
        try:
            with self.database.transaction():
                yield
                if not keeps:
                    raise _RollbackError
        except _RollbackError:
            return


class Written:
    """What a write has done: its answer, how many rows were inserted, how many its filters had matched, whole rows."""

    __slots__ = ("found", "inserted", "matched", "whole")

    def __init__(self, found: Found, inserted: int, matched: int | None, whole: str | None) -> None:
        self.found = found
        self.inserted = inserted
        self.matched = matched
        self.whole = whole


class _RollbackError(RestError):
    def __init__(self) -> None:
        super().__init__(200, "", "")
