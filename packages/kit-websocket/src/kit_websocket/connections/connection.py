"""One client that is connected, as the connection table knows it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kit_websocket.connections.attributes import from_item

CONNECTED, DISCONNECTED = "connected", "disconnected"


class Connection:
    """Describe one client that is connected, as the connection table knows it.

    `connected_at` and `last_seen` are aware datetimes in UTC with whole seconds; `client_data` is the value given to
    `connect`, with numbers as int or float (Decimal where a float would lose digits).
    """

    __slots__ = (
        "area",
        "client_data",
        "connected_at",
        "connection_id",
        "created",
        "endpoint_id",
        "last_seen",
        "memberships",
        "partition",
        "status",
        "ttl",
        "user_id",
    )

    def __init__(
        self,
        connection_id: str,
        *,
        status: str = CONNECTED,
        connected_at: datetime | None = None,
        last_seen: datetime | None = None,
        client_data: Any = None,
        user_id: str | None = None,
        endpoint_id: str | None = None,
        area: str | None = None,
        partition: str | None = None,
        ttl: int | None = None,
        memberships: frozenset[str] = frozenset(),
        created: int | None = None,
    ) -> None:
        """Keep a row's attributes.

        ttl: the Unix time from which the row no longer counts
        memberships: the keys of its rooms in the table of rooms
        created: the Unix time in the key of tables that have `_crt` in it
        """
        self.connection_id = connection_id
        self.status = status
        self.connected_at = connected_at
        self.last_seen = last_seen
        self.client_data = client_data
        self.user_id = user_id
        self.endpoint_id = endpoint_id
        self.area = area
        self.partition = partition
        self.ttl = ttl
        self.memberships = memberships
        self.created = created

    @classmethod
    def from_item(cls, item: Mapping[str, dict[str, Any]]) -> "Connection":
        """Return the connection that a DynamoDB item describes."""
        row = from_item(item)
        return cls(
            row["connection_id"],
            status=row.get("status", CONNECTED),
            connected_at=_moment(row.get("connected_at")),
            last_seen=_moment(row.get("last_seen")),
            client_data=row.get("client_data"),
            user_id=row.get("user_id"),
            endpoint_id=row.get("endpoint_id"),
            area=row.get("area"),
            partition=row.get("_ptn"),
            ttl=row.get("_ttl"),
            memberships=frozenset(row.get("rooms") or ()),
            created=row.get("_crt"),
        )

    def expired(self, now: float) -> bool:
        """Tell whether the row no longer counts at the Unix time `now`: DynamoDB deletes late, by days at times."""
        return self.status == DISCONNECTED or (self.ttl is not None and self.ttl <= now)

    def __repr__(self) -> str:
        """Name the connection and its user, without the client's data."""
        return f"Connection({self.connection_id!r}, user_id={self.user_id!r})"


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None
