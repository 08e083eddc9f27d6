"""From a dead-letter queue back to where the messages came from."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from time import time
from typing import Any

from kit_events.dead_letters.failures import REASONS, SOURCE, size_of
from kit_events.errors import QueueNameError
from kit_events.queues import locate
from kit_events.records.sqs import QueueRecord

_HELD = 300  # seconds during which a message that was read is not read again
_BATCH = 10
_IDLE = (
    5  # answers in a row with nothing to send, after which there is nothing more: others may fill the queue for ever
)
_BATCH_BYTES = 1_048_576  # "SendMessageBatch", SQS API Reference


class Redriven:
    """Hold the counts of a redrive: messages `read`, `sent` and `left`, and the records that were chosen or failed.

    `chosen` are the records that matched, `failed` maps the id of each that could not be sent to why.
    """

    def __init__(self, *, dry_run: bool) -> None:
        self.dry_run = dry_run
        self.read = 0
        self.sent = 0
        self.chosen: list[QueueRecord] = []
        self.failed: dict[str, str] = {}

    @property
    def left(self) -> int:
        """Return how many messages were read and stay in the queue."""
        return self.read - self.sent

    def __str__(self) -> str:
        """Return the report in one line."""
        what = f"{len(self.chosen)} would be sent" if self.dry_run else f"{self.sent} sent"
        return f"{self.read} read, {what}, {self.left} left, {len(self.failed)} failed"


def redrive(
    source: str,
    to: str | None = None,
    *,
    matching: Callable[[QueueRecord], bool] | None = None,
    limit: int | None = None,
    dry_run: bool = False,
) -> Redriven:
    """Send the messages of a dead-letter queue back, and delete each once its queue has confirmed it.

    Queues are given by URL or ARN. Without `to`, a message goes to the queue that it came from, as SQS itself or
    `SqsDeadLetter` has noted; not to one of another account. `matching` chooses among them, `limit` is the most that
    are sent, `dry_run` sends none. Other messages become visible again when this ends; it ends when there is nothing
    more to read, and sends nothing that was sent to the queue after it began. The messages of a FIFO queue go back one
    by one, none before an earlier one of its group. Raise `QueueNameError` or a `kit_aws.AwsError`: the
    messages that were sent last may then be still in the queue.
    """
    if to is not None:
        locate(to)
    queue, done = _Queue(source), Redriven(dry_run=dry_run)
    held: dict[str, Any] = {}
    seen: set[str] = set()
    idle = 0
    try:
        while idle < _IDLE and (limit is None or len(done.chosen) < limit):
            received = queue.receive(_BATCH if limit is None else min(_BATCH, limit - len(done.chosen)))
            if not received:
                break
            messages = [each for each in received if each["MessageId"] not in seen and not queue.is_late(each)]
            held |= {message["MessageId"]: message for message in received}
            seen |= {message["MessageId"] for message in received}
            idle = 0 if messages else idle + 1
            done.read += len(messages)
            chosen = [each for each in messages if matching is None or matching(queue.record(each))]
            done.chosen += map(queue.record, chosen)
            for message in [] if dry_run else queue.move(chosen, to, done):
                del held[message["MessageId"]]
    finally:
        queue.release(held.values())
    return done


class _Queue:
    """A dead-letter queue that is read."""

    def __init__(self, queue: str) -> None:
        self._region, self._url = locate(queue)
        self._name = queue
        self._began = time()
        self._stuck: set[tuple[str, str]] = set()  # targets and groups with a message that could not be sent

    def receive(self, most: int) -> list[Any]:
        """Return messages; none, if there are none any more."""
        answer = self._call(
            "ReceiveMessage",
            MaxNumberOfMessages=most,
            VisibilityTimeout=_HELD,
            WaitTimeSeconds=1,  # asks all of SQS's servers
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[Any] = answer.get("Messages", [])
        return messages

    def is_late(self, message: Any) -> bool:
        """Say whether a message was sent after this began: one that was sent back may be here again already."""
        return int(message["Attributes"]["SentTimestamp"]) / 1000 > self._began

    def record(self, message: Any) -> QueueRecord:
        """Return a received message as a function would get it."""
        attributes = {name: _as_lambda_has(value) for name, value in message.get("MessageAttributes", {}).items()}
        system = {"attributes": message["Attributes"], "messageAttributes": attributes, "eventSource": "aws:sqs"}
        raw = {"messageId": message["MessageId"], "body": message["Body"], **system}
        [record] = QueueRecord.from_record(raw)
        return record

    def move(self, messages: list[Any], to: str | None, done: Redriven) -> Iterator[Any]:
        """Send messages, delete those that were taken, and yield the deleted ones."""
        by_target: dict[str, list[Any]] = {}
        for message in messages:
            target = to or self._origin(message)
            if target is None:
                done.failed[message["MessageId"]] = (
                    "no queue of this account is noted as where it came from: say where to send it"
                )
            else:
                by_target.setdefault(target, []).append(message)
        for target, several in by_target.items():
            if target.endswith(".fifo"):
                yield from self._send_in_order(target, several, done)
            elif sum(size_of(each["Body"], each.get("MessageAttributes", {})) for each in several) > _BATCH_BYTES:
                for message in several:
                    yield from self._send(target, [message], done)
            else:
                yield from self._send(target, several, done)

    def _send_in_order(self, target: str, messages: list[Any], done: Redriven) -> Iterator[Any]:
        """Send one after the other: entries of a batch fail one by one, so that a later one could overtake."""
        for message in messages:
            place = target, message["Attributes"].get("MessageGroupId") or message["MessageId"]
            if place in self._stuck:
                done.failed[message["MessageId"]] = "an earlier message of its group could not be sent"
            elif taken := self._send(target, [message], done):
                yield from taken
            else:
                self._stuck.add(place)

    def release(self, messages: Any) -> None:
        """Make messages visible again."""
        several = list(messages)
        for start in range(0, len(several), _BATCH):
            batch = several[start : start + _BATCH]
            self._call(
                "ChangeMessageVisibilityBatch",
                Entries=[{**entry, "VisibilityTimeout": 0} for entry in _handles(batch)],
            )

    def _send(self, target: str, messages: list[Any], done: Redriven) -> list[Any]:
        from kit_aws import AwsError, call

        try:
            region, url = locate(target)
            entries = [_entry(str(at), message, fifo=target.endswith(".fifo")) for at, message in enumerate(messages)]
            batch = {"QueueUrl": url, "Entries": entries}
            answer = call("sqs", "SendMessageBatch", batch, region=region, resource=target)
        except (AwsError, QueueNameError) as error:
            done.failed |= {message["MessageId"]: str(error) for message in messages}
            return []
        for entry in answer.get("Failed", []):
            done.failed[messages[int(entry["Id"])]["MessageId"]] = f"{entry.get('Code')}: {entry.get('Message')}"
        taken = [messages[int(entry["Id"])] for entry in answer.get("Successful", [])]
        done.sent += len(taken)
        if taken:
            gone = self._call("DeleteMessageBatch", Entries=_handles(taken))
            for entry in gone.get("Failed", []):
                done.failed[taken[int(entry["Id"])]["MessageId"]] = f"sent, but not deleted: {entry.get('Code')}"
        return taken

    def _origin(self, message: Any) -> str | None:
        """Return the ARN of the queue that a message came from, as SQS has noted it, else SqsDeadLetter.

        Any sender can set an attribute: so SQS is asked first, and an attribute leads to no other account.
        """
        by_sqs: str | None = message["Attributes"].get("DeadLetterQueueSourceArn")
        noted: str = message.get("MessageAttributes", {}).get(SOURCE, {}).get("StringValue") or ""
        account = self._url.split("/")[-2]
        return by_sqs or (noted if noted.startswith("arn:") and noted.split(":")[4:5] == [account] else None)

    def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        from kit_aws import call

        given = {"QueueUrl": self._url, **parameters}
        return call("sqs", operation, given, region=self._region, resource=self._name)


def _as_lambda_has(attribute: Mapping[str, Any]) -> dict[str, Any]:
    binary = attribute.get("BinaryValue")
    found = {"stringValue": attribute.get("StringValue"), "dataType": attribute["DataType"]}
    return found if binary is None else {**found, "binaryValue": b64encode(binary).decode()}


def _handles(messages: list[Any]) -> list[dict[str, Any]]:
    return [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)]


def _entry(entry_id: str, message: Any, *, fifo: bool) -> dict[str, Any]:
    attributes = {
        name: {part: value[part] for part in ("DataType", "StringValue", "BinaryValue") if part in value}
        for name, value in message.get("MessageAttributes", {}).items()
        if name not in REASONS
    }
    entry: dict[str, Any] = {"Id": entry_id, "MessageBody": message["Body"], "MessageAttributes": attributes}
    if trace := message["Attributes"].get("AWSTraceHeader"):
        entry["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    if group := message["Attributes"].get("MessageGroupId") or (message["MessageId"] if fifo else None):
        entry["MessageGroupId"] = group
    if fifo:
        # With its first id, SQS would take the message for the one that it has seen, and drop it.
        entry["MessageDeduplicationId"] = f"redrive-{message['MessageId']}"
    return entry
