"""Publish to a topic of SNS."""

import os
from typing import Any

from kit_aws import aws_errors, client, get_account_id

from kit_events.errors import EventBusNotSetError
from kit_events.message import Message

# The partitions that are not "aws", by how their regions' names begin.
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}


def send(message: Message) -> None:
    """Publish a message. A FIFO topic keeps the events of one aggregate in order and takes each event once."""
    topic = topic_arn()
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
    with aws_errors("Publish"):
        client("sns", region=topic.split(":")[3]).publish(**parameters)


def topic_arn() -> str:
    """Return the topic of EVENT_BUS, which holds its ARN, or its name in this account and region."""
    bus = os.environ.get("EVENT_BUS")
    if not bus:
        raise EventBusNotSetError(None)
    if bus.startswith("arn:"):
        if len(bus.split(":")) != 6:
            raise EventBusNotSetError(bus)
        return bus
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or str(client("sns").meta.region_name)
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    account = os.environ.get("AWS_ACCOUNT_ID") or get_account_id()
    return f"arn:{partition}:sns:{region}:{account}:{bus}"
