"""What becomes of many events when some of them fail."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Barrier, current_thread
from typing import Any, ClassVar
from uuid import UUID

import pytest
from kit_aws import AccessDeniedError, AwsError, ThrottlingError
from kit_events import (
    AggregateId,
    BaseEvent,
    EventBus,
    EventHeldBackError,
    EventRefusedError,
    EventShapeError,
    EventTooLargeError,
    PublishError,
    default_bus,
    set_default_bus,
)
from kit_events.publishing import Driver, Event, sending
from kit_events.publishing.drivers.memory import Memory
from kit_events.publishing.message import Message, message_of

LOAN, OTHER = UUID(int=1), UUID(int=2)


@dataclass
class Paid(BaseEvent):
    type: ClassVar[str] = "loan.paid"

    loan: AggregateId
    text: str = ""


class Faulty(Memory):
    """A destination that fails as told: by an event's text, what happens to it each time it is sent."""

    def __init__(self, name: str = "memory://", **faults: list[Exception | None]) -> None:
        super().__init__(name)
        self.faults = faults
        self.calls: list[list[str]] = []

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        texts = [text_of(message) for message in messages]
        self.calls.append(texts)
        failed = {}
        for message, text in zip(messages, texts, strict=True):
            fault = self.faults[text].pop(0) if self.faults.get(text) else None
            if fault is None:
                super().send([message])
            else:
                failed[message.id] = fault
        return failed

    @property
    def taken(self) -> list[str]:
        return [text_of(message) for message in self.messages]


def text_of(message: Message) -> str:
    import json

    text: str = json.loads(message.text)["payload"]["text"]
    return text


def refused() -> EventRefusedError:
    return EventRefusedError("loan.paid", "InvalidParameter", "no")


def busy() -> AwsError:
    return ThrottlingError("slow down", code="Throttling")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the waits between attempts, and don't wait."""
    noted: list[int] = []
    monkeypatch.setattr(sending, "_wait", noted.append)
    return noted


def test_only_what_failed_is_sent_again(waits: list[int]) -> None:
    driver = Faulty(b=[busy(), busy()])
    ids = EventBus(driver).publish_many([Paid(LOAN, text) for text in "abc"])
    assert driver.calls == [["a", "b", "c"], ["b"], ["b"]]
    assert {message.id for message in driver.messages} == set(ids)
    assert waits == [1, 2]


def test_what_is_refused_is_not_sent_again(waits: list[int]) -> None:
    driver = Faulty(b=[refused()])
    with pytest.raises(PublishError) as caught:
        EventBus(driver).publish_many([Paid(LOAN, text) for text in "abc"])
    assert driver.calls == [["a", "b", "c"]]
    assert waits == []
    [(kind, error)] = caught.value.failures.values()
    assert (kind, type(error)) == ("loan.paid", EventRefusedError)


def test_what_keeps_failing_is_named_with_what_was_published() -> None:
    driver = Faulty(b=[busy()] * 9, d=[refused()])
    with pytest.raises(PublishError, match="2 of 5 events are not published") as caught:
        EventBus(driver).publish_many([Paid(LOAN, text) for text in "abcde"])
    assert driver.taken == ["a", "c", "e"]
    assert caught.value.published == [message.id for message in driver.messages]
    assert [type(error) for _, error in caught.value.failures.values()] == [ThrottlingError, EventRefusedError]
    for event_id, (kind, error) in caught.value.failures.items():
        assert f"{kind} {event_id}: {error}" in str(caught.value)
    assert isinstance(caught.value.__cause__, ThrottlingError)
    assert len(driver.calls) == sending.ATTEMPTS


def test_nothing_overtakes_an_earlier_event_of_its_aggregate() -> None:
    driver = Faulty("memory://x.fifo", a2=[busy()] * 9)
    events = [Paid(LOAN, "a1"), Paid(OTHER, "b1"), Paid(LOAN, "a2"), Paid(LOAN, "a3"), Paid(OTHER, "b2")]
    with pytest.raises(PublishError) as caught:
        EventBus(driver).publish_many(events)
    assert driver.taken == ["a1", "b1", "b2"]
    errors = [error for _, error in caught.value.failures.values()]
    assert [type(error) for error in errors] == [ThrottlingError, EventHeldBackError]
    assert errors[1].__cause__ is errors[0]
    assert errors[1].aggregate_id == LOAN


