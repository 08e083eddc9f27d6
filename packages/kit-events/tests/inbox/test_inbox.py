"""Once is once: the same tests for every inbox."""

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import kit_events
import pytest
from kit_aws import ResourceNotFoundError
from kit_core import invocation
from kit_db import Database
from kit_events import InboxKeyError, InboxNotSetError, InProgressError, LeaseLostError
from kit_events.inbox import (
    Attempt,
    DynamoDBInbox,
    Inbox,
    MemoryInbox,
    PostgresInbox,
    default_inbox,
    once,
    schema_sql,
    set_default_inbox,
)
from kit_testing.events import s3_record

LEASED = ["memory", "dynamodb"]


@dataclass(frozen=True)
class Record:
    id: UUID
    amount: int = 0


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dynamodb(aws: Any, clock: Clock) -> DynamoDBInbox:
    aws.client("dynamodb").create_table(
        TableName="inbox",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoDBInbox("inbox", clock=clock)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database.from_url(postgres_url)
    made.execute(schema_sql())
    yield made
    made.close()


@pytest.fixture(params=["memory", "dynamodb", "postgresql"])
def inbox(request: pytest.FixtureRequest, clock: Clock) -> Inbox:
    if request.param == "memory":
        return MemoryInbox(clock=clock)
    if request.param == "dynamodb":
        return request.getfixturevalue("dynamodb")
    return PostgresInbox(database=request.getfixturevalue("database"))


def work(inbox: Inbox, **options: Any) -> tuple[Callable[[Record], Any], list[UUID]]:
    done: list[UUID] = []

    @once(inbox=inbox, **options)
    def charge(record: Record) -> dict[str, Any]:
        done.append(record.id)
        return {"id": record.id, "amount": Decimal(record.amount)}

    return charge, done


def test_a_second_delivery_is_answered_with_the_stored_result(inbox: Inbox) -> None:
    charge, done = work(inbox)
    record = Record(uuid4(), 7)
    assert charge(record) == {"id": record.id, "amount": 7}
    assert charge(record) == {"id": str(record.id), "amount": "7"}
    assert done == [record.id]


def test_nothing_is_a_result_too(inbox: Inbox) -> None:
    calls = []

    @once(inbox=inbox)
    def tell(record: Record) -> None:
        calls.append(record)

    record = Record(uuid4())
    assert tell(record) is None
    assert tell(record) is None
    assert calls == [record]


def test_other_records_and_other_functions_are_not_held_up(inbox: Inbox) -> None:
    charge, charged = work(inbox)
    refund, refunded = work(inbox, name="refund")
    first, second = Record(uuid4()), Record(uuid4())
    for record in (first, second):
        charge(record)
        refund(record)
    assert charged == refunded == [first.id, second.id]


def test_work_that_failed_is_tried_again_by_the_next_delivery(inbox: Inbox) -> None:
    attempts = []

    @once(inbox=inbox)
    def charge(record: Record) -> str:
        attempts.append(record)
        if len(attempts) == 1:
            raise ConnectionError("the bank is closed")
        return "charged"

    record = Record(uuid4())
    with pytest.raises(ConnectionError, match="closed"):
        charge(record)
    assert charge(record) == "charged"
    assert charge(record) == "charged"
    assert len(attempts) == 2


class Dumping:
    """A result whose own form fails."""

    def dump(self) -> dict[str, Any]:
        raise KeyError("amount")


@pytest.mark.parametrize("value", [object(), float("nan"), {"receipt": [object()]}, Dumping()], ids=repr)
def test_a_result_that_cannot_be_kept_does_not_undo_the_work(
    inbox: Inbox, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    charged = []

    @once(inbox=inbox, name="charge")
    def charge(record: Record) -> Any:
        charged.append(record)
        return value

    record = Record(uuid4())
    assert charge(record) is value
    assert [charge(record), charge(record)] == [None, None]
    assert charged == [record]
    [line] = [each for each in caplog.records if each.message == "INBOX_RESULT_NOT_KEPT"]
    assert (line.levelno, line.inbox_function, line.result_type) == (
        logging.WARNING,
        "charge",
        type(value).__qualname__,
    )


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_nor_does_it_undo_the_work_of_a_coroutine(inbox: Inbox) -> None:
    charged = []

    @once(inbox=inbox)
    async def charge(record: Record) -> Any:
        charged.append(record)
        return object()

    async def deliver() -> None:
        record = Record(uuid4())
        await charge(record)
        assert await charge(record) is None

    asyncio.run(deliver())
    assert len(charged) == 1


def test_a_result_beyond_an_items_size_is_not_kept(dynamodb: DynamoDBInbox, caplog: pytest.LogCaptureFixture) -> None:
    charged = []

    @once(inbox=dynamodb)
    def charge(record: Record) -> str:
        charged.append(record)
        return "x" * 450_000

    record = Record(uuid4())
    charge(record)
    assert charge(record) is None
    assert charged == [record]
    assert "INBOX_RESULT_NOT_KEPT" in caplog.text


def test_a_mark_that_cannot_be_written_is_no_failure_of_the_work(
    dynamodb: DynamoDBInbox, aws: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The message is done and does not come again; a failure would have brought it back, to be charged twice."""

    @once(inbox=dynamodb)
    def charge(record: Record) -> str:
        aws.client("dynamodb").delete_table(TableName="inbox")
        return "charged"

    assert charge(Record(uuid4())) == "charged"
    [line] = [each for each in caplog.records if each.message == "INBOX_NOT_MARKED"]
    assert line.levelno == logging.ERROR


def test_while_one_is_at_work_a_second_delivery_is_refused(inbox: Inbox) -> None:
    started, go_on, record = threading.Event(), threading.Event(), Record(uuid4())

    @once(inbox=inbox)
    def charge(record: Record) -> str:
        started.set()
        assert go_on.wait(30)
        return "charged"

    with ThreadPoolExecutor(1) as other:
        holder = other.submit(charge, record)
        assert started.wait(30)
        with pytest.raises(InProgressError) as refused:
            charge(record)
        go_on.set()
        assert holder.result(30) == "charged"
    assert str(record.id) in refused.value.key
    assert charge(record) == "charged"


def test_of_many_deliveries_at_a_time_one_does_the_work(inbox: Inbox) -> None:
    charge, done = work(inbox)
    record, together = Record(uuid4()), threading.Barrier(8)

    def deliver() -> str:
        together.wait(30)
        try:
            charge(record)
        except InProgressError:
            return "refused"
        return "answered"

    with ThreadPoolExecutor(8) as others:
        answers = [each.result(30) for each in [others.submit(deliver) for _ in range(8)]]
    assert "answered" in answers
    assert done == [record.id]


def test_what_was_done_is_forgotten_after_the_retention(inbox: Inbox, clock: Clock) -> None:
    charge, done = work(inbox, retention=timedelta(0))
    record = Record(uuid4())
    charge(record)
    clock.now += 1
    charge(record)
    assert done == [record.id, record.id]


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_the_lease_of_a_killed_holder_ends(inbox: Inbox, clock: Clock) -> None:
    charge, done = work(inbox, name="charge", lease=timedelta(seconds=30))
    record = Record(uuid4())
    killed = inbox.attempt(f"charge:{record.id}", lease=30, retention=3600)
    killed.__enter__()  # and never comes back

    clock.now += 29
    with pytest.raises(InProgressError) as refused:
        charge(record)
    assert refused.value.seconds == pytest.approx(1)
    clock.now += 2
    charge(record)
    assert done == [record.id]


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_an_attempt_that_is_abandoned_keeps_its_lease(inbox: Inbox, clock: Clock) -> None:
    """Its holder has ended neither way, as in a process that is going down: the work may still be going on."""
    abandoned = inbox.attempt("charge:1", lease=30, retention=60)
    abandoned.__enter__()
    del abandoned  # closes the generator inside
    with pytest.raises(InProgressError), inbox.attempt("charge:1", lease=30, retention=60):
        pass
    clock.now += 31
    with inbox.attempt("charge:1", lease=30, retention=60) as attempt:
        assert not attempt.finished


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_a_holder_that_comes_back_too_late_is_fenced_off(inbox: Inbox, clock: Clock) -> None:
    late, record = inbox.attempt("charge:1", lease=30, retention=3600), {"id": 1}
    late.__enter__().finish("by the first")
    clock.now += 31
    charge = once(inbox=inbox, name="charge")(lambda record: "by the second")
    assert charge(record) == "by the second"
    with pytest.raises(LeaseLostError, match="charge:1"):
        late.__exit__(None, None, None)
    assert charge(record) == "by the second"


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_a_late_failure_does_not_release_what_another_holds(inbox: Inbox, clock: Clock) -> None:
    first = inbox.attempt("charge:1", lease=30, retention=60)
    first.__enter__()
    clock.now += 31
    second = inbox.attempt("charge:1", lease=30, retention=60)
    second.__enter__()
    late = ConnectionError()
    assert not first.__exit__(ConnectionError, late, None)
    with pytest.raises(InProgressError), inbox.attempt("charge:1", lease=30, retention=60):
        pass
    second.__exit__(None, None, None)


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_a_lease_lasts_as_long_as_the_function_has(inbox: Inbox, clock: Clock) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 5000

    @once(inbox=inbox, name="charge")
    def charge(record: Record, context: Any) -> None:
        with pytest.raises(InProgressError) as refused:
            inbox.attempt(f"charge:{record.id}", lease=1, retention=1).__enter__()
        assert refused.value.seconds == pytest.approx(6)

    charge(Record(uuid4()), Context())


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_a_lease_lasts_as_long_as_the_invocation_has(inbox: Inbox) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 5000

    @once(inbox=inbox, name="charge")
    def charge(record: Record) -> None:
        with pytest.raises(InProgressError) as refused:
            inbox.attempt(f"charge:{record.id}", lease=1, retention=1).__enter__()
        assert refused.value.seconds == pytest.approx(6)

    with invocation.enter({}, Context()):
        charge(Record(uuid4()))


@pytest.mark.parametrize("inbox", LEASED, indirect=True)
def test_coroutine_functions_work_once_too(inbox: Inbox) -> None:
    calls = []

    @once(inbox=inbox)
    async def charge(record: Record) -> str:
        await asyncio.sleep(0)
        calls.append(record)
        if len(calls) == 1:
            raise ConnectionError
        return "charged"

    async def deliver(record: Record) -> None:
        with pytest.raises(ConnectionError):
            await charge(record)
        assert [await charge(record), await charge(record)] == ["charged", "charged"]

    assert inspect.iscoroutinefunction(charge)
    asyncio.run(deliver(Record(uuid4())))
    assert len(calls) == 2


def test_a_cancelled_coroutine_gives_its_record_free() -> None:
    inbox, record, calls = MemoryInbox(), Record(uuid4()), []

    @once(inbox=inbox)
    async def charge(record: Record) -> None:
        calls.append(record)
        if len(calls) == 1:
            await asyncio.Event().wait()

    async def deliver() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(charge(record), 0.05)
        await charge(record)

    asyncio.run(deliver())
    assert len(calls) == 2


def test_a_coroutine_that_is_cancelled_while_it_takes_its_record_gives_it_free() -> None:
    taking, go_on, record, calls = threading.Event(), threading.Event(), Record(uuid4()), []

    class Slow(MemoryInbox):
        @contextmanager
        def attempt(self, key: str, *, lease: float, retention: float) -> Iterator[Attempt]:
            taking.set()
            assert go_on.wait(30)
            with super().attempt(key, lease=lease, retention=retention) as attempt:
                yield attempt

    @once(inbox=Slow())
    async def charge(record: Record) -> None:
        calls.append(record)

    async def deliver() -> None:
        first = asyncio.create_task(charge(record))
        await asyncio.to_thread(taking.wait, 30)
        first.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        await charge(record)

    asyncio.run(deliver())
    assert calls == [record]


def test_a_coroutine_can_be_no_part_of_a_transaction(database: Database) -> None:
    @once(inbox=PostgresInbox(database=database))
    async def charge(record: Record) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match="charge is a coroutine function"):
        asyncio.run(charge(Record(uuid4())))


def test_the_effect_and_its_mark_are_one_transaction(database: Database) -> None:
    database.execute("create table payments (id uuid)")
    fails = [True, False]

    @once(inbox=PostgresInbox(database=database))
    def charge(record: Record) -> None:
        database.execute("insert into payments values (%s)", [record.id])
        if fails.pop(0):
            raise ConnectionError

    record = Record(uuid4())
    with pytest.raises(ConnectionError):
        charge(record)
    assert database.execute("select * from payments") == []
    assert database.execute("select * from kit_inbox") == []
    charge(record)
    charge(record)
    assert database.execute("select * from payments") == [{"id": record.id}]


def test_inside_of_a_transaction_the_mark_is_part_of_it(database: Database) -> None:
    charge, done = work(PostgresInbox(database=database))
    record = Record(uuid4())

    def fail_later() -> None:
        with database.transaction():
            charge(record)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail_later()
    charge(record)
    assert done == [record.id, record.id]


def test_old_keys_are_deleted_in_small_steps(database: Database) -> None:
    inbox = PostgresInbox(database=database)
    forgotten, _ = work(inbox, retention=timedelta(0))
    kept, done = work(inbox, name="kept")
    records = [Record(uuid4()) for _ in range(3)]
    for record in records:
        forgotten(record)
        kept(record)
    assert [inbox.purge(limit=2), inbox.purge(limit=2), inbox.purge()] == [2, 1, 0]
    kept(records[0])
    assert len(done) == 3


@pytest.mark.parametrize("before", [0, 1, 2, 5])
@pytest.mark.parametrize("expired", [30, 60, 100, 500])
def test_a_purge_keeps_its_limit_whatever_the_statistics_say(database: Database, before: int, expired: int) -> None:
    """With the table analysed at one row, a join to the limited subquery deleted all of them."""
    add = "insert into kit_inbox select %s || i, null, now() + %s::interval from generate_series(1, %s) as i"
    database.execute(add, ["live", "1 h", before])
    database.execute("vacuum analyze kit_inbox")
    database.execute(add, ["old", "-1 h", expired])
    assert PostgresInbox(database=database).purge(limit=10) == 10
    assert database.execute("select count(*) as left from kit_inbox") == [{"left": before + expired - 10}]


def test_the_table_may_be_called_otherwise(database: Database) -> None:
    database.execute("create schema app")
    database.execute(schema_sql("app.seen"))
    charge, done = work(PostgresInbox(database=database, table="app.seen"))
    record = Record(uuid4())
    charge(record)
    charge(record)
    assert done == [record.id]
    with pytest.raises(ValueError, match="drop table"):
        PostgresInbox(table="x; drop table y")


def test_the_signature_and_the_annotations_are_kept() -> None:
    def charge(record: Record, *, dry: bool = False) -> str:
        """Charge."""
        return "charged"

    decorated = once(charge)
    assert inspect.signature(decorated) == inspect.signature(charge)
    assert decorated.__annotations__ == charge.__annotations__
    assert decorated.__doc__ == "Charge."
    with pytest.raises(TypeError, match="generator"):
        once(lambda record: (yield record))


@pytest.mark.parametrize(
    ("key", "record", "same"),
    [
        ("amount", Record(uuid4(), 5), Record(uuid4(), 5)),
        (lambda record: record.amount, Record(uuid4(), 5), Record(uuid4(), 5)),
        ("batch", {"batch": 1, "line": 1}, {"batch": 1, "line": 2}),
        (None, {"messageId": "m-1", "body": "a"}, {"messageId": "m-1", "body": "b"}),
        (None, kit_events.QueueRecord("m-1", "a"), kit_events.QueueRecord("m-1", "b")),
    ],
)
def test_deliveries_are_told_apart_by_a_key(key: Any, record: Any, same: Any) -> None:
    seen = []
    deliver = once(inbox=MemoryInbox(), key=key)(seen.append)
    deliver(record)
    deliver(same)
    assert seen == [record]


@pytest.mark.parametrize("record", [object(), {"id": ""}, {"other": 1}])
def test_a_record_without_a_key_is_refused(record: Any) -> None:
    with pytest.raises(InboxKeyError, match=type(record).__qualname__):
        once(inbox=MemoryInbox())(print)(record)


def of_files(record: kit_events.FileRecord) -> None: ...
def of_changes(record: kit_events.TableRecord) -> None: ...
def of_later(record: "kit_events.FileRecord") -> None: ...
def of_lists(records: list[kit_events.QueueRecord]) -> None: ...
def of_events(record: kit_events.EventRecord) -> None: ...
def of_unknown(record: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "key", "why"),
    [
        (of_files, None, r"of_files takes FileRecord, which has no id or message_id: .* \(record.bucket, record.key, "),
        (of_later, None, "of_later takes FileRecord"),
        (of_files, "sequencr", "FileRecord, which has no sequencr"),
        (of_changes, None, "TableRecord, which has no id or message_id: .* as key='event_id'"),
        (of_lists, None, "of_lists takes a list of records: say with key="),
    ],
)
def test_records_that_never_have_the_key_are_refused_at_decoration(function: Any, key: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        once(key=key)(function)


@pytest.mark.parametrize(
    ("function", "key"),
    [(of_files, lambda record: record.key), (of_changes, "event_id"), (of_lists, len), (of_events, None)],
)
def test_records_that_may_have_the_key_are_not(function: Any, key: Any) -> None:
    assert callable(once(key=key)(function))


def test_what_an_annotation_will_mean_later_is_left_to_the_records() -> None:
    with pytest.raises(InboxKeyError):
        once(inbox=MemoryInbox())(of_unknown)(object())


def test_above_a_job_it_would_see_events_and_is_refused() -> None:
    def handler(event: Any, context: Any) -> None: ...

    handler.__kit_handler__ = "job"  # type: ignore[attr-defined]  # as kit-handler marks it
    with pytest.raises(TypeError, match="put @once below @job"):
        once(handler)


def test_a_file_is_told_apart_by_all_that_identifies_it() -> None:
    # A sequencer counts the events of one object: two objects may have the same.
    seen = []
    attach = once(
        inbox=MemoryInbox(), key=lambda record: (record.bucket, record.key, record.event_name, record.sequencer)
    )(lambda record: seen.append(record.key))
    [one] = kit_events.FileRecord.from_record(s3_record("a.pdf"))
    [other] = kit_events.FileRecord.from_record(s3_record("b.pdf"))
    assert one.sequencer == other.sequencer
    for record in (one, other, one):
        attach(record)
    assert seen == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("dynamodb:inbox", DynamoDBInbox), ("postgresql", PostgresInbox), ("postgresql:app.seen", PostgresInbox)],
)
def test_the_environment_names_the_inbox(monkeypatch: pytest.MonkeyPatch, name: str, kind: type) -> None:
    monkeypatch.setenv("KIT_EVENTS_INBOX", name)
    found = default_inbox()
    set_default_inbox(None)
    assert isinstance(found, kind)
    assert found.table == (name.partition(":")[2] or "kit_inbox")


def test_the_default_inbox_is_looked_for_when_it_is_first_used(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    deliver = once(seen.append)
    monkeypatch.setenv("KIT_EVENTS_INBOX", "redis")
    with pytest.raises(InboxNotSetError, match="'redis'"):
        deliver({"id": 1})
    monkeypatch.setenv("KIT_EVENTS_INBOX", "memory")
    deliver({"id": 1})
    deliver({"id": 1})
    set_default_inbox(None)
    assert len(seen) == 1


def test_a_table_that_is_not_there_is_an_error_and_no_work_is_done(aws: Any) -> None:
    charge, done = work(DynamoDBInbox("nowhere"))
    with pytest.raises(ResourceNotFoundError, match="nowhere"):
        charge(Record(uuid4()))
    assert done == []
