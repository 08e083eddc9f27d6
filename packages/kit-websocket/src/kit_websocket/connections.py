"""Who is connected, kept in DynamoDB, and sending to them."""

import logging
import time
from typing import Literal

from kit_core import guards
from kit_core.loop import in_thread

from kit_websocket import current, management, schema
from kit_websocket.attributes import to_item
from kit_websocket.connection import Connection
from kit_websocket.errors import DynamoDBError, SendError
from kit_websocket.response import Response
from kit_websocket.response import message as answer
from kit_websocket.table import CREATED, Table

# How long (seconds) a new row is spared when its connection seems gone: API Gateway also answers 410 between the
# row's writing and the answer of `$connect` (repost.aws, "410 GoneException errors", first cause).
_OPENING = 1.0
# How many messages of one call are on their way at once: as many as a client of boto3 keeps connections for.
_CONCURRENCY = 10


class ConnectionManager:
    """Keep the connections of a WebSocket API in a DynamoDB table, and send to them.

    `table_name` falls back to DYNAMODB_TABLE, read when first used. `partition` labels the rows, so that several APIs
    can share a table; `connection_ttl` is how many seconds a row counts after the connection was last seen (API Gateway
    ends a connection after 2 hours). `endpoint_url` is the management API to send through (see `send`). `sort_key`
    is for existing tables that have `_crt` in their key; each look-up then is a query.

    Everything is awaited and nothing blocks the event loop. Where DynamoDB fails or can't be reached, every method
    raises DynamoDBError; TableNotSetError where no table is named.
    """

    def __init__(
        self,
        table_name: str | None = None,
        partition: str = "websocket_status",
        connection_ttl: int = 7200,
        *,
        endpoint_url: str | None = None,
        sort_key: Literal["_crt"] | None = None,
    ) -> None:
        """Keep the settings; nothing is read or connected yet."""
        if sort_key not in (None, CREATED):
            raise ValueError(f"sort_key is {CREATED!r} or None, not {sort_key!r}")
        if connection_ttl <= 0:
            raise ValueError(f"connection_ttl is a number of seconds, not {connection_ttl!r}")
        self.partition = partition
        self.connection_ttl = connection_ttl
        self._endpoint_url = endpoint_url
        self._table = Table(table_name, sorted_by_creation=sort_key is not None)

    async def init_table(self) -> None:
        """Create the table with its index and expiry unless it exists, and wait until it can be used.

        TableShapeError if it exists with another key.
        """
        await in_thread(schema.create, self._table)

    async def connect(
        self,
        connection_id: str,
        client_data: object = None,
        *,
        user_id: object = None,
        subprotocol: str | None = None,
    ) -> Response:
        """Write down a connection, and return the response for `$connect`.

        `client_data` is any payload, `send_to_user` finds the connection by `user_id` (as text). `subprotocol` is the
        chosen one of the client's `Sec-WebSocket-Protocol`: browsers close the connection unless it is confirmed.
        """
        if user_id is not None and not str(user_id):
            raise ValueError("user_id is empty; leave it out for a connection of nobody")
        now = int(time.time())
        row = {
            "connection_id": connection_id,
            "status": "connected",
            "connected_at": now,
            "last_seen": now,
            "client_data": client_data,
            "user_id": None if user_id is None else str(user_id),
            "_ptn": self.partition,
            CREATED: now,
            "_ttl": now + self.connection_ttl,
        }
        item = to_item({name: value for name, value in row.items() if value is not None})
        await in_thread(self._table.put, item)
        response = answer(200, "Connected successfully")
        if subprotocol is not None:
            response["headers"] = {"Sec-WebSocket-Protocol": subprotocol}
        return response

    async def disconnect(self, connection_id: str) -> Response:
        """Forget a connection, and return the response for `$disconnect`: 404 if it was not known."""
        if await in_thread(self._table.delete, connection_id):
            return answer(200, "Disconnected successfully")
        return answer(404, "Connection not found")

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
        return await in_thread(self._table.touch, connection_id, now=now, ttl=now + self.connection_ttl)

    async def get_user_connections(self, user_id: object) -> list[Connection]:
        """Return the connections of a user in this partition; the table's index may be a moment behind."""
        return await in_thread(self._of_user, str(user_id))

    async def send(self, connection_id: str, message: object) -> bool:
        """Send a message to one connection; False if it is gone, whose row is then removed.

        Raise the errors of `kit_websocket.send`. A timeout may hide a message that has arrived.
        """
        data = management.to_bytes(message)
        if connection_id == current.opening():
            raise SendError({connection_id: "NotOpenYet"})
        return await self._deliver(connection_id, data, management.endpoint(self._endpoint_url))

    async def send_to_user(self, user_id: object, message: object) -> int:
        """Send a message to every connection of a user, and return how many were reached; rows of gone ones go.

        All are tried before a SendError names the connections that failed for another reason. A connection whose
        `$connect` is being handled is left out: it is not open yet.
        """
        import asyncio

        data = management.to_bytes(message)
        endpoint = management.endpoint(self._endpoint_url)
        opening = current.opening()
        connections = await self.get_user_connections(user_id)
        places = asyncio.Semaphore(_CONCURRENCY)
        failures: dict[str, str] = {}

        async def deliver(connection_id: str) -> bool:
            try:
                async with places:
                    return await self._deliver(connection_id, data, endpoint)
            except SendError as error:
                failures.update(error.failures)
                return False

        ids = [connection.connection_id for connection in connections if connection.connection_id != opening]
        reached = sum(await asyncio.gather(*map(deliver, ids)))
        if failures:
            raise SendError(failures, reached)
        return reached

    async def _deliver(self, connection_id: str, data: bytes, endpoint: str) -> bool:
        if await in_thread(management.post, connection_id, data, endpoint):
            return True
        if await in_thread(self._forget, connection_id, int(time.time() - _OPENING)):
            return False
        import asyncio

        await asyncio.sleep(_OPENING)
        if await in_thread(management.post, connection_id, data, endpoint):
            return True
        await in_thread(self._forget, connection_id)
        return False

    def _forget(self, connection_id: str, older_than: int | None = None) -> bool:
        """Delete the rows of a connection that is gone; tell whether none is left.

        The message's fate is known by now, so that a failure here is only logged: the row expires.
        """
        try:
            if older_than is not None:
                return self._table.delete_older(connection_id, older_than)
            self._table.delete(connection_id)
        except DynamoDBError as error:
            text = "the row of a gone connection stays until it expires: %s"
            guards.log("kit.websocket", logging.WARNING, text, error)
        return True

    def _of_user(self, user_id: str) -> list[Connection]:
        now = time.time()
        connections = map(Connection.from_item, self._table.of_user(user_id))
        return [
            connection
            for connection in connections
            if connection.partition in (None, self.partition) and not connection.expired(now)
        ]


APIGatewayWSConnectionManager = ConnectionManager
