"""The process-wide database, and functions as transactions on it."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, overload

from kit_db.database import Database

P = ParamSpec("P")
R = TypeVar("R")

# inspect's CO_GENERATOR, CO_COROUTINE and CO_ASYNC_GENERATOR: calling such a function runs none of its body.
_RUNS_LATER = 0x20 | 0x80 | 0x200

_lock = threading.Lock()
_default: Database | None = None


def default_database() -> Database:
    """Return the database that everything uses which was not given one; made from the environment at first use."""
    global _default
    with _lock:
        if _default is None:
            _default = Database()
        return _default


def set_default_database(database: Database | None) -> None:
    """Use another default from now on; None makes a new one from the environment at the next use."""
    global _default
    with _lock:
        _default = database


@overload
def transactional(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def transactional(*, database: Database | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def transactional(
    function: Callable[P, R] | None = None, /, *, database: Database | None = None
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a transaction: commit when it returns, roll back whatever exception leaves it.

    Called inside of another transaction it is a savepoint of that one. Use it bare, or with the `database` it is
    about; otherwise that is `default_database()` at the time of the call. A coroutine or generator function is a
    TypeError: the driver blocks, and the transaction would end before the function's body begins.
    """

    def decorate(decorated: Callable[P, R]) -> Callable[P, R]:
        code = getattr(decorated, "__code__", None)
        if code is not None and code.co_flags & _RUNS_LATER:
            raise TypeError(
                f"{decorated.__qualname__} is a coroutine or generator function: "
                "put the transaction into a plain function, and call that with asyncio.to_thread"
            )

        @wraps(decorated)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            chosen = default_database() if database is None else database
            with chosen.transaction():
                return decorated(*args, **kwargs)

        return run

    return decorate if function is None else decorate(function)


scoped_session = transactional