def test_a_batch_of_an_ordered_destination_holds_one_event_of_an_aggregate() -> None:
    """Entries of a batch fail one by one, so that a second one could be taken without the first."""
    driver = Faulty("memory://x.fifo", a1=[busy()])
    EventBus(driver).publish_many([Paid(LOAN, "a1"), Paid(LOAN, "a2"), Paid(OTHER, "b1"), Paid(OTHER, "b2")])
    assert driver.calls == [["a1", "b1"], ["a1"], ["a2", "b2"]]


def test_an_event_that_is_too_large_holds_back_what_follows_it() -> None:
    driver = Faulty("memory://x.fifo")
    with pytest.raises(PublishError) as caught:
        EventBus(driver, max_bytes=1000).publish_many([Paid(LOAN, "x" * 1000), Paid(LOAN, "a"), Paid(OTHER, "b")])
    assert [type(error) for _, error in caught.value.failures.values()] == [EventTooLargeError, EventHeldBackError]
    assert driver.taken == ["b"]


def test_a_call_that_fails_as_a_whole_is_not_repeated_beyond_what_the_client_has_done() -> None:
    class Denied(Faulty):
        def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
            super().send(messages)
            raise AccessDeniedError("no", code="AccessDenied")

    driver = Denied()
    failed = EventBus(driver).send([message_of(Paid(LOAN, text)) for text in "ab"])
    assert driver.calls == [["a", "b"]]
    assert [type(error) for error in failed.values()] == [AccessDeniedError, AccessDeniedError]


def test_one_message_that_no_call_takes_does_not_keep_back_the_others() -> None:
    class Strict(Faulty):
        def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
            if any(text_of(message) == "b" for message in messages):
                raise AwsError("invalid", code="InvalidParameter")
            return super().send(messages)

    driver = Strict()
    messages = [message_of(Paid(LOAN, text)) for text in "abc"]
    failed = EventBus(driver).send(messages)
    assert driver.taken == ["a", "c"]
    assert list(failed) == [messages[1].id]


def test_whatever_a_driver_of_ones_own_raises_is_told_of_its_messages() -> None:
    class Broken(Memory):
        def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
            raise RuntimeError("broken")

    with pytest.raises(PublishError, match="broken") as caught:
        EventBus(Broken()).publish_many([Paid(LOAN) for _ in range(25)])
    assert len(caught.value.failures) == 25
    assert str(caught.value).endswith("; and 20 more")


def test_what_is_kept_in_memory_is_in_order_however_many_there_are() -> None:
    threads = []

    class Watched(Memory):
        def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
            threads.append(current_thread())
            return super().send(messages)

    driver = Watched()
    ids = EventBus(driver).publish_many([Paid(LOAN) for _ in range(35)])
    assert [message.id for message in driver.messages] == ids
    assert threads == [current_thread()] * 4


def test_a_destination_may_be_a_driver_of_ones_own() -> None:
    class Printer:
        max_bytes = 1000
        ordered = False
        in_flight = 1

        def __init__(self) -> None:
            self.printed: list[str] = []

        def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
            self.printed += [message.type for message in messages]
            return {}

    class Reversed:  # no BaseEvent, but an event by its members
        filter_attributes = ("country",)
        country = "BR"

        def get_type(self) -> str:
            return "loan.reversed"

        def get_version(self) -> str:
            return "1"

        def get_aggregate_id(self) -> UUID:
            return LOAN

    printer = Printer()
    driver: Driver = printer
    event: Event = Reversed()
    EventBus(driver).publish_many([Paid(LOAN), event])
    assert printer.printed == ["loan.paid", "loan.reversed"]
    assert EventBus(driver).compose(event).attributes["country"] == "BR"


def test_a_driver_of_ones_own_says_how_many_batches_it_takes_at_a_time() -> None:
    meeting = Barrier(3, timeout=30)

    class Parallel(Memory):
        in_flight = 3

        def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
            meeting.wait()
            return super().send(messages)

    assert len(EventBus(Parallel()).publish_many([Paid(LOAN) for _ in range(30)])) == 30


def test_a_limit_that_is_no_number_is_named_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_EVENTS_MAX_BYTES", "256 KiB")
    driver = Faulty()
    with pytest.raises(ValueError, match="KIT_EVENTS_MAX_BYTES has to be a number of bytes, and is '256 KiB'"):
        EventBus(driver).publish(Paid(LOAN))
    assert driver.calls == []


