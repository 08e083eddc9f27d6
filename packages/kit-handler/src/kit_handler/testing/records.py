"""The events of queues, topics, buckets, streams and buses.

Shapes: Lambda Developer Guide, "Using Lambda with ..." of each source; S3 User Guide, "Event message structure";
EventBridge User Guide, "Event structure".
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import md5
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from kit_handler.testing._names import ACCOUNT, EPOCH_MS, REGION, TIME


def sqs_event(
    bodies: Iterable[Any],
    *,
    queue: str = "queue",
    groups: Sequence[str] | None = None,
    receives: int = 1,
    attributes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of a batch of messages, named message-1, message-2, …; a body that is no text goes as JSON.

    groups: the message group of each, which makes it a FIFO queue; receives: how often each has been received, this
    time included; attributes: message attributes that each carries, as strings.
    """
    name = f"{queue}.fifo" if groups is not None and not queue.endswith(".fifo") else queue
    return {
        "Records": [
            _message(number, body, name, groups[number - 1] if groups else None, receives, attributes or {})
            for number, body in enumerate(bodies, 1)
        ]
    }


def _message(
    number: int, body: Any, queue: str, group: str | None, receives: int, attributes: Mapping[str, str]
) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    system = {
        "ApproximateReceiveCount": str(receives),
        "SentTimestamp": str(EPOCH_MS),
        "SenderId": "AIDAEXAMPLE",
        "ApproximateFirstReceiveTimestamp": str(EPOCH_MS + 1),
    }
    if group is not None:
        system |= {"MessageGroupId": group, "SequenceNumber": f"{number:020}", "MessageDeduplicationId": str(number)}
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": text,
        "attributes": system,
        "messageAttributes": {
            key: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for key, value in attributes.items()
        },
        "md5OfBody": md5(text.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def failed_ids(answer: Any) -> list[str]:
    """Return the identifiers that a batch answer names as failed; AssertionError if it is no batch answer."""
    assert isinstance(answer, dict), f"not a batch answer: {answer!r}"
    assert list(answer) == ["batchItemFailures"], f"not a batch answer: {answer!r}"
    assert all(list(each) == ["itemIdentifier"] for each in answer["batchItemFailures"]), answer
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def kinesis_event(datas: Iterable[Any], *, stream: str = "stream", partition_key: str = "key") -> dict[str, Any]:
    """Return the event of records in a shard, with the sequence numbers seq-1, seq-2, …

    Each data is bytes, text, or anything else as JSON.
    """
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": partition_key,
                    "sequenceNumber": f"seq-{number}",
                    "data": b64encode(_bytes(data)).decode(),
                    "approximateArrivalTimestamp": EPOCH_MS / 1000,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:seq-{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/test",
                "awsRegion": REGION,
                "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
            }
            for number, data in enumerate(datas, 1)
        ]
    }


def _bytes(data: Any) -> bytes:
    if isinstance(data, bytes):
        return data
    return (data if isinstance(data, str) else json.dumps(data)).encode()


def dynamodb_event(
    images: Iterable[Mapping[str, Any]], *, table: str = "table", name: str = "INSERT", keys: Sequence[str] = ("id",)
) -> dict[str, Any]:
    """Return the event of a table's stream, with the sequence numbers seq-1, seq-2, …

    images: an item in DynamoDB's JSON each (`{"id": {"S": "1"}}`), the new one, or the old one when `name` is REMOVE.
    """
    return {
        "Records": [
            {
                "eventID": f"event-{number}",
                "eventName": name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": REGION,
                "dynamodb": {
                    "ApproximateCreationDateTime": EPOCH_MS / 1000,
                    "Keys": {key: image[key] for key in keys if key in image},
                    ("OldImage" if name == "REMOVE" else "NewImage"): dict(image),
                    "SequenceNumber": f"seq-{number}",
                    "SizeBytes": len(json.dumps(image)),
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
                "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/2025-01-01T00:00:00.000",
            }
            for number, image in enumerate(images, 1)
        ]
    }


def sns_event(
    messages: Iterable[Any], *, topic: str = "topic", attributes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the event of messages to a topic; one that is no text goes as JSON."""
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{arn}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": f"message-{number}",
                    "TopicArn": arn,
                    "Subject": None,
                    "Message": message if isinstance(message, str) else json.dumps(message),
                    "Timestamp": TIME,
                    "SignatureVersion": "1",
                    "Signature": "EXAMPLE",
                    "SigningCertUrl": f"https://sns.{REGION}.amazonaws.com/test.pem",
                    "UnsubscribeUrl": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe",
                    "MessageAttributes": {
                        key: {"Type": "String", "Value": value} for key, value in (attributes or {}).items()
                    },
                },
            }
            for number, message in enumerate(messages, 1)
        ]
    }


def s3_event(
    keys: Iterable[str], *, bucket: str = "bucket", name: str = "ObjectCreated:Put", size: int = 1024
) -> dict[str, Any]:
    """Return the event of objects, whose keys are encoded as S3 does it; removed ones have neither size nor eTag."""
    removed = name.startswith("ObjectRemoved")
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": TIME,
                "eventName": name,
                "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
                "requestParameters": {"sourceIPAddress": "203.0.113.7"},
                "responseElements": {"x-amz-request-id": f"REQUEST{number}", "x-amz-id-2": "EXAMPLE"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "test",
                    "bucket": {
                        "name": bucket,
                        "ownerIdentity": {"principalId": "EXAMPLE"},
                        "arn": f"arn:aws:s3:::{bucket}",
                    },
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        **({} if removed else {"size": size, "eTag": "d41d8cd98f00b204e9800998ecf8427e"}),
                        "sequencer": f"{number:018X}",
                    },
                },
            }
            for number, key in enumerate(keys, 1)
        ]
    }


def s3_test_event(*, bucket: str = "bucket") -> dict[str, Any]:
    """Return what S3 sends when notifications are set up."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": TIME,
        "Bucket": bucket,
        "RequestId": "REQUEST",
        "HostId": "EXAMPLE",
    }


def eventbridge_event(
    detail: Mapping[str, Any], *, detail_type: str = "Test", source: str = "test", resources: Iterable[str] = ()
) -> dict[str, Any]:
    """Return an event of a bus."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": list(resources),
        "detail": dict(detail),
    }
