"""The decorator."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast, overload

from kit_core import guards, invocation
from kit_core.parameters import is_async, is_generator, refuse_unknown

from kit_events.inbox.attempt import Attempt, Inbox
from kit_events.inbox.chosen import default_inbox
from kit_events.inbox.keys import Key, check_key, key_of

P = ParamSpec("P")
R = TypeVar("R")

# The longest that a Lambda function runs.
LONGEST = timedelta(minutes=15)


@overload
def once(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def once(
    *,
    key: Key = None,
    name: str | None = None,
    inbox: Inbox | None = None,
    lease: timedelta | None = None,
    retention: timedelta = ...,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def once(
    function: Callable[P, R] | None = None,
    /,
    *,
    key: Key = None,
    name: str | None = None,
    inbox: Inbox | None = None,
    lease: timedelta | None = None,
    retention: timedelta = timedelta(days=14),
    **unknown: Any,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function work on each record once, however often it is delivered; below `@job`.

    A repeated record is answered with the earlier result, as JSON holds it, for the `retention`'s time, which should be
    no shorter than the queue's: 14 days at most. A result without a form in JSON is logged (`INBOX_RESULT_NOT_KEPT`)
    and not kept: the record is done, and a repeat is answered with None. A record that is being worked on elsewhere is
    an `InProgressError`, so that the message comes back later. If the work fails, its exception goes on, and the next
    delivery tries again.

    `key` is an attribute's name or a callable that tells deliveries of one record from those of others: the record's
    `id` or `message_id` if not given (of a raw record `id`, `messageId` or `eventID`); `InboxKeyError` if there is
    none. Where the annotation names a class of records that have none, as `FileRecord`, that is a TypeError at once.
    `name` keeps functions on one inbox apart, and is the function's own, with its module, if not given: name it
    before it is renamed. `inbox` is `default_inbox()` at the time of the call if not given.

    `lease` is how long others are kept out if the process is killed; it has to be no shorter than the work. If not
    given, it is the remaining time of the invocation (of the Lambda context, if the function takes it), else 15
    minutes. A `PostgresInbox` needs none, but can't be used by a coroutine function, which is a TypeError.

    Example:

        @job
        @once(name="charge")
        def charge(record: EventRecord) -> None: ...
    """

    refuse_unknown("once", unknown, ("key", "name", "inbox", "lease", "retention"))

    def decorate(decorated: Callable[P, R]) -> Callable[P, R]:
        if is_generator(decorated):
            raise TypeError(f"{decorated.__qualname__} is a generator function: calling it does none of its work")
        check_key(decorated, key)
        scope = f"{decorated.__module__}.{decorated.__qualname__}" if name is None else name
        plan = _Plan(scope, key, inbox, lease, retention)
        return cast(Callable[P, R], _coroutine(decorated, plan)) if is_async(decorated) else _plain(decorated, plan)

    return decorate if function is None else decorate(function)


class _Plan(NamedTuple):
    scope: str
    key: Key
    inbox: Inbox | None
    lease: timedelta | None
    retention: timedelta

    def attempt(
        self, inbox: Inbox, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> AbstractContextManager[Attempt]:
        """Return the attempt for the call's record, its first argument."""
        record = args[0] if args else next(iter(options.values()))
        lease = _lease((*args[1:], *options.values())) if self.lease is None else self.lease
        key, retention = f"{self.scope}:{key_of(record, self.key)}", self.retention.total_seconds()
        return inbox.attempt(key, lease=lease.total_seconds(), retention=retention)


def _plain(function: Callable[P, R], plan: _Plan) -> Callable[P, R]:
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with plan.attempt(plan.inbox or default_inbox(), args, kwargs) as attempt:
            if attempt.finished:
                return cast(R, _repeated(attempt, plan))
            value = function(*args, **kwargs)
            _keep(value, attempt, plan)
            return value

    return run


def _coroutine(function: Callable[P, Any], plan: _Plan) -> Callable[P, Coroutine[Any, Any, Any]]:
    """Do the same, with the inbox's calls, which block, in a thread."""

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        from kit_core.loop import in_thread

        inbox = plan.inbox or default_inbox()
        if inbox.transactional:
            raise TypeError(f"{plan.scope} is a coroutine function, whose work can't be part of a transaction")
        block = plan.attempt(inbox, args, kwargs)
        attempt = await _entered(block)
        try:
            value = _repeated(attempt, plan) if attempt.finished else await function(*args, **kwargs)
            if not attempt.finished:
                _keep(value, attempt, plan)
        except BaseException as error:
            await in_thread(block.__exit__, type(error), error, error.__traceback__)
            raise
        await in_thread(block.__exit__, None, None, None)
        return value

    return run


async def _entered(block: AbstractContextManager[Attempt]) -> Attempt:
    """Enter a block in a thread; if cancelled meanwhile, leave it again, or its key would be held by nobody."""
    from asyncio import CancelledError, ensure_future, shield, wait

    from kit_core.loop import in_thread

    entering = ensure_future(in_thread(block.__enter__))
    try:
        return await shield(entering)
    except CancelledError as error:
        await wait([entering])
        if entering.exception() is None:
            await in_thread(block.__exit__, CancelledError, error, error.__traceback__)
        raise


def _keep(value: Any, attempt: Attempt, plan: _Plan) -> None:
    """Keep the result; the work is done whether or not that succeeds, and must not be done again."""
    try:
        attempt.finish(value)
    except Exception:  # noqa: BLE001  (a result's own dump() may raise anything)
        told = {"inbox_function": plan.scope, "result_type": type(value).__qualname__}
        guards.log("kit.events", logging.WARNING, "INBOX_RESULT_NOT_KEPT", exc_info=True, extra=told)


def _repeated(attempt: Attempt, plan: _Plan) -> Any:
    guards.log("kit.events", logging.INFO, "EVENT_REPEATED", extra={"inbox_function": plan.scope})
    return attempt.answer()


def _lease(arguments: tuple[Any, ...]) -> timedelta:
    """Return the remaining time, by the context among the arguments or the invocation, and a little for the clocks."""
    found = (invocation.remaining_ms_of(argument) for argument in arguments)
    milliseconds = next((each for each in found if each is not None), None)
    if milliseconds is None:
        milliseconds = invocation.remaining_ms()
    return LONGEST if milliseconds is None else timedelta(milliseconds=milliseconds + 1000)
