"""AWS::SQS."""

import json
from collections.abc import Mapping
from typing import Any

from kit_local.provision.builder import Builder, Item, Resource
from kit_local.template.intrinsics import text_of


def queue(builder: Builder, item: Item) -> Resource:
    """Create a queue."""
    fifo = item.flag("FifoQueue")
    name = item.text("QueueName") or builder.name(item.logical_id, limit=75) + (".fifo" if fifo else "")
    attributes = {key: value for key, value in item.properties.items() if key not in ("QueueName", "FifoQueue")}
    if fifo:
        attributes["FifoQueue"] = True
    url, arn = create(builder, name, attributes)
    return Resource(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def create(builder: Builder, name: str, attributes: Mapping[str, Any]) -> tuple[str, str]:
    """Create a queue from attributes of any type; return its URL and ARN."""
    texts = {key: value if isinstance(value, str) else _text(value) for key, value in attributes.items()}
    url = builder.call("sqs", "create_queue", QueueName=name, Attributes=texts)["QueueUrl"]
    return url, builder.arn("sqs", name)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else text_of(value)


def policy(builder: Builder, item: Item) -> Resource:
    """Attach a policy to queues; nothing enforces it."""
    attributes = {"Policy": json.dumps(item.get("PolicyDocument"))}
    for url in item.get("Queues"):
        builder.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes=attributes)
    return Resource(builder.name(item.logical_id))