def test_a_message_as_large_as_the_limit_is_sent_and_no_larger_one() -> None:
    message = message_of(Paid(LOAN, "x"))
    assert EventBus(Memory(), max_bytes=message.size).send([message]) == {}
    failed = EventBus(Memory(), max_bytes=message.size - 1).send([message])
    assert isinstance(failed[message.id], EventTooLargeError)


def test_an_event_that_cannot_be_sent_keeps_all_from_being_sent() -> None:
    driver = Faulty()
    with pytest.raises(EventShapeError):
        EventBus(driver).publish_many([Paid(LOAN, "a"), Paid("no id", "b")])  # type: ignore[arg-type]
    assert driver.calls == []


def test_only_what_is_published_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "kit.events"), pytest.raises(PublishError) as caught:
        EventBus(Faulty(b=[refused()])).publish_many([Paid(LOAN, text) for text in "abc"])
    told = [record.event_id for record in caplog.records if record.getMessage() == "EVENT_PUBLISHED"]
    assert told == list(map(str, caught.value.published))


@pytest.fixture
def answered(aws: Any, hooks: Any) -> Callable[[str, Any], None]:
    """Let AWS answer as told: a callable of the operation and the answer."""

    def answer(operation: str, answer: Any) -> None:
        hooks.before[operation] = lambda _: answer

    return answer


SUCCESS: dict[str, Any] = {"Successful": [{"Id": "0", "MessageId": "m"}]}


@pytest.mark.parametrize(
    ("destination", "operation"),
    [
        ("arn:aws:sns:us-east-1:123456789012:loans", "PublishBatch"),
        ("arn:aws:sqs:us-east-1:123456789012:loans", "SendMessageBatch"),
    ],
)
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"Code": "InvalidParameter", "SenderFault": True}, EventRefusedError),
        ({"Code": "InternalError", "SenderFault": False, "Message": "oops"}, AwsError),
        ({"Code": "Throttling", "SenderFault": True}, ThrottlingError),
        ({"Code": "KMSAccessDenied", "SenderFault": True}, AwsError),
        ({"Code": "AuthorizationError", "SenderFault": True}, AwsError),
    ],
)
def test_an_entry_that_failed_is_told_by_whose_fault_it_is(
    answered: Any, destination: str, operation: str, entry: Any, expected: type[Exception]
) -> None:
    answered(operation, SUCCESS | {"Failed": [{"Id": "1", **entry}]})
    messages = [message_of(Paid(LOAN, text)) for text in "ab"]
    from kit_events.publishing.drivers.choice import choose_driver

    failed = choose_driver(destination).send(messages)
    assert {key: type(error) for key, error in failed.items()} == {messages[1].id: expected}


@pytest.mark.parametrize(
    ("destination", "operation"),
    [
        ("arn:aws:sns:us-east-1:123456789012:loans", "PublishBatch"),
        ("arn:aws:sqs:us-east-1:123456789012:loans", "SendMessageBatch"),
    ],
)
@pytest.mark.parametrize(("answer", "lost"), [({}, [0, 1]), (SUCCESS, [1])], ids=["none", "one"])
def test_an_entry_that_the_answer_does_not_name_has_failed(
    answered: Any, destination: str, operation: str, answer: Any, lost: list[int]
) -> None:
    answered(operation, answer)
    messages = [message_of(Paid(LOAN, text)) for text in "ab"]
    from kit_events.publishing.drivers.choice import choose_driver

    failed = choose_driver(destination).send(messages)
    assert {key: type(error) for key, error in failed.items()} == {messages[at].id: AwsError for at in lost}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("MalformedDetail", EventRefusedError),
        ("InternalFailure", AwsError),
        ("ThrottlingException", ThrottlingError),
        ("ResourceNotFoundException", AwsError),
        ("NotAuthorizedForSourceException", AwsError),
    ],
)
def test_an_entry_that_an_event_bus_did_not_take_is_told(answered: Any, code: str, expected: type[Exception]) -> None:
    answered("PutEvents", {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": code}]})
    messages = [message_of(Paid(LOAN, text)) for text in "ab"]
    from kit_events.publishing.drivers.choice import choose_driver

    failed = choose_driver("arn:aws:events:us-east-1:123456789012:event-bus/x").send(messages)
    assert {key: type(error) for key, error in failed.items()} == {messages[1].id: expected}


def test_the_default_bus_can_be_another_one() -> None:
    driver = Faulty()
    before = default_bus()
    set_default_bus(EventBus(driver))
    try:
        Paid(LOAN, "a").publish()
    finally:
        set_default_bus(None)
    assert driver.taken == ["a"]
    assert default_bus() is before
