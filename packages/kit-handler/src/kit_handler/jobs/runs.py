"""One invocation of a job: tries the records, watches the time, and notes which are done.

A record that is not known to be done counts as failed, however the invocation has ended.
"""

import sys

from kit_core.invocation import become, state

from kit_handler.errors import DeadlineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator
    from typing import Any

    from kit_handler.jobs.batches import Batch
    from kit_handler.jobs.failures import Policy
    from kit_handler.jobs.types import DeadLetter

    Lane = Iterable[tuple[int, Any]]

_LONGEST_TIMES = 1.5
_WAITING, _FAILED, _DONE, _DEAD_LETTER = range(4)  # from _DONE on, a record need not come again


class JobSettings:
    """Hold the options of a job."""

    def __init__(self, name: str, *, margin: float, policy: "Policy | None") -> None:
        self.name = name
        self.needed = int(1000 * margin)  # milliseconds that must be left for a record to be started
        self.policy = policy


class Run:
    """Hold the records of one invocation and the state of each.

    parse: makes records of a raw one; None where the raw record is the record
    in_loop: whether the records are tried in tasks of the event loop, where nothing may block
    """

    __slots__ = (
        "batch",
        "blocked",
        "call",
        "context",
        "delays",
        "errors",
        "in_loop",
        "job",
        "parse",
        "records",
        "states",
        "stopped",
    )

    def __init__(
        self,
        job: JobSettings,
        records: "list[Any]",
        batch: "Batch",
        call: "Callable[[Any], Any]",
        parse: "Callable[[Any], Iterable[Any]] | None",
        context: "Any",
    ) -> None:
        self.job = job
        self.records = records
        self.batch = batch
        self.call = call
        self.parse = parse
        self.context = context
        self.states = bytearray(len(records))
        self.errors: list[Exception] = []
        self.delays: list[tuple[Any, int]] = []
        self.blocked: set[str] = set()
        self.stopped = self.in_loop = False

    async def in_order(self, lane: "Lane") -> None:
        """Try the records of `lane`, one after the other."""
        parse, call, context, states, grouped = self.parse, self.call, self.context, self.states, self.batch.grouped
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        needed, longest, before, watch = self.job.needed, 0, 0, sys.maxsize
        around = state()  # that of the whole event
        cold_start = around is not None and around[3]
        try:
            for position, raw in lane:
                if grouped and self.batch.group(raw) in self.blocked:
                    continue
                become([raw, context, None, cold_start])
                try:
                    for record in (raw,) if parse is None else parse(raw):
                        if remaining is not None:
                            now = remaining()  # the only clock that is read
                            if now < watch:  # the time is short, or a record may have taken longer than any before
                                longest = max(longest, before - now)
                                needed = max(needed, int(_LONGEST_TIMES * longest))
                                if now < needed:
                                    self._stop(now, needed)
                                    return
                                watch = max(needed, now - longest)
                            before = now
                        result = call(record)
                        if result is not None and hasattr(result, "__await__"):
                            await self._result(result)
                    states[position] = _DONE
                except Exception as error:  # noqa: BLE001  (every failure is reported, none ends the others)
                    if await self._settle(position, raw, error):
                        return
        finally:
            become(around)

    async def together(self) -> None:
        """Call the function once, with every record that could be read."""
        items: list[Any] = []
        call = self.call
        self.call = items.append  # to read them is what is tried first
        await self.in_order(enumerate(self.records))
        if not items:
            return
        read = [position for position, state in enumerate(self.states) if state == _DONE]
        for position in read:
            self.states[position] = _WAITING
        if self.stopped:
            return
        try:
            result = call(items)
            if hasattr(result, "__await__"):
                await self._result(result)
            for position in read:
                self.states[position] = _DONE
        except Exception as error:  # noqa: BLE001  (as above)
            for position in read:
                if await self._settle(position, self.records[position], error):
                    break

    def lanes(self) -> "Iterator[Lane]":
        """Yield the parts that may be tried at the same time: each message group, or each record by itself."""
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
        if self.states.count(_DONE) == len(self.states):
            return []
        return [raw for raw, state in zip(self.records, self.states, strict=True) if state < _DONE]

    def identifier(self, raw: "Any") -> str | None:
        """Return the record's id at its source, or None if the item is not a record."""
        return self.batch.identifier(raw) if isinstance(raw, dict) else None

    def stop(self, error: Exception) -> None:
        """Start no further record, because of `error`."""
        self.stopped = True
        self.errors.append(error)

    async def delay(self) -> None:
        """Ask the queue for the time at which each failed message shall come again."""
        policy: Any = self.job.policy  # with a backoff, else there would be no delays
        try:
            asked = policy.backoff.visibility(self.delays)
            if hasattr(asked, "__await__"):
                await self._result(asked)
        except Exception as error:  # noqa: BLE001  (they come again all the same, only sooner or later)
            from kit_handler import _log

            _log.warning("%s could not delay %d messages", self.job.name, len(self.delays), exc_info=error)

    def _stop(self, now: int, needed: int) -> None:
        if self.stopped:
            return
        from kit_handler import _log

        error = DeadlineError(remaining=now / 1000, margin=needed / 1000)
        self.stop(error)
        _log.warning("%s did not start %d records: %s", self.job.name, self.states.count(_WAITING), error)

    async def _settle(self, position: int, raw: "Any", error: Exception) -> bool:
        """Log and note a failure, and tell whether no record may be tried after it."""
        from kit_handler import _log

        policy, name = self.job.policy, self.identifier(raw)
        hook = policy.dead_letter if policy is not None and policy.is_poison(raw, error) else None
        if hook is None:
            _log.error("%s failed for record %s", self.job.name, name, exc_info=error)
        else:
            _log.error("%s failed for record %s, which is a dead letter now", self.job.name, name, exc_info=error)
            try:
                await self._call_hook(hook, raw, error)
            except Exception as failure:  # noqa: BLE001  (a record that no hook has taken comes again)
                _log.error("the dead letter hook of %s has not taken record %s", self.job.name, name, exc_info=failure)
            else:
                self.states[position] = _DEAD_LETTER
                return False
        self.states[position] = _FAILED
        self.errors.append(error)
        seconds = None if policy is None else policy.delay(raw)
        if seconds is not None:
            self.delays.append((raw, seconds))
        group = self.batch.group(raw)
        if group is not None:
            self.blocked.add(group)
        return self.batch.ordered

    async def _call_hook(self, hook: "DeadLetter", raw: "Any", error: Exception) -> None:
        if self.in_loop:
            from kit_core import loop, parameters

            taken: Any = hook(raw, error) if parameters.is_async(hook) else await loop.in_thread(hook, raw, error)
        else:
            taken = hook(raw, error)
        if hasattr(taken, "__await__"):
            await self._result(taken)

    async def _result(self, awaitable: "Any") -> "Any":
        """Return the result of an awaitable: awaited in the loop, else run to its end in the kept one."""
        if self.in_loop:
            return await awaitable
        from kit_handler._coroutines import run

        return run(awaitable, context=self.context)


def drive(steps: "Coroutine[Any, Any, None]") -> None:
    """Run a Run's coroutine outside of a loop, where none of its steps suspends: coroutines block in `run`."""
    try:
        steps.send(None)
    except StopIteration:
        return
