"""An inbox in PostgreSQL, where the mark and the work's effect are one transaction."""

# ruff: noqa: S608  (a table's name is checked by table_name, and every value is a parameter)

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kit_events.errors import InProgressError
from kit_events.extras import require
from kit_events.inbox.attempt import Attempt
from kit_events.tables import table_name

if TYPE_CHECKING:
    from kit_db import Database

TABLE = "kit_inbox"


def schema_sql(table: str = TABLE) -> str:
    """Return the SQL that creates the inbox's table, for a migration."""
    return f"""create table {table_name(table)} (
    key text primary key,
    result text,
    expires_at timestamptz not null
);

create index on {table_name(table)} (expires_at);
"""


class PostgresInbox:
    """Remember in a table of the database that the work writes to (the extra `kit-events[outbox]`).

    The work runs in a transaction that also marks the key: both are committed, or neither is, so that the effect
    happens exactly once. There is no lease: a holder that is gone has lost its transaction. While one is at work
    others are refused at once (a transaction-level advisory lock, which RDS Proxy does not pin).
    """

    transactional = True

    def __init__(self, *, table: str = TABLE, database: "Database | None" = None) -> None:
        self.table = table_name(table)
        self._database = database
        if database is None:
            require("outbox", "kit_db")

    @contextmanager
    def attempt(self, key: str, *, lease: float, retention: float) -> Iterator[Attempt]:
        """Make a `with` block a transaction that marks the key, or a savepoint of one that is open."""
        database = self.database
        with database.transaction():
            if not self._marked(key, retention):
                stored = database.run(
                    f"select coalesce(result, 'null') from {self.table} where key = %s and expires_at > now()", [key]
                ).rows
                if not stored:
                    raise InProgressError(key, None)
                yield Attempt(stored[0][0])
                return
            attempt = Attempt()
            yield attempt
            if attempt.result != "null":
                database.run(f"update {self.table} set result = %s where key = %s", [attempt.result, key])

    @property
    def database(self) -> "Database":
        """The database that was given, else kit-db's default one."""
        if self._database is not None:
            return self._database
        from kit_db import default_database

        return default_database()

    def purge(self, *, limit: int = 1000) -> int:
        """Delete at most `limit` keys whose time is over, and return how many there were; for a schedule."""
        # Under IN, the planner may join to the subquery and run it again for each row: the limit is then no limit.
        query = f"""delete from {self.table} where key = any(array(
            select key from {self.table} where expires_at <= now() order by expires_at limit %s for update skip locked
        ))"""
        return self.database.run(query, [limit], repeatable=True).count

    def _marked(self, key: str, retention: float) -> bool:
        """Mark the key, unless somebody else is at work on it or it is finished."""
        # Without the lock the insert would wait for the holder; the primary key lets no second one in anyway.
        query = f"""insert into {self.table} as known (key, expires_at)
            select %s, now() + make_interval(secs => %s) where pg_try_advisory_xact_lock(hashtextextended(%s, 0))
            on conflict (key) do update set expires_at = excluded.expires_at, result = null
            where known.expires_at <= now() returning key"""
        return bool(self.database.run(query, [key, retention, f"{self.table}:{key}"]).rows)
