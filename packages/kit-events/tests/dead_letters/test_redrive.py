"""Messages on their way back from a dead-letter queue."""

import json
from collections.abc import Callable
from importlib import import_module
from subprocess import run
from typing import Any

import pytest
from kit_aws import AwsError, ResourceNotFoundError
from kit_events import QueueNameError, SqsDeadLetter
from kit_events.cli import main
from kit_events.dead_letters import Redriven, redrive


class Queues:
    """A queue, its dead-letter queue, and what fails."""

    def __init__(self, aws: Any, *, fifo: bool = False) -> None:
        self.sqs, self._fifo = aws.client("sqs"), fifo
        self._end = ".fifo" if fifo else ""
        self.home, self.home_arn = self.make(aws, "underwriting")
        self.dead, self.dead_arn = self.make(aws, "dead")

    def make(self, aws: Any, name: str) -> tuple[str, str]:
        kind = {"FifoQueue": "true"} if self._fifo else {}
        url = self.sqs.create_queue(QueueName=name + self._end, Attributes=kind)["QueueUrl"]
        return url, f"arn:aws:sqs:{aws.region}:{aws.account}:{name}{self._end}"

    def fail(self, number: int, kind: str = "loan.requested", source: str | None = None) -> None:
        raw = {
            "messageId": f"m{number}",
            "body": json.dumps({"number": number, "type": kind}),
            "messageAttributes": {"event_type": {"stringValue": kind, "dataType": "String"}},
            "attributes": {"MessageGroupId": "loan-7"} if self._fifo else {},
            "eventSourceARN": source or self.home_arn,
        }
        SqsDeadLetter(self.dead)(raw, ValueError("no"))

    def take(self, url: str) -> list[Any]:
        found: list[Any] = []
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            found += messages
        return found

    def numbers(self, url: str) -> list[int]:
        return [json.loads(message["Body"])["number"] for message in self.take(url)]


@pytest.fixture
def queues(aws: Any) -> Queues:
    return Queues(aws)


@pytest.fixture(autouse=True)
def no_waiting(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto waits its whole second for nothing to come."""
    module = import_module("kit_events.dead_letters.redrive")

    waits = module._Queue.receive

    def receive(queue: Any, most: int) -> Any:
        call = queue._call
        queue._call = lambda operation, **parameters: call(operation, **{**parameters, "WaitTimeSeconds": 0})
        try:
            return waits(queue, most)
        finally:
            queue._call = call

    monkeypatch.setattr(module._Queue, "receive", receive)


def test_messages_go_back_to_where_they_came_from(queues: Queues) -> None:
    for number in range(12):
        queues.fail(number)
    done = redrive(queues.dead)
    assert isinstance(done, Redriven)
    assert (done.read, done.sent, done.left, done.failed) == (12, 12, 0, {})
    assert str(done) == "12 read, 12 sent, 0 left, 0 failed"
    back = queues.take(queues.home)
    assert sorted(json.loads(message["Body"])["number"] for message in back) == list(range(12))
    assert all(set(message["MessageAttributes"]) == {"correlation_id", "event_type"} for message in back)
    assert queues.take(queues.dead) == []


def test_messages_that_sqs_moved_know_where_they_came_from(queues: Queues, hooks: Any) -> None:
    """AWS notes it as DeadLetterQueueSourceArn, which moto doesn't."""
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody='{"number": 1}')

    def note(parsed: Any) -> None:
        for message in parsed.get("Messages", []):
            message["Attributes"]["DeadLetterQueueSourceArn"] = queues.home_arn

    hooks.after["ReceiveMessage"] = note
    assert redrive(queues.dead).sent == 1
    assert queues.numbers(queues.home) == [1]


def test_messages_can_be_sent_elsewhere(aws: Any, queues: Queues) -> None:
    elsewhere, _ = queues.make(aws, "elsewhere")
    queues.fail(1)
    assert redrive(queues.dead_arn, elsewhere).sent == 1
    assert queues.numbers(elsewhere) == [1]


def test_what_does_not_match_becomes_visible_again(queues: Queues) -> None:
    for number in range(15):
        queues.fail(number, "loan.requested" if number % 3 else "loan.paid")
    done = redrive(queues.dead, matching=lambda record: record.message_attributes["event_type"] == "loan.paid")
    assert (done.read, done.sent, done.left) == (15, 5, 10)
    assert sorted(queues.numbers(queues.home)) == [0, 3, 6, 9, 12]
    assert len(queues.take(queues.dead)) == 10


def test_a_dry_run_sends_nothing(queues: Queues) -> None:
    for number in range(12):
        queues.fail(number)
    done = redrive(queues.dead, dry_run=True)
    assert (done.read, done.sent, len(done.chosen)) == (12, 0, 12)
    assert str(done) == "12 read, 12 would be sent, 12 left, 0 failed"
    assert queues.take(queues.home) == []
    assert len(queues.take(queues.dead)) == 12


