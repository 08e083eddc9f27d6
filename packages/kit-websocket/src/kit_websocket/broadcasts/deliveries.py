"""The shared part of a manager's sending methods: a fan-out over a source, its removals, and their events."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kit_aws import AwsError
from kit_core import guards

from kit_websocket import aws, current
from kit_websocket.broadcasts import presence as presences
from kit_websocket.broadcasts.presence import Announce, Presence
from kit_websocket.broadcasts.sources import START, Source
from kit_websocket.connections.connection import Connection
from kit_websocket.connections.rooms import Memberships
from kit_websocket.connections.table import Table
from kit_websocket.errors import SendError, WebSocketsError
from kit_websocket.sending.cursor import Rest, cursor_of
from kit_websocket.sending.delivery import Cursor, Delivery
from kit_websocket.sending.endpoint import endpoint
from kit_websocket.sending.message import to_bytes

if TYPE_CHECKING:
    from kit_websocket.sending.fanout import FanOut

_RESERVE = 0.3  # seconds for a message that is on its way when the time is over
_MOST_MEMBERS = 500  # in one presence event
_MOST_NAMED = 10


class Deliveries:
    """Send for a manager; see `ConnectionManager` for the settings."""

    def __init__(
        self,
        table: Table,
        memberships: Memberships,
        *,
        partition: str,
        endpoint_url: str | None,
        presence: bool | Announce,
    ) -> None:
        self._table, self._memberships = table, memberships
        self._partition = partition
        self._endpoint_url = endpoint_url
        self._presence = presence

    def endpoint(self) -> str:
        """Return the endpoint of the manager, or the current one."""
        return endpoint(self._endpoint_url)

    async def to_ids(self, connection_ids: Sequence[str], body: bytes, endpoint_url: str) -> Delivery:
        """Send to connections, one after the other or side by side."""
        rest = Rest({"rooms": None, "users": None}, body, endpoint_url, [], list(connection_ids), None)
        return await self.rest(rest)

    async def rest(self, rest: Rest) -> Delivery:
        """Send the rest of a broadcast; the delivery's cursor is the rest of it after that."""
        from kit_websocket.broadcasts.broadcasting import Broadcast

        fan_out = self._fan_out(rest.body, rest.endpoint_url)
        skipped = {*rest.skipped, opening} if (opening := current.opening()) else set(rest.skipped)
        broadcast = Broadcast(fan_out, self._table, self._memberships, skipped=skipped, on_left=self._left)
        place = rest.place
        try:
            ids = await broadcast.to_ids(rest.ids)
            if not ids and place is not None:
                source = Source(self._table, self._memberships, partition=self._partition, **rest.target)
                ids, place = await broadcast.to_source(source, place)
        except AwsError as error:  # nothing can be signed
            raise SendError(dict.fromkeys(rest.ids, aws.code_of(error))) from error
        finally:
            await broadcast.end()
        delivery = fan_out.delivery
        ids = ids + broadcast.postponed
        if ids or place is not None:
            delivery.cursor = cursor_of(rest._replace(ids=ids, place=place))
        return delivery

    async def announce(self, presence: Presence, but: str | None = None) -> None:
        """Tell a room's members who has come or gone, if the manager tells it at all.

        The change has happened: a failure is logged.
        """
        if not self._presence:
            return
        try:
            if callable(self._presence):
                result: Any = self._presence(presence)
                if hasattr(result, "__await__"):
                    await result
                return
            for start in range(0, len(presence.members), _MOST_MEMBERS):
                event = presence._replace(members=presence.members[start : start + _MOST_MEMBERS])
                target: dict[str, list[str] | None] = {"rooms": [presence.room], "users": None}
                skipped = [] if but is None else [but]
                await self.rest(Rest(target, to_bytes(event.dump()), self.endpoint(), skipped, [], START))
        except WebSocketsError as error:
            guards.log("kit.websocket", logging.WARNING, "a presence event could not be sent: %s", error)

    def _fan_out(self, body: bytes, endpoint_url: str) -> "FanOut":
        from kit_websocket.sending.fanout import FanOut
        from kit_websocket.sending.pool import pool_of
        from kit_websocket.sending.time_left import loop_end

        return FanOut(pool_of(endpoint_url), body, ends=loop_end(), reserve=_RESERVE)

    async def _left(self, connections: list[Connection]) -> None:
        if self._presence:
            for presence in presences.left(self._memberships, connections):
                await self.announce(presence)


async def finish(delivery: Delivery, continue_with: Callable[[Cursor], Any] | None) -> Delivery:
    """Log the failures, and hand the cursor on."""
    if delivery.failures:
        named = dict(list(delivery.failures.items())[:_MOST_NAMED])
        text = "%d of %d connections could not be sent to, such as %s"
        total = delivery.reached + len(delivery.failures)
        guards.log("kit.websocket", logging.WARNING, text, len(delivery.failures), total, named)
    if delivery.cursor is not None and continue_with is not None:
        handed = continue_with(delivery.cursor)
        if hasattr(handed, "__await__"):
            await handed
    return delivery
