"""Publish to a topic of SNS."""

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit_aws import aws_errors, client, get_account_id

from kit_events.drivers.answers import failures
from kit_events.message import Message


class Sns:
    """A topic, by its ARN or its name in this account.

    A FIFO topic keeps the events of one aggregate in order and takes each event once (within five minutes). Its
    X-Ray trace goes along in the header that botocore adds in Lambda.
    """

    # Of a message and of a batch, unless the topic's MaximumMessageSize says more ("PublishBatch", SNS API Reference).
    max_bytes = 262_144

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.ordered = topic.endswith(".fifo")

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Publish one message with Publish, more with PublishBatch; the permission for both is sns:Publish."""
        sns, topic = self.destination()
        if len(messages) == 1:
            with aws_errors("Publish", resource=topic):
                sns.publish(TopicArn=topic, **self._entry(messages[0]))
            return {}
        entries = [{"Id": str(position), **self._entry(message)} for position, message in enumerate(messages)]
        with aws_errors("PublishBatch", resource=topic):
            answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        return failures(answer, messages, resource=topic)

    def destination(self) -> tuple[Any, str]:
        """Return a client for the topic's region, and the topic's ARN."""
        if self._topic.startswith("arn:"):
            return client("sns", region=self._topic.split(":")[3]), self._topic
        sns = client("sns")
        account = os.environ.get("AWS_ACCOUNT_ID") or get_account_id()
        return sns, f"arn:{sns.meta.partition}:sns:{sns.meta.region_name}:{account}:{self._topic}"

    def _entry(self, message: Message) -> dict[str, Any]:
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
        entry: dict[str, Any] = {"Message": message.text, "MessageAttributes": attributes}
        if self.ordered:
            entry["MessageGroupId"] = str(message.aggregate_id)
            entry["MessageDeduplicationId"] = str(message.id)
        return entry
