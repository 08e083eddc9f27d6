create table kit_outbox (
    id uuid primary key,
    type text not null,
    aggregate_id uuid not null,
    body text not null,
    attributes text not null,
    message_group text,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    error text,
    seq bigint generated always as identity,
    due_at timestamptz not null default now(),
    claim uuid
);

create unique index on kit_outbox (aggregate_id, seq);

create unlogged table kit_outbox_lock (
    aggregate_id uuid primary key,
    created_at timestamptz not null default now()
);

create table kit_outbox_dead (
    id uuid primary key,
    type text not null,
    aggregate_id uuid not null,
    body text not null,
    attributes text not null,
    message_group text,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    error text,
    died_at timestamptz not null default now()
);

create table kit_inbox (
    key text primary key,
    result text,
    expires_at timestamptz not null
);

create index on kit_inbox (expires_at);