@pytest.mark.parametrize("limit", [0, 1, 10, 11])
def test_no_more_than_the_limit_are_sent(queues: Queues, limit: int) -> None:
    for number in range(12):
        queues.fail(number)
    assert redrive(queues.dead, limit=limit).sent == limit
    assert len(queues.take(queues.home)) == limit
    assert len(queues.take(queues.dead)) == 12 - limit


def test_what_cannot_be_sent_stays(aws: Any, queues: Queues) -> None:
    queues.fail(1, source=f"arn:aws:sqs:{aws.region}:{aws.account}:gone")
    queues.fail(2)
    done = redrive(queues.dead)
    assert (done.sent, done.left) == (1, 1)
    [reason] = done.failed.values()
    assert "gone" in reason
    assert queues.numbers(queues.dead) == [1]


def test_what_does_not_say_where_it_came_from_stays(queues: Queues) -> None:
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody='{"number": 1}')
    done = redrive(queues.dead)
    assert list(done.failed.values()) == [
        "no queue of this account is noted as where it came from: say where to send it"
    ]
    assert queues.numbers(queues.dead) == [1]


def test_large_messages_are_sent_one_by_one(queues: Queues) -> None:
    for _ in range(8):
        queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="x" * 250_000)
    assert redrive(queues.dead, queues.home).sent == 8


def test_binary_attributes_are_seen_and_go_along(aws: Any) -> None:
    queues = Queues(aws)
    sent = {"sig": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="{}", MessageAttributes=sent)
    seen = []
    done = redrive(queues.dead, queues.home, matching=lambda record: not seen.append(record.message_attributes))
    assert done.sent == 1
    assert seen == [{"sig": b"\x00\xff"}]
    [message] = queues.take(queues.home)
    assert message["MessageAttributes"]["sig"]["BinaryValue"] == b"\x00\xff"


def test_a_fifo_queue_gets_its_groups_back_in_order(aws: Any) -> None:
    queues = Queues(aws, fifo=True)
    for number in range(5):
        queues.fail(number)
    assert redrive(queues.dead).sent == 5
    back = queues.take(queues.home)
    assert [json.loads(message["Body"])["number"] for message in back] == list(range(5))
    assert {message["Attributes"]["MessageGroupId"] for message in back} == {"loan-7"}
    assert {message["Attributes"]["MessageDeduplicationId"][:8] for message in back} == {"redrive-"}


