"""Messages that come again later, and messages that never succeed."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit_aws import AwsError
from kit_core import invocation
from kit_core.redaction import redact_text
from kit_events import QueueNameError, SqsDeadLetter, SqsVisibility

CORPUS = Path(__file__).parents[3] / "kit-core" / "tests" / "redaction" / "secrets.json"
SOURCE = "arn:aws:sqs:us-east-1:123456789012:underwriting"


class Queue:
    """A queue of moto's."""

    def __init__(self, aws: Any, name: str) -> None:
        self.sqs = aws.client("sqs")
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self.url = self.sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"

    def received(self) -> list[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages: list[Any] = answer.get("Messages", [])
        return messages

    def counts(self) -> tuple[int, int]:
        """Return how many messages are visible, and how many are not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


def raw_of(message: Any, queue: Queue) -> dict[str, Any]:
    return {"messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "eventSourceARN": queue.arn}


def failing(**changed: Any) -> dict[str, Any]:
    return {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "handle",
        "body": '{"loan": 7}',
        "attributes": {"ApproximateReceiveCount": "3", "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"},
        "messageAttributes": {
            "event_type": {"stringValue": "loan.requested", "dataType": "String"},
            "blob": {"binaryValue": "AAE=", "dataType": "Binary"},
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": SOURCE,
        **changed,
    }


def test_messages_wait_as_long_as_they_are_told(aws: Any) -> None:
    queue = Queue(aws, "underwriting")
    for number in range(12):
        queue.sqs.send_message(QueueUrl=queue.url, MessageBody=str(number))
    messages = queue.received() + queue.received()
    assert len(messages) == 12
    at_once, later = messages[:11], messages[11:]
    SqsVisibility()([(raw_of(each, queue), 0) for each in at_once] + [(raw_of(each, queue), 900) for each in later])
    assert queue.counts() == (11, 1)


def test_messages_of_several_queues_wait(aws: Any) -> None:
    queues = [Queue(aws, "underwriting"), Queue(aws, "notifications.fifo")]
    queues[0].sqs.send_message(QueueUrl=queues[0].url, MessageBody="a")
    queues[1].sqs.send_message(QueueUrl=queues[1].url, MessageBody="b", MessageGroupId="g", MessageDeduplicationId="d")
    SqsVisibility()([(raw_of(queue.received()[0], queue), 0) for queue in queues])
    assert [queue.counts() for queue in queues] == [(1, 0), (1, 0)]


def test_a_message_that_cannot_wait_is_logged_and_the_others_do(aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(aws, "underwriting")
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody="a")
    [message] = queue.received()
    gone = {**raw_of(message, queue), "receiptHandle": "nobody's"}
    SqsVisibility()([(gone, 5), (raw_of(message, queue), 0)])
    assert queue.counts() == (1, 0)
    assert "comes again after the queue's own timeout" in caplog.text


def test_a_queue_that_is_gone_is_logged_only(aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "kit.events"):
        SqsVisibility()([(failing(), 5)])
    assert (
        "1 messages of arn:aws:sqs:us-east-1:123456789012:underwriting come again after its own timeout" in caplog.text
    )


def test_a_dead_letter_is_the_message_with_the_reason(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "underwrite")
    dead = Queue(aws, "dead")
    SqsDeadLetter(dead.url)(failing(), ValueError("no such loan"))
    [message] = dead.received()
    assert message["Body"] == '{"loan": 7}'
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-5759e988-bd862e3fe1be46a994272793"
    attributes = message["MessageAttributes"]
    assert attributes.pop("blob")["BinaryValue"] == b"\0\1"
    assert {name: value["StringValue"] for name, value in attributes.items()} == {
        "event_type": "loan.requested",
        "dead_letter_source": SOURCE,
        "dead_letter_error": "ValueError",
        "dead_letter_message": "no such loan",
        "dead_letter_function": "underwrite",
        "dead_letter_message_id": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "correlation_id": "1-5759e988-bd862e3fe1be46a994272793",
    }


@pytest.mark.parametrize("sent", [None, "sent"])
def test_a_dead_letter_keeps_the_correlation_id_of_its_record(aws: Any, sent: str | None) -> None:
    dead, attributes = Queue(aws, "dead"), {"stringValue": sent, "dataType": "String"}
    raw = failing(messageAttributes={"correlation_id": attributes} if sent else {})
    with invocation.enter({"Records": [raw, failing()]}, correlation_id="of the batch"):
        with invocation.enter(raw, correlation_id="set"):
            SqsDeadLetter(dead.url)(raw, ValueError())
        SqsDeadLetter(dead.url)(raw, ValueError())
    found = [message["MessageAttributes"]["correlation_id"]["StringValue"] for message in dead.received()]
    assert found == [sent or "set", sent or "1-5759e988-bd862e3fe1be46a994272793"]


def test_the_queue_is_the_environments_when_it_is_first_needed(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIT_EVENTS_DEAD_LETTER_QUEUE", raising=False)
    send, dead = SqsDeadLetter(), Queue(aws, "dead")
    with pytest.raises(QueueNameError):
        send(failing(), ValueError())
    monkeypatch.setenv("KIT_EVENTS_DEAD_LETTER_QUEUE", dead.arn)
    send(failing(), ValueError())
    assert dead.counts() == (1, 0)


def test_a_fifo_dead_letter_keeps_its_group_and_is_taken_once(aws: Any) -> None:
    dead = Queue(aws, "dead.fifo")
    for _ in range(2):
        SqsDeadLetter(dead.url)(failing(attributes={"MessageGroupId": "loan-7"}), ValueError())
    SqsDeadLetter(dead.url)(failing(messageId="other"), ValueError())
    assert [message["Attributes"]["MessageGroupId"] for message in dead.received()] == ["loan-7", "other"]


def test_a_record_of_something_else_is_sent_as_json(aws: Any) -> None:
    dead = Queue(aws, "dead")
    stream = {"eventSource": "aws:kinesis", "eventSourceARN": "arn:aws:kinesis:x", "kinesis": {"data": "e30="}}
    SqsDeadLetter(dead.url)(stream, KeyError("amount"))
    [message] = dead.received()
    assert json.loads(message["Body"]) == stream
    assert message["MessageAttributes"]["dead_letter_source"]["StringValue"] == "arn:aws:kinesis:x"


def test_the_senders_attributes_come_first_where_there_is_room_for_ten(
    aws: Any, caplog: pytest.LogCaptureFixture
) -> None:
    dead = Queue(aws, "dead")
    sent = {f"a{number}": {"stringValue": "x", "dataType": "String"} for number in range(8)}
    with caplog.at_level(logging.WARNING, "kit.events"):
        SqsDeadLetter(dead.url)(failing(messageAttributes=sent), ValueError("no"))
    [message] = dead.received()
    assert set(message["MessageAttributes"]) == {*sent, "dead_letter_source", "dead_letter_error"}
    assert [record.dead_letter_message for record in caplog.records] == ["no"]


@pytest.mark.parametrize(("spare", "reasons"), [(1000, 5), (100, 1), (0, 0)])
def test_a_message_as_large_as_a_queue_takes_goes_without_its_reason(
    aws: Any, hooks: Any, caplog: pytest.LogCaptureFixture, spare: int, reasons: int
) -> None:
    dead, sent = Queue(aws, "dead"), []
    dead.sqs.set_queue_attributes(QueueUrl=dead.url, Attributes={"MaximumMessageSize": "1048576"})

    def note(parameters: Any) -> None:
        sent.append(parameters["MessageAttributes"])
        parameters["MessageBody"] = "cut, for moto takes less"

    hooks.before["SendMessage"] = note
    with caplog.at_level(logging.WARNING, "kit.events"):
        SqsDeadLetter(dead.arn)(failing(body="x" * (1_048_576 - spare), messageAttributes={}), ValueError("no"))
    assert len(sent[0]) == reasons
    assert [record.dead_letter_message for record in caplog.records] == ["no"] * (reasons < 5)


def test_what_could_not_be_sent_is_raised(aws: Any) -> None:
    with pytest.raises(AwsError):
        SqsDeadLetter(SOURCE)(failing(), ValueError())
    with pytest.raises(QueueNameError, match="'dead' is neither"):
        SqsDeadLetter("dead")(failing(), ValueError())


@pytest.fixture
def reason_of(aws: Any, hooks: Any) -> Callable[[str], str]:
    """Return a callable that tells the attribute dead_letter_message of an error's text."""
    dead, sent = Queue(aws, "dead"), []

    def note(parameters: Any) -> None:
        sent.append(parameters["MessageAttributes"]["dead_letter_message"]["StringValue"])

    def reason(text: str) -> str:
        SqsDeadLetter(dead.arn)(failing(messageAttributes={}), ValueError(text))
        return str(sent.pop())

    hooks.before["SendMessage"] = note
    return reason


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is part of the repository, not of the package")
def test_no_secret_is_in_the_reason(reason_of: Callable[[str], str]) -> None:
    """The corpus is kit-core's, which tests its rules by it; here each of them holds on the way to an attribute."""
    cases = [case for case in json.loads(CORPUS.read_text()) if "text" in case]
    hidden = [(case["text"], secret) for case in cases for secret in case["secrets"]]
    hidden = [(text, secret) for text, secret in hidden if secret not in redact_text(text)]
    assert len(hidden) > 100
    assert [text for text, secret in hidden if secret in reason_of(text)] == []


def test_the_reason_is_cut_and_printable(reason_of: Callable[[str], str]) -> None:
    assert reason_of("x" * 100_000) == "x" * 512
    assert reason_of("a\n\0b") == "a  b"
    assert reason_of("GET /\nAuthorization: ApiKey hunter2\nAccept: */*").endswith(" Accept: */*")
