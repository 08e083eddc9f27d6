"""The events of streams: Kinesis, Firehose, DynamoDB, Kafka, DocumentDB and CloudWatch Logs.

Shapes: AWS Lambda Developer Guide, "Using Lambda with …" of each source; Amazon Data Firehose Developer Guide,
"Transform source data"; Amazon CloudWatch Logs User Guide, "Real-time processing of log data with subscriptions".
"""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import md5
from typing import Any
from uuid import uuid4

from kit_testing.events._values import ACCOUNT, EPOCH_MS, REGION, base64, several, text


def kinesis_record(
    data: Any, *, stream: str = "stream", partition_key: str = "key", sequence_number: str | None = None
) -> dict[str, Any]:
    """Return a record of a stream; data that are neither bytes nor text become JSON."""
    number = sequence_number or str(uuid4().int)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": number,
            "data": base64(data),
            "approximateArrivalTimestamp": EPOCH_MS / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/test",
        "awsRegion": REGION,
        "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
    }


def kinesis_event(datas: Iterable[Any], *, stream: str = "stream", partition_key: str = "key") -> dict[str, Any]:
    """Return a batch of records of one shard, with the sequence numbers seq-1, seq-2, …"""
    return {
        "Records": [
            kinesis_record(data, stream=stream, partition_key=partition_key, sequence_number=f"seq-{number}")
            for number, data in enumerate(several(datas, "datas"), 1)
        ]
    }


def kinesis_aggregate(datas: Iterable[Any], *, partition_key: str = "key") -> bytes:
    """Return the data of a record that the Kinesis Producer Library has made of several, for `kinesis_record`."""
    records = b"".join(
        _field(3, b"\x08\x00" + _field(3, data if isinstance(data, bytes) else text(data).encode()))
        for data in several(datas, "datas")
    )
    message = _field(1, partition_key.encode()) + records
    return b"\xf3\x89\x9a\xc2" + message + md5(message, usedforsecurity=False).digest()


def _field(number: int, value: bytes) -> bytes:
    """Return a field of Protocol Buffers that holds bytes."""
    length, size = b"", len(value)
    while size > 0x7F:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + value


def dynamodb_record(
    new: Mapping[str, Any] | None = None,
    old: Mapping[str, Any] | None = None,
    *,
    table: str = "table",
    keys: Sequence[str] = ("id",),
    expired: bool = False,
    sequence_number: str | None = None,
) -> dict[str, Any]:
    """Return a change of an item, from Python values: an insert, a modification, or (without `new`) a removal.

    keys: the attributes of the table's key; expired: DynamoDB has removed the item, since its time to live was over.
    Raise TypeError for a value that DynamoDB has no type for, such as a float.
    """
    images = {"NewImage": new, "OldImage": old}
    item = new if new is not None else old or {}
    typed = {name: _typed(image)["M"] for name, image in images.items() if image is not None}
    change = {
        "ApproximateCreationDateTime": EPOCH_MS / 1000,
        "Keys": {key: _typed(item[key]) for key in keys},
        **typed,
        "SequenceNumber": sequence_number or str(uuid4().int),
        "SizeBytes": len(json.dumps(typed)),
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


def dynamodb_event(
    changes: Iterable[Mapping[str, Any] | tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]],
    *,
    table: str = "table",
    keys: Sequence[str] = ("id",),
) -> dict[str, Any]:
    """Return a batch of changes of one shard, with the sequence numbers seq-1, seq-2, …

    changes: each an item that was inserted, or a pair (new, old): (item, None) is an insert, (None, item) a removal.
    """
    pairs = [change if isinstance(change, tuple) else (change, None) for change in several(changes, "changes")]
    return {
        "Records": [
            dynamodb_record(new, old, table=table, keys=keys, sequence_number=f"seq-{number}")
            for number, (new, old) in enumerate(pairs, 1)
        ]
    }


