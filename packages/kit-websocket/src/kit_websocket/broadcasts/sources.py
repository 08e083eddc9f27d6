"""Where a broadcast finds its connections: a room, users, or everyone. Read page by page; everything here blocks.

A source is a list of queries; a place in it is `[number of the query, its ExclusiveStartKey or None]`, which a
cursor keeps. The keys that DynamoDB returns hold texts and numbers alone, so that they are JSON already.
"""

from collections.abc import Sequence
from time import time
from typing import Any, NamedTuple

from kit_websocket.connections.attributes import to_attribute
from kit_websocket.connections.connection import CONNECTED
from kit_websocket.connections.rooms import Memberships
from kit_websocket.connections.table import Item, Table, index_query

_PAGE = 1000  # connections; they are sent to while the next page is read

Place = list[Any]
START: Place = [0, None]


class Page(NamedTuple):
    """Hold the connections of one page, and the place of the next one, None after the last."""

    connection_ids: list[str]
    memberships: list[tuple[str, str]]  # the keys in the table of rooms
    next: Place | None


class Source:
    """Read the connections of rooms, of users, or all of a partition."""

    def __init__(
        self,
        table: Table,
        memberships: Memberships,
        *,
        partition: str,
        rooms: Sequence[str] | None,
        users: Sequence[str] | None,
    ) -> None:
        self._table, self._memberships, self._partition = table, memberships, partition
        self._is_room = rooms is not None
        if rooms is not None:
            keys = [key for room in dict.fromkeys(rooms) for key in memberships.keys_of(room)]
            self._queries = [memberships.query(key) for key in keys]
        elif users is not None:
            self._queries = [index_query("user_id", user) for user in dict.fromkeys(users)]
        else:
            self._queries = [{}]  # a scan
        self._is_scan = rooms is None and users is None

    @property
    def may_repeat(self) -> bool:
        """Tell whether a connection may come twice: as a member of two rooms."""
        return self._is_room and len(self._queries) > 1

    def page(self, place: Place) -> Page:
        """Return the page at a place."""
        number, start = place
        if number >= len(self._queries):
            return Page([], [], None)
        query = self._queries[number] | {"Limit": _PAGE} | ({"ExclusiveStartKey": start} if start else {})
        reader = self._memberships if self._is_room else self._table
        answer = reader.call("Scan" if self._is_scan else "Query", **query)
        last = answer.get("LastEvaluatedKey")
        following = [number, last] if last else [number + 1, None]
        items = [item for item in answer["Items"] if self._counts(item)]
        return Page(
            [item["connection_id"]["S"] for item in items],
            [(item["room"]["S"], item["connection_id"]["S"]) for item in items] if self._is_room else [],
            following if following[0] < len(self._queries) else None,
        )

    def _counts(self, item: Item) -> bool:
        if float(item.get("_ttl", _ENDLESS)["N"]) <= time():
            return False
        if self._is_room:
            return True
        own = item.get("_ptn") in (None, to_attribute(self._partition))
        return own and item.get("status") in (None, to_attribute(CONNECTED))


_ENDLESS = {"N": "Infinity"}
