"""Making the tables where nothing else does, such as in a test or a first deployment."""

from typing import Any

from kit_aws import AwsError

from kit_websocket import aws
from kit_websocket.connections.rooms import Memberships
from kit_websocket.connections.table import CREATED, INDEXED, Table
from kit_websocket.errors import DynamoDBError, TableShapeError

_TTL = "_ttl"
_KINDS = {CREATED: "N"}  # all others are text
_KEYS = (("connection_id",), ("connection_id", CREATED))
_ROOM_KEY = ("room", "connection_id")


def create(table: Table, memberships: Memberships) -> None:
    """Create both tables unless they exist, wait until they can be used, and let DynamoDB delete expired rows.

    TableShapeError if one exists with another key.
    """
    wanted = {table.name: table.key, memberships.name: _ROOM_KEY}
    for name, key in wanted.items():
        _create(name, key, INDEXED if name == table.name else ())
    for name, key in wanted.items():
        _wait(name)
        found = tuple(part["AttributeName"] for part in _call("describe_table", name)["Table"]["KeySchema"])
        # An existing table of connections may have either key, unless one was asked for.
        if found != key and not (name == table.name and table.is_sorted is None and found in _KEYS):
            raise TableShapeError(name, found, key)
        if not _expires(name):
            _let_expire(name)


def _create(name: str, key: tuple[str, ...], indexed: tuple[str, ...]) -> None:
    attributes = (*key, *indexed)
    definition: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": each, "AttributeType": _KINDS.get(each, "S")} for each in attributes
        ],
        "KeySchema": [
            {"AttributeName": each, "KeyType": kind} for each, kind in zip(key, ("HASH", "RANGE"), strict=False)
        ],
    }
    if indexed:
        definition["GlobalSecondaryIndexes"] = [
            {
                "IndexName": f"{each}-index",
                "KeySchema": [{"AttributeName": each, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for each in indexed
        ]
    try:
        _call("create_table", name, **definition)
    except DynamoDBError as error:
        if error.code != "ResourceInUseException":
            raise


def _wait(name: str) -> None:
    try:
        aws.wait("table_exists", delay=1, attempts=120, TableName=name)
    except AwsError as error:
        raise DynamoDBError("DescribeTable", aws.code_of(error), name) from error


def _expires(name: str) -> bool:
    description = _call("describe_time_to_live", name)["TimeToLiveDescription"]
    return description["TimeToLiveStatus"] in ("ENABLED", "ENABLING")


def _let_expire(name: str) -> None:
    try:
        _call("update_time_to_live", name, TimeToLiveSpecification={"AttributeName": _TTL, "Enabled": True})
    except DynamoDBError:
        # Another process may have been a moment faster: switching it on twice is refused.
        if not _expires(name):
            raise


def _call(operation: str, name: str, **parameters: Any) -> Any:
    try:
        return aws.administer(operation, TableName=name, **parameters)
    except AwsError as error:
        raise DynamoDBError(operation.title().replace("_", ""), aws.code_of(error), name) from error
