"""Captured events, and the topic with its queues."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit_aws.calls import call


@pytest.fixture
def captured() -> Callable[[str], Any]:
    """Return a callable that reads one of the events in events/."""
    return lambda name: json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text())


class Bus:
    """A topic, and queues that listen to it."""

    def __init__(self, aws: Any, name: str) -> None:
        self._aws = aws
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        self.topic_arn: str = aws.client("sns").create_topic(Name=name, Attributes=fifo)["TopicArn"]

    def subscribe(self, name: str, *, types: list[str] | None = None, raw: bool = False) -> Callable[[], list[Any]]:
        """Make a queue, and return a callable that hands out its messages as Lambda would get them."""
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = self._aws.client("sqs").create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        attributes = {"RawMessageDelivery": str(raw).lower()}
        if types:
            attributes["FilterPolicy"] = json.dumps({"event_type": types})
        arn = f"arn:aws:sqs:{self._aws.region}:{self._aws.account}:{name}"
        self._aws.client("sns").subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return lambda: [self._as_lambda_record(message, arn) for message in self._received(url)]

    def _received(self, url: str) -> list[Any]:
        answer = self._aws.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        return answer.get("Messages", [])

    def _as_lambda_record(self, message: Any, arn: str) -> Any:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": self._aws.region,
        }


@pytest.fixture
def bus(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Bus:
    """Return the topic that EVENT_BUS names."""
    made = Bus(aws, "loans")
    monkeypatch.setenv("EVENT_BUS", "loans")
    monkeypatch.setenv("SERVICE_NAME", "loans")
    return made


@pytest.fixture
def fifo_bus(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Bus:
    """Return a FIFO topic that EVENT_BUS names by its ARN."""
    made = Bus(aws, "loans.fifo")
    monkeypatch.setenv("EVENT_BUS", made.topic_arn)
    return made


class Hooks:
    """Functions that see the calls of `kit_aws.call`: `before` the parameters, `after` the answer.

    One that is called before may return the answer, which AWS is then not asked for.
    """

    def __init__(self) -> None:
        self.before: dict[str, Callable[[Any], Any]] = {}
        self.after: dict[str, Callable[[Any], None]] = {}


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Hooks:
    """Hooks by the name of the operation."""
    made, perform = Hooks(), call.perform

    def hooked(service: str, operation: str, parameters: Any, **options: Any) -> Any:
        before = made.before.get(operation)
        answer = None if before is None else before(parameters)
        if answer is None:
            answer = perform(service, operation, parameters, **options)
        if operation in made.after:
            made.after[operation](answer)
        return answer

    monkeypatch.setattr(call, "perform", hooked)
    return made
