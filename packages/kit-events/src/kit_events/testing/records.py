"""Raw records as AWS sends them, one for each that kit-events reads; what a test doesn't say has a harmless value.

Shapes: Lambda Developer Guide, "Using Lambda with …" of each source; S3 User Guide, "Event message structure" and
"EventBridge event message structure".
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID, uuid4

REGION, ACCOUNT, TIME, MILLISECONDS = "eu-west-1", "123456789012", "2026-03-01T12:30:45.123Z", 1772368245123


def event_body(payload: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return an event as it is on the wire; fields: id, aggregate_id, type, origin, at, version."""
    event = {
        "id": str(uuid4()),
        "aggregate_id": str(uuid4()),
        "type": "test",
        "origin": "test",
        "at": TIME,
        "version": "1",
        "payload": dict(payload or {}),
    }
    if unknown := fields.keys() - event.keys():
        raise TypeError(f"an event has no {', '.join(sorted(unknown))}")
    return event | {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}


def event_record(
    payload: Mapping[str, Any] | None = None, *, carriers: Sequence[str] = ("sns", "sqs"), **fields: Any
) -> dict[str, Any]:
    """Return the raw record of an event, from the innermost carrier to the outermost; fields as of `event_body`."""
    record: dict[str, Any] = carried(event_body(payload, **fields), *carriers)
    return record


def carried(content: Any, *carriers: str) -> Any:
    """Return a raw record with `content` in it: `carried(event, "sns", "sqs")` is in SNS in SQS.

    Carriers: sqs, sns, eventbridge, kinesis, firehose, kafka, activemq, rabbitmq, gzip.
    """
    for position, carrier in enumerate(carriers):
        if carrier not in _CARRIERS:
            raise ValueError(f"carriers are {', '.join(_CARRIERS)}, not {carrier!r}")
        content = _CARRIERS[carrier](content)
        if carrier == "sns" and position + 1 < len(carriers):
            content = {**content["Sns"], "SigningCertURL": content["Sns"]["SigningCertUrl"]}
    return content


def queue_record(
    body: Any, *, queue: str = "queue", group: str | None = None, attributes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a message of a queue; a body that is no text goes as JSON. A group makes it one of a FIFO queue."""
    system = {"ApproximateReceiveCount": "1", "SentTimestamp": str(MILLISECONDS), "SenderId": "AIDAEXAMPLE"}
    sent = {name: {"stringValue": value, "dataType": "String"} for name, value in (attributes or {}).items()}
    return {
        "messageId": str(uuid4()),
        "receiptHandle": "receipt",
        "body": _text(body),
        "attributes": {**system, **({"MessageGroupId": group} if group else {})},
        "messageAttributes": sent,
        "md5OfBody": "d41d8cd98f00b204e9800998ecf8427e",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}{'.fifo' if group else ''}",
        "awsRegion": REGION,
    }


def topic_record(
    message: Any, *, topic: str = "topic", subject: str | None = None, attributes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a message of a topic, as a function that listens to it gets it; one that is no text goes as JSON."""
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    notice = {
        "Type": "Notification",
        "MessageId": str(uuid4()),
        "TopicArn": arn,
        "Subject": subject,
        "Message": _text(message),
        "Timestamp": TIME,
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": f"https://sns.{REGION}.amazonaws.com/test.pem",
        "MessageAttributes": {name: {"Type": "String", "Value": value} for name, value in (attributes or {}).items()},
    }
    return {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{arn}:1", "Sns": notice}


def s3_notification(
    key: str, *, bucket: str = "bucket", name: str = "ObjectCreated:Put", size: int = 1
) -> dict[str, Any]:
    """Return what S3 tells of a file, whose key it encodes; a removed one has neither size nor eTag."""
    there = {} if name.startswith(("ObjectRemoved", "LifecycleExpiration")) else {"size": size, "eTag": "d41d8cd98f"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": TIME,
        "eventName": name,
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(key, safe="/"), **there, "sequencer": "0055AED6DCD90281E5"},
        },
    }


def s3_bus_event(key: str, *, bucket: str = "bucket", size: int = 1) -> dict[str, Any]:
    """Return what EventBridge tells of a new file, with the key as it is."""
    thing = {"key": key, "size": size, "etag": "d41d8cd98f", "sequencer": "0055AED6DCD90281E5"}
    detail = {"version": "0", "bucket": {"name": bucket}, "object": thing, "reason": "PutObject"}
    event = bus_record(detail, detail_type="Object Created", source="aws.s3")
    return {**event, "resources": [f"arn:aws:s3:::{bucket}"]}


def bus_record(detail: Any, *, detail_type: str = "test", source: str = "test") -> dict[str, Any]:
    """Return an event of an event bus."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [],
        "detail": detail,
    }


def schedule_record(name: str = "schedule", *, scheduler: bool = False) -> dict[str, Any]:
    """Return what a rule's schedule sends, or EventBridge Scheduler by default."""
    arn = (
        f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default"
        if scheduler
        else f"arn:aws:events:{REGION}:{ACCOUNT}:rule"
    )
    source, detail = ("aws.scheduler", "{}") if scheduler else ("aws.events", {})
    event = bus_record(detail, detail_type="Scheduled Event", source=source)
    return {**event, "resources": [f"{arn}/{name}"]}


