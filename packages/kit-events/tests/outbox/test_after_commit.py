"""The process that has published sends, right after its commit."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_aws import AwsConnectionError
from kit_db import Database
from kit_events import BaseEvent, EventBus
from kit_events.outbox import Outbox, Relay, Relayed, schema_sql
from kit_events.publishing.drivers.memory import Memory
from kit_events.publishing.message import Message


@dataclass(frozen=True)
class Paid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    aggregate_id: UUID
    number: int = 0


def publish(box: Outbox, *events: BaseEvent) -> list[UUID]:
    with box.table.database.transaction():
        return [box.publish(event) for event in events]


def now_due(database: Database) -> None:
    database.execute("update kit_outbox set due_at = now()")


def test_after_commit_the_same_process_sends(database: Database, sent_to: Any) -> None:
    box, waiting = Outbox(bus=sent_to, deliver="after_commit"), Outbox(bus=sent_to)
    invoice = uuid4()
    publish(waiting, Paid(uuid4(), 50))
    with database.transaction():
        box.publish_many([Paid(invoice, 0), Paid(invoice, 1)])
        assert sent_to.sent == []
    assert sent_to.numbers() == [0, 1]


def test_what_comes_while_its_aggregate_is_being_sent_is_sent_as_well(database: Database, sent_to: Any) -> None:
    """The second publisher finds the aggregate leased; it would have to wait for the schedule otherwise."""
    box, invoice = Outbox(bus=sent_to, deliver="after_commit"), uuid4()

    def publish_another(message: Message) -> None:
        sent_to.fails = lambda message: None
        with ThreadPoolExecutor(1) as other:
            other.submit(publish, box, Paid(invoice, 2)).result(30)

    sent_to.fails = publish_another
    publish(box, Paid(invoice, 1))
    assert sent_to.numbers() == [1, 2]
    assert database.execute("select 1 from kit_outbox") == []


def test_what_cannot_be_sent_after_the_commit_is_left_to_the_relay(
    database: Database, sent_to: Any, caplog: pytest.LogCaptureFixture
) -> None:
    box = Outbox(bus=sent_to, deliver="after_commit")
    sent_to.fails = lambda message: AwsConnectionError("no answer")
    publish(box, Paid(uuid4()))
    assert sent_to.sent == []
    assert "EVENT_NOT_SENT" in caplog.text
    sent_to.fails = lambda message: None
    now_due(database)
    assert Relay(box).run() == Relayed(sent=1)


@pytest.mark.parametrize("number", [1, 10, 100])
def test_a_commit_costs_two_round_trips_more(postgres_url: str, database: Database, sent_to: Any, number: int) -> None:
    """A claim; then the removal of what was sent, in one message with the look at what came meanwhile."""
    statements: list[str] = []

    class Counted(Database):
        def run(self, query: str, *args: Any, **options: Any) -> Any:
            statements.append(query)
            return super().run(query, *args, **options)

    counted = Counted.from_url(postgres_url)
    box, invoice = Outbox(database=counted, bus=sent_to, deliver="after_commit"), uuid4()
    with counted.transaction():
        for each in range(number):
            box.publish(Paid(invoice, each))
        assert len(counted.pending) == 1
        statements.clear()
    assert len(statements) == 2
    assert sent_to.numbers() == list(range(number))
    counted.close()
    assert database.execute("select 1 from kit_outbox") == []


def test_any_number_of_aggregates_is_sent(database: Database, sent_to: Any) -> None:
    box = Outbox(bus=sent_to, deliver="after_commit")
    invoices = [uuid4() for _ in range(450)]
    with database.transaction():
        for invoice in invoices:
            box.publish(Paid(invoice, 0))
        box.publish_many(Paid(invoice, number) for number in (1, 2) for invoice in invoices[:50])
    assert all(sent_to.numbers(invoice) == [0, 1, 2] for invoice in invoices[:50])
    assert all(sent_to.numbers(invoice) == [0] for invoice in invoices[50:])
    assert database.execute("select 1 from kit_outbox") == []


def test_what_a_savepoint_undoes_is_not_sent(database: Database, sent_to: Any) -> None:
    box, first, undone, last = Outbox(bus=sent_to, deliver="after_commit"), uuid4(), uuid4(), uuid4()

    def fail() -> None:
        with database.transaction():
            box.publish(Paid(undone))
            raise ConnectionError

    with database.transaction():
        with pytest.raises(ConnectionError):
            fail()
        box.publish(Paid(first))
        with pytest.raises(ConnectionError):
            fail()
        with database.transaction():
            box.publish(Paid(last))
    assert [message.aggregate_id for message in sent_to.sent] == [first, last]


def test_outboxes_are_sent_each_to_its_bus(database: Database, sent_to: Any) -> None:
    memory = Memory()
    database.execute("create schema app")
    database.execute(schema_sql("app.events"))
    one = Outbox(bus=sent_to, deliver="after_commit")
    other = Outbox(table="app.events", bus=EventBus(memory), deliver="after_commit")
    invoice = uuid4()
    with database.transaction():
        one.publish(Paid(invoice, 0))
        other.publish(Paid(invoice, 1))
        one.publish(Paid(invoice, 2))
    assert sent_to.numbers() == [0, 2]
    assert len(memory.messages) == 1
