"""The connection table: its key, its indexes, and its operations.

Attributes: `connection_id` (key), `user_id`, `endpoint_id` and `area` (keys of indexes), `status`, `connected_at`,
`last_seen`, `client_data`, `rooms` (the keys of the memberships), `seq` (the last sequence number), `_ptn` (the
partition), `_crt` (the same as `connected_at`; the sort key of tables that have one), `_ttl` (Unix time from which
the row no longer counts). Everything here blocks.

A connection's `$disconnect` may come before its `$connect` has written the row. It then leaves a row of the status
"disconnected" for some minutes, which keeps the row of `$connect` out.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import kit_aws

from kit_websocket import aws
from kit_websocket.connections.attributes import Attribute, to_attribute, to_item
from kit_websocket.connections.connection import CONNECTED, DISCONNECTED
from kit_websocket.errors import DynamoDBError, TableNotSetError

CREATED = "_crt"
INDEXED = ("user_id", "endpoint_id", "area")  # each has the index `<name>-index`

Item = dict[str, Attribute]
T = TypeVar("T")

REFUSED = "ConditionalCheckFailedException"
_TOMBSTONE_SECONDS = 300
_KEPT = ("rooms", "seq")
_NAMES = {"#ttl": "_ttl", "#status": "status"}
_ALIVE = "attribute_exists(connection_id) AND #status = :connected AND (attribute_not_exists(#ttl) OR #ttl > :now)"


class Table:
    """Ask DynamoDB; every failure is a DynamoDBError."""

    def __init__(self, name: str | None, *, is_sorted: bool | None) -> None:
        """Keep the name (None: DYNAMODB_TABLE, read at each use) and whether `_crt` is part of the key.

        None finds it out by itself: DynamoDB refuses a key that is not whole.
        """
        self._name = name
        self._sorted = is_sorted

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

    @property
    def is_sorted(self) -> bool | None:
        """Tell whether `_crt` is part of the key; None while it is not known."""
        return self._sorted

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call one operation of DynamoDB on this table."""
        return call(operation, self.name, TableName=self.name, **parameters)

    def put(self, row: dict[str, object]) -> bool:
        """Write the row of a connection that begins; False, and nothing is written, if it has ended already."""
        try:
            item = to_item({name: value for name, value in row.items() if value is not None})
        except (TypeError, ValueError) as error:
            raise DynamoDBError("PutItem", type(error).__name__, self.name, str(error)) from error
        try:
            answer = self.call(
                "PutItem",
                Item=item,
                ConditionExpression="attribute_not_exists(connection_id) OR connected_at < :mine"
                " OR (connected_at = :mine AND #status = :connected)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=_values(mine=item["connected_at"]),
                ReturnValues="ALL_OLD",
            )
        except DynamoDBError as error:
            if error.code == REFUSED:
                return False
            raise
        before: Item = answer.get("Attributes") or {}
        # The row of the same connection, written again: it stays in its rooms, and its messages go on being numbered.
        kept = {name: before[name] for name in _KEPT if name in before}
        if not kept or before.get("connected_at") != item["connected_at"]:
            return True
        again = "ADD " + ", ".join(f"{name} :{name}" for name in kept)
        return self._update(item["connection_id"]["S"], again, _ALIVE, now=row["last_seen"], **kept)

    def get(self, connection_id: str) -> Item | None:
        """Return the row of a connection as it is now, not as it was a moment ago."""

        def read() -> Item | None:
            if self._sorted:
                return next(self._rows(connection_id, Limit=1), None)
            key = {"connection_id": to_attribute(connection_id)}
            item: Item | None = self.call("GetItem", Key=key, ConsistentRead=True).get("Item")
            return item

        return self._by_key(read)

    def touch(self, connection_id: str, *, now: int, ttl: int) -> bool:
        """Note that a connection was seen, so that it counts until `ttl`; False if its row is gone or expired."""
        return self._update(connection_id, "SET last_seen = :now, #ttl = :ttl", _ALIVE, now=now, ttl=ttl)

    def touch_up_to(self, connection_id: str, *, now: int, ttl: int, longest: int) -> bool:
        """Do as `touch`, for at most `longest` seconds after the connection's begin, which only the row knows."""
        times = {"now": now, "bound": ttl - longest}
        old, young = f"{_ALIVE} AND connected_at < :bound", f"{_ALIVE} AND connected_at >= :bound"
        up_to = "SET last_seen = :now, #ttl = connected_at + :longest"
        if self._update(connection_id, up_to, old, longest=longest, **times):
            return True
        return self._update(connection_id, "SET last_seen = :now, #ttl = :ttl", young, ttl=ttl, **times)

    def next_number(self, connection_id: str, *, now: int) -> int | None:
        """Return the next sequence number of a connection, None if it is gone."""

        def count() -> int | None:
            key = next(self._keys(connection_id, Limit=1), None)
            if key is None:
                return None
            found = self.call(
                "UpdateItem",
                Key=key,
                UpdateExpression="ADD seq :one",
                ConditionExpression=_ALIVE,
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues=_values(now=now, one=1),
                ReturnValues="UPDATED_NEW",
            )
            return int(found["Attributes"]["seq"]["N"])

        try:
            return self._by_key(count)
        except DynamoDBError as error:
            if error.code == REFUSED:
                return None
            raise

    def delete(self, connection_id: str, *, begun: int | None, now: int) -> Item | None:
        """Delete a connection's rows, and return the last one, None if there was none.

        begun: the Unix time at which the connection began; a row of a later one stays, and if there is no row, the one
        that `$connect` may still write is kept out
        """

        def remove() -> Item | None:
            found = None
            for key in self._keys(connection_id):
                found = self._deleted(key, begun) or found
            return found

        found = self._by_key(remove)
        if found is None and begun is not None and not self._bury(connection_id, begun, now):
            found = self._by_key(remove)  # `$connect` was a moment faster
        return found

    def of(self, attribute: str, value: str) -> Iterator[Item]:
        """Yield a user's, an endpoint's or an area's rows; the index may be a moment behind the table."""
        return self.pages(**index_query(attribute, value))

    def pages(self, **query: Any) -> Iterator[Item]:
        """Yield the items of a query, page by page."""
        while True:
            page = self.call("Query", **query)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def key_of(self, row: Item) -> Item:
        """Return the key of a row."""
        return {name: row[name] for name in self.key}

    def _update(self, connection_id: str, expression: str, condition: str, **values: Any) -> bool:
        def update() -> bool:
            key = next(self._keys(connection_id, Limit=1), None)
            return key is not None and self._allowed(
                "UpdateItem",
                Key=key,
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues=_values(**values),
            )

        return self._by_key(update)

    def _deleted(self, key: Item, begun: int | None) -> Item | None:
        options: dict[str, Any] = {}
        if begun is not None:
            options = {
                "ConditionExpression": "attribute_exists(connection_id) AND #status = :connected"
                " AND connected_at <= :begun",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": _values(begun=begun),
            }
        try:
            found: Item | None = self.call("DeleteItem", Key=key, ReturnValues="ALL_OLD", **options).get("Attributes")
        except DynamoDBError as error:
            if error.code == REFUSED:
                return None
            raise
        return found if found and found.get("status") != {"S": DISCONNECTED} else None

    def _bury(self, connection_id: str, begun: int, now: int) -> bool:
        """Leave a row that keeps the one of `$connect` out; False if there is one now."""
        row = {"connection_id": connection_id, "status": DISCONNECTED, "connected_at": begun}
        row |= {CREATED: begun, "_ttl": now + _TOMBSTONE_SECONDS}
        return self._allowed(
            "PutItem",
            Item=to_item(row),
            ConditionExpression="attribute_not_exists(connection_id) OR #status <> :connected",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=_values(),
        )

    def _allowed(self, operation: str, **parameters: Any) -> bool:
        """Call an operation that has a condition, and tell whether the condition held."""
        try:
            self.call(operation, **parameters)
        except DynamoDBError as error:
            if error.code == REFUSED:
                return False
            raise
        return True

    def _by_key(self, operation: Callable[[], T]) -> T:
        """Run an operation that names a key; once more if the table turns out to have `_crt` in its key."""
        try:
            done = operation()
            if self._sorted is None:
                self._sorted = False
            return done
        except DynamoDBError as error:
            if self._sorted is not None or error.code != "ValidationException":
                raise
            self._sorted = True  # a query by the sort key is refused where there is none
            try:
                return operation()
            except DynamoDBError:
                self._sorted = None
                raise error from error.__cause__

    def _keys(self, connection_id: str, **options: Any) -> Iterator[Item]:
        """Yield the keys of a connection's rows, the newest first; with `_crt` in the key they are looked up."""
        if not self._sorted:
            yield {"connection_id": to_attribute(connection_id)}
            return
        for row in self._rows(connection_id, **options):
            yield self.key_of(row)

    def _rows(self, connection_id: str, **options: Any) -> Iterator[Item]:
        return self.pages(
            KeyConditionExpression="connection_id = :id AND #crt >= :zero",
            ExpressionAttributeNames={"#crt": CREATED},
            ExpressionAttributeValues={":id": to_attribute(connection_id), ":zero": to_attribute(0)},
            ConsistentRead=True,
            ScanIndexForward=False,
            **options,
        )


def call(operation: str, table: str, **parameters: Any) -> Any:
    """Call one operation of DynamoDB; `table` is named in the DynamoDBError of a failure."""
    try:
        return kit_aws.call("dynamodb", operation, parameters)
    except kit_aws.AwsError as error:
        raise DynamoDBError(operation, aws.code_of(error), table) from error


def index_query(attribute: str, value: str) -> dict[str, Any]:
    """Return the parameters of a query of the index of an attribute."""
    return {
        "IndexName": f"{attribute}-index",
        "KeyConditionExpression": f"{attribute} = :value",
        "ExpressionAttributeValues": {":value": to_attribute(value)},
    }


def _values(**values: Any) -> dict[str, Attribute]:
    """Return expression values; every expression of this module names `:connected`."""
    given = {f":{name}": value if isinstance(value, dict) else to_attribute(value) for name, value in values.items()}
    return {":connected": to_attribute(CONNECTED), **given}
