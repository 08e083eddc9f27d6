"""Forgetting connections that are gone: their rows and memberships, in batches. Everything here blocks."""

from collections.abc import Iterable, Sequence
from time import sleep, time
from typing import Any, NamedTuple

from kit_core.backoff import Backoff

from kit_websocket.connections.attributes import to_attribute, to_item
from kit_websocket.connections.connection import Connection
from kit_websocket.connections.rooms import Memberships
from kit_websocket.connections.table import Item, Table, call

_READ_AT_ONCE, _WRITTEN_AT_ONCE = 100, 25  # items (Amazon DynamoDB API Reference, BatchGetItem, BatchWriteItem)
# API Gateway also answers 410 between the row's writing and the answer of `$connect` (repost.aws, "410 GoneException
# errors", first cause): a connection that has just begun is tried once more after so many seconds.
OPENING = 1.0
_JUST_BEGUN = 30  # seconds since the connection's begin, within which `$connect` may still be running
_ATTEMPTS = 6
_BACKOFF = Backoff(0.05, 1.0)  # seconds


class Removed(NamedTuple):
    """Say which connections are forgotten, and which were spared since they may be opening."""

    left: list[Connection]
    spared: list[str]


def remove_gone(
    table: Table,
    memberships: Memberships,
    connection_ids: Sequence[str],
    known: Iterable[tuple[str, str]] = (),
    *,
    spare: bool = True,
) -> Removed:
    """Delete the rows of connections that are gone, and all their memberships.

    known: keys of memberships (room's key, connection id) that were read already, besides those in the rows
    spare: leave connections that may be opening
    """
    rows = _rows_of(table, connection_ids)
    now = time()
    spared = {
        row["connection_id"]["S"]
        for row in rows
        if spare
        and now - float(row.get("last_seen", _ZERO)["N"]) < OPENING
        and now - float(row.get("connected_at", _ZERO)["N"]) < _JUST_BEGUN
    }
    connections = [Connection.from_item(row) for row in rows if row["connection_id"]["S"] not in spared]
    deletions = [(table.name, table.key_of(row)) for row in rows if row["connection_id"]["S"] not in spared]
    keys = {(key, each.connection_id) for each in connections for key in each.memberships}
    keys |= {(key, connection_id) for key, connection_id in known if connection_id not in spared}
    deletions += [(memberships.name, to_item({"room": key, "connection_id": each})) for key, each in sorted(keys)]
    delete(table, deletions)
    return Removed(connections, sorted(spared))


def delete_memberships(memberships: Memberships, table: Table, connection: Connection) -> None:
    """Delete all memberships of a connection, whose row is deleted already."""
    connection_id = connection.connection_id
    keys = [to_item({"room": key, "connection_id": connection_id}) for key in sorted(connection.memberships)]
    delete(table, [(memberships.name, key) for key in keys])


_ZERO = {"N": "0"}


def _rows_of(table: Table, connection_ids: Sequence[str]) -> list[Item]:
    if table.is_sorted is None and connection_ids:
        table.get(connection_ids[0])  # finds out what the key is
    if table.is_sorted:
        rows = map(table.get, connection_ids)
        return [row for row in rows if row is not None]
    return _batch_get(table, connection_ids)


def _batch_get(table: Table, connection_ids: Sequence[str]) -> list[Item]:
    rows: list[Item] = []
    for start in range(0, len(connection_ids), _READ_AT_ONCE):
        keys: list[Item] = [
            {"connection_id": to_attribute(each)} for each in connection_ids[start : start + _READ_AT_ONCE]
        ]
        for attempt in range(1, _ATTEMPTS + 1):
            request = {table.name: {"Keys": keys, "ConsistentRead": True}}
            answer = call("BatchGetItem", table.name, RequestItems=request)
            rows += answer["Responses"].get(table.name, [])
            keys = answer.get("UnprocessedKeys", {}).get(table.name, {}).get("Keys", [])
            if not keys:
                break
            sleep(_BACKOFF.delay(attempt))
    return rows


def delete(table: Table, deletions: Sequence[tuple[str, Item]]) -> None:
    """Delete items of several tables; items that DynamoDB leaves over again and again expire."""
    for start in range(0, len(deletions), _WRITTEN_AT_ONCE):
        requests: dict[str, Any] = {}
        for name, key in deletions[start : start + _WRITTEN_AT_ONCE]:
            requests.setdefault(name, []).append({"DeleteRequest": {"Key": key}})
        for attempt in range(1, _ATTEMPTS + 1):
            requests = call("BatchWriteItem", table.name, RequestItems=requests).get("UnprocessedItems") or {}
            if not requests:
                break
            sleep(_BACKOFF.delay(attempt))
