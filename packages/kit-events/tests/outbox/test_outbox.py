"""What was committed is sent, in order; what was rolled back isn't; and none of it depends on who dies when."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from subprocess import run
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_aws import AwsConnectionError
from kit_core import invocation
from kit_db import Database, set_default_database
from kit_events import (
    BaseEvent,
    EventBus,
    EventRefusedError,
    EventShapeError,
    EventTooLargeError,
    OutboxTransactionError,
    outbox,
)
from kit_events.outbox import DeadEvent, Outbox, Relay, Relayed, schema_sql
from kit_events.outbox.table import FailedEvent
from kit_events.publishing.drivers.memory import Memory
from kit_events.publishing.message import Message


@dataclass(frozen=True)
class Paid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    aggregate_id: UUID
    number: int = 0


class Bus(EventBus):
    """A bus that keeps what it is sent, and fails as it is told."""

    def __init__(self) -> None:
        super().__init__("memory://unused")
        self.sent: list[Message] = []
        self.fails: Callable[[Message], Exception | None] = lambda message: None
        self._lock = threading.Lock()

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        with self._lock:
            errors = {message.id: error for message in messages if (error := self.fails(message))}
            self.sent += [message for message in messages if message.id not in errors]
        return errors

    def numbers(self, aggregate_id: UUID | None = None) -> list[int]:
        found = [each for each in self.sent if aggregate_id in (None, each.aggregate_id)]
        return [json.loads(each.text)["payload"]["number"] for each in found]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database.from_url(postgres_url)
    made.execute(schema_sql())
    set_default_database(made)
    yield made
    set_default_database(None)
    made.close()


@pytest.fixture
def sent_to() -> Bus:
    return Bus()


@pytest.fixture
def box(database: Database, sent_to: Bus) -> Outbox:
    return Outbox(bus=sent_to)


def publish(box: Outbox, *events: BaseEvent) -> list[UUID]:
    with box.table.database.transaction():
        return [box.publish(event) for event in events]


def now_due(database: Database) -> None:
    database.execute("update kit_outbox set due_at = now()")


def test_what_is_committed_is_sent_as_it_was_published(box: Outbox, sent_to: Bus, database: Database) -> None:
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


def test_what_is_rolled_back_is_never_sent(box: Outbox, sent_to: Bus, database: Database) -> None:
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


def test_a_relay_refuses_to_hold_a_transaction_open_while_it_sends(box: Outbox, database: Database) -> None:
    with pytest.raises(OutboxTransactionError, match="outside of transactions"), database.transaction():
        Relay(box).run()


def test_no_transaction_is_open_while_something_is_sent(
    box: Outbox, sent_to: Bus, database: Database, postgres_url: str
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


def test_many_events_are_one_statement_and_keep_their_order(box: Outbox, sent_to: Bus, database: Database) -> None:
    invoice = uuid4()
    with database.transaction():
        ids = box.publish_many(Paid(invoice, number) for number in range(25))
        assert box.publish_many([]) == []
    assert Relay(box).run() == Relayed(sent=25)
    assert [message.id for message in sent_to.sent] == ids


def test_a_batch_is_bounded_and_an_aggregate_with_much_to_say_does_not_hold_up_others(
    box: Outbox, sent_to: Bus, database: Database
) -> None:
    talkative, quiet = uuid4(), uuid4()
    publish(box, *(Paid(talkative, number) for number in range(30)), Paid(quiet, 99))
    assert Relay(box, batch=3).run().sent == 31
    assert sent_to.numbers().index(99) < 2
    assert sent_to.numbers(talkative) == list(range(30))


def test_an_event_that_fails_comes_again_later_and_those_behind_it_wait(
    box: Outbox, sent_to: Bus, database: Database
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


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(box: Outbox, sent_to: Bus, database: Database) -> None:
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
    box: Outbox, sent_to: Bus, database: Database, caplog: pytest.LogCaptureFixture
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


def test_what_is_revived_together_keeps_its_order(box: Outbox, sent_to: Bus, database: Database) -> None:
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


def test_what_the_bus_refuses_is_dead_at_once(box: Outbox, sent_to: Bus) -> None:
    publish(box, Paid(uuid4()))
    sent_to.fails = lambda message: EventRefusedError(message.type, "InvalidParameter", "no")
    assert Relay(box).run() == Relayed(dead=1)


def test_an_outage_of_the_bus_kills_nothing(box: Outbox, sent_to: Bus, database: Database) -> None:
    publish(box, Paid(uuid4()))
    sent_to.fails = lambda message: AwsConnectionError("no answer")
    for _ in range(5):
        now_due(database)
        assert Relay(box, max_attempts=2).run() == Relayed(failed=1)


def test_a_bus_that_takes_nothing_is_not_asked_for_every_event(box: Outbox, sent_to: Bus, database: Database) -> None:
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


def test_what_a_killed_relay_had_claimed_is_sent_after_its_lease(box: Outbox, sent_to: Bus, database: Database) -> None:
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
    publish(box, Paid(uuid4()))
    late, current = uuid4(), uuid4()
    [waiting] = box.table.claim(late, lease=0, most=1, aggregates=None)
    assert len(box.table.claim(current, lease=60, most=1, aggregates=None)) == 1
    box.table.postpone(late, [FailedEvent(waiting.message.id, 0, True, "late"), FailedEvent(uuid4(), 0, False, "gone")])
    box.table.release(late)
    assert database.execute("select claim, attempts from kit_outbox") == [{"claim": current, "attempts": 0}]


def test_relays_at_the_same_time_send_everything_once_and_in_order(
    box: Outbox, sent_to: Bus, database: Database
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


def test_the_order_is_that_of_the_commits_though_transactions_overlap(
    box: Outbox, sent_to: Bus, database: Database
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
            while not database.execute("select 1 from pg_locks where locktype = 'advisory' and not granted"):
                assert not other.done()
            box.publish(Paid(invoice, 1))
        other.result(30)
    Relay(box).run()
    assert sent_to.numbers(invoice) == [0, 1, 2]


def test_it_stops_while_there_is_time_left(box: Outbox, sent_to: Bus, caplog: pytest.LogCaptureFixture) -> None:
    publish(box, Paid(uuid4()))
    with invocation.enter(remaining_ms=60_000):
        assert Relay(box).run(margin=timedelta(seconds=60)) == Relayed()
        assert "RELAY_WITHOUT_TIME" in caplog.text
        assert Relay(box).run() == Relayed(sent=1)


def test_what_time_has_left_over_is_given_back(box: Outbox, sent_to: Bus) -> None:
    invoice = uuid4()
    publish(box, *(Paid(invoice, number) for number in range(3)))

    clock = Clock()
    sent_to.fails = lambda message: clock.advance(60)
    with invocation.enter(remaining_ms=60_000):
        assert Relay(box, clock=clock).run() == Relayed(sent=1)
    sent_to.fails = lambda message: None
    assert Relay(box).run() == Relayed(sent=2)
    assert sent_to.numbers() == [0, 1, 2]


def test_a_relay_sends_for_half_of_its_lease_and_claims_anew(box: Outbox, sent_to: Bus, database: Database) -> None:
    """The other half is for the call to the bus that began last: when it ends, no other relay has sent the same."""
    clock, invoice, claims = Clock(), uuid4(), []

    def note(message: Message) -> None:
        [row] = database.execute("select claim from kit_outbox where id = %s", [message.id])
        claims.append(row["claim"])
        clock.advance(16)

    publish(box, *(Paid(invoice, number) for number in range(5)))
    sent_to.fails = note
    assert Relay(box, clock=clock).run() == Relayed(sent=5)
    assert [claims.index(claim) for claim in claims] == [0, 0, 2, 2, 4]  # a lease lasts for 60 s
    assert sent_to.numbers() == [0, 1, 2, 3, 4]


def test_a_relayed_event_carries_the_correlation_id_of_its_publisher(box: Outbox, sent_to: Bus) -> None:
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


def test_after_commit_the_same_process_sends(database: Database, sent_to: Bus) -> None:
    box, waiting = Outbox(bus=sent_to, deliver="after_commit"), Outbox(bus=sent_to)
    invoice = uuid4()
    publish(waiting, Paid(uuid4(), 50))
    with database.transaction():
        box.publish_many([Paid(invoice, 0), Paid(invoice, 1)])
        assert sent_to.sent == []
    assert sent_to.numbers() == [0, 1]


def test_what_comes_while_its_aggregate_is_being_sent_is_sent_as_well(database: Database, sent_to: Bus) -> None:
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
    database: Database, sent_to: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    box = Outbox(bus=sent_to, deliver="after_commit")
    sent_to.fails = lambda message: AwsConnectionError("no answer")
    publish(box, Paid(uuid4()))
    assert sent_to.sent == []
    assert "EVENT_NOT_SENT" in caplog.text
    sent_to.fails = lambda message: None
    now_due(database)
    assert Relay(box).run() == Relayed(sent=1)


def test_the_functions_use_the_default_outbox(database: Database, sent_to: Bus) -> None:
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


@pytest.mark.parametrize("analyzed", ["never", "empty", "full"])
def test_finding_what_is_due_reads_no_more_than_it_takes(box: Outbox, database: Database, analyzed: str) -> None:
    """The oldest are found through the indexes though ten thousand wait, whatever the planner believes."""
    if analyzed == "empty":
        database.execute("analyze kit_outbox")
    database.execute(
        "insert into kit_outbox (id, type, aggregate_id, body, attributes) "
        "select gen_random_uuid(), 'x', gen_random_uuid(), '{}', '{}' from generate_series(1, 10000)"
    )
    if analyzed == "full":
        database.execute("analyze kit_outbox")
    query = "select seq_tup_read + idx_tup_fetch as tuples from pg_stat_xact_user_tables where relname = 'kit_outbox'"
    with database.transaction():
        [before] = database.execute(query)
        assert len(box.table.claim(uuid4(), lease=60, most=5, aggregates=None)) == 5
        [after] = database.execute(query)
    assert after["tuples"] - before["tuples"] < 100


def test_the_import_is_light() -> None:
    heavy = ["kit_db", "psycopg2", "boto3", "botocore", "asyncio", "dataclasses", "concurrent.futures"]
    code = (
        # logging is there before any handler is, and loads some of these itself from Python 3.14 on
        "import logging, sys; before = set(sys.modules)\n"
        "from kit_events import inbox, outbox; inbox.once, inbox.PostgresInbox, outbox.Relay\n"
        f"found = set({heavy}) & set(sys.modules) - before; assert not found, found"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