def test_what_fails_again_meanwhile_is_not_sent_again(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function fails at once: without an end to it, message and command would go round for ever."""
    queues.fail(1)

    def fails_again(record: Any) -> bool:
        queues.fail(2)
        return True

    assert redrive(queues.dead, matching=fails_again).sent == 1
    assert queues.numbers(queues.dead) == [2]


def test_a_queue_that_is_gone_is_an_error(aws: Any) -> None:
    with pytest.raises(ResourceNotFoundError):
        redrive("arn:aws:sqs:us-east-1:123456789012:gone")
    with pytest.raises(QueueNameError):
        redrive("arn:aws:sqs:us-east-1:123456789012:gone", "elsewhere")


def forged(target: str) -> dict[str, Any]:
    return {"dead_letter_source": {"DataType": "String", "StringValue": target}}


def test_a_senders_attribute_does_not_say_where_to_what_sqs_has_moved(aws: Any, queues: Queues, hooks: Any) -> None:
    """The command may send to more queues than the sender may."""
    elsewhere, elsewhere_arn = queues.make(aws, "elsewhere")
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="{}", MessageAttributes=forged(elsewhere_arn))

    def note(parsed: Any) -> None:
        for message in parsed.get("Messages", []):
            message["Attributes"]["DeadLetterQueueSourceArn"] = queues.home_arn

    hooks.after["ReceiveMessage"] = note
    assert redrive(queues.dead).sent == 1
    assert (len(queues.take(queues.home)), queues.take(elsewhere)) == (1, [])


@pytest.mark.parametrize(
    "target", ["arn:aws:sqs:us-east-1:999999999999:theirs", "https://sqs.us-east-1.amazonaws.com/999999999999/theirs"]
)
def test_an_attribute_leads_to_no_other_account(queues: Queues, target: str) -> None:
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="{}", MessageAttributes=forged(target))
    [reason] = redrive(queues.dead).failed.values()
    assert reason.startswith("no queue of this account is noted")


def test_in_a_fifo_queue_nothing_goes_before_an_earlier_one_that_failed(aws: Any, hooks: Any) -> None:
    queues = Queues(aws, fifo=True)
    for number in range(5):
        queues.fail(number)

    def refuse(params: Any) -> None:
        if any('"number": 2' in entry["MessageBody"] for entry in params["Entries"]):
            raise AwsError("not now", code="InternalError")

    hooks.before["SendMessageBatch"] = refuse
    done = redrive(queues.dead)
    assert sorted(done.failed.values()) == ["an earlier message of its group could not be sent"] * 2 + ["not now"]
    assert queues.numbers(queues.home) == [0, 1]
    assert queues.numbers(queues.dead) == [2, 3, 4]


def test_a_message_that_sqs_hands_out_twice_is_sent_once_and_ends_nothing(queues: Queues, hooks: Any) -> None:
    """A standard queue may, and does so once 300 seconds have passed."""
    for number in range(25):
        queues.fail(number)
    seen: list[Any] = []

    def again(parsed: Any) -> None:
        messages = parsed.get("Messages", [])
        seen.extend(messages[:1])
        parsed["Messages"] = seen[:1] + messages if messages and messages[0] is not seen[0] else messages

    hooks.after["ReceiveMessage"] = again
    done = redrive(queues.dead, matching=lambda record: json.loads(record.body)["number"] >= 20)
    assert (done.read, done.sent) == (25, 5)


def test_what_was_sent_and_could_not_be_deleted_is_sent_once(queues: Queues, hooks: Any) -> None:
    queues.fail(1)
    failed = [{"Id": "0", "Code": "InternalError", "SenderFault": False}]
    sqs = queues.sqs

    def keep(_: Any) -> Any:
        [message] = redriven
        sqs.change_message_visibility(QueueUrl=queues.dead, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        return {"Failed": failed}

    redriven: list[Any] = []

    def note(parsed: Any) -> None:
        redriven[:] = parsed.get("Messages", [])

    hooks.after["ReceiveMessage"], hooks.before["DeleteMessageBatch"] = note, keep
    done = redrive(queues.dead)
    assert (done.sent, list(done.failed.values())) == (1, ["sent, but not deleted: InternalError"])
    assert queues.numbers(queues.home) == [1]


def test_a_queue_that_others_keep_filling_comes_to_an_end(queues: Queues, hooks: Any) -> None:
    queues.fail(0)
    received = []

    def fill(_: Any) -> None:
        received.append(1)
        assert len(received) < 20
        queues.fail(len(received))

    hooks.after["ReceiveMessage"] = fill
    assert redrive(queues.dead).sent == 1
    assert queues.numbers(queues.home) == [0]


def test_messages_with_large_attributes_are_sent_one_by_one(queues: Queues) -> None:
    large = {"note": {"DataType": "String", "StringValue": "x" * 250_000}}
    for _ in range(8):
        queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="x", MessageAttributes=large)
    done = redrive(queues.dead, queues.home)
    assert (done.sent, done.failed) == (8, {})


@pytest.fixture
def command(queues: Queues, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    def call(*arguments: str) -> tuple[int, list[str]]:
        code = main(["redrive", "--from", queues.dead, *arguments])
        out = capsys.readouterr()
        return code, (out.out + out.err).splitlines()

    return call


def test_the_command_filters_by_type_and_reports(queues: Queues, command: Any) -> None:
    queues.fail(1)
    queues.fail(2, "loan.paid")
    code, lines = command("--filter", "type=loan.paid", "--filter", "dead_letter_error=ValueError", "--limit", "5")
    assert code == 0
    assert lines[0].split("  ")[1:] == ["loan.paid", "ValueError", "-"]
    assert lines[-1] == "2 read, 1 sent, 1 left, 0 failed"
    assert queues.numbers(queues.home) == [2]


def test_the_command_fails_when_something_could_not_be_sent(queues: Queues, command: Any) -> None:
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody="text")
    assert command("--dry-run")[0] == 0
    code, lines = command()
    assert code == 1
    assert "no queue of this account is noted" in lines[0]


def test_the_command_takes_what_is_malformed(queues: Queues, command: Any) -> None:
    """Which is often why a message is in such a queue."""
    body = json.dumps({"Records": [{"eventSource": "aws:sqs", "messageId": "1"}]})
    attributes = forged(queues.home_arn)
    queues.sqs.send_message(QueueUrl=queues.dead, MessageBody=body, MessageAttributes=attributes)
    queues.fail(1, "loan.paid")
    assert command("--filter", "type=loan.paid")[1][-1] == "2 read, 1 sent, 1 left, 0 failed"
    assert command()[1][-1] == "1 read, 1 sent, 0 left, 0 failed"


@pytest.mark.parametrize("arguments", [("--filter", "type"), ("--to", "elsewhere")])
def test_the_command_names_what_it_cannot_use(command: Any, arguments: tuple[str, ...]) -> None:
    code, [line] = command(*arguments)
    assert (code, line.startswith("kit_events: ")) == (1, True)


def test_the_command_is_there() -> None:
    import sys

    shown = run([sys.executable, "-m", "kit_events", "redrive", "--help"], capture_output=True, text=True, check=True)
    assert "--dry-run" in shown.stdout
