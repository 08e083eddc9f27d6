"""The events of SNS, S3, EventBridge, schedules and IoT rules.

Shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SNS"; Amazon S3 User Guide, "Event message structure" and
"EventBridge event message structure"; Amazon EventBridge User Guide, "Event structure"; EventBridge Scheduler User
Guide; AWS IoT Core Developer Guide, "Lambda" rule action.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from kit_testing.events._values import (
    ACCOUNT,
    EPOCH_MS,
    REGION,
    SOURCE_IP,
    TIME,
    TIME_MS,
    message_attributes,
    several,
    text,
)

_ETAG = "d41d8cd98f00b204e9800998ecf8427e"


def sns_record(
    message: Any,
    *,
    topic: str = "topic",
    subject: str | None = None,
    attributes: Mapping[str, str | bytes] | None = None,
    message_id: str | None = None,
) -> dict[str, Any]:
    """Return a message of a topic; a message that is neither text nor bytes becomes JSON.

    attributes: message attributes, of type String, or Binary where the value is bytes; message_id: a random one by
    default.
    """
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    subscription = f"{arn}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id or str(uuid4()),
            "TopicArn": arn,
            "Subject": subject,
            "Message": text(message),
            "Timestamp": TIME_MS,
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-test.pem",
            "UnsubscribeUrl": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}",
            "MessageAttributes": {
                name: {"Type": "Binary" if isinstance(value, bytes) else "String", "Value": text(value)}
                for name, value in message_attributes(attributes).items()
            },
        },
    }


def sns_event(messages: Iterable[Any], **options: Any) -> dict[str, Any]:
    """Return messages of a topic with the ids message-1, message-2, …; the options are those of `sns_record`."""
    return {
        "Records": [
            sns_record(message, **{"message_id": f"message-{number}", **options})
            for number, message in enumerate(several(messages, "messages"), 1)
        ]
    }


def s3_record(
    key: str, *, bucket: str = "bucket", name: str = "ObjectCreated:Put", size: int = 1024, sequencer: int = 1
) -> dict[str, Any]:
    """Return the notification of an object, with the key encoded as S3 does; a removed one has neither size nor eTag.

    name: the event name, without the leading `s3:`.
    """
    removed = name.startswith(("ObjectRemoved", "LifecycleExpiration"))
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": TIME_MS,
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": SOURCE_IP},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "EXAMPLE"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "test",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "EXAMPLE"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": quote_plus(key, safe="/"),
                **({} if removed else {"size": size, "eTag": _ETAG}),
                "sequencer": f"{sequencer:018X}",
            },
        },
    }


def s3_event(keys: Iterable[str], **options: Any) -> dict[str, Any]:
    """Return the notifications of objects; the options are those of `s3_record`."""
    return {
        "Records": [
            s3_record(key, **{"sequencer": number, **options}) for number, key in enumerate(several(keys, "keys"), 1)
        ]
    }


def s3_test_event(*, bucket: str = "bucket") -> dict[str, Any]:
    """Return the message that S3 sends once when notifications are set up."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": TIME_MS,
        "Bucket": bucket,
        "RequestId": "C3D13FE58DE4C810",
        "HostId": "EXAMPLE",
    }


def s3_eventbridge_event(
    key: str, *, bucket: str = "bucket", detail_type: str = "Object Created", size: int = 1024
) -> dict[str, Any]:
    """Return the event of an object by way of EventBridge, with the key as it is."""
    deleted = detail_type == "Object Deleted"
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": key, **({} if deleted else {"size": size}), "etag": _ETAG, "sequencer": f"{1:018X}"},
        "request-id": "C3D13FE58DE4C810",
        "requester": ACCOUNT,
        "source-ip-address": SOURCE_IP,
        "reason": "DeleteObject" if deleted else "PutObject",
        **({"deletion-type": "Permanently Deleted"} if deleted else {}),
    }
    return eventbridge_event(detail, detail_type=detail_type, source="aws.s3", resources=[f"arn:aws:s3:::{bucket}"])


def eventbridge_event(
    detail: Any, *, detail_type: str = "test", source: str = "test", resources: Iterable[str] = ()
) -> dict[str, Any]:
    """Return an event of an event bus; the detail is an object, not text."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": list(resources),
        "detail": detail,
    }


def schedule_event(name: str = "schedule", *, scheduler: bool = False) -> dict[str, Any]:
    """Return the event of a rule's schedule, or of EventBridge Scheduler with its default input."""
    kind = "scheduler" if scheduler else "events"
    path = "schedule/default" if scheduler else "rule"
    return eventbridge_event(
        "{}" if scheduler else {},
        detail_type="Scheduled Event",
        source=f"aws.{kind}",
        resources=[f"arn:aws:{kind}:{REGION}:{ACCOUNT}:{path}/{name}"],
    )


def iot_event(payload: Mapping[str, Any], *, topic: str | None = None, client_id: str | None = None) -> dict[str, Any]:
    """Return the object that a rule's SQL selects: `SELECT *, topic() AS topic, clientid() AS clientId, …`.

    With a topic, the event also has `topic` and `timestamp`, with a client id `clientId`.
    """
    selected = dict(payload)
    if topic is not None:
        selected |= {"topic": topic, "timestamp": EPOCH_MS}
    return selected if client_id is None else {**selected, "clientId": client_id}
