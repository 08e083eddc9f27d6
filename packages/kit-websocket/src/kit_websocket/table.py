"""The connection table: its key, its index, and its operations.

Attributes: `connection_id` (key), `user_id` (key of the index), `status`, `connected_at`, `last_seen`, `client_data`,
`_ptn` (the partition), `_crt` (Unix time of the connect; the sort key of tables that have one), `_ttl` (Unix time from
which the row no longer counts). Everything here blocks.
"""

import os
from collections.abc import Iterator
from typing import Any

from kit_aws import AwsError

from kit_websocket import aws
from kit_websocket.attributes import Attribute, to_attribute
from kit_websocket.errors import DynamoDBError, TableNotSetError

CREATED = "_crt"
USER_INDEX = "user_id-index"

Item = dict[str, Attribute]

_REFUSED = "ConditionalCheckFailedException"


class Table:
    """Ask DynamoDB; every failure is a DynamoDBError."""

    def __init__(self, name: str | None, *, sorted_by_creation: bool) -> None:
        """Keep the name (None: DYNAMODB_TABLE, read at each use) and whether `_crt` is part of the key."""
        self._name = name
        self._sorted = sorted_by_creation

    @property
    def name(self) -> str:
        """Return the table's name; TableNotSetError if there is none."""
        name = self._name or os.environ.get("DYNAMODB_TABLE")
        if not name:
            raise TableNotSetError
        return name

    @property
    def key(self) -> tuple[str, ...]:
        """Return the names of the key's attributes, the partition key first."""
        return ("connection_id", CREATED) if self._sorted else ("connection_id",)

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call one operation of DynamoDB on this table, by its method's name."""
        name = self.name
        try:
            return aws.call("dynamodb", operation, TableName=name, **parameters)
        except AwsError as error:
            raise DynamoDBError(operation.title().replace("_", ""), aws.code_of(error), name) from error

    def put(self, item: Item) -> None:
        """Write a row, over the one with the same key."""
        self.call("put_item", Item=item)

    def get(self, connection_id: str) -> Item | None:
        """Return the row of a connection as it is now, not as it was a moment ago."""
        if self._sorted:
            return next(self._rows(connection_id, Limit=1), None)
        key = {"connection_id": to_attribute(connection_id)}
        item: Item | None = self.call("get_item", Key=key, ConsistentRead=True).get("Item")
        return item

    def touch(self, connection_id: str, *, now: int, ttl: int) -> bool:
        """Note that a connection was seen; False, and nothing is written, if its row is gone or expired."""
        key = next(self._keys(connection_id, Limit=1), None)
        return key is not None and self._allowed(
            "update_item",
            Key=key,
            UpdateExpression="SET last_seen = :now, #ttl = :ttl",
            ConditionExpression="attribute_exists(connection_id) AND (attribute_not_exists(#ttl) OR #ttl > :now)",
            ExpressionAttributeNames={"#ttl": "_ttl"},
            ExpressionAttributeValues={":now": to_attribute(now), ":ttl": to_attribute(ttl)},
        )

    def delete(self, connection_id: str) -> bool:
        """Delete a connection's rows; tell whether there was one."""
        keys = self._keys(connection_id)
        answers = [self.call("delete_item", Key=key, ReturnValues="ALL_OLD") for key in keys]
        return any(answer.get("Attributes") for answer in answers)

    def delete_older(self, connection_id: str, than: int) -> bool:
        """Delete a connection's rows but those written after the Unix time `than`; tell whether none is left."""
        deleted = [
            self._allowed(
                "delete_item",
                Key=key,
                ConditionExpression="attribute_not_exists(#crt) OR #crt < :than",
                ExpressionAttributeNames={"#crt": CREATED},
                ExpressionAttributeValues={":than": to_attribute(than)},
            )
            for key in self._keys(connection_id)
        ]
        return all(deleted)

    def of_user(self, user_id: str) -> Iterator[Item]:
        """Yield a user's rows, page by page; the index may be a moment behind the table."""
        return self._pages(
            IndexName=USER_INDEX,
            KeyConditionExpression="user_id = :user",
            ExpressionAttributeValues={":user": to_attribute(user_id)},
        )

    def _allowed(self, operation: str, **parameters: Any) -> bool:
        """Call an operation that has a condition, and tell whether the condition held."""
        try:
            self.call(operation, **parameters)
        except DynamoDBError as error:
            if error.code == _REFUSED:
                return False
            raise
        return True

    def _keys(self, connection_id: str, **options: Any) -> Iterator[Item]:
        """Yield the keys of a connection's rows, the newest first; with `_crt` in the key they are looked up."""
        rows: Iterator[Item] = iter([{"connection_id": to_attribute(connection_id)}])
        if self._sorted:
            rows = self._rows(connection_id, **options)
        for row in rows:
            yield {name: row[name] for name in self.key}

    def _rows(self, connection_id: str, **options: Any) -> Iterator[Item]:
        return self._pages(
            KeyConditionExpression="connection_id = :id",
            ExpressionAttributeValues={":id": to_attribute(connection_id)},
            ConsistentRead=True,
            ScanIndexForward=False,
            **options,
        )

    def _pages(self, **query: Any) -> Iterator[Item]:
        while True:
            page = self.call("query", **query)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
