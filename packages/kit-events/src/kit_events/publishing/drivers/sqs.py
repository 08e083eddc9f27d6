"""Send to a queue of SQS."""

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit_aws import call

from kit_events.publishing.drivers.answers import entry, failures
from kit_events.publishing.message import Message
from kit_events.queues import locate


class Sqs:
    """A queue, by its URL or ARN: for one subscriber, without a topic between.

    A FIFO queue keeps the events of one aggregate in order and takes each event once (within five minutes).
    """

    # Of a message and of a batch ("SendMessageBatch", SQS API Reference); queues made before 2025 may take 262144.
    max_bytes = 1_048_576
    in_flight = 8  # kit-aws keeps 10 connections

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self.ordered = queue.endswith(".fifo")

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Send one message with SendMessage, more with SendMessageBatch; the permission for both is sqs:SendMessage."""
        region, url = locate(self._queue)
        if len(messages) == 1:
            message = {"QueueUrl": url, **self._entry(messages[0])}
            call("sqs", "SendMessage", message, region=region, resource=self._queue)
            return {}
        entries = [{"Id": str(position), **self._entry(message)} for position, message in enumerate(messages)]
        batch = {"QueueUrl": url, "Entries": entries}
        answer = call("sqs", "SendMessageBatch", batch, region=region, resource=self._queue)
        return failures(answer, messages, resource=self._queue)

    def _entry(self, message: Message) -> dict[str, Any]:
        made = entry(message, "MessageBody", ordered=self.ordered)
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):
            made["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
        return made
