"""What was committed is sent, in order, and none of it depends on who dies when."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_aws import AwsConnectionError
from kit_core import invocation
from kit_db import Database
from kit_events import (
    BaseEvent,
    EventBus,
    EventBusNotSetError,
    EventRefusedError,
    EventTooLargeError,
    OutboxTransactionError,
)
from kit_events.outbox import DeadEvent, Outbox, Relay, Relayed
from kit_events.outbox.table import FailedEvent, Settlement
from kit_events.publishing.message import Message
from kit_handler import Response, route, trigger
from kit_testing import Client, RecordingBus
from kit_testing.events import schedule_event


@dataclass(frozen=True)
class Paid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    aggregate_id: UUID
    number: int = 0


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def publish(box: Outbox, *events: BaseEvent) -> list[UUID]:
    with box.table.database.transaction():
        return [box.publish(event) for event in events]


def now_due(database: Database) -> None:
    database.execute("update kit_outbox set due_at = now()")


def test_a_relay_refuses_to_hold_a_transaction_open_while_it_sends(box: Outbox, database: Database) -> None:
    with pytest.raises(OutboxTransactionError, match="outside of transactions"), database.transaction():
        Relay(box).run()


def test_no_transaction_is_open_while_something_is_sent(
    box: Outbox, sent_to: Any, database: Database, postgres_url: str
) -> None:
    seen = []

    def look(message: Message) -> None:
        with Database.from_url(postgres_url).transaction() as other:
            seen.extend(other.execute("select state from pg_stat_activity where datname = current_database()"))
            other.execute("select 1 from kit_outbox for update nowait")

    sent_to.fails = look
    publish(box, Paid(uuid4()))
    assert Relay(box).run().sent == 1
    assert "idle in transaction" not in [row["state"] for row in seen]


def test_a_batch_is_bounded_and_an_aggregate_with_much_to_say_does_not_hold_up_others(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    talkative, quiet = uuid4(), uuid4()
    publish(box, *(Paid(talkative, number) for number in range(30)), Paid(quiet, 99))
    assert Relay(box, batch=3).run().sent == 31
    assert sent_to.numbers().index(99) < 2
    assert sent_to.numbers(talkative) == list(range(30))


def test_an_event_that_fails_comes_again_later_and_those_behind_it_wait(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    stuck, other = uuid4(), uuid4()
    publish(box, *(Paid(stuck, number) for number in range(3)), *(Paid(other, number) for number in range(3)))
    sent_to.fails = lambda message: OSError("no") if message.aggregate_id == stuck else None

    assert Relay(box).run() == Relayed(sent=3, failed=1)
    assert sent_to.numbers(stuck) == []
    assert sent_to.numbers(other) == [0, 1, 2]
    assert Relay(box).run() == Relayed()

    times = "due_at - created_at as least, due_at - now() as most"
    [head] = database.execute(f"select {times}, attempts, error from kit_outbox where attempts > 0")
    assert head["least"] >= timedelta(seconds=0.5)
    assert head["most"] <= timedelta(seconds=1)
    assert (head["attempts"], head["error"]) == (1, "OSError: no")

    sent_to.fails = lambda message: None
    now_due(database)
    assert Relay(box).run() == Relayed(sent=3)
    assert sent_to.numbers(stuck) == [0, 1, 2]


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(box: Outbox, sent_to: Any, database: Database) -> None:
    sent_to.fails = lambda message: OSError("no")
    publish(box, Paid(uuid4()))
    for attempt in range(15):
        now_due(database)
        [before] = database.execute("select due_at from kit_outbox")
        Relay(box).run()
        [after] = database.execute("select due_at, due_at - now() as most from kit_outbox")
        whole = timedelta(seconds=min(2**attempt, 900))
        assert after["due_at"] - before["due_at"] >= whole / 2
        assert after["most"] <= whole


def test_an_event_is_dead_after_its_attempts_and_those_behind_it_go_on(
    box: Outbox, sent_to: Any, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = uuid4()
    ids = publish(box, Paid(invoice, 0), Paid(invoice, 1))
    sent_to.fails = lambda message: OSError("no") if message.id == ids[0] else None
    relay = Relay(box, max_attempts=2)
    assert relay.run() == Relayed(failed=1)
    now_due(database)
    with caplog.at_level(logging.ERROR, "kit.events"):
        assert relay.run() == Relayed(sent=1, dead=1)
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == ["EVENT_DEAD"]

    [dead] = relay.dead_letters()
    assert dead == DeadEvent(ids[0], "invoice.paid", invoice, 2, "OSError: no", dead.died_at)

    sent_to.fails = lambda message: None
    assert relay.run() == Relayed()
    assert relay.revive([uuid4()]) == 0
    assert relay.revive() == 1
    assert relay.run() == Relayed(sent=1)
    assert sent_to.numbers(invoice) == [1, 0]
    assert relay.dead_letters() == []


def test_what_is_revived_together_keeps_its_order(box: Outbox, sent_to: Any, database: Database) -> None:
    invoice = uuid4()
    publish(box, *(Paid(invoice, number) for number in range(3)))
    sent_to.fails = lambda message: EventRefusedError(message.type, "InvalidParameter", "no")
    assert Relay(box).run() == Relayed(dead=3)
    # PostgreSQL finds rows where they lie, and an updated one is behind the others.
    database.execute("update kit_outbox_dead set error = 'looked into' where body like '%%\"number\":0%%'")

    sent_to.fails = lambda message: None
    assert Relay(box).revive() == 3
    assert Relay(box).run() == Relayed(sent=3)
    assert sent_to.numbers(invoice) == [0, 1, 2]


def test_what_the_bus_refuses_is_dead_at_once(box: Outbox, sent_to: Any) -> None:
    publish(box, Paid(uuid4()))
    sent_to.fails = lambda message: EventRefusedError(message.type, "InvalidParameter", "no")
    assert Relay(box).run() == Relayed(dead=1)


def test_an_outage_of_the_bus_kills_nothing(box: Outbox, sent_to: Any, database: Database) -> None:
    publish(box, Paid(uuid4()))
    sent_to.fails = lambda message: AwsConnectionError("no answer")
    for _ in range(5):
        now_due(database)
        assert Relay(box, max_attempts=2).run() == Relayed(failed=1)


def test_a_bus_that_takes_nothing_is_not_asked_for_every_event(box: Outbox, sent_to: Any, database: Database) -> None:
    publish(box, *(Paid(uuid4()) for _ in range(20)))
    sent_to.fails = lambda message: AwsConnectionError("no answer")
    assert Relay(box, batch=5).run() == Relayed(failed=5)
    assert Relay(box, batch=100).run() == Relayed(failed=15)


def test_an_error_of_the_bus_as_a_whole_gives_the_claim_back(
    box: Outbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kit_events import EventBusNotSetError

    monkeypatch.delenv("EVENT_BUS", raising=False)
    publish(box, Paid(uuid4()))
    with pytest.raises(EventBusNotSetError):
        Relay(Outbox()).run()
    assert Relay(box).run() == Relayed(sent=1)


def test_what_a_killed_relay_had_claimed_is_sent_after_its_lease(box: Outbox, sent_to: Any, database: Database) -> None:
    invoice = uuid4()
    publish(box, *(Paid(invoice, number) for number in range(3)))
    killed = box.table.claim(uuid4(), lease=60, most=100, aggregates=None)
    assert len(killed) == 3
    publish(box, Paid(invoice, 3))
    assert Relay(box).run() == Relayed()

    now_due(database)  # the lease is over
    assert Relay(box).run() == Relayed(sent=4)
    assert sent_to.numbers(invoice) == [0, 1, 2, 3]


def test_a_relay_that_comes_back_too_late_takes_nothing_from_another(box: Outbox, database: Database) -> None:
    invoice = uuid4()
    ids = publish(box, Paid(invoice, 0), Paid(invoice, 1))
    late, current = uuid4(), uuid4()
    assert len(box.table.claim(late, lease=0, most=2, aggregates=None)) == 2
    assert len(box.table.claim(current, lease=60, most=2, aggregates=None)) == 2
    failed = [FailedEvent(each, ids[0], 0, dead, "late") for each, dead in zip(ids, (False, True), strict=True)]
    box.table.settle(Settlement(late, (), failed, [ids[0]]))
    box.table.release(late)
    assert database.execute("select claim, attempts from kit_outbox order by seq") == [
        {"claim": current, "attempts": 0},
        {"claim": None, "attempts": 0},
    ]
    assert Relay(box).dead_letters() == []


def test_relays_at_the_same_time_send_everything_once_and_in_order(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    invoices = [uuid4() for _ in range(20)]
    for number in range(15):
        publish(box, *(Paid(invoice, number) for invoice in invoices))
    with ThreadPoolExecutor(6) as threads:
        relayed = [each.result(60) for each in [threads.submit(Relay(box, batch=4).run) for _ in range(6)]]
    Relay(box).run()
    assert sum(each.sent for each in relayed) <= 300
    assert len(sent_to.sent) == 300
    assert all(sent_to.numbers(invoice) == list(range(15)) for invoice in invoices)


def test_it_stops_while_there_is_time_left(box: Outbox, sent_to: Any, caplog: pytest.LogCaptureFixture) -> None:
    publish(box, Paid(uuid4()))
    with invocation.enter(remaining_ms=60_000):
        assert Relay(box).run(margin=timedelta(seconds=60)) == Relayed()
        assert "RELAY_WITHOUT_TIME" in caplog.text
        assert Relay(box).run() == Relayed(sent=1)


def test_what_time_has_left_over_is_given_back(box: Outbox, sent_to: Any) -> None:
    invoice = uuid4()
    publish(box, *(Paid(invoice, number) for number in range(3)))

    clock = Clock()
    sent_to.fails = lambda message: clock.advance(60)
    with invocation.enter(remaining_ms=60_000):
        assert Relay(box, clock=clock).run() == Relayed(sent=1)
    sent_to.fails = lambda message: None
    assert Relay(box).run() == Relayed(sent=2)
    assert sent_to.numbers() == [0, 1, 2]


def test_a_relay_sends_for_half_of_its_lease_and_claims_anew(box: Outbox, sent_to: Any, database: Database) -> None:
    """The other half is for the call to the bus that began last: when it ends, no other relay has sent the same."""
    clock, invoice, claims = Clock(), uuid4(), []

    def note(message: Message) -> None:
        [row] = database.execute("select claim from kit_outbox where claim is not null")
        claims.append(row["claim"])
        clock.advance(16)

    publish(box, *(Paid(invoice, number) for number in range(5)))
    sent_to.fails = note
    assert Relay(box, clock=clock).run() == Relayed(sent=5)
    assert [claims.index(claim) for claim in claims] == [0, 0, 2, 2, 4]  # a lease lasts for 60 s
    assert sent_to.numbers() == [0, 1, 2, 3, 4]


def test_what_was_sent_before_a_failure_is_gone_and_what_is_behind_it_waits(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    invoice = uuid4()
    ids = publish(box, *(Paid(invoice, number) for number in range(4)))
    sent_to.fails = lambda message: OSError("no") if message.id == ids[2] else None
    assert Relay(box).run() == Relayed(sent=2, failed=1)
    left = database.execute("select id, attempts, claim, due_at > now() as later from kit_outbox order by seq")
    assert [tuple(row.values()) for row in left] == [(ids[2], 1, None, True), (ids[3], 0, None, False)]
    assert Relay(box).run() == Relayed()


def test_an_event_that_dies_in_the_middle_lets_those_behind_it_go_on(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    invoice = uuid4()
    ids = publish(box, *(Paid(invoice, number) for number in range(4)))
    sent_to.fails = lambda message: EventTooLargeError("invoice.paid", 2, 1) if message.id == ids[1] else None
    assert Relay(box).run() == Relayed(sent=3, dead=1)
    assert sent_to.numbers() == [0, 2, 3]
    assert [each.id for each in Relay(box).dead_letters()] == [ids[1]]
    assert database.execute("select 1 from kit_outbox") == []


def test_one_event_that_fails_ends_no_run(box: Outbox, sent_to: Any) -> None:
    """Alone in its wave, it looks like a bus that takes nothing; but that has taken others of the same claim."""
    stuck = uuid4()
    publish(box, Paid(stuck, 0), Paid(stuck, 1), *(Paid(uuid4(), 2) for _ in range(30)))
    sent_to.fails = lambda message: OSError("no") if '"number":1' in message.text else None
    assert Relay(box, batch=4).run() == Relayed(sent=31, failed=1)


def test_what_was_sent_before_the_bus_broke_down_is_not_sent_again(
    box: Outbox, sent_to: Any, database: Database
) -> None:
    invoice = uuid4()
    publish(box, *(Paid(invoice, number) for number in range(3)))

    def break_down(message: Message) -> None:
        if '"number":1' in message.text:
            raise ZeroDivisionError

    sent_to.fails = break_down
    with pytest.raises(ZeroDivisionError):
        Relay(box).run()
    sent_to.fails = lambda message: None
    assert Relay(box).run() == Relayed(sent=2)
    assert sent_to.numbers() == [0, 1, 2]


def test_the_line_of_a_sent_event_has_the_correlation_id_of_its_publisher(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    box = Outbox(bus=EventBus(RecordingBus()))
    with invocation.enter(correlation_id="of-the-request"), database.transaction():
        box.publish(Paid(uuid4()))
    with caplog.at_level(logging.INFO, "kit.events"), invocation.enter(correlation_id="of-the-relay"):
        assert Relay(box).run().sent == 1
    [line] = [record for record in caplog.records if record.message == "EVENT_PUBLISHED"]
    assert line.event_correlation_id == "of-the-request"


def test_a_relay_without_a_bus_raises_and_one_with_a_missing_topic_counts_a_failure(
    database: Database, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Outbox()
    with database.transaction():
        box.publish(Paid(uuid4()))
    monkeypatch.delenv("EVENT_BUS", raising=False)
    with pytest.raises(EventBusNotSetError, match="it is not set"):
        Relay(box).run()
    assert database.execute("select attempts from kit_outbox") == [{"attempts": 0}]
    monkeypatch.setenv("EVENT_BUS", "gone")
    database.execute("update kit_outbox set due_at = now()")
    assert Relay(box).run() == Relayed(failed=1)
    assert database.execute("select attempts from kit_outbox") == [{"attempts": 1}]


def test_a_lease_that_is_over_at_once_is_refused() -> None:
    with pytest.raises(ValueError, match="lease is longer than nothing"):
        Outbox(lease=timedelta(0))


def test_the_counts_of_a_run_are_an_answer(box: Outbox, sent_to: Any) -> None:
    publish(box, Paid(uuid4()))

    @trigger
    def relay(event: dict[str, Any]) -> Relayed:
        return Relay(box).run()

    @route
    def relay_now() -> Response:
        return Response.ok(Relay(box).run())

    assert relay(schedule_event(), None) == {"sent": 1, "failed": 0, "dead": 0}
    assert Client(relay_now).post("/").json()["data"] == {"sent": 0, "failed": 0, "dead": 0}
    assert repr(Relayed(dead=1)) == "Relayed(sent=0, failed=0, dead=1)"
