"""The events of message queues: SQS, ActiveMQ and RabbitMQ.

Shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Using Lambda with Amazon MQ".
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import md5
from typing import Any
from uuid import uuid4

from kit_testing.events._values import ACCOUNT, EPOCH_MS, REGION, base64, message_attributes, several, text


def sqs_record(
    body: Any,
    *,
    queue: str = "queue",
    group: str | None = None,
    fifo: bool = True,
    receives: int = 1,
    attributes: Mapping[str, str | bytes] | None = None,
    message_id: str | None = None,
    trace: str | None = None,
) -> dict[str, Any]:
    """Return a message of a queue; a body that is neither text nor bytes becomes JSON, bytes become base64.

    group: the message group id, which makes the queue a FIFO queue
    fifo: False for a message group of a standard queue (SQS's fair queues), which has no sequence number
    receives: how often the message has been received, this time included
    attributes: message attributes, of type String, or Binary where the value is bytes
    message_id: a random one by default
    trace: the X-Ray header (`Root=1-…`), which Lambda passes on as AWSTraceHeader
    """
    content, message_id = text(body), message_id or str(uuid4())
    if queue.endswith(".fifo") and not fifo:
        raise ValueError(f"{queue!r} is the name of a FIFO queue: fifo=False is for a standard queue")
    if group is not None and fifo and not queue.endswith(".fifo"):
        queue = f"{queue}.fifo"
    system = {
        "ApproximateReceiveCount": str(receives),
        "SentTimestamp": str(EPOCH_MS),
        "SenderId": "AIDAEXAMPLE",
        "ApproximateFirstReceiveTimestamp": str(EPOCH_MS + 1),
    }
    if trace is not None:
        system["AWSTraceHeader"] = trace
    if group is not None:
        system["MessageGroupId"] = group
        if fifo:
            system |= {"SequenceNumber": "18849496460467696128", "MessageDeduplicationId": message_id}
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": content,
        "attributes": system,
        "messageAttributes": {name: _attribute(value) for name, value in message_attributes(attributes).items()},
        "md5OfBody": md5(content.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def sqs_event(
    bodies: Iterable[Any] | None = None,
    *,
    messages: Iterable[Mapping[str, Any]] | None = None,
    groups: Sequence[str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Return a batch of messages with the ids message-1, message-2, …

    messages: instead of bodies, messages as boto3's `receive_message` returns them. Lambda's names are given to their
    fields: id, receipt handle, body and attributes stay as they are. The only other option is `queue`.
    groups: the message group id of each message, which makes the queue a FIFO queue unless `fifo=False`; the other
    options are those of `sqs_record`, and hold for every message.

    Example:
        >>> sqs_event([{"order": 1}, {"order": 2}])["Records"][1]["body"]
        '{"order": 2}'
    """
    if messages is not None:
        given = {"bodies": bodies, "groups": groups} | options
        if unused := [name for name, value in given.items() if value and name != "queue"]:
            raise TypeError(f"messages have what they need in themselves: leave out {', '.join(unused)}")
        return {"Records": [_received(each, **options) for each in several(messages, "messages")]}
    if bodies is None:
        raise TypeError("sqs_event takes bodies, or messages=")
    found = several(bodies, "bodies")
    named = [None] * len(found) if groups is None else list(groups)
    if len(named) != len(found):
        raise ValueError(f"{len(found)} bodies need as many groups, not {len(named)}")
    return {
        "Records": [
            sqs_record(body, **{"group": group, "message_id": f"message-{number}", **options})
            for number, (body, group) in enumerate(zip(found, named, strict=True), 1)
        ]
    }


def _received(message: Mapping[str, Any], *, queue: str = "queue") -> dict[str, Any]:
    """Return a message that boto3 has received as Lambda passes it on."""
    record = sqs_record(message["Body"], queue=queue, message_id=message["MessageId"])
    record["receiptHandle"] = message["ReceiptHandle"]
    record["attributes"] |= message.get("Attributes", {})
    record["messageAttributes"] = {
        name: {
            **({"stringValue": sent["StringValue"]} if "StringValue" in sent else {}),
            **({"binaryValue": base64(sent["BinaryValue"])} if "BinaryValue" in sent else {}),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": sent["DataType"],
        }
        for name, sent in message.get("MessageAttributes", {}).items()
    }
    return record


def activemq_event(datas: Iterable[Any], *, queue: str = "queue") -> dict[str, Any]:
    """Return a batch of messages of ActiveMQ with the ids ID:1, ID:2, …; bytes are jms/bytes-messages."""
    messages = [
        {
            "messageID": f"ID:{number}",
            "messageType": "jms/bytes-message" if isinstance(data, bytes) else "jms/text-message",
            "deliveryMode": 1,
            "replyTo": None,
            "type": None,
            "expiration": "60000",
            "priority": 1,
            "correlationId": None,
            "redelivered": False,
            "destination": {"physicalName": queue},
            "data": base64(data),
            "timestamp": EPOCH_MS,
            "brokerInTime": EPOCH_MS + 1,
            "brokerOutTime": EPOCH_MS + 2,
            "properties": {},
        }
        for number, data in enumerate(several(datas, "datas"), 1)
    ]
    return {"eventSource": "aws:mq", "eventSourceArn": _BROKER, "messages": messages}


def rabbitmq_event(datas: Iterable[Any], *, queue: str = "queue", virtual_host: str = "/") -> dict[str, Any]:
    """Return a batch of messages of RabbitMQ with the ids 1, 2, …"""
    messages = [
        {
            "basicProperties": {
                "contentType": "text/plain",
                "contentEncoding": None,
                "headers": {},
                "deliveryMode": 1,
                "priority": 0,
                "correlationId": None,
                "replyTo": None,
                "expiration": "60000",
                "messageId": str(number),
                "timestamp": "Mar 1, 2026, 12:30:45 PM",
                "type": None,
                "userId": "AIDAEXAMPLE",
                "appId": None,
                "clusterId": None,
                "bodySize": 80,
            },
            "redelivered": False,
            "data": base64(data),
        }
        for number, data in enumerate(several(datas, "datas"), 1)
    ]
    by_queue = {f"{queue}::{virtual_host}": messages}
    return {"eventSource": "aws:rmq", "eventSourceArn": _BROKER, "rmqMessagesByQueue": by_queue}


_BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:broker:b-9bcfa592-423a-4942-879d-eb284b418fc8"


def _attribute(value: str | bytes) -> dict[str, Any]:
    kind, name = ("Binary", "binaryValue") if isinstance(value, bytes) else ("String", "stringValue")
    return {name: text(value), "stringListValues": [], "binaryListValues": [], "dataType": kind}
