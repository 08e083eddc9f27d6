"""Lambda's records of what is read from DynamoDB and Kinesis streams."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kit_local.stack import StreamSource


def record(item: Mapping[str, Any], source: StreamSource, shard: str) -> dict[str, Any]:
    """Return a record as Lambda hands it over ("Using AWS Lambda with Amazon DynamoDB", "… with Amazon Kinesis")."""
    place = {"awsRegion": source.arn.split(":")[3], "eventSourceARN": source.arn}
    if source.kind == "dynamodb":
        named = {name: item[name] for name in ("eventID", "eventName", "userIdentity") if name in item}
        change = _plain(item["dynamodb"])
        return {**named, "eventVersion": "1.1", "eventSource": "aws:dynamodb", "dynamodb": change, **place}
    number = item["SequenceNumber"]
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": item["PartitionKey"],
            "sequenceNumber": number,
            "data": base64.b64encode(item["Data"]).decode(),
            "approximateArrivalTimestamp": _plain(item["ApproximateArrivalTimestamp"]),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{source.arn.split(':')[4]}:role/local",
        **place,
    }


def number(made: Mapping[str, Any]) -> str:
    """Return a record's sequence number, by which an answer names it."""
    return str(made["kinesis"]["sequenceNumber"] if "kinesis" in made else made["dynamodb"]["SequenceNumber"])


def arrival(made: Mapping[str, Any]) -> float:
    """Return when a record came, in seconds since 1970."""
    if "kinesis" in made:
        return float(made["kinesis"]["approximateArrivalTimestamp"])
    return float(made["dynamodb"]["ApproximateCreationDateTime"])


def filtered(made: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a filter's pattern is compared with: of Kinesis the data, parsed, and the fields beside them."""
    if "kinesis" not in made:
        return made
    try:
        data = json.loads(base64.b64decode(made["kinesis"]["data"]))
    except ValueError:
        data = None
    return {**made["kinesis"], "data": data}


def _plain(value: Any) -> Any:
    """Return what boto3 has parsed as the JSON that it came from, with times in seconds."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
