"""Publish to a topic of SNS."""

import os
from collections.abc import Sequence
from uuid import UUID

from kit_aws import call, get_account_id, get_endpoint
from kit_aws.calls.early import load_early_model

from kit_events.publishing.drivers.answers import entry, failures
from kit_events.publishing.message import Message


class Sns:
    """A topic, by its ARN or its name in this account.

    A FIFO topic keeps the events of one aggregate in order and takes each event once (within five minutes). Its
    X-Ray trace goes along in the header that each call in Lambda has.
    """

    # Of a message and of a batch, unless the topic's MaximumMessageSize says more ("PublishBatch", SNS API Reference).
    max_bytes = 262_144
    in_flight = 8  # kit-aws keeps 10 connections

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.ordered = topic.endswith(".fifo")

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Publish one message with Publish, more with PublishBatch; the permission for both is sns:Publish."""
        region, topic = self.destination()
        if len(messages) == 1:
            message = {"TopicArn": topic, **entry(messages[0], "Message", ordered=self.ordered)}
            call("sns", "Publish", message, region=region)
            return {}
        entries = [
            {"Id": str(position), **entry(message, "Message", ordered=self.ordered)}
            for position, message in enumerate(messages)
        ]
        batch = {"TopicArn": topic, "PublishBatchRequestEntries": entries}
        return failures(call("sns", "PublishBatch", batch, region=region), messages, resource=topic)

    def destination(self) -> tuple[str, str]:
        """Return the topic's region and its ARN."""
        if self._topic.startswith("arn:"):
            return self._topic.split(":")[3], self._topic
        here = get_endpoint("sns")
        account = os.environ.get("AWS_ACCOUNT_ID") or get_account_id()
        return here.region, f"arn:{here.partition}:sns:{here.region}:{account}:{self._topic}"


load_early_model("sns")
