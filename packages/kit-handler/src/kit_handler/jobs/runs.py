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
_WAITING, _FAILED, _DONE = range(3)


class JobSettings:
    """Hold the options of a job."""

    def __init__(self, name: str, *, margin: float, policy: "Policy | None") -> None:
        self.name = name
        self.needed = int(1000 * margin)  # milliseconds that must be left for a record to be started
        self.policy = policy


class Run:
    """Hold the records of one invocation and the state of each.

    parse: makes records of a raw one; None where the raw record is the record
    items: of a source that waits for an answer to each record, the items of the answer by position; else None
    dead: the positions of raw records with a dead letter in them
    in_loop: whether the records are tried in tasks of the event loop, where nothing may block
    """

    __slots__ = (
        "batch",
        "blocked",
        "call",
        "context",
        "dead",
        "delays",
        "errors",
        "in_loop",
        "items",
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
        self.batch: Any = batch  # a Responder, where `items` are not None
        self.call = call
        self.parse = parse
        self.context = context
        self.states = bytearray(len(records))
        self.errors: list[Exception] = []
        self.delays: list[tuple[Any, int]] = []
        self.blocked: set[str] = set()
        self.dead: set[int] = set()
        self.items: dict[int, Any] | None = {} if batch.waits else None
        self.stopped = self.in_loop = False

    async def in_order(self, lane: "Lane") -> None:
        """Try the records of `lane`, one after the other."""
        parse, call, context, states, grouped = self.parse, self.call, self.context, self.states, self.batch.grouped
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        needed, longest, before, watch = self.job.needed, 0, 0, sys.maxsize
        around = state()  # that of the whole event
        cold_start, record = around is not None and around[3], None
        try:
            for position, raw in lane:
                if grouped and self.batch.group(raw) in self.blocked:
                    continue
                become([raw, context, None, cold_start, around])
                found = None
                try:
                    found = (raw,) if parse is None else parse(raw)
                    for record in found:
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
                        if result is not None:
                            await self._take(position, raw, result)
                    states[position] = _DONE
                except Exception as error:  # noqa: BLE001  (every failure is reported, none ends the others)
                    if await self._recover(position, raw, error, None if found is None else (found, record), needed):
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
        read = [position for position, state in enumerate(self.states) if state == _DONE and position not in self.dead]
        for position in read:
            self.states[position] = _WAITING
        if self.stopped:
            return
        try:
            result = call(items)
            if hasattr(result, "__await__"):
                result = await self._result(result)
            if self.items is not None:
                made = self.batch.items([self.records[position] for position in read], result)
                self.items.update(zip(read, made, strict=True))
            for position in read:
                self.states[position] = _DONE
        except Exception as error:  # noqa: BLE001  (as above)
            for position in read:
                if await self._settle(position, self.records[position], error):
                    if self.batch.ordered:
                        break
                else:
                    self.states[position] = _DONE

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

    def is_untried(self, position: int) -> bool:
        """Tell whether a record was not started, or not to its end."""
        return self.states[position] == _WAITING

    def identifier(self, raw: "Any") -> "str | dict[str, Any] | None":
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

    async def _take(self, position: int, raw: "Any", result: "Any") -> None:
        """Await a result, and keep its item for a source that waits for one."""
        if hasattr(result, "__await__"):
            result = await self._result(result)
        if self.items is not None and not self.states[position]:  # else another part of the record has failed
            self.items[position] = self.batch.success(raw, result)

    async def _recover(
        self, position: int, raw: "Any", error: Exception, at: "tuple[Any, Any] | None", needed: int
    ) -> bool:
        """Settle a failure in a raw record, and try its other records; tell whether no raw record may be tried then.

        at: the records that were read, and the one that failed; None if they could not be read together
        """
        left: list[tuple[Any, Any]] = []  # a part to read, or else a record
        if at is not None:
            found, tried = at
            ends = await self._ends(position, raw, error, tried)
            if not ends and not (isinstance(found, tuple | list) and len(found) == 1):
                from kit_handler.jobs.parts import rest_of

                left = [(None, record) for record in rest_of(found, tried)]
        else:
            from kit_handler.jobs.parts import parts_of

            parts = parts_of(self.parse, raw)
            if len(parts) > 1:
                left = [(part, None) for part in parts]
            else:
                await self._settle(position, raw, error)
        remaining = getattr(self.context, "get_remaining_time_in_millis", None)
        for part, record in left:
            if remaining is not None and (now := remaining()) < needed:
                self._stop(now, needed)
                return True
            try:
                for each in (record,) if part is None or self.parse is None else self.parse(part):
                    result = self.call(each)
                    if result is not None:
                        await self._take(position, raw, result)
            except Exception as failure:  # noqa: BLE001  (as in in_order)
                if await self._ends(position, raw, failure, record, part):
                    break
        if self.states[position] == _WAITING:  # all that failed of it are dead letters
            self.states[position] = _DONE
        return self.states[position] == _FAILED and self.batch.ordered

    async def _ends(self, position: int, raw: "Any", error: Exception, record: "Any", part: "Any" = None) -> bool:
        """Settle a failure, and tell whether the rest of the raw record may not be tried after it."""
        failed = await self._settle(position, raw, error, record, part)
        return failed and (self.batch.grouped or self.batch.ordered)

    async def _settle(
        self, position: int, raw: "Any", error: Exception, record: "Any" = None, part: "Any" = None
    ) -> bool:
        """Log and note a failure of a raw record, or of a record or part in it; tell whether it comes again."""
        from kit_handler import _log

        policy, name = self.job.policy, self.identifier(raw)
        hook = policy.dead_letter if policy is not None and policy.is_poison(raw, error) else None
        if self.items is not None:
            self.items[position] = self.batch.failure(raw, error, kept=False)
        if hook is None:
            _log.error("%s failed for record %s", self.job.name, name, exc_info=error)
        else:
            _log.error("%s failed for record %s, which is a dead letter now", self.job.name, name, exc_info=error)
            try:
                await self._call_hook(hook, self._letter(raw, record) if part is None else part, error)
            except Exception as failure:  # noqa: BLE001  (a record that no hook has taken comes again)
                _log.error("the dead letter hook of %s has not taken record %s", self.job.name, name, exc_info=failure)
            else:
                self.dead.add(position)
                if self.items is not None:
                    self.items[position] = self.batch.failure(raw, error, kept=True)
                return False
        self.errors.append(error)
        if self.states[position] == _FAILED:  # another record in it has failed before
            return True
        self.states[position] = _FAILED
        seconds = None if policy is None else policy.delay(raw)
        if seconds is not None:
            self.delays.append((raw, seconds))
        group = self.batch.group(raw)
        if group is not None:
            self.blocked.add(group)
        return True

    def _letter(self, raw: "Any", record: "Any") -> "Any":
        """Return the raw record that a dead letter hook gets: of several in a raw one, this alone."""
        if record is None or record is raw:
            return raw
        from kit_handler.jobs.parts import part_of

        return part_of(self.parse, raw, record)

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
