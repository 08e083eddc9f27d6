"""The message group: the order on FIFO queues, the tenant on standard ones; kept on every way there is."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_aws import enqueue
from kit_core import invocation
from kit_db import Database, set_default_database
from kit_events import AggregateId, BaseEvent, EventBus, EventShapeError, SqsDeadLetter, outbox
from kit_events.dead_letters import redrive
from kit_events.outbox import Outbox, Relay, Relayed
from kit_testing.events import sqs_record


@dataclass
class Paid(BaseEvent):
    type: ClassVar[str] = "loan.paid"

    loan: AggregateId


@dataclass
class Booked(BaseEvent):
    type: ClassVar[str] = "loan.booked"

    loan: AggregateId
    tenant: str

    def get_message_group_id(self) -> str:
        return self.tenant


class Queues:
    """Queues of SQS, and topics that they listen to."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws
        self.sqs, self.sns = aws.client("sqs"), aws.client("sns")

    def queue(self, name: str) -> str:
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url: str = self.sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        return url

    def topic(self, name: str) -> str:
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        arn: str = self.sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
        self.queue(name)
        self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=self.arn(name))
        return arn

    def arn(self, name: str) -> str:
        return f"arn:aws:sqs:{self._aws.region}:{self._aws.account}:{name}"

    def take(self, name: str) -> list[Any]:
        messages: list[Any] = self.sqs.receive_message(
            QueueUrl=self.sqs.get_queue_url(QueueName=name)["QueueUrl"],
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return messages

    def groups(self, name: str) -> list[str]:
        return sorted(message["Attributes"].get("MessageGroupId", "none") for message in self.take(name))


@pytest.fixture
def queues(aws: Any) -> Queues:
    return Queues(aws)


def of_tenant(group: str) -> dict[str, Any]:
    """Return a message of a standard queue that has a group."""
    return sqs_record({}, group=group) | {"eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:work"}


DESTINATIONS = [("queue", "loans"), ("topic", "loans"), ("queue", "loans.fifo"), ("topic", "loans.fifo")]


@pytest.mark.parametrize(("kind", "name"), DESTINATIONS)
@pytest.mark.parametrize("many", [False, True])
def test_the_group_is_the_aggregate_unless_the_event_says_its_tenant(
    queues: Queues, kind: str, name: str, many: bool
) -> None:
    bus = EventBus(getattr(queues, kind)(name))
    loan, other = uuid4(), uuid4()
    events: list[BaseEvent] = [Paid(loan), Booked(other, "tenant-7")]
    bus.publish_many(events) if many else [bus.publish(event) for event in events]
    tenant = str(other) if name.endswith(".fifo") else "tenant-7"
    assert queues.groups(name) == sorted([str(loan), tenant])


def test_standard_queues_can_do_without(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests with a group cost more; a tenant of the event's own is meant, and goes along."""
    bus = EventBus(queues.queue("loans"))
    monkeypatch.setenv("KIT_EVENTS_FAIR_QUEUES", "off")
    bus.publish_many([Paid(uuid4()), Booked(uuid4(), "tenant-7")])
    assert queues.groups("loans") == ["none", "tenant-7"]


@pytest.mark.parametrize("group", ["", "a b", "ä", "x" * 129, "a\n"])
def test_a_group_that_sqs_would_refuse_is_refused(group: str) -> None:
    with pytest.raises(EventShapeError, match="message_group_id: 1 to 128"):
        EventBus("memory://groups").publish(Booked(uuid4(), group))


def test_the_tenant_of_a_message_goes_on_with_what_its_work_publishes(queues: Queues) -> None:
    bus, loan = EventBus(queues.queue("loans")), uuid4()
    with invocation.enter(of_tenant("tenant-7")):
        bus.publish(Paid(loan))
        bus.publish(Booked(loan, "tenant-8"))
    with invocation.enter({"Records": [of_tenant("tenant-9")]}):
        bus.publish(Paid(loan))
    with invocation.enter(sqs_record({}, queue="orders.fifo", group="order-1")):  # which is no tenant
        bus.publish(Paid(loan))
    assert queues.groups("loans") == sorted(["tenant-7", "tenant-8", "tenant-9", str(loan)])


def test_the_outbox_keeps_it(queues: Queues, postgres_url: str) -> None:
    database = Database.from_url(postgres_url)
    database.execute(outbox.schema_sql())
    set_default_database(database)
    box = Outbox(bus=EventBus(queues.queue("loans")))
    loan = UUID(int=1)
    with invocation.enter(of_tenant("tenant-7")), database.transaction():
        box.publish(Paid(loan))
    with database.transaction():
        box.publish_many([Booked(loan, "tenant-8"), Paid(loan)])
    assert Relay(box).run() == Relayed(sent=3)
    set_default_database(None)
    database.close()
    assert queues.groups("loans") == [str(loan), "tenant-7", "tenant-8"]


@pytest.mark.parametrize("dead", ["dead", "dead.fifo"])
@pytest.mark.parametrize("home", ["work", "work.fifo"])
def test_a_dead_letter_and_its_way_back_keep_it(queues: Queues, dead: str, home: str) -> None:
    queues.queue(home)
    raw = sqs_record({}, queue=home, group="tenant-7") | {"eventSourceARN": queues.arn(home)}
    SqsDeadLetter(queues.queue(dead))(raw, ValueError("no"))
    assert redrive(queues.arn(dead)).sent == 1
    assert queues.groups(home) == ["tenant-7"]


def test_what_sqs_itself_has_moved_keeps_it(queues: Queues) -> None:
    queues.queue("dead")
    queues.queue("work")
    enqueue("dead", {}, message_group_id="tenant-7")
    assert redrive(queues.arn("dead"), queues.arn("work")).sent == 1
    assert queues.groups("work") == ["tenant-7"]


def test_what_had_none_gets_none(queues: Queues) -> None:
    queues.queue("work")
    raw = sqs_record({}, queue="work") | {"eventSourceARN": queues.arn("work")}
    SqsDeadLetter(queues.queue("dead"))(raw, ValueError("no"))
    redrive(queues.arn("dead"))
    assert queues.groups("work") == ["none"]
