"""What a claim costs, how many it takes, and which."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_db import Database
from kit_events import BaseEvent
from kit_events.outbox import Outbox, Relay

ONE = UUID("7c0ffee0-0000-4000-8000-000000000001")
FILL = """insert into kit_outbox (id, type, aggregate_id, body, attributes)
    select gen_random_uuid(), 'x', %s, '{}', '{}' from generate_series(1, %s)"""


@dataclass(frozen=True)
class Paid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    aggregate_id: UUID
    number: int = 0


@pytest.fixture(params=["never", "empty", "one", "full"])
def fill(request: pytest.FixtureRequest, database: Database) -> Any:
    """Return a callable that inserts events of one aggregate, or of as many; and vary what the planner believes."""
    if request.param == "one":
        database.execute(FILL, [uuid4(), 1])
    if request.param in ("empty", "one"):
        database.execute("vacuum analyze kit_outbox")
        database.execute("delete from kit_outbox")

    def insert(number: int, aggregate_id: UUID | None = None) -> None:
        query = FILL if aggregate_id else FILL.replace("%s", "gen_random_uuid()", 1)
        database.execute(query, [aggregate_id, number] if aggregate_id else [number])
        if request.param == "full":
            database.execute("analyze kit_outbox")

    return insert


def claimed(box: Outbox, most: int, aggregates: list[UUID] | None = None) -> tuple[list[Any], int]:
    """Claim, and return the events and the number of rows that were read."""
    database = box.table.database
    query = "select seq_tup_read + idx_tup_fetch as tuples from pg_stat_xact_user_tables where relname = 'kit_outbox'"
    with database.transaction():
        [before] = database.execute(query)
        found = box.table.claim(uuid4(), lease=60, most=most, aggregates=aggregates)
        [after] = database.execute(query)
    return found, after["tuples"] - before["tuples"]


def test_finding_what_is_due_reads_no_more_than_it_takes(box: Outbox, fill: Any) -> None:
    """Events are found through the index though ten thousand wait, whatever the planner believes."""
    fill(10_000)
    found, read = claimed(box, 5)
    assert len(found) == 5
    assert read < 100


def test_the_backlog_of_an_aggregate_costs_nothing(box: Outbox, fill: Any) -> None:
    fill(10_000, ONE)
    fill(4)
    found, read = claimed(box, 5)
    assert len(found) == 5
    assert read < 100
    assert claimed(box, 5)[1] < 100  # all of them are leased


def test_nor_does_it_while_its_head_has_failed(box: Outbox, fill: Any, database: Database) -> None:
    fill(10_000, ONE)
    database.execute(
        "update kit_outbox set due_at = now() + interval '1 h' where seq = (select min(seq) from kit_outbox)"
    )
    fill(4)
    found, read = claimed(box, 100)
    assert len(found) == 4
    assert ONE not in {each.message.aggregate_id for each in found}
    assert read < 100


def test_given_aggregates_are_found_as_cheaply(box: Outbox, fill: Any) -> None:
    fill(10_000, ONE)
    fill(1_000)
    found, read = claimed(box, 3, [uuid4(), ONE])
    assert [each.message.aggregate_id for each in found] == [ONE] * 3
    assert read < 100


@pytest.mark.parametrize("later", [30, 300])
@pytest.mark.parametrize("given", [False, True])
def test_a_claim_keeps_its_limit(box: Outbox, fill: Any, database: Database, later: int, given: bool) -> None:
    """A planner that joins to a limited and locking subquery may run it again for each row, and lock them all."""
    fill(later)
    known = [row["aggregate_id"] for row in database.execute("select aggregate_id from kit_outbox")]
    found, _ = claimed(box, 10, known if given else None)
    assert len(found) == 10
    leased = database.execute("select id from kit_outbox where claim is not null")
    assert {row["id"] for row in leased} == {each.message.id for each in found}


@pytest.mark.parametrize("later", [30, 300, 3000])
def test_forgetting_locks_keeps_its_limit(box: Outbox, database: Database, later: int) -> None:
    add = "insert into kit_outbox_lock select gen_random_uuid(), now() - interval '2 h' from generate_series(1, %s)"
    database.execute(add, [1])
    database.execute("vacuum analyze kit_outbox_lock")
    database.execute(add, [later])
    assert box.table.forget_locks(most=10) == 10
    assert database.execute("select count(*) as left from kit_outbox_lock") == [{"left": later - 9}]


def test_every_aggregate_has_its_turn(box: Outbox, sent_to: Any, database: Database) -> None:
    """A claim goes on from where the one before has ended, and from the end to the beginning."""
    invoices = [uuid4() for _ in range(5)]
    with database.transaction():
        box.publish_many(Paid(invoice, number) for number in range(3) for invoice in invoices)
    assert Relay(box, batch=2).run().sent == 15
    assert all(sent_to.numbers(invoice) == [0, 1, 2] for invoice in invoices)
    places = {
        invoice: [n for n, each in enumerate(sent_to.sent) if each.aggregate_id == invoice] for invoice in invoices
    }
    assert max(first for first, _, _ in places.values()) < min(last for _, _, last in places.values())


def test_an_aggregate_gives_as_many_as_there_is_room_for(box: Outbox, database: Database) -> None:
    with database.transaction():
        box.publish_many(Paid(ONE, number) for number in range(20))
    assert len(claimed(box, 8)[0]) == 8
