"""One invocation of a job: tries the records, watches the time, and remembers which are done.

Whatever is not known to be done counts as failed, however the invocation has ended.
"""

from kit_handler import _loop
from kit_handler.correlation import _current, enter, leave
from kit_handler.errors import DeadlineError
from kit_handler.jobs.failures import receives

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from threading import Lock
    from typing import Any

    from kit_handler.jobs.batches import Batch
    from kit_handler.jobs.failures import Policy
    from kit_handler.jobs.types import DeadLetter

    Lane = Iterable[tuple[int, Any]]

_LONGEST_TIMES = 1.5
_WAITING, _DONE, _FAILED = 0, 1, 2


class Job:
    """Hold what a job was told when its function was decorated."""

    def __init__(self, name: str, *, margin: float, policy: "Policy | None") -> None:
        self.name = name
        self.margin = margin
        self.policy = policy


class Run:
    """Hold the records of one invocation and what has become of each."""

    longest = 0  # milliseconds that a record has taken
    stopped = False
    lock: "Lock | None" = None  # where threads share the loop

    def __init__(
        self,
        job: Job,
        records: "list[Any]",
        batch: "Batch",
        *,
        call: "Callable[[Any], Any]",
        parse: "Callable[[Any], Iterable[Any]]",
        context: "Any",
    ) -> None:
        self.job = job
        self.records = records
        self.batch = batch
        self.call = call
        self.parse = parse
        self.context = context
        self.left = getattr(context, "get_remaining_time_in_millis", None)
        self.state = bytearray(len(records))
        self.errors: list[Exception] = []
        self.later: list[tuple[Any, int]] = []
        self.blocked: set[str] = set()

    def in_order(self, lane: "Lane") -> None:
        """Try the records of `lane`, one after the other."""
        parse, call, left, context, state = self.parse, self.call, self.left, self.context, self.state
        grouped, group, needed, before = self.batch.grouped, None, self._needed(), 0
        become, origin = _current.set, _current.set(None)  # cheaper than to `enter` each record
        try:
            for position, raw in lane:
                if grouped:
                    group = self.batch.group(raw)
                    if group in self.blocked:
                        continue
                become([raw, context, None])
                try:
                    for record in parse(raw):
                        if left is not None:
                            now = left()  # the only clock that is read
                            if before - now > self.longest:
                                self.longest = before - now
                                needed = self._needed()
                            if now < needed:
                                raise DeadlineError(remaining=now / 1000, margin=needed / 1000)
                            before = now
                        result = call(record)
                        if result is not None and hasattr(result, "__await__"):
                            self._wait_for(result)
                    state[position] = _DONE
                except DeadlineError as error:
                    self._stop(error)
                    return
                except Exception as error:  # noqa: BLE001  (every failure is reported, none ends the others)
                    if self._settle(position, raw, error, group, given_up=self._give_up(raw, error)):
                        return
        finally:
            leave(origin)

    def _needed(self) -> float:
        """Return the milliseconds that must be left for a record to be started."""
        return max(1000 * self.job.margin, _LONGEST_TIMES * self.longest)

    async def in_order_async(self, lane: "Lane") -> None:
        """Try the records of `lane` one after the other, awaiting each; others may run meanwhile."""
        for position, raw in lane:
            group = self.batch.group(raw)
            if group is not None and group in self.blocked:
                continue
            origin = enter(raw, self.context)
            try:
                for record in self.parse(raw):
                    before = self._check_time()
                    result = self.call(record)
                    if hasattr(result, "__await__"):
                        await result
                    if self.left is not None:
                        self.longest = max(self.longest, before - self.left())
                self.state[position] = _DONE
            except DeadlineError as error:
                self._stop(error)
                return
            except Exception as error:  # noqa: BLE001  (every failure is reported, none ends the others)
                given_up = await self._give_up_async(raw, error)
                if self._settle(position, raw, error, group, given_up=given_up):
                    return
            finally:
                leave(origin)

    def together(self) -> None:
        """Call the function once, with every record that could be read."""
        items: list[Any] = []
        positions: list[int] = []
        for position, raw in enumerate(self.records):
            group = self.batch.group(raw)
            if group is not None and group in self.blocked:
                continue
            try:
                items.extend(self.parse(raw))
                positions.append(position)
            except Exception as error:  # noqa: BLE001  (as above)
                if self._settle(position, raw, error, group, given_up=self._give_up(raw, error)):
                    break
        if not items:
            self._all_done(positions)
            return
        origin = enter(None, self.context)
        try:
            self._check_time()
            result = self.call(items)
            if hasattr(result, "__await__"):
                self._wait_for(result)
            self._all_done(positions)
        except DeadlineError as error:
            self._stop(error)
        except Exception as error:  # noqa: BLE001  (as above)
            for position in positions:
                raw = self.records[position]
                if self._settle(position, raw, error, None, given_up=self._give_up(raw, error)):
                    break
        finally:
            leave(origin)

    def lanes(self) -> "Iterator[Lane]":
        """Yield what may be tried at the same time: the records of each message group, or each by itself."""
        if not self.batch.grouped:
            for each in enumerate(self.records):
                yield (each,)
            return
        groups: dict[str | None, list[tuple[int, Any]]] = {}
        for position, raw in enumerate(self.records):
            groups.setdefault(self.batch.group(raw), []).append((position, raw))
        yield from groups.values()

    def failed(self) -> "list[Any]":
        """Return the records that are not done, in their order."""
        if self.state.count(_DONE) == len(self.state):
            return []
        return [raw for raw, state in zip(self.records, self.state, strict=True) if state != _DONE]

    def delay(self) -> None:
        """Ask for the time at which each failed message shall come again."""
        if not self.later or self.job.policy is None or self.job.policy.backoff is None:
            return
        try:
            asked: Any = self.job.policy.backoff.visibility(self.later)
            if hasattr(asked, "__await__"):
                self._wait_for(asked)
        except Exception:  # noqa: BLE001  (they come again all the same, only sooner or later)
            _logger().warning("%s could not delay %d messages", self.job.name, len(self.later), exc_info=True)

    def _all_done(self, positions: "list[int]") -> None:
        for position in positions:
            self.state[position] = _DONE

    def _check_time(self) -> int:
        """Return the milliseconds left; DeadlineError if a record must not be started with these."""
        if self.left is None:
            return 0
        remaining: int = self.left()
        if remaining < self._needed():
            raise DeadlineError(remaining=remaining / 1000, margin=self._needed() / 1000)
        return remaining

    def _stop(self, error: DeadlineError) -> None:
        if not self.stopped:
            self.stopped = True
            self.errors.append(error)
            _logger().warning("%s did not start %d records: %s", self.job.name, self.state.count(_WAITING), error)

    def _settle(self, position: int, raw: "Any", error: Exception, group: str | None, *, given_up: bool) -> bool:
        """Note what becomes of a record that has failed, and tell whether nothing may be tried after it."""
        if given_up:
            self.state[position] = _DONE
            return False
        self.state[position] = _FAILED
        self.errors.append(error)
        if self.job.policy is not None and self.job.policy.backoff is not None and receives(raw):
            self.later.append((raw, self.job.policy.backoff.delay(receives(raw))))
        if group is not None:
            self.blocked.add(group)
        return self.batch.ordered

    def _give_up(self, raw: "Any", error: Exception) -> bool:
        """Log a failure, and tell whether the dead letter hook has taken the record."""
        hook = self._hook_for(raw, error)
        if hook is None:
            return False
        try:
            taken: Any = hook(raw, error)
            if hasattr(taken, "__await__"):
                self._wait_for(taken)
        except Exception:  # noqa: BLE001  (a record that nobody has taken comes again)
            self._log_not_taken(raw)
            return False
        return True

    async def _give_up_async(self, raw: "Any", error: Exception) -> bool:
        hook = self._hook_for(raw, error)
        if hook is None:
            return False
        from asyncio import to_thread

        try:
            taken: Any = hook(raw, error) if _loop.is_async(hook) else await to_thread(hook, raw, error)
            if hasattr(taken, "__await__"):
                await taken
        except Exception:  # noqa: BLE001  (as above)
            self._log_not_taken(raw)
            return False
        return True

    def _hook_for(self, raw: "Any", error: Exception) -> "DeadLetter | None":
        hook = (
            self.job.policy.dead_letter
            if self.job.policy is not None and self.job.policy.is_poison(raw, error)
            else None
        )
        message = "%s failed for record %s" if hook is None else "%s failed for record %s, which is a dead letter now"
        _logger().error(message, self.job.name, self.identifier(raw), exc_info=error)
        return hook

    def _log_not_taken(self, raw: "Any") -> None:
        _logger().exception("the dead letter hook of %s has not taken record %s", self.job.name, self.identifier(raw))

    def identifier(self, raw: "Any") -> str | None:
        """Return what the source calls a record, None for what is none."""
        return self.batch.identifier(raw) if isinstance(raw, dict) else None

    def _wait_for(self, awaitable: "Any") -> None:
        if self.lock is None:
            _loop.run(awaitable, context=self.context)
            return
        with self.lock:  # the loop is one for the whole process
            _loop.run(awaitable, context=self.context)


def _load_logger() -> "Any":
    """Stand for `_logger` until the first line: to look it up takes longer than the rest of a failure's way."""
    global _logger
    import logging

    logger = logging.getLogger("kit.handler")
    _logger = lambda: logger  # noqa: E731
    return logger


_logger = _load_logger
