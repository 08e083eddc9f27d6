"""The outbox's tables."""

from kit_events.tables import table_name

TABLE = "kit_outbox"


def schema_sql(table: str = TABLE) -> str:
    """Return the SQL that creates the outbox's three tables, for a migration.

    `kit_outbox` holds the waiting events, `kit_outbox_dead` the dead letters. The rows of `kit_outbox_lock` are locked
    by transactions that publish, one for each aggregate: unlike advisory locks they take no memory of the server, so
    that their number has no limit. It is unlogged, since nothing in it has to survive a crash.

    The index on (aggregate_id, seq) is the only way to find an aggregate's first event, whatever the statistics of the
    table say, which are always old. There is none on `due_at`: the events behind a first one would be in it.
    """
    name = table_name(table)
    event = """id uuid primary key,
    type text not null,
    aggregate_id uuid not null,
    body text not null,
    attributes text not null,
    message_group text,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    error text"""
    return f"""create table {name} (
    {event},
    seq bigint generated always as identity,
    due_at timestamptz not null default now(),
    claim uuid
);

create unique index on {name} (aggregate_id, seq);

create unlogged table {name}_lock (
    aggregate_id uuid primary key,
    created_at timestamptz not null default now()
);

create table {name}_dead (
    {event},
    died_at timestamptz not null default now()
);
"""
