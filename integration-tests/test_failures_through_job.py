"""Failures of a job: later, elsewhere, and back; a template that is written and checked, and runs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from backend_process import Backend, wait_for
from kit_events import AggregateId, BaseEvent, EventBus, EventRecord, QueueRecord, SqsDeadLetter, SqsVisibility
from kit_events.dead_letters import redrive
from kit_handler import Backoff, PermanentError, job
from kit_local.check import check
from kit_local.subscription import Subscription
from kit_testing import LambdaContext, RecordingBus, deliver


class Requested(BaseEvent):
    type = "loan.requested"
    loan: AggregateId

    def __init__(self, amount: int) -> None:
        self.loan, self.amount = uuid4(), amount


class Paid(Requested):
    type = "loan.paid"


class Queues:
    """A queue that a job reads, and the one for what it gives up."""

    def __init__(self, aws: Any, *, fifo: bool) -> None:
        self.sqs, end = aws.client("sqs"), ".fifo" if fifo else ""
        kind = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        names = ("work" + end, "dead" + end)
        self.work, self.dead = (self.sqs.create_queue(QueueName=name, Attributes=kind)["QueueUrl"] for name in names)
        self.arn = f"arn:aws:sqs:{aws.region}:{aws.account}:work{end}"

    def invoke(self, handler: Any) -> tuple[list[Any], Any]:
        """Call a handler with what is in the queue, and delete what it does not name, as Lambda does."""
        answer = self.sqs.receive_message(
            QueueUrl=self.work,
            MaxNumberOfMessages=10,
            VisibilityTimeout=600,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return [], set()
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": self.arn,
            }
            for message in messages
        ]
        failed = {
            each["itemIdentifier"] for each in handler({"Records": records}, LambdaContext())["batchItemFailures"]
        }
        for message in messages:
            if message["MessageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.work, ReceiptHandle=message["ReceiptHandle"])
        return messages, failed

    def count(self, url: str, name: str = "ApproximateNumberOfMessages") -> int:
        return int(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


@pytest.fixture(params=[False, True], ids=["standard", "FIFO"])
def queues(aws: Any, request: pytest.FixtureRequest) -> Queues:
    return Queues(aws, fifo=request.param)


def test_what_can_never_succeed_is_a_dead_letter_and_comes_back_by_redrive(queues: Queues) -> None:
    broken = True

    @job(dead_letter=SqsDeadLetter(queues.dead))
    def work(record: EventRecord) -> None:
        if broken and record.payload["amount"] < 0:
            raise PermanentError("no such amount")

    EventBus(queues.work).publish_many([Requested(1), Requested(-1), Requested(2)])
    received = sum(len(queues.invoke(work)[0]) for _ in range(3))
    assert received == 3
    assert (queues.count(queues.work), queues.count(queues.dead)) == (0, 1)

    broken = False
    chosen = redrive(
        queues.dead, matching=lambda record: "PermanentError" in record.message_attributes["dead_letter_error"]
    )
    assert (chosen.sent, chosen.failed) == (1, {})
    [message], failed = queues.invoke(work)
    assert not failed
    [record] = EventRecord.from_record({"eventSource": "aws:sqs", "messageId": "1", "body": message["Body"]})
    assert record.payload["amount"] == -1


def test_a_dead_letter_that_nobody_takes_stays_in_the_queue(queues: Queues) -> None:
    gone = queues.dead.replace("dead", "gone")

    @job(dead_letter=SqsDeadLetter(gone))
    def work(record: QueueRecord) -> None:
        raise PermanentError

    EventBus(queues.work).publish(Requested(1))
    [message], failed = queues.invoke(work)
    assert failed == {message["MessageId"]}
    assert queues.count(queues.work, "ApproximateNumberOfMessagesNotVisible") == 1


def test_a_failed_message_waits_as_long_as_the_backoff_says(queues: Queues) -> None:
    class AtOnce(Backoff):
        def delay(self, receives: int) -> int:
            return 0

    attempts = []

    @job(backoff=AtOnce(SqsVisibility()), dead_letter=SqsDeadLetter(queues.dead), max_receives=3)
    def work(record: QueueRecord) -> None:
        attempts.append(record.receive_count)
        raise ConnectionError

    EventBus(queues.work).publish(Requested(1))
    for _ in range(4):  # they would be invisible for 600 seconds otherwise
        queues.invoke(work)
    assert attempts == [1, 2, 3]
    assert (queues.count(queues.work), queues.count(queues.dead)) == (0, 1)


def test_a_published_event_is_delivered_to_the_job() -> None:
    amounts = []

    @job
    def work(record: EventRecord) -> None:
        amounts.append(record.payload["amount"])
        if record.payload["amount"] < 0:
            raise ValueError

    bus = RecordingBus()
    EventBus(bus).publish(Requested(5))
    assert deliver(bus.messages, to=work).failed == []
    bus.messages.clear()
    EventBus(bus).publish_many([Requested(6), Requested(-1)])
    with pytest.raises(AssertionError, match=r"work failed for loan\.requested") as caught:
        deliver(bus.messages, to=work)
    assert isinstance(caught.value.__cause__, ValueError)
    assert amounts == [5, 6, -1]


CODE = """
from kit_aws import enqueue
from kit_events import EventRecord, SqsDeadLetter, SqsVisibility
from kit_handler import Backoff, PermanentError, job