def firehose_event(datas: Iterable[Any]) -> dict[str, Any]:
    """Return the event by which Firehose asks for a transformation of records with the ids 1, 2, …"""
    return {
        "invocationId": str(uuid4()),
        "deliveryStreamArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/stream",
        "region": REGION,
        "records": [
            {"recordId": str(number), "approximateArrivalTimestamp": EPOCH_MS, "data": base64(data)}
            for number, data in enumerate(several(datas, "datas"), 1)
        ],
    }


def kafka_event(
    values: Iterable[Any],
    *,
    topic: str = "topic",
    partition: int = 0,
    key: Any = None,
    headers: Mapping[str, bytes] | None = None,
    self_managed: bool = False,
) -> dict[str, Any]:
    """Return a batch of records of one partition, with the offsets 0, 1, …; a value of None is a tombstone.

    key, headers: of every record; self_managed: of a cluster of one's own instead of Amazon MSK.
    """
    records: list[dict[str, Any]] = [
        {
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "timestamp": EPOCH_MS,
            "timestampType": "CREATE_TIME",
            "key": None if key is None else base64(key),
            "value": None if value is None else base64(value),
            "headers": [{name: [_signed(byte) for byte in sent]} for name, sent in (headers or {}).items()],
        }
        for offset, value in enumerate(several(values, "values"))
    ]
    source: dict[str, Any] = {"eventSource": "SelfManagedKafka", "bootstrapServers": "broker.example.com:9092"}
    if not self_managed:
        arn = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/test/751d2973-a626-431c-9d4e-d7975eb44dd7-2"
        servers = f"b-1.test.a1.c6.kafka.{REGION}.amazonaws.com:9092"
        source = {"eventSource": "aws:kafka", "eventSourceArn": arn, "bootstrapServers": servers}
    return {**source, "records": {f"{topic}-{partition}": records}}


def documentdb_event(documents: Iterable[Mapping[str, Any]], *, operation: str = "insert") -> dict[str, Any]:
    """Return a batch of changes; each document has its `_id` and is written in MongoDB's Extended JSON."""
    changes = [
        {
            "_id": {"_data": f"{number:034}"},
            "clusterTime": {"$timestamp": {"t": EPOCH_MS // 1000, "i": number}},
            "documentKey": {"_id": document["_id"]},
            **({} if operation == "delete" else {"fullDocument": dict(document)}),
            "ns": {"db": "db", "coll": "coll"},
            "operationType": operation,
        }
        for number, document in enumerate(several(documents, "documents"), 1)
    ]
    arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:test"
    return {"eventSourceArn": arn, "events": [{"event": change} for change in changes], "eventSource": "aws:docdb"}


def logs_event(messages: Iterable[Any], *, group: str = "/aws/lambda/test", control: bool = False) -> dict[str, Any]:
    """Return the lines of a log that a subscription sends; a line that is no text becomes JSON.

    control: the control message by which CloudWatch tries the destination.
    """
    log = {
        "messageType": "CONTROL_MESSAGE" if control else "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "stream",
        "subscriptionFilters": ["test"],
        "logEvents": [
            {"id": f"{number:056}", "timestamp": EPOCH_MS, "message": text(message)}
            for number, message in enumerate(several(messages, "messages"))
        ],
    }
    return {"awslogs": {"data": base64(gzip.compress(json.dumps(log).encode()))}}


def _signed(byte: int) -> int:
    """Return a byte as Java counts it, from -128 to 127."""
    return byte - 256 if byte > 127 else byte


def _typed(value: Any) -> dict[str, Any]:
    """Return a value as DynamoDB types it."""
    if value is None or isinstance(value, bool):
        return {"NULL": True} if value is None else {"BOOL": value}
    if isinstance(value, str | bytes):
        return {"S": value} if isinstance(value, str) else {"B": base64(value)}
    if isinstance(value, int | Decimal):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: _typed(member) for name, member in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [_typed(member) for member in value]}
    if isinstance(value, set | frozenset) and value:
        members = [_typed(member) for member in value]
        [kind] = {name for member in members for name in member}
        return {f"{kind}S": sorted(member[kind] for member in members)}
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}: {value!r}")
