"""Rooms: the table of memberships, one item each.

Its key is `room` (partition, room and shard in one text) and `connection_id`. A room's members are read by a strongly
consistent query, so that a member is reached by everything that is sent after its `join` has returned. The row of a
connection lists the keys of its memberships, which is how a connection that ends leaves all of its rooms. Both are
written in one transaction. Everything here blocks.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zlib import crc32

from kit_core.backoff import Backoff

from kit_websocket.connections.attributes import from_item, to_attribute, to_item
from kit_websocket.connections.connection import CONNECTED, Connection
from kit_websocket.connections.table import Item, Table, call
from kit_websocket.errors import DynamoDBError

LONGEST_NAME = 512  # characters of a room's name

_ATTEMPTS = 5
_BACKOFF = Backoff(0.05, 1.0)  # seconds
_COUNTER = "#seq"
_COUNTER_SECONDS = 86_400
# Amazon DynamoDB API Reference, TransactWriteItems, "Cancellation reason codes": those that pass.
_PASSING = ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded")


class Member(NamedTuple):
    """Is one member of a room.

    user_id: the one given to `connect`; data: the value given to `join`; joined_at: an aware datetime in UTC
    """

    connection_id: str
    user_id: str | None
    joined_at: datetime
    data: Any


class Memberships:
    """Read and write the memberships of one partition; every failure is a DynamoDBError.

    name: of the table of rooms; None is KIT_WEBSOCKET_ROOMS_TABLE, else the connection table's name and `-rooms`
    shards: into how many partition keys a room is divided
    """

    def __init__(self, connections: Table, name: str | None, *, partition: str, shards: int) -> None:
        self._connections = connections
        self._name = name
        self._partition = partition
        self._shards = shards

    @property
    def name(self) -> str:
        """Return the table's name."""
        return self._name or os.environ.get("KIT_WEBSOCKET_ROOMS_TABLE") or f"{self._connections.name}-rooms"

    def keys_of(self, room: str) -> list[str]:
        """Return the partition keys of a room."""
        return [f"{self._partition}/{checked(room)}/{shard}" for shard in range(self._shards)]

    def room_of(self, key: str) -> str:
        """Return the name of the room that a partition key belongs to."""
        return key[len(self._partition) + 1 :].rpartition("/")[0]

    def join(self, connection: Connection, rooms: Sequence[str], *, data: object, now: int, ttl: int) -> bool:
        """Write memberships; False, and nothing is written, if the connection is gone."""
        keys = [self._key(room, connection.connection_id) for room in rooms]
        shared = {"connection_id": connection.connection_id, "joined_at": now, "_ttl": ttl}
        shared |= {"user_id": connection.user_id} if connection.user_id is not None else {}
        shared |= {"data": data} if data is not None else {}
        try:
            items = [to_item({"room": key, **shared}) for key in keys]
        except (TypeError, ValueError) as error:
            raise DynamoDBError("TransactWriteItems", type(error).__name__, self.name, str(error)) from error
        writes = [{"Put": {"TableName": self.name, "Item": item}} for item in items]
        return self._transact(self._row_update(connection, "ADD", keys), writes)

    def leave(self, connection: Connection, rooms: Sequence[str]) -> list[str]:
        """Delete memberships, and return the names of the rooms that the connection was in."""
        names = set(map(checked, rooms))
        keys = [key for key in sorted(connection.memberships) if self.room_of(key) in names]
        if not keys:
            return []
        writes = [{"Delete": {"TableName": self.name, "Key": _key(key, connection.connection_id)}} for key in keys]
        self._transact(self._row_update(connection, "DELETE", keys), writes)
        return list(dict.fromkeys(map(self.room_of, keys)))

    def members(self, room: str, *, now: int) -> Iterator[Member]:
        """Yield the members of a room."""
        for key in self.keys_of(room):
            for item in self._connections_pages(key):
                row = from_item(item)
                if row.get("_ttl", now + 1) > now:
                    joined = datetime.fromtimestamp(row["joined_at"], UTC)
                    yield Member(row["connection_id"], row.get("user_id"), joined, row.get("data"))

    def count(self, room: str, *, now: int) -> int:
        """Return how many members a room has."""
        counted = 0
        for key in self.keys_of(room):
            query = self.query(key) | {"Select": "COUNT", "FilterExpression": "#ttl > :now"}
            query["ExpressionAttributeNames"] = {"#ttl": "_ttl"}
            query["ExpressionAttributeValues"] |= {":now": to_attribute(now)}
            while True:
                page = self.call("Query", **query)
                counted += page["Count"]
                if not page.get("LastEvaluatedKey"):
                    break
                query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return counted

    def next_number(self, room: str, *, now: int) -> int:
        """Return the next sequence number of a room."""
        found = self.call(
            "UpdateItem",
            Key=_key(f"{self._partition}/{checked(room)}/{_COUNTER}", _COUNTER),
            UpdateExpression="ADD seq :one SET #ttl = :ttl",
            ExpressionAttributeNames={"#ttl": "_ttl"},
            ExpressionAttributeValues={":one": to_attribute(1), ":ttl": to_attribute(now + _COUNTER_SECONDS)},
            ReturnValues="UPDATED_NEW",
        )
        return int(found["Attributes"]["seq"]["N"])

    def query(self, key: str) -> dict[str, Any]:
        """Return the parameters of the query of one shard of a room."""
        return {
            "KeyConditionExpression": "room = :room",
            "ExpressionAttributeValues": {":room": to_attribute(key)},
            "ConsistentRead": True,
        }

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call one operation of DynamoDB on the table of rooms."""
        return call(operation, self.name, TableName=self.name, **parameters)

    def _connections_pages(self, key: str) -> Iterator[Item]:
        query = self.query(key)
        while True:
            page = self.call("Query", **query)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _key(self, room: str, connection_id: str) -> str:
        return self.keys_of(room)[crc32(connection_id.encode()) % self._shards]

    def _row_update(self, connection: Connection, action: str, keys: list[str]) -> dict[str, Any]:
        row = {"connection_id": connection.connection_id}
        if self._connections.is_sorted and connection.connected_at is not None:
            row["_crt"] = connection.created  # type: ignore[assignment]
        return {
            "Update": {
                "TableName": self._connections.name,
                "Key": to_item(row),
                "UpdateExpression": f"{action} rooms :rooms",
                # An early or second `$disconnect` leaves a row as well, which nothing joins.
                "ConditionExpression": "attribute_exists(connection_id) AND #status = :connected",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {":rooms": {"SS": keys}, ":connected": to_attribute(CONNECTED)},
            }
        }

    def _transact(self, row: dict[str, Any], writes: list[dict[str, Any]]) -> bool:
        """Write all or nothing; False if the connection's row is gone. Conflicts and throttling are waited for."""
        from time import sleep

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                call("TransactWriteItems", self.name, TransactItems=[row, *writes])
            except DynamoDBError as error:
                reasons = str(error.__cause__)
                if error.code != "TransactionCanceledException":
                    raise
                if "ConditionalCheckFailed" in reasons:
                    return False
                if attempt == _ATTEMPTS or not any(reason in reasons for reason in _PASSING):
                    raise
                sleep(_BACKOFF.delay(attempt))
            else:
                return True
        return False


def checked(room: object) -> str:
    """Return the name of a room. ValueError unless it is a text of 1 to 512 characters."""
    if not isinstance(room, str) or not 0 < len(room) <= LONGEST_NAME:
        raise ValueError(f"a room has a name of 1 to {LONGEST_NAME} characters, not {room!r:.100}")
    return room


def _key(room: str, connection_id: str) -> Item:
    return to_item({"room": room, "connection_id": connection_id})
