"""Transactions that publish for the same aggregate wait for each other; others do not, however many there are."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_db import Database, SerializationError
from kit_events import BaseEvent, EventRefusedError
from kit_events.outbox import Outbox, Relay


@dataclass(frozen=True)
class Paid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    aggregate_id: UUID
    number: int = 0


def publish(box: Outbox, *events: BaseEvent) -> list[UUID]:
    with box.table.database.transaction():
        return [box.publish(event) for event in events]


def wait_for_waiting(database: Database, other: Future[Any]) -> None:
    """Wait until another session waits for a lock."""
    while not database.execute("select 1 from pg_locks where not granted"):
        assert not other.done()


def test_the_order_is_that_of_the_commits_though_transactions_overlap(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    """Without a lock the second could draw its place later and commit earlier, or the other way round."""
    invoice, first_wrote = uuid4(), threading.Event()

    def second() -> None:
        assert first_wrote.wait(30)
        publish(box, Paid(invoice, 2))

    with ThreadPoolExecutor(1) as threads:
        with database.transaction():
            box.publish(Paid(invoice, 0))
            other = threads.submit(second)
            first_wrote.set()
            wait_for_waiting(database, other)
            box.publish(Paid(invoice, 1))
        other.result(30)
    Relay(box).run()
    assert sent_to.numbers(invoice) == [0, 1, 2]


MANY = 20_000


def locks(database: Database) -> int:
    [row] = database.execute("select count(*) as number from pg_locks where pid = pg_backend_pid()")
    return row["number"]


@pytest.mark.parametrize("way", ["at once", "one by one"])
def test_a_transaction_can_publish_for_any_number_of_aggregates(
    box: Outbox, database: Database, postgres_url: str, way: str
) -> None:
    """Advisory locks would fill the server's lock table, and make transactions of others fail."""
    other = Database.from_url(postgres_url)
    with database.transaction():
        if way == "at once":
            box.publish_many(Paid(uuid4()) for _ in range(MANY))
        else:
            for _ in range(MANY // 10):
                box.publish(Paid(uuid4()))
        assert locks(database) < 50
        with other.transaction():
            for number in range(60):
                other.execute(f"create table other{number} (id int primary key, name text unique)")
    other.close()


def test_a_loop_of_one_aggregate_is_no_slower_at_its_end(box: Outbox, database: Database) -> None:
    invoice = uuid4()
    query = "select idx_tup_fetch + seq_tup_read as tuples from pg_stat_xact_user_tables where relname = %s"
    with database.transaction():
        for _ in range(500):
            box.publish(Paid(invoice))
        [read] = database.execute(query, ["kit_outbox_lock"])
    assert read["tuples"] <= 500
    assert len(database.execute("select 1 from kit_outbox_lock")) == 1


def test_transactions_of_other_aggregates_do_not_wait(box: Outbox, database: Database, postgres_url: str) -> None:
    other = Database.from_url(postgres_url, lock_timeout=0.001)
    elsewhere = Outbox(database=other, bus=box.bus)
    with database.transaction(), other.transaction():
        for _ in range(5):
            box.publish_many(Paid(uuid4()) for _ in range(200))
            elsewhere.publish_many(Paid(uuid4()) for _ in range(200))
    other.close()


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
@pytest.mark.parametrize("known", [False, True])
def test_a_lock_works_at_every_isolation(
    box: Outbox, sent_to: Any, database: Database, isolation: Any, known: bool
) -> None:
    invoice, first_wrote = uuid4(), threading.Event()
    if known:
        publish(box, Paid(invoice, 0))

    def second() -> None:
        with database.transaction(isolation=isolation):
            database.execute("select 1")
            assert first_wrote.wait(30)
            box.publish(Paid(invoice, 2))

    with ThreadPoolExecutor(1) as threads:
        with database.transaction(isolation=isolation):
            box.publish(Paid(invoice, 1))
            other = threads.submit(second)
            first_wrote.set()
            wait_for_waiting(database, other)
        if known or isolation == "read committed":
            other.result(30)
        else:  # the first one of all for its aggregate: the row to lock is newer than the snapshot
            with pytest.raises(SerializationError):
                other.result(30)
            second()
    Relay(box).run()
    assert sent_to.numbers(invoice) == ([0, 1, 2] if known else [1, 2])


def test_a_savepoint_that_is_undone_gives_its_lock_back(box: Outbox, database: Database, postgres_url: str) -> None:
    invoice, other = uuid4(), Database.from_url(postgres_url, lock_timeout=0.001)

    def undone() -> None:
        with database.transaction():
            box.publish(Paid(invoice))
            raise ConnectionError

    with database.transaction():
        database.execute("select 1")
        with pytest.raises(ConnectionError):
            undone()
        publish(Outbox(database=other, bus=box.bus), Paid(invoice))
    other.close()
    assert len(database.execute("select 1 from kit_outbox")) == 1


def test_a_dead_letter_that_is_revived_waits_for_who_publishes(box: Outbox, sent_to: Any, database: Database) -> None:
    invoice = uuid4()
    publish(box, Paid(invoice, 0))
    sent_to.fails = lambda message: EventRefusedError(message.type, "InvalidParameter", "no")
    Relay(box).run()
    sent_to.fails = lambda message: None
    with ThreadPoolExecutor(1) as threads:
        with database.transaction():
            box.publish(Paid(invoice, 1))
            revived = threads.submit(Relay(box).revive)
            wait_for_waiting(database, revived)
        assert revived.result(30) == 1
    Relay(box).run()
    assert sent_to.numbers(invoice) == [1, 0]


def test_old_locks_are_deleted_by_a_relay_unless_they_are_held(
    box: Outbox, database: Database, postgres_url: str
) -> None:
    held, free, recent = uuid4(), uuid4(), uuid4()
    publish(box, Paid(held), Paid(free), Paid(recent))
    database.execute(
        "update kit_outbox_lock set created_at = now() - interval '2 h' where aggregate_id <> %s", [recent]
    )
    other = Database.from_url(postgres_url)
    with other.transaction():
        Outbox(database=other, bus=box.bus).publish(Paid(held))
        Relay(box).run()
    other.close()
    left = {row["aggregate_id"] for row in database.execute("select aggregate_id from kit_outbox_lock")}
    assert left == {held, recent}
