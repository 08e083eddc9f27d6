"""Publish to a topic of SNS."""

import os
from typing import Any

from kit_aws import aws_errors, client, get_account_id

from kit_events.errors import EventBusNotSetError
from kit_events.message import Message


def send(message: Message) -> None:
    """Publish a message. A FIFO topic keeps the events of one aggregate in order and takes each event once."""
    sns, topic = destination()
    parameters: dict[str, Any] = {
        "TopicArn": topic,
        "Message": message.text,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        },
    }
    if topic.endswith(".fifo"):
        parameters["MessageGroupId"] = str(message.aggregate_id)
        parameters["MessageDeduplicationId"] = str(message.id)
    with aws_errors("Publish", resource=topic):
        sns.publish(**parameters)


def destination() -> tuple[Any, str]:
    """Return a client for the topic's region, and the topic of EVENT_BUS: its ARN, or its name in this account."""
    bus = os.environ.get("EVENT_BUS")
    if not bus:
        raise EventBusNotSetError(None)
    if bus.startswith("arn:"):
        parts = bus.split(":")
        if len(parts) != 6 or parts[2] != "sns":
            raise EventBusNotSetError(bus)
        return client("sns", region=parts[3]), bus
    sns = client("sns")
    account = os.environ.get("AWS_ACCOUNT_ID") or get_account_id()
    return sns, f"arn:{sns.meta.partition}:sns:{sns.meta.region_name}:{account}:{bus}"
