"""Events are written in the transaction that they tell of, or not at all."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from subprocess import run
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_core import invocation
from kit_db import Database
from kit_events import (
    BaseEvent,
    EventBus,
    EventShapeError,
    EventTooLargeError,
    OutboxTransactionError,
    outbox,
)
from kit_events.outbox import Outbox, Relay, Relayed, schema_sql
from kit_events.publishing.drivers.memory import Memory


@dataclass(frozen=True)
class Paid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    aggregate_id: UUID
    number: int = 0


def publish(box: Outbox, *events: BaseEvent) -> list[UUID]:
    with box.table.database.transaction():
        return [box.publish(event) for event in events]


def test_what_is_committed_is_sent_as_it_was_published(box: Outbox, sent_to: Any, database: Database) -> None:
    event = Paid(uuid4(), 7)
    [event_id] = publish(box, event)
    before = datetime.now(UTC)
    assert Relay(box).run() == Relayed(sent=1)
    [message] = sent_to.sent
    assert (message.id, message.type, message.aggregate_id) == (event_id, "invoice.paid", event.aggregate_id)
    assert message.attributes["event_type"] == "invoice.paid"
    assert datetime.fromisoformat(json.loads(message.text)["at"]) < before
    assert Relay(box).run() == Relayed()
    assert database.execute("select * from kit_outbox") == []


def test_what_is_rolled_back_is_never_sent(box: Outbox, sent_to: Any, database: Database) -> None:
    def fail() -> None:
        with database.transaction():
            box.publish(Paid(uuid4()))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert Relay(box).run() == Relayed()
    assert sent_to.sent == []


def test_publishing_needs_a_transaction(box: Outbox) -> None:
    with pytest.raises(OutboxTransactionError, match="none is open"):
        box.publish(Paid(uuid4()))


@dataclass(frozen=True)
class Scanned(BaseEvent):
    type: ClassVar[str] = "invoice.scanned"

    aggregate_id: UUID
    text: str


def test_what_no_relay_could_send_is_refused_before_it_is_committed(database: Database) -> None:
    box = Outbox(bus=EventBus("memory://outbox"))
    for publish_too_much in (
        lambda: box.publish(Scanned(uuid4(), "x" * 262_144)),
        lambda: box.publish_many([Scanned(uuid4(), ""), Scanned(uuid4(), "x" * 262_144)]),
    ):
        too_large = pytest.raises(EventTooLargeError, match=r"^invoice.scanned takes 262\d+ bytes, and .* 262144$")
        with too_large, database.transaction():
            publish_too_much()
    assert database.execute("select * from kit_outbox") == []


def test_what_fits_by_a_claim_waits_for_the_relay_to_leave_it_in_s3(aws: Any, database: Database) -> None:
    aws.client("s3").create_bucket(Bucket="claims")
    place = Memory()
    box = Outbox(bus=EventBus(place, claim_bucket="claims"))
    [event_id] = publish(box, Scanned(uuid4(), "x" * 262_144))
    assert aws.client("s3").list_objects_v2(Bucket="claims")["KeyCount"] == 0
    assert Relay(box).run() == Relayed(sent=1)
    [message] = place.messages
    assert json.loads(message.text)["claim"]["key"] == f"kit-events/{event_id}.json"
    assert aws.client("s3").list_objects_v2(Bucket="claims")["KeyCount"] == 1


def test_what_does_not_fit_by_a_claim_either_is_refused(database: Database) -> None:
    box = Outbox(bus=EventBus("memory://outbox", claim_bucket="claims", max_bytes=300))
    with pytest.raises(EventTooLargeError), database.transaction():
        box.publish(Scanned(uuid4(), "x" * 1000))


def test_a_publisher_that_is_not_told_of_the_bus_leaves_the_limit_to_the_relay(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVENT_BUS", raising=False)
    publish(Outbox(), Scanned(uuid4(), "x" * 262_144))
    monkeypatch.setenv("KIT_EVENTS_MAX_BYTES", "1000")
    with pytest.raises(EventTooLargeError, match="1000"), database.transaction():
        outbox.publish(Scanned(uuid4(), "x" * 1000))


def test_many_events_are_one_statement_and_keep_their_order(box: Outbox, sent_to: Any, database: Database) -> None:
    invoice = uuid4()
    with database.transaction():
        ids = box.publish_many(Paid(invoice, number) for number in range(25))
        assert box.publish_many([]) == []
    assert Relay(box).run() == Relayed(sent=25)
    assert [message.id for message in sent_to.sent] == ids


def test_a_relayed_event_carries_the_correlation_id_of_its_publisher(box: Outbox, sent_to: Any) -> None:
    with invocation.enter(correlation_id="of the request"):
        publish(box, Paid(uuid4()))
    publish(box, Paid(uuid4()))
    with invocation.enter({"id": "of the schedule"}):
        Relay(box).run()
    assert [message.attributes.get("correlation_id") for message in sent_to.sent] == ["of the request", None]


def test_an_outbox_composes_as_its_bus_does(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    box = Outbox(bus=EventBus(memory, origin_prefix="rispar."))
    monkeypatch.setenv("SERVICE_NAME", "invoices")
    publish(box, Paid(uuid4()))
    assert Relay(box).run() == Relayed(sent=1)
    [message] = memory.messages
    assert json.loads(message.text)["origin"] == message.attributes["event_origin"] == "rispar.invoices"


def test_an_event_that_is_no_json_undoes_its_transaction(box: Outbox, database: Database) -> None:
    with pytest.raises(EventShapeError, match=r"payload\.number"):
        publish(box, Paid(uuid4()), Paid(uuid4(), float("nan")))  # type: ignore[arg-type]
    assert database.execute("select 1 from kit_outbox") == []


def test_the_functions_use_the_default_outbox(database: Database, sent_to: Any) -> None:
    database.execute("create schema app")
    database.execute(schema_sql("app.events"))
    with database.transaction():
        outbox.publish(Paid(uuid4(), 0))
    other = Outbox(table="app.events", bus=sent_to)
    outbox.set_default_outbox(other)
    try:
        assert outbox.default_outbox() is other
        with database.transaction():
            outbox.publish(Paid(uuid4(), 1))
            outbox.publish_many([Paid(uuid4(), 2)])
        assert outbox.Relay().run() == Relayed(sent=2)
    finally:
        outbox.set_default_outbox(None)
    assert sorted(sent_to.numbers()) == [1, 2]
    assert len(database.execute("select 1 from kit_outbox")) == 1


def test_wrong_options_are_named() -> None:
    with pytest.raises(ValueError, match="later"):
        Outbox(deliver="later")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="drop"):
        Outbox(table="kit_outbox; drop table kit_outbox")


def test_the_import_is_light() -> None:
    heavy = ["kit_db", "psycopg2", "boto3", "botocore", "asyncio", "dataclasses", "concurrent.futures"]
    code = (
        # logging is there before any handler is, and loads some of these itself from Python 3.14 on
        "import logging, sys; before = set(sys.modules)\n"
        "from kit_events import inbox, outbox; inbox.once, inbox.PostgresInbox, outbox.Relay\n"
        f"found = set({heavy}) & set(sys.modules) - before; assert not found, found"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
