"""The process-wide database, and functions as transactions on it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import wraps
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import ParamSpec, TypeVar, overload

from kit_core import guards
from kit_core.backoff import Backoff
from kit_core.handlers import refuse_handler
from kit_core.loading import load_early
from kit_core.parameters import is_async, is_generator, refuse_unknown

from kit_db.database import Database, Isolation, begin_statement, load_driver
from kit_db.deadline import remaining_seconds
from kit_db.errors import SerializationError

P = ParamSpec("P")
R = TypeVar("R")

# A plain function around a coroutine or generator function returns one of these.
_LATER = (CoroutineType, GeneratorType, AsyncGeneratorType)

# Any part of the whole pause: two transactions that have met must not meet again.
_BACKOFF = Backoff(0.01, 1.0)

_lock = threading.Lock()
_default: Database | None = None


def default_database() -> Database:
    """Return the database that everything uses which was not given one; made from the environment at first use."""
    global _default
    with _lock:
        if _default is None:
            _default = Database()
        return _default


def set_default_database(database: Database | None) -> Database | None:
    """Use another default from now on; None makes a new one from the environment at the next use.

    Return the one that there was, None if none was made or set yet.
    """
    global _default
    with _lock:
        previous, _default = _default, database
        return previous


@overload
def transactional(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def transactional(
    *, database: Database | None = None, isolation: Isolation | None = None, read_only: bool = False, retry: int = 0
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def transactional(
    function: Callable[P, R] | None = None,
    /,
    *,
    database: Database | None = None,
    isolation: Isolation | None = None,
    read_only: bool = False,
    retry: int = 0,
    **unknown: object,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a transaction: commit when it returns, roll back on any exception.

    Called inside of another transaction it is a savepoint of that one. Use it bare, or with the `database` it is
    about; otherwise that is `default_database()` at the time of the call. `isolation` and `read_only` are those of
    `Database.transaction`. A coroutine or generator function is a TypeError: the driver blocks, and the transaction
    would end before the function's body begins. So is a route, job or trigger of kit-handler, which answers with its
    errors: `transactional` stands below these.

    `retry` is how often the whole function is called again, after a pause, when the server gave the transaction up
    for another one's sake (SerializationError, DeadlockError); its other effects then happen
    again, too. Only the outermost transaction can be tried again, so inside of another one it has no effect.
    """
    refuse_unknown("transactional", unknown, ("database", "isolation", "read_only", "retry"))
    begin_statement(isolation, read_only)
    load_early(load_driver)
    if function is not None and not callable(function):
        raise TypeError(f"transactional takes options by keyword, not {function!r}")
    if isinstance(retry, bool) or not isinstance(retry, int) or retry < 0:
        raise ValueError(f"retry has to be a number of further attempts, not {retry!r}")

    def decorate(decorated: Callable[P, R]) -> Callable[P, R]:
        name = getattr(decorated, "__qualname__", type(decorated).__qualname__)
        refuse_later(decorated, name)
        refuse_handler(decorated, "transactional", "answers with its errors, so that the transaction would commit")

        @wraps(decorated)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            chosen = default_database() if database is None else database
            attempts = 0 if chosen.in_transaction else retry
            pauses = _BACKOFF.delays(attempts + 1)
            while True:
                try:
                    with chosen.transaction(isolation=isolation, read_only=read_only):
                        return _done(decorated(*args, **kwargs), name)
                except SerializationError as error:
                    pause = next(pauses, None)
                    remaining = remaining_seconds()
                    if pause is None or (remaining is not None and remaining < pause):
                        raise
                    guards.log("kit.db", logging.INFO, "%s is tried again: %s", name, error)
                time.sleep(pause)

        return run

    return decorate if function is None else decorate(function)


def refuse_later(function: object, name: str) -> None:
    """Raise TypeError for a coroutine or generator function: its body would run when the transaction is over."""
    if is_async(function) or is_generator(function):
        raise _runs_later(name)


def _done(returned: R, name: str) -> R:
    """Return a function's result, unless it is a coroutine or generator, whose body is yet to run."""
    if isinstance(returned, _LATER):
        # Or Python would warn that it was never awaited.
        getattr(returned, "close", lambda: None)()
        raise _runs_later(name)
    return returned


def _runs_later(name: str) -> TypeError:
    return TypeError(
        f"{name} is a coroutine or generator function: "
        "put the transaction into a plain function, and call that with asyncio.to_thread"
    )


scoped_session = transactional
