"""Posting one message to many connections at once, in time, and no faster than the API takes it."""

import asyncio
from collections.abc import Iterator, Sequence

from kit_core.backoff import Backoff

from kit_websocket.sending.delivery import Delivery
from kit_websocket.sending.pool import MOST_AT_ONCE, Lane, NotOpenedError, Pool
from kit_websocket.sending.signing import hash_of

GONE = "GoneException"
REACHED = ""

_RETRIED = frozenset({429, 500, 502, 503, 504})
_ATTEMPTS = 5
_BACKOFF = Backoff(0.1, 2.0, least=0.25)  # seconds
_READ_TIMEOUT = 5.0  # seconds
_PER_CONNECTION = 8  # messages that are worth another HTTP connection, whose TLS takes its time
_HALVING_SECONDS = 0.1  # all that is under way when the API throttles is throttled, and says one thing
_RETRIES, _RETRIES_PER_MESSAGE = 10, 0.5


class FanOut:
    """Post one message to many connections; `delivery` is the result so far.

    pool: the kept connections of the endpoint
    ends: the loop's time at which everything has to be over, None without a limit
    reserve: seconds before `ends` from which no message is started
    """

    def __init__(self, pool: Pool, body: bytes, *, ends: float | None = None, reserve: float = 0.0) -> None:
        self.delivery = Delivery()
        self._pool = pool
        self._body = body
        self._hash = hash_of(body)
        self._ends = ends
        self._stop = None if ends is None else ends - reserve
        self._loop = asyncio.get_running_loop()
        self._retries = float(_RETRIES)
        self._halved = 0.0
        self._workers: set[asyncio.Task[None]] = set()

    async def send(self, connection_ids: Sequence[str]) -> list[str]:
        """Post to all of them, and return the ids that were not tried since the time is over."""
        self._retries += _RETRIES_PER_MESSAGE * len(connection_ids)
        queue = iter(connection_ids)
        most = min(MOST_AT_ONCE, -(-len(connection_ids) // _PER_CONNECTION))
        try:
            for _ in range(max(1, min(most, int(self._pool.limit)))):
                self._start(queue, most)
            while self._workers:
                done, _ = await asyncio.wait(self._workers, return_when=asyncio.FIRST_COMPLETED)
                self._workers -= done
                for worker in done:
                    worker.result()
        finally:
            for worker in self._workers:
                worker.cancel()
            if self._workers:
                await asyncio.wait(self._workers)
        return list(queue)

    async def post(self, connection_id: str, lane: Lane | None = None) -> str:
        """Post to one connection, after the messages that are on their way to it; return REACHED, or the error's code.

        The API's 429 and 5xx, and connections that don't stand, are tried again while there is time and the budget of
        retries lasts. After a timeout or a broken connection nothing is sent again: the message may have arrived.
        """
        turns, mine = self._pool.turns, self._loop.create_future()
        before, turns[connection_id] = turns.get(connection_id), mine
        try:
            if before is not None and before.get_loop() is self._loop:
                await asyncio.wait([before])
            if lane is not None:
                return await self._tried(connection_id, lane)
            lane = self._pool.lane()
            try:
                return await self._tried(connection_id, lane)
            finally:
                lane.end()
        finally:
            mine.set_result(None)
            if turns.get(connection_id) is mine:
                del turns[connection_id]

    def is_over(self) -> bool:
        """Tell whether the time for starting messages is over."""
        return self._stop is not None and self._loop.time() >= self._stop

    def seconds_left(self) -> float | None:
        """Return the seconds until everything has to be over, None without a limit."""
        return None if self._ends is None else self._ends - self._loop.time()

    def note(self, connection_id: str, code: str) -> None:
        """Write the outcome of a post into the delivery."""
        if code == REACHED:
            self.delivery.reached += 1
        elif code == GONE:
            self.delivery.gone.append(connection_id)
        else:
            self.delivery.failures[connection_id] = code

    def _start(self, queue: Iterator[str], most: int) -> None:
        self._workers.add(self._loop.create_task(self._work(queue, most)))

    async def _work(self, queue: Iterator[str], most: int) -> None:
        pool = self._pool
        lane = pool.lane()
        try:
            while not self.is_over():
                connection_id = next(queue, None)
                if connection_id is None:
                    return
                self.note(connection_id, await self.post(connection_id, lane))
                running = len(self._workers)
                if running > max(1, pool.limit):
                    self._workers.discard(asyncio.current_task())
                    return
                if running < min(most, int(pool.limit)):
                    self._start(queue, most)
        finally:
            lane.end()

    async def _tried(self, connection_id: str, lane: Lane) -> str:
        attempt = 0
        while True:
            attempt += 1
            seconds = _READ_TIMEOUT if self._ends is None else min(_READ_TIMEOUT, self._ends - self._loop.time())
            try:
                answer = await lane.post(connection_id, self._body, self._hash, max(seconds, 0.001))
            except NotOpenedError as error:
                code = error.cause
            except OSError as error:  # TimeoutError, ConnectionError, and TLS's own
                return type(error).__name__
            else:
                if answer.status < 300:
                    self._widen()
                    return REACHED
                if answer.status == 410:
                    self._widen()
                    return GONE
                code = answer.code or str(answer.status)  # a proxy's answer has no name
                if answer.status == 429:
                    self._narrow()
                elif answer.status not in _RETRIED:
                    return code
            wait = _BACKOFF.delay(attempt)
            too_late = self._ends is not None and self._loop.time() + wait >= self._ends
            if attempt == _ATTEMPTS or self._retries < 1 or too_late:
                return code
            self._retries -= 1
            await asyncio.sleep(wait)

    def _narrow(self) -> None:
        now = self._loop.time()
        if now - self._halved >= _HALVING_SECONDS:
            self._halved = now
            self._pool.limit = max(1.0, self._pool.limit / 2)

    def _widen(self) -> None:
        limit = self._pool.limit
        if limit < MOST_AT_ONCE:
            self._pool.limit = min(float(MOST_AT_ONCE), limit + 1 / limit)