def table_record(
    new: Mapping[str, Any] | None = None,
    old: Mapping[str, Any] | None = None,
    *,
    table: str = "table",
    keys: Sequence[str] = ("id",),
    expired: bool = False,
) -> dict[str, Any]:
    """Return a change of an item, from Python values: an insert, a modification, or (without `new`) a removal.

    expired: DynamoDB has removed it, since its time to live was over.
    """
    images = {"NewImage": new, "OldImage": old}
    item = new if new is not None else old or {}
    change = {
        "ApproximateCreationDateTime": MILLISECONDS / 1000,
        "Keys": {key: _attribute(item[key]) for key in keys},
        **{name: _attribute(image)["M"] for name, image in images.items() if image is not None},
        "SequenceNumber": "111",
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    by_dynamodb = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    return {
        "eventID": uuid4().hex,
        "eventName": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": change,
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/2026-01-01T00:00:00.000",
        **(by_dynamodb if expired else {}),
    }


def stream_record(data: Any, *, stream: str = "stream", partition_key: str = "key") -> dict[str, Any]:
    """Return a record of a Kinesis stream; data that are neither bytes nor text go as JSON."""
    number = str(uuid4().int)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": number,
            "data": _base64(data),
            "approximateArrivalTimestamp": MILLISECONDS / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "awsRegion": REGION,
        "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
    }


def firehose_event(*datas: Any) -> dict[str, Any]:
    """Return the event by which Firehose asks for a transformation of records."""
    return {
        "invocationId": str(uuid4()),
        "deliveryStreamArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/stream",
        "region": REGION,
        "records": [
            {"recordId": str(number), "approximateArrivalTimestamp": MILLISECONDS, "data": _base64(data)}
            for number, data in enumerate(datas, 1)
        ],
    }


def kafka_event(*values: Any, topic: str = "topic", key: Any = None) -> dict[str, Any]:
    """Return the event of records in one partition; a value of None is a tombstone."""
    records: list[dict[str, Any]] = [
        {
            "topic": topic,
            "partition": 0,
            "offset": offset,
            "timestamp": MILLISECONDS,
            "timestampType": "CREATE_TIME",
            "key": None if key is None else _base64(key),
            "value": None if value is None else _base64(value),
            "headers": [],
        }
        for offset, value in enumerate(values)
    ]
    arn = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/test/1"
    return {"eventSource": "aws:kafka", "eventSourceArn": arn, "records": {f"{topic}-0": records}}


def activemq_event(*datas: Any, queue: str = "queue") -> dict[str, Any]:
    """Return the event of messages of ActiveMQ."""
    messages = [
        {
            "messageID": f"ID:{number}",
            "messageType": "jms/bytes-message" if isinstance(data, bytes) else "jms/text-message",
            "redelivered": False,
            "destination": {"physicalName": queue},
            "data": _base64(data),
            "timestamp": MILLISECONDS,
            "properties": {},
        }
        for number, data in enumerate(datas, 1)
    ]
    return {
        "eventSource": "aws:mq",
        "eventSourceArn": f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:1",
        "messages": messages,
    }


def rabbitmq_event(*datas: Any, queue: str = "queue") -> dict[str, Any]:
    """Return the event of messages of RabbitMQ."""
    messages = [
        {"basicProperties": {"headers": {}, "messageId": str(number)}, "redelivered": False, "data": _base64(data)}
        for number, data in enumerate(datas, 1)
    ]
    arn = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:1"
    return {"eventSource": "aws:rmq", "eventSourceArn": arn, "rmqMessagesByQueue": {f"{queue}::/": messages}}


def document_event(*documents: Mapping[str, Any], operation: str = "insert") -> dict[str, Any]:
    """Return the event of changes in DocumentDB; each document has its `_id`, and is in Extended JSON."""
    changes = [
        {
            "_id": {"_data": f"{number:034}"},
            "clusterTime": {"$timestamp": {"t": MILLISECONDS // 1000, "i": number}},
            "documentKey": {"_id": document["_id"]},
            **({} if operation == "delete" else {"fullDocument": dict(document)}),
            "ns": {"db": "db", "coll": "coll"},
            "operationType": operation,
        }
        for number, document in enumerate(documents, 1)
    ]
    arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:test"
    return {"eventSource": "aws:docdb", "eventSourceArn": arn, "events": [{"event": change} for change in changes]}


def log_event(*messages: Any, group: str = "/aws/lambda/test", control: bool = False) -> dict[str, Any]:
    """Return what a subscription of CloudWatch Logs sends; lines that are no text go as JSON. control: a trial."""
    log = {
        "messageType": "CONTROL_MESSAGE" if control else "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "stream",
        "subscriptionFilters": ["test"],
        "logEvents": [
            {"id": str(number), "timestamp": MILLISECONDS, "message": _text(message)}
            for number, message in enumerate(messages)
        ],
    }
    return {"awslogs": {"data": _base64(gzip.compress(json.dumps(log).encode()))}}


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value if isinstance(value, str) else json.dumps(value)


def _base64(value: Any) -> str:
    return b64encode(value if isinstance(value, bytes) else _text(value).encode()).decode()


def _attribute(value: Any) -> dict[str, Any]:
    """Return a value as DynamoDB types it."""
    if value is None or isinstance(value, bool):
        return {"NULL": True} if value is None else {"BOOL": value}
    if isinstance(value, str | bytes):
        return {"S": value} if isinstance(value, str) else {"B": _base64(value)}
    if isinstance(value, int | Decimal):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: _attribute(member) for name, member in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [_attribute(member) for member in value]}
    if isinstance(value, set | frozenset) and value:
        members = [_attribute(member) for member in value]
        [kind] = {name for member in members for name in member}
        return {f"{kind}S": sorted(member[kind] for member in members)}
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}")


_CARRIERS: dict[str, Callable[[Any], Any]] = {
    "sqs": queue_record,
    "sns": topic_record,
    "eventbridge": bus_record,
    "kinesis": stream_record,
    "firehose": firehose_event,
    "kafka": kafka_event,
    "activemq": activemq_event,
    "rabbitmq": rabbitmq_event,
    "gzip": lambda content: gzip.compress(_text(content).encode()),
}
