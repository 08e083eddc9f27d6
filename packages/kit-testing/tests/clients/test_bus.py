"""The recording bus and deliveries, with messages of the form that kit-events sends."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from kit_testing import InvalidAnswerError, RecordingBus, deliver
from kit_testing.events import event_body


@dataclass
class Sent:
    """A message of a bus."""

    type: str
    id: UUID = field(default_factory=uuid4)
    aggregate_id: UUID = field(default_factory=uuid4)
    attributes: dict[str, str] = field(default_factory=lambda: {"event_type": "t"})

    @property
    def text(self) -> str:
        return json.dumps(event_body({"amount": 1}, id=self.id, type=self.type, aggregate_id=self.aggregate_id))


def test_messages_are_kept_in_order_and_read_as_events() -> None:
    bus, messages = RecordingBus(), [Sent("requested"), Sent("paid"), Sent("paid")]
    assert bus.send(messages[:1]) == {}
    bus.send(messages[1:])
    assert bus.messages == messages
    assert [event["type"] for event in bus.events] == ["requested", "paid", "paid"]
    assert [event["id"] for event in bus.of_type("paid")] == [str(message.id) for message in messages[1:]]
    assert bus.events[0]["payload"] == {"amount": 1}
    assert (bus.ordered, RecordingBus(ordered=True).ordered) == (False, True)


def test_messages_come_by_way_of_topic_and_queue() -> None:
    seen: list[Any] = []
    message = Sent("paid")
    answer = deliver([message], to=lambda event, context: seen.append((event, context)), queue="loans.fifo")
    assert answer.failed == []
    [(event, context)] = seen
    assert context.get_remaining_time_in_millis() <= 30_000
    [record] = event["Records"]
    assert (record["messageId"], record["eventSource"]) == (str(message.id), "aws:sqs")
    assert record["eventSourceARN"].endswith(":loans.fifo")
    assert record["attributes"]["MessageGroupId"] == str(message.aggregate_id)
    notice = json.loads(record["body"])
    assert notice["MessageAttributes"] == {"event_type": {"Type": "String", "Value": "t"}}
    assert {"SigningCertURL", "UnsubscribeURL"} < set(notice)
    assert json.loads(notice["Message"])["type"] == "paid"


def test_a_failure_fails_the_test_and_names_the_events_with_the_logged_error() -> None:
    messages = [Sent("requested"), Sent("paid")]

    def job(event: Any, context: Any) -> Any:
        failed = event["Records"][1]["messageId"]
        logging.getLogger("kit.handler").error("failed for record %s", failed, exc_info=LookupError("no loan"))
        return {"batchItemFailures": [{"itemIdentifier": failed}]}

    with pytest.raises(AssertionError, match=r"job failed for paid; its log says why") as caught:
        deliver(messages, to=job)
    assert repr(caught.value.__cause__) == "LookupError('no loan')"
    answer = deliver(messages, to=job, check=False)
    assert answer.failed == [str(messages[1].id)]


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidAnswerError):
        deliver([Sent("paid")], to=lambda event, context: {"statusCode": 200})


def test_a_delivery_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no messages to deliver"):
        deliver(RecordingBus().messages, to=lambda event, context: None)
