"""Queues: what is sent here is what a job reads."""

import re
from collections.abc import Mapping
from typing import Any

from kit_aws.boto3 import client
from kit_aws.botocore import aws_errors
from kit_aws.cache import ValueCache
from kit_aws.errors import ResourceNotFoundError
from kit_aws.payload import to_json

urls: ValueCache[str] = ValueCache()

_REGION_IN_URL = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/")


def enqueue(
    queue_name: str,
    message: Any,
    *,
    delay_seconds: int | None = None,
    message_group_id: str | None = None,
    message_deduplication_id: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Send a message to a queue given by name, URL or ARN.

    The body is the message as JSON (see `to_json`), which the records of kit-events read. A queue's URL is looked up
    once, and again when the queue is gone. Queues whose names end in `.fifo` need a `message_group_id`. `attributes`
    are sent as String attributes. Raise `ResourceNotFoundError` for an unknown queue.
    """
    parameters: dict[str, Any] = {"MessageBody": to_json(message)}
    if delay_seconds is not None:
        parameters["DelaySeconds"] = delay_seconds
    if message_group_id is not None:
        parameters["MessageGroupId"] = message_group_id
    if message_deduplication_id is not None:
        parameters["MessageDeduplicationId"] = message_deduplication_id
    if attributes:
        parameters["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
    sqs = client("sqs", region=_region(queue_name))
    try:
        _send(sqs, queue_name, parameters)
    except ResourceNotFoundError:
        if queue_name.startswith(("https://", "http://")):
            raise
        _send(sqs, queue_name, parameters, force=True)


def _send(sqs: Any, queue: str, parameters: dict[str, Any], *, force: bool = False) -> None:
    url = _url(sqs, queue, force=force)
    with aws_errors("SendMessage", resource=queue):
        sqs.send_message(QueueUrl=url, **parameters)


def _url(sqs: Any, queue: str, *, force: bool) -> str:
    if queue.startswith(("https://", "http://")):
        return queue

    def read() -> str:
        if queue.startswith("arn:"):
            account, name = queue.split(":")[4:6]
            wanted = {"QueueName": name, "QueueOwnerAWSAccountId": account}
        else:
            wanted = {"QueueName": queue}
        with aws_errors("GetQueueUrl", resource=queue):
            url: str = sqs.get_queue_url(**wanted)["QueueUrl"]
        return url

    return urls.get(queue, read, max_age=float("inf"), force=force)


def _region(queue: str) -> str | None:
    """Return the region that an ARN or a URL names; a bare name is in the function's own."""
    if queue.startswith("arn:"):
        parts = queue.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            raise ValueError(f"{queue!r} is not the ARN of a queue")
        return parts[3]
    match = _REGION_IN_URL.match(queue)
    return match[1] if match else None
