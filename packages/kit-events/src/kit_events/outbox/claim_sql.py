"""The statement by which a relay claims waiting events.

The heads are the first events of the aggregates, found by one step in the index on (aggregate_id, seq) for each
aggregate: what waits behind a head is never looked at, however much that is. A head whose time has come is locked and
leased; the lease of a head is that of its aggregate. The next events of each leased aggregate are read with it.

Three things keep the statement to its limit and to these steps, whatever the planner believes: a lateral subquery is
run row by row, so that LIMIT ends the walk; `heads` is materialized, so that no join runs it again; and the update
finds its rows by an array (a join to a limited and locking subquery may lock, and change, every row there is).
"""

# The aggregates from a place on to the end, then from the beginning up to that place. A recursive query is evaluated as
# far as its reader reads.
_WALK = """with recursive ahead as (
        (select aggregate_id, seq, due_at from {table} where aggregate_id > %(after)s
            order by aggregate_id, seq limit 1)
        union all
        select next.aggregate_id, next.seq, next.due_at from ahead cross join lateral (
            select aggregate_id, seq, due_at from {table} as later where later.aggregate_id > ahead.aggregate_id
            order by aggregate_id, seq limit 1) as next
    ), behind as (
        (select aggregate_id, seq, due_at from {table} where aggregate_id <= %(after)s
            order by aggregate_id, seq limit 1)
        union all
        select next.aggregate_id, next.seq, next.due_at from behind cross join lateral (
            select aggregate_id, seq, due_at from {table} as later
            where later.aggregate_id > behind.aggregate_id and later.aggregate_id <= %(after)s
            order by aggregate_id, seq limit 1) as next
    )
    select head.* from (select * from ahead union all select * from behind) as first"""

_GIVEN = """select head.* from unnest(%(aggregates)s::uuid[]) as given (aggregate_id) cross join lateral (
        select aggregate_id, seq, due_at from {table} as waiting where waiting.aggregate_id = given.aggregate_id
        order by seq limit 1) as first"""

# Each of so many aggregates gives its share of the events: so one with many does not hold up the others.
_CLAIM = """with heads as materialized (
    {first} cross join lateral (
        select id, aggregate_id, seq from {table} as waiting
        where waiting.aggregate_id = first.aggregate_id and waiting.seq = first.seq and due_at <= now()
        for update skip locked) as head
    where first.due_at <= now() limit %(most)s
), leased as (
    update {table} set claim = %(claim)s, due_at = now() + make_interval(secs => %(lease)s)
    where id = any(array(select id from heads)) returning aggregate_id, seq
)
select run.* from leased cross join lateral (
    select row_number() over (order by seq) as place, share.* from (
        select seq, attempts, id, type, aggregate_id, body, attributes, message_group from {table} as waiting
        where waiting.aggregate_id = leased.aggregate_id and waiting.seq >= leased.seq
        order by seq limit (select ceil(%(most)s::float8 / count(*))::bigint from leased)) as share) as run
order by place limit %(most)s"""


def claim_sql(table: str, *, given: bool) -> str:
    """Return the statement; its parameters are claim, lease, most, and aggregates if they are given, else after."""
    return _CLAIM.format(table=table, first=(_GIVEN if given else _WALK).format(table=table))