import os

failed = set()


@job(dead_letter=SqsDeadLetter(), backoff=Backoff(SqsVisibility(), first=1, most=1))
def underwrite(record: EventRecord) -> None:
    amount = record.payload["amount"]
    if amount < 0:
        raise PermanentError("no such amount")
    if amount == 0 and record.id not in failed:
        failed.add(record.id)
        raise ConnectionError("not yet")
    enqueue(os.environ["DONE"], {"amount": amount})
"""
FUNCTION = """
  Done:
    Type: AWS::SQS::Queue
    Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Lost.Arn, maxReceiveCount: 9}}
  Lost: {Type: AWS::SQS::Queue}
  Underwrite:
    Type: AWS::Serverless::Function
    Properties:
      Handler: underwriting.underwrite
      Runtime: python%d.%d
      CodeUri: src/
      Timeout: 30
      Environment:
        Variables:
          DONE: !Ref Done
          KIT_EVENTS_DEAD_LETTER_QUEUE: !Ref UnderwritingDeadLetters
      Events:
        Underwriting:
          Type: SQS
          Properties:
            Queue: !GetAtt Underwriting.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A function, and a template that `Subscription` has written."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "underwriting.py").write_text(CODE)
    subscription = Subscription("Underwriting", types=["loan.requested"])
    function = FUNCTION % sys.version_info[:2]
    (tmp_path / "template.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\n{subscription}{function}")
    monkeypatch.syspath_prepend(tmp_path / "src")
    monkeypatch.delitem(sys.modules, "underwriting", raising=False)
    return tmp_path


def test_the_check_reads_jobs_of_kit_handler(project: Path) -> None:
    template, code = project / "template.yaml", project / "src" / "underwriting.py"
    assert check(template, module="underwriting") == []
    sys.modules.pop("underwriting")
    code.write_text(CODE.replace("@job(", "@job(partial=False, ") + "\n# so that its cached form is not taken\n")
    [finding] = check(template, module="underwriting")
    assert "underwriting.underwrite is a job(partial=False)" in str(finding)


@pytest.fixture
def backend(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    running = Backend.start(project, project, "--ephemeral")
    for name, value in {
        "AWS_ENDPOINT_URL": running.aws,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    yield running
    assert running.stop() == 0, running.log.read_text()


def test_a_subscription_as_printed_runs(backend: Backend) -> None:
    [topic] = backend.client("sns").list_topics()["Topics"]
    EventBus(topic["TopicArn"]).publish_many([Requested(7), Requested(-1), Requested(0), Paid(9)])
    sqs, done = backend.client("sqs"), set()

    def arrived() -> bool:
        for message in sqs.receive_message(QueueUrl=backend.queue("Done")).get("Messages", []):
            done.add(message["Body"])
        return len(done) == 2

    wait_for(arrived)
    assert done == {'{"amount":7}', '{"amount":0}'}
    moved = wait_for(
        lambda: (each := redrive(backend.queue("UnderwritingDeadLetters"), backend.queue("Done"))).sent and each
    )
    assert [record.message_attributes["dead_letter_message"] for record in moved.chosen] == ["no such amount"]
