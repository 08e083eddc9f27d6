"""Every driver of the bus, held to the same behaviour."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_aws import ResourceNotFoundError
from kit_core import invocation
from kit_events import AggregateId, BaseEvent, EventBus, EventRecord, EventRefusedError
from kit_events.publishing.drivers.memory import memory
from kit_events.publishing.message import message_of
from kit_events.queues import locate

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@dataclass
class LoanRequested(BaseEvent):
    type: ClassVar[str] = "loan.requested"
    filter_attributes = ("country",)

    loan: AggregateId
    country: str | None = None
    text: str = ""


class Place:
    """A destination, and what came to it, as Lambda records."""

    def __init__(self, name: str, receive: Callable[[], list[Any]]) -> None:
        self.name = name
        self._receive = receive

    def received(self, number: int) -> list[Any]:
        found: list[Any] = []
        for _ in range(number):
            if len(found) >= number:
                break
            found += self._receive()
        assert len(found) == number
        assert self._receive() == []
        return found

    def events(self, number: int) -> list[EventRecord]:
        return [record for raw in self.received(number) for record in EventRecord.from_record(raw)]


def queue_of(aws: Any, name: str) -> tuple[str, str, Callable[[], list[Any]]]:
    """Make a queue; return its URL, its ARN, and what empties it."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})[
        "QueueUrl"
    ]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"

    def receive() -> list[Any]:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [
            {
                "messageId": message["MessageId"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {
                    name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                    for name, value in message.get("MessageAttributes", {}).items()
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
            }
            for message in answer.get("Messages", [])
        ]

    return url, arn, receive


def topic(aws: Any, name: str) -> Place:
    fifo = name.endswith(".fifo")
    arn = aws.client("sns").create_topic(Name=name, Attributes={"FifoTopic": "true"} if fifo else {})["TopicArn"]
    _, queue, receive = queue_of(aws, f"listener{'.fifo' if fifo else ''}")
    raw = {"RawMessageDelivery": "true"}
    aws.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=raw)
    return Place(arn, receive)


def queue(aws: Any, name: str) -> Place:
    url, arn, receive = queue_of(aws, name)
    return Place(arn if name == "by-arn" else url, receive)


def event_bus(aws: Any) -> Place:
    events = aws.client("events")
    arn = events.create_event_bus(Name="loans")["EventBusArn"]
    _, queue, receive = queue_of(aws, "listener")
    events.put_rule(Name="all", EventBusName="loans", EventPattern=json.dumps({"source": [{"prefix": ""}]}))
    events.put_targets(Rule="all", EventBusName="loans", Targets=[{"Id": "queue", "Arn": queue}])

    def details() -> list[Any]:
        return [{**raw, "body": json.dumps(json.loads(raw["body"])["detail"])} for raw in receive()]

    return Place(arn, details)


def in_memory(name: str) -> Place:
    def receive() -> list[Any]:
        kept = memory(name).messages
        found = [
            {
                "messageId": str(message.id),
                "body": message.text,
                "eventSource": "aws:sqs",
                "messageAttributes": {key: {"stringValue": value} for key, value in message.attributes.items()},
            }
            for message in kept
        ]
        kept.clear()
        return found

    return Place(name, receive)


PLACES: dict[str, Callable[[Any], Place]] = {
    "topic": lambda aws: topic(aws, "loans"),
    "FIFO topic": lambda aws: topic(aws, "loans.fifo"),
    "queue": lambda aws: queue(aws, "loans"),
    "queue by ARN": lambda aws: queue(aws, "by-arn"),
    "FIFO queue": lambda aws: queue(aws, "loans.fifo"),
    "event bus": event_bus,
    "memory": lambda aws: in_memory("memory://loans"),
    "FIFO memory": lambda aws: in_memory("memory://loans.fifo"),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, aws: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = PLACES[request.param](aws)
    monkeypatch.setenv("EVENT_BUS", found.name)
    monkeypatch.setenv("SERVICE_NAME", "loans")
    return found


@pytest.fixture
def correlation() -> Iterator[None]:
    with invocation.enter(correlation_id="abc"):
        yield


def test_what_is_published_is_what_is_read(place: Place) -> None:
    """E2, E3: an event goes out in the format that its subscribers know."""
    loan = uuid4()
    event_id = LoanRequested(loan, "BR").publish()
    [record] = place.events(1)
    assert (record.id, record.type, record.aggregate_id, record.version) == (event_id, "loan.requested", loan, "1")
    assert record.origin == "loans"
    assert record.payload == {"loan": str(loan), "country": "BR", "text": ""}


@pytest.mark.parametrize("number", [1, 2, 10, 11, 35])
def test_many_are_published_and_their_ids_returned_in_order(place: Place, number: int) -> None:
    events = [LoanRequested(uuid4(), text=str(position)) for position in range(number)]
    ids = EventBus().publish_many(events)
    received = {record.id: record for record in place.events(number)}
    assert [received[event_id].payload["text"] for event_id in ids] == [event.text for event in events]


def test_nothing_is_published_as_nothing(place: Place) -> None:
    assert EventBus().publish_many([]) == []
    assert place.received(0) == []


def test_events_that_are_too_large_together_are_batched_by_size(place: Place) -> None:
    """Ten of these are over what any batch takes."""
    events = [LoanRequested(uuid4(), text="x" * 200_000) for _ in range(7)]
    ids = EventBus().publish_many(events)
    assert {record.id for record in place.events(7)} == set(ids)


def test_attributes_go_along(place: Place, correlation: None) -> None:
    LoanRequested(uuid4(), "BR").publish()
    [raw] = place.received(1)
    sent = {name: value["stringValue"] for name, value in raw["messageAttributes"].items()}
    if "event-bus" in place.name:  # has no attributes: rules match what the event says
        sent = json.loads(raw["body"])["attributes"] | {"event_type": "loan.requested", "event_origin": "loans"}
    assert sent == {
        "event_type": "loan.requested",
        "event_origin": "loans",
        "correlation_id": "abc",
        "country": "BR",
    }


def test_a_message_that_was_kept_is_sent_as_it_was(place: Place) -> None:
    message = message_of(LoanRequested(uuid4()))
    assert EventBus().send([message]) == {}
    [record] = place.events(1)
    assert record.id == message.id


@pytest.mark.parametrize("place", [name for name in PLACES if "FIFO" in name], indirect=True)
def test_the_order_of_an_aggregate_is_kept(place: Place) -> None:
    loans = [uuid4(), uuid4()]
    events = [LoanRequested(loans[position % 2], text=str(position)) for position in range(24)]
    EventBus().publish_many(events)
    received = place.events(24)
    for loan in loans:
        texts = [int(record.payload["text"]) for record in received if record.aggregate_id == loan]
        assert texts == sorted(texts)


@pytest.mark.parametrize(
    "destination",
    [
        "arn:aws:sns:us-east-1:123456789012:gone",
        "arn:aws:sns:us-east-1:123456789012:gone.fifo",
        "arn:aws:sqs:us-east-1:123456789012:gone",
    ],
)
@pytest.mark.parametrize("number", [1, 12])
def test_a_destination_that_is_gone_is_named(aws: Any, destination: str, number: int) -> None:
    messages = [message_of(LoanRequested(uuid4())) for _ in range(number)]
    failed = EventBus(destination).send(messages)
    assert list(failed) == [message.id for message in messages]
    assert all(isinstance(error, ResourceNotFoundError) and error.resource == destination for error in failed.values())


@pytest.mark.parametrize("name", ["loans", "loans.fifo"])
def test_the_trace_goes_along_to_a_queue(aws: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    place = queue(aws, name)
    EventBus(place.name).publish(LoanRequested(uuid4()))
    assert [raw["attributes"]["AWSTraceHeader"] for raw in place.received(1)] == [TRACE]


@pytest.mark.parametrize(
    ("make", "operation", "traces"),
    [
        (lambda aws: queue(aws, "by-arn"), "SendMessageBatch", lambda entry: entry["MessageSystemAttributes"]),
        (event_bus, "PutEvents", lambda entry: {"AWSTraceHeader": {"StringValue": entry["TraceHeader"]}}),
    ],
)
def test_the_trace_goes_along_with_each_of_a_batch(
    aws: Any, hooks: Any, monkeypatch: pytest.MonkeyPatch, make: Any, operation: str, traces: Any
) -> None:
    """moto forgets these; the request is what counts."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    place, sent = make(aws), []
    hooks.before[operation] = lambda parameters: sent.append(parameters["Entries"])
    EventBus(place.name).publish_many([LoanRequested(uuid4()), LoanRequested(uuid4())])
    [entries] = sent
    assert [traces(entry)["AWSTraceHeader"]["StringValue"] for entry in entries] == [TRACE, TRACE]


def test_attributes_on_an_event_bus_take_no_more_room_than_is_counted(aws: Any, hooks: Any) -> None:
    place, sent = event_bus(aws), []
    hooks.before["PutEvents"] = lambda parameters: sent.extend(parameters["Entries"])
    message = message_of(LoanRequested(uuid4(), "ü" * 1000))
    assert EventBus(place.name).send([message]) == {}
    assert json.loads(sent[0]["Detail"])["attributes"] == {"country": "ü" * 1000}
    assert len(sent[0]["Detail"].encode()) < message.size


def test_a_type_beyond_a_detail_type_is_refused_before_anything_is_sent(aws: Any) -> None:
    class Long(LoanRequested):
        type: ClassVar[str] = "ü" * 128

    class Longer(LoanRequested):
        type: ClassVar[str] = "x" * 129

    bus = EventBus(event_bus(aws).name)
    long, longer = message_of(Long(uuid4())), message_of(Longer(uuid4()))
    [(failed, error)] = bus.send([long, longer]).items()
    assert failed == longer.id
    assert isinstance(error, EventRefusedError)
    assert "128 characters at most, and this has 129" in str(error)
    with pytest.raises(EventRefusedError):
        bus.publish(Longer(uuid4()))
    bus.check([long])
    with pytest.raises(EventRefusedError):
        bus.check([long, longer])  # as an outbox does, before anything is committed
    EventBus("memory://long").check([longer])


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/x", "eu-west-1"),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/x", "us-gov-west-1"),
        ("https://vpce-0a-b1.sqs.eu-west-1.vpce.amazonaws.com/123456789012/x", "eu-west-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/x", "eu-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/x", "cn-north-1"),
        ("http://127.0.0.1:4566/123456789012/x", None),
    ],
)
def test_a_queue_is_called_in_the_region_of_its_url(url: str, region: str | None) -> None:
    assert locate(url) == (region, url)


def test_a_name_of_memory_is_one_place(aws: Any) -> None:
    EventBus("memory://one").publish(LoanRequested(UUID(int=0)))
    assert [message.type for message in memory("memory://one").messages] == ["loan.requested"]
    assert memory("memory://two").messages == []
    memory("memory://one").messages.clear()
