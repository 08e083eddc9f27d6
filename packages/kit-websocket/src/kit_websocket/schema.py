"""Making the connection table where nothing else does, such as in a test or a first deployment."""

from typing import Any

from kit_aws import AwsError

from kit_websocket import aws
from kit_websocket.errors import DynamoDBError, TableShapeError
from kit_websocket.table import CREATED, USER_INDEX, Table

_TTL = "_ttl"


def create(table: Table) -> None:
    """Create the table unless it exists, wait until it can be used, and let DynamoDB delete expired rows.

    TableShapeError if it exists with another key.
    """
    try:
        table.call("create_table", **_definition(table))
    except DynamoDBError as error:
        if error.code != "ResourceInUseException":
            raise
    _wait(table)
    found = tuple(part["AttributeName"] for part in table.call("describe_table")["Table"]["KeySchema"])
    if found != table.key:
        raise TableShapeError(table.name, found, table.key)
    if not _expires(table):
        _let_expire(table)


def _definition(table: Table) -> dict[str, Any]:
    kinds = {"connection_id": "S", CREATED: "N", "user_id": "S"}
    index = {
        "IndexName": USER_INDEX,
        "KeySchema": [{"AttributeName": "user_id", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kinds[name]} for name in (*table.key, "user_id")
        ],
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(table.key, ("HASH", "RANGE"), strict=False)
        ],
        "GlobalSecondaryIndexes": [index],
    }


def _wait(table: Table) -> None:
    try:
        aws.wait("dynamodb", "table_exists", delay=1, attempts=120, TableName=table.name)
    except AwsError as error:
        raise DynamoDBError("DescribeTable", aws.code_of(error), table.name) from error


def _expires(table: Table) -> bool:
    description = table.call("describe_time_to_live")["TimeToLiveDescription"]
    return description["TimeToLiveStatus"] in ("ENABLED", "ENABLING")


def _let_expire(table: Table) -> None:
    try:
        table.call("update_time_to_live", TimeToLiveSpecification={"AttributeName": _TTL, "Enabled": True})
    except DynamoDBError:
        # Somebody else may have been a moment faster: switching it on twice is refused.
        if not _expires(table):
            raise
