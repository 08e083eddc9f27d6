"""Who is connected, kept in DynamoDB, and sending to them."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from kit_core import guards
from kit_core.loop import in_thread

from kit_websocket import current
from kit_websocket.broadcasts import presence as presences
from kit_websocket.broadcasts.deliveries import Deliveries, finish
from kit_websocket.broadcasts.presence import Announce
from kit_websocket.broadcasts.sources import START
from kit_websocket.connections import schema
from kit_websocket.connections.connection import CONNECTED, Connection
from kit_websocket.connections.removal import delete_memberships
from kit_websocket.connections.rooms import Member, Memberships, checked
from kit_websocket.connections.table import CREATED, Table
from kit_websocket.current import LONGEST_SECONDS, SLACK_SECONDS
from kit_websocket.errors import SendError, WebSocketsError
from kit_websocket.routing.response import Response
from kit_websocket.routing.response import message as answer
from kit_websocket.sending import send as single
from kit_websocket.sending.cursor import Rest, parsed
from kit_websocket.sending.delivery import Cursor, Delivery
from kit_websocket.sending.message import numbered, to_bytes
from kit_websocket.sending.send import Status

if TYPE_CHECKING:
    from kit_websocket.connections.sync import SyncConnectionManager

_DYNAMODB = "dynamodb.amazonaws.com"  # who deletes expired rows ("DynamoDB Streams and Time to Live")
_ROOMS_AT_ONCE = 99  # in one transaction, beside the connection's row


class ConnectionManager:
    """Keep the connections of a WebSocket API in a DynamoDB table, put them into rooms, and send to them.

    table_name: falls back to DYNAMODB_TABLE, read when first used
    partition: labels the rows, so that several APIs can share a table
    connection_ttl: how many seconds a row counts after the connection was last seen; it never counts longer than API
        Gateway lets a connection live, which is two hours
    endpoint_url: the management API to send through (see `send`)
    sort_key: "_crt" for a table that is to be made with it in its key; an existing one is recognised by itself
    rooms_table: falls back to KIT_WEBSOCKET_ROOMS_TABLE, else it is the table's name and `-rooms`
    room_shards: into how many partition keys a room is divided. One takes some 1,000 joins a second. The number can be
        raised at any time, and lowered after two hours without connections
    presence: True sends an event to a room when others join or leave it; a callable gets the `Presence` instead

    Everything is awaited and nothing blocks the event loop; `sync` has the same methods for code without one. Where
    DynamoDB fails, can't be reached or can't hold a value, every method raises DynamoDBError; TableNotSetError where no
    table is named.

    >>> connections = ConnectionManager("chat-connections", presence=True)
    >>> async def say(room, text):
    ...     await connections.broadcast({"action": "said", "text": text}, room=room)
    """

    def __init__(
        self,
        table_name: str | None = None,
        partition: str = "websocket_status",
        connection_ttl: int = LONGEST_SECONDS,
        *,
        endpoint_url: str | None = None,
        sort_key: Literal["_crt"] | None = None,
        rooms_table: str | None = None,
        room_shards: int = 1,
        presence: bool | Announce = False,
    ) -> None:
        """Keep the settings; nothing is read or connected yet."""
        if sort_key not in (None, CREATED):
            raise ValueError(f"sort_key is {CREATED!r} or None, not {sort_key!r}")
        if connection_ttl <= 0:
            raise ValueError(f"connection_ttl is a number of seconds, not {connection_ttl!r}")
        if not 1 <= room_shards <= 1000:
            raise ValueError(f"room_shards is a number from 1 to 1000, not {room_shards!r}")
        self.partition = partition
        self.connection_ttl = connection_ttl
        self._table = Table(table_name, is_sorted=True if sort_key else None)
        self._memberships = Memberships(self._table, rooms_table, partition=partition, shards=room_shards)
        self._deliveries = Deliveries(
            self._table, self._memberships, partition=partition, endpoint_url=endpoint_url, presence=presence
        )

    @cached_property
    def sync(self) -> "SyncConnectionManager":
        """Return the same manager with methods that block, for functions that are not `async def`."""
        from kit_websocket.connections.sync import SyncConnectionManager

        return SyncConnectionManager(self)

    # ---- Connections

    async def init_table(self) -> None:
        """Create both tables with their indexes and expiry unless they exist, and wait until they can be used.

        TableShapeError if one exists with another key.
        """
        await in_thread(schema.create, self._table, self._memberships)

    async def connect(
        self,
        connection_id: str,
        client_data: object = None,
        *,
        user_id: object = None,
        endpoint_id: str | None = None,
        area: str | None = None,
        subprotocol: str | None = None,
    ) -> Response:
        """Write down a connection, and return the response for `$connect`.

        client_data: any payload
        user_id, endpoint_id, area: by which the connection is found again; `user_id` is kept as text
        subprotocol: the chosen one of the client's `Sec-WebSocket-Protocol`: browsers close the connection unless it is
            confirmed

        If the connection's `$disconnect` has come before, nothing is written, and the response is 410.
        """
        named = {"user_id": user_id, "endpoint_id": endpoint_id, "area": area}
        for name, value in named.items():
            if value is not None and not str(value):
                raise ValueError(f"{name} is empty; leave it out for a connection without one")
        now = int(time.time())
        begun = current.connected_at(connection_id) or now
        row = {
            "connection_id": connection_id,
            "status": CONNECTED,
            "connected_at": begun,
            "last_seen": now,
            "client_data": client_data,
            **{name: None if value is None else str(value) for name, value in named.items()},
            "_ptn": self.partition,
            CREATED: begun,
            "_ttl": self._expiry(now, begun),
        }
        if not await in_thread(self._table.put, row):
            return answer(410, "The connection has ended already")
        response = answer(200, "Connected successfully")
        if subprotocol is not None:
            response["headers"] = {"Sec-WebSocket-Protocol": subprotocol}
        return response

    async def disconnect(self, connection_id: str) -> Response:
        """Forget a connection and its memberships, and return the response for `$disconnect`: 404 if it was not known.

        While a `$disconnect` is handled, a row of a later connection stays.
        """
        begun = current.connected_at(connection_id)
        item = await in_thread(self._table.delete, connection_id, begun=begun, now=int(time.time()))
        if item is None:
            return answer(404, "Connection not found")
        await self.forget_rooms(Connection.from_item(item))
        return answer(200, "Disconnected successfully")

    async def get_connection(self, connection_id: str) -> Connection | None:
        """Return a connection, or None if it is not known or has expired."""
        item = await in_thread(self._table.get, connection_id)
        connection = None if item is None else Connection.from_item(item)
        return None if connection is None or connection.expired(time.time()) else connection

    async def update_last_seen(self, connection_id: str) -> bool:
        """Note that a connection is alive, so that it counts for `connection_ttl` seconds more.

        False, and nothing is written, if it is not known or has expired.
        """
        now = int(time.time())
        begun = current.connected_at(connection_id)
        if begun is not None:
            return await in_thread(self._table.touch, connection_id, now=now, ttl=self._expiry(now, begun))
        ttl, longest = now + self.connection_ttl, LONGEST_SECONDS + SLACK_SECONDS
        return await in_thread(self._table.touch_up_to, connection_id, now=now, ttl=ttl, longest=longest)

    async def get_user_connections(self, user_id: object) -> list[Connection]:
        """Return the connections of a user; the newest may be missing for a moment, the index follows the table."""
        return await in_thread(self._found, "user_id", str(user_id))

    async def get_endpoint_connections(self, endpoint_id: str, area: str | None = None) -> list[Connection]:
        """Return the connections of an endpoint, of one area alone if it is given."""
        found = await in_thread(self._found, "endpoint_id", endpoint_id)
        return [each for each in found if area is None or each.area == area]

    async def get_area_connections(self, area: str) -> list[Connection]:
        """Return the connections of an area."""
        return await in_thread(self._found, "area", area)

    # ---- Rooms

    async def join(self, connection: str | Connection, *rooms: str, data: object = None) -> bool:
        """Put a connection into rooms; False if it is not known or has expired.

        connection: its id, or the `Connection`, which saves a read
        data: any payload that `members` returns, and others get with the presence event
        """
        names = list(dict.fromkeys(map(checked, rooms)))
        found: Connection | None
        if isinstance(connection, Connection) and self._table.is_sorted is not None:
            found = connection
        else:  # the read also finds out what the table's key is
            named = connection.connection_id if isinstance(connection, Connection) else connection
            found = await self.get_connection(named)
        if found is None:
            return False
        now = int(time.time())
        begun = now if found.connected_at is None else int(found.connected_at.timestamp())
        ttl = begun + LONGEST_SECONDS + SLACK_SECONDS
        for start in range(0, len(names), _ROOMS_AT_ONCE):
            some = names[start : start + _ROOMS_AT_ONCE]
            if not await in_thread(self._memberships.join, found, some, data=data, now=now, ttl=ttl):
                return False
        for room in names:
            await self._deliveries.announce(presences.joined(room, found, data), found.connection_id)
        return True

    async def leave(self, connection_id: str, *rooms: str) -> bool:
        """Take a connection out of rooms; False if it was in none of them."""
        names = list(map(checked, rooms))
        item = await in_thread(self._table.get, connection_id)
        if item is None:
            return False
        connection = Connection.from_item(item)
        left: list[str] = []
        for start in range(0, len(names), _ROOMS_AT_ONCE):
            left += await in_thread(self._memberships.leave, connection, names[start : start + _ROOMS_AT_ONCE])
        for room in left:
            await self._deliveries.announce(presences.left_room(room, connection), connection_id)
        return bool(left)

    async def rooms(self, connection_id: str) -> list[str]:
        """Return the names of the rooms that a connection is in."""
        connection = await self.get_connection(connection_id)
        keys = [] if connection is None else sorted(connection.memberships)
        return list(dict.fromkeys(map(self._memberships.room_of, keys)))

    async def members(self, room: str) -> list[Member]:
        """Return the members of a room; one query per page of 1 MB and shard."""
        return await in_thread(lambda: list(self._memberships.members(room, now=int(time.time()))))

    async def counts(self, *rooms: str) -> dict[str, int]:
        """Return how many members each room has."""
        import asyncio

        now = int(time.time())
        names = list(dict.fromkeys(rooms))
        counted = await asyncio.gather(*(in_thread(self._memberships.count, room, now=now) for room in names))
        return dict(zip(names, counted, strict=True))

    # ---- Sending

    async def send(self, connection_id: str, message: object, *, ordered: bool = False) -> bool:
        """Send a message to one connection; False if it is gone, and its row and memberships are removed then.

        ordered: number the message (a mapping) in its field `seq`, from 1 on for each connection, so that the client
            can put messages of several functions into their order; a write to the table

        For the rest see `kit_websocket.send`.
        """
        url = self._deliveries.endpoint()
        single.check_open(connection_id)
        if ordered:
            numbered(message, 0)
            number = await in_thread(self._table.next_number, connection_id, now=int(time.time()))
            if number is None:
                return False
            message = numbered(message, number)
        delivery = await self._deliveries.to_ids([connection_id], to_bytes(message), url)
        if delivery.cursor is not None:
            raise SendError({connection_id: "TimeUpError"})
        if delivery.failures:
            raise SendError(delivery.failures)
        return delivery.reached == 1

    async def send_many(
        self,
        connection_ids: Sequence[str],
        message: object,
        *,
        continue_with: Callable[[Cursor], Any] | None = None,
    ) -> Delivery:
        """Send a message to many connections, each once; see `broadcast` for the result."""
        ids = list(dict.fromkeys(connection_ids))
        for connection_id in ids:
            if not isinstance(connection_id, str) or not connection_id.strip("."):
                raise ValueError(f"{connection_id!r} is not a connection id")
        delivery = await self._deliveries.to_ids(ids, to_bytes(message), self._deliveries.endpoint())
        return await finish(delivery, continue_with)

    async def send_to_user(self, user_id: object, message: object) -> int:
        """Send a message to every connection of a user, and return how many were reached; rows of gone ones go.

        All are tried before a SendError names the connections that failed for another reason. It names none where the
        time was over, or DynamoDB failed, before all were read. A connection whose `$connect` is being handled is left
        out: it is not open yet.
        """
        delivery = await self.broadcast(message, users=[user_id])
        failures = dict(delivery.failures)
        if delivery.cursor is not None:  # further ones, which have not been read, are not known by name
            failures |= dict.fromkeys(delivery.cursor["ids"], "TimeUpError")
        if failures or delivery.cursor is not None:
            raise SendError(failures, delivery.reached)
        return delivery.reached

    async def broadcast(
        self,
        message: object,
        *,
        room: str | Sequence[str] | None = None,
        users: Collection[object] | None = None,
        except_: str | Collection[str] = (),
        ordered: bool = False,
        continue_with: Callable[[Cursor], Any] | None = None,
    ) -> Delivery:
        """Send a message to the members of a room or of several, to users, or to every connection; each gets it once.

        except_: connection ids that get nothing, such as the sender's
        ordered: number the message (a mapping) in its field `seq`, from 1 on for each room, and name the `room`, so
            that clients can put messages into their order; for one room, and a write to its table
        continue_with: called with the cursor (and awaited, if that makes an awaitable) where the time left is over

        Everyone without `room` and `users` is a scan of the whole table. Connections that are gone are removed, with
        their memberships, in this call. Failed ones are in the result's `failures`, and logged. Where the invocation's
        time is over first, `resume` goes on from the `cursor`: put it into a queue, or invoke a function with it.
        """
        if room is not None and users is not None:
            raise TypeError("broadcast to a room or to users, not to both at once")
        rooms = [room] if isinstance(room, str) else None if room is None else list(room)
        url = self._deliveries.endpoint()
        if ordered:
            if rooms is None or len(rooms) != 1:
                raise TypeError("ordered=True numbers the messages of one room")
            numbered(message, 0, room=rooms[0])
            number = await in_thread(self._memberships.next_number, rooms[0], now=int(time.time()))
            message = numbered(message, number, room=rooms[0])
        skipped = {except_} if isinstance(except_, str) else set(except_)
        target = {"rooms": rooms, "users": None if users is None else list(map(str, users))}
        delivery = await self._deliveries.rest(Rest(target, to_bytes(message), url, sorted(skipped), [], START))
        return await finish(delivery, continue_with)

    async def resume(self, cursor: Cursor, *, continue_with: Callable[[Cursor], Any] | None = None) -> Delivery:
        """Go on with a broadcast from its cursor; the result is that of the rest.

        ValueError for anything that is no cursor of this version.
        """
        return await finish(await self._deliveries.rest(parsed(cursor)), continue_with)

    async def close(self, connection_id: str) -> bool:
        """Close a connection, and forget it; False if it was gone already. API Gateway runs `$disconnect` for it."""
        closed = await single.close(connection_id, endpoint_url=self._deliveries.endpoint())
        await self.disconnect(connection_id)
        return closed

    async def status(self, connection_id: str) -> Status | None:
        """Return the state of a connection at API Gateway, None if it is gone."""
        return await single.status(connection_id, endpoint_url=self._deliveries.endpoint())

    # ---- Connections that end by themselves

    async def expire(self, event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
        """Take the connections whose rows DynamoDB has let expire out of their rooms, and tell the others.

        It is for the stream of the connection table (old images), and handles the connections whose `$disconnect` never
        came. Rows that were deleted by a call are passed over. The result is the stream's batch answer.
        """
        for record in event.get("Records", ()):
            change = record.get("dynamodb", {})
            if record.get("eventName") != "REMOVE" or record.get("userIdentity", {}).get("principalId") != _DYNAMODB:
                continue
            try:
                connection = Connection.from_item(change["OldImage"])
                if connection.partition in (None, self.partition):
                    await self.forget_rooms(connection)
            except (WebSocketsError, LookupError, ValueError) as error:
                guards.log("kit.websocket", logging.ERROR, "an expired connection could not be removed: %s", error)
                return {"batchItemFailures": [{"itemIdentifier": change.get("SequenceNumber", "")}]}
        return {"batchItemFailures": []}

    async def forget_rooms(self, connection: Connection) -> None:
        """Take a connection whose row is gone out of all its rooms, and tell the others."""
        if connection.memberships:
            await in_thread(delete_memberships, self._memberships, self._table, connection)
            for event in presences.left(self._memberships, [connection]):
                await self._deliveries.announce(event)

    def _expiry(self, now: int, begun: int) -> int:
        return min(now + self.connection_ttl, begun + LONGEST_SECONDS + SLACK_SECONDS)

    def _found(self, attribute: str, value: str) -> list[Connection]:
        now = time.time()
        connections = map(Connection.from_item, self._table.of(attribute, value))
        return [
            connection
            for connection in connections
            if connection.partition in (None, self.partition) and not connection.expired(now)
        ]


APIGatewayWSConnectionManager = ConnectionManager
