"""Sending one message to the connections of a source, page by page, and forgetting the ones that are gone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence

from kit_core import guards
from kit_core.loop import in_thread

from kit_websocket.broadcasts.sources import Page, Place, Source
from kit_websocket.connections.connection import Connection
from kit_websocket.connections.removal import OPENING, remove_gone
from kit_websocket.connections.rooms import Memberships
from kit_websocket.connections.table import Table
from kit_websocket.errors import DynamoDBError
from kit_websocket.sending.fanout import GONE, FanOut

_LEAST = 0.2  # seconds for removing connections, however little time there is

OnLeft = Callable[[list[Connection]], Awaitable[None]]


class Broadcast:
    """Send with a fan-out, and remove the connections that turn out to be gone, in the same call.

    skipped: connections that get nothing
    on_left: awaited with the connections that were removed
    postponed: connections that may be opening, and for which no time is left
    """

    def __init__(
        self, fan_out: FanOut, table: Table, memberships: Memberships, *, skipped: Collection[str], on_left: OnLeft
    ) -> None:
        self._fan_out = fan_out
        self._table, self._memberships = table, memberships
        self._skipped = frozenset(skipped)
        self._on_left = on_left
        self._seen: set[str] | None = None
        self._handled = 0  # of the delivery's gone connections
        self._removals: set[asyncio.Task[None]] = set()
        self.postponed: list[str] = []

    async def to_source(self, source: Source, place: Place) -> "tuple[list[str], Place | None]":
        """Send to a source's connections from a place on; return the rest of a page and the next page's place.

        Both are empty where all is done.
        """
        self._seen = set() if source.may_repeat else None
        reading: asyncio.Future[Page] = asyncio.ensure_future(in_thread(source.page, place))
        try:
            while True:
                try:
                    page = await reading
                except DynamoDBError as error:
                    if not (self._fan_out.is_over() or self._fan_out.delivery.reached):
                        raise
                    guards.log("kit.websocket", logging.WARNING, "a broadcast goes on by its cursor: %s", error)
                    return [], place
                following = page.next
                if following is not None:  # read while this one is sent
                    reading = asyncio.ensure_future(in_thread(source.page, following))
                rest = await self.to_ids(page.connection_ids, page.memberships)
                if rest or following is None or self._fan_out.is_over():
                    return rest, following
                place = following
        finally:
            if not reading.done():
                reading.cancel()
            elif not reading.cancelled():
                reading.exception()  # of a page that nobody waits for any more

    async def to_ids(self, connection_ids: Sequence[str], memberships: Sequence[tuple[str, str]] = ()) -> list[str]:
        """Send to connections, and return the ones that were not tried since the time is over."""
        rest = await self._fan_out.send(self._wanted(connection_ids))
        gone = self._fan_out.delivery.gone[self._handled :]
        self._handled += len(gone)
        if gone:
            ended = frozenset(gone)
            known = [(key, each) for key, each in memberships if each in ended]
            self._removals.add(asyncio.ensure_future(self._remove(gone, known)))
        return rest

    def _wanted(self, connection_ids: Sequence[str]) -> list[str]:
        wanted = [each for each in connection_ids if each not in self._skipped]
        if self._seen is not None:
            wanted = [each for each in dict.fromkeys(wanted) if each not in self._seen]
            self._seen.update(wanted)
        return wanted

    async def _remove(self, gone: list[str], known: list[tuple[str, str]]) -> None:
        spared = await self._removed(gone, known, spare=True)
        if not spared:
            return
        left = self._fan_out.seconds_left()
        if left is not None and left < 2 * OPENING:
            self.postponed += spared
            self._take_back(spared)
            return
        await asyncio.sleep(OPENING)
        again = []
        for connection_id in spared:
            code = await self._fan_out.post(connection_id)
            if code == GONE:
                again.append(connection_id)
            else:
                self._take_back([connection_id])
                self._fan_out.note(connection_id, code)
        await self._removed(again, [each for each in known if each[1] in again], spare=False)

    def _take_back(self, connection_ids: list[str]) -> None:
        for connection_id in connection_ids:
            self._fan_out.delivery.gone.remove(connection_id)
            self._handled -= 1

    async def _removed(self, gone: list[str], known: list[tuple[str, str]], *, spare: bool) -> list[str]:
        """Forget connections, and return the spared ones. The message's fate is known: a failure is only logged."""
        if not gone:
            return []
        try:
            removed = await in_thread(remove_gone, self._table, self._memberships, gone, known, spare=spare)
        except DynamoDBError as error:
            text = "the rows of gone connections stay until they expire: %s"
            guards.log("kit.websocket", logging.WARNING, text, error)
            return []
        await self._on_left(removed.left)
        return removed.spared

    async def end(self) -> None:
        """Wait for the removals, as long as there is time."""
        if not self._removals:
            return
        left = self._fan_out.seconds_left()
        _, late = await asyncio.wait(self._removals, timeout=None if left is None else max(left, _LEAST))
        for removal in late:
            removal.cancel()
            guards.log("kit.websocket", logging.WARNING, "no time is left to remove gone connections: they expire")
        for removal in self._removals - late:
            removal.result()
