"""Lambda's events of the messages of a queue."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from kit_local.stack import QueueSource


def record(message: Mapping[str, Any], source: QueueSource) -> dict[str, Any]:
    """Return a received message as Lambda hands it over ("Using Lambda with Amazon SQS")."""
    attributes = message.get("MessageAttributes") or {}
    made = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source.queue_arn,
        "awsRegion": source.queue_arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        made["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return made


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    made = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    content = "BinaryValue" if "BinaryValue" in value else "StringValue"
    return {content[0].lower() + content[1:]: value.get(content), **made}


def event(records: Iterable[Mapping[str, Any]], source: QueueSource) -> dict[str, Any] | None:
    """Return the event for the function; None for a message that AWS would not call it with."""
    if source.origin == "sqs":
        return {"Records": list(records)}
    [only] = records
    content = json.loads(only["body"])
    if source.origin == "sns":
        return {"Records": [_notification(content, source)]}
    if content.get("Event") == "s3:TestEvent":
        return None
    message = {"MessageId": only["messageId"], "Attributes": only["attributes"]}
    return {"Records": [bucket_record(item, message) for item in content["Records"]]}


def _notification(envelope: Mapping[str, Any], source: QueueSource) -> dict[str, Any]:
    """Return the record of a topic, of the envelope that it puts into a queue ("Invoking Lambda … SNS")."""
    names = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    sns = {"Subject": None, **{names.get(name, name): value for name, value in envelope.items()}}
    sns.setdefault("MessageAttributes", {})
    return {
        "EventVersion": "1.0",
        "EventSubscriptionArn": source.origin_arn,
        "EventSource": "aws:sns",
        "Sns": sns,
    }


def bucket_record(item: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a bucket with what moto leaves out ("Event message structure", Amazon S3).

    `message` is the received one that the record was in.
    """
    sent = int(message["Attributes"].get("SentTimestamp", 0))
    digest = hashlib.md5(message["MessageId"].encode(), usedforsecurity=False).hexdigest().upper()
    missing = {
        "userIdentity": {"principalId": "AWS:LOCAL"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": digest[:16], "x-amz-id-2": digest},
    }
    s3 = item["s3"]
    entry = {"sequencer": f"{sent:016X}", **s3["object"]}
    return {**missing, **item, "s3": {**s3, "object": entry}}
