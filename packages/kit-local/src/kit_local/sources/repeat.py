"""Work that goes on until it is cancelled, whatever fails meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

from kit_local.errors import LocalError

T = TypeVar("T")
PAUSE = 1.0  # seconds after a failure
logger = logging.getLogger("kit.local")


async def persist(call: Callable[[], Awaitable[T]], *, name: str) -> T:
    """Return the result of `call()`; after an error, call it again a second later.

    An error is logged when it comes, not as long as it stays. One that is no LocalError has its traceback with it.
    """
    told = ""
    while True:
        try:
            return await call()
        except Exception as error:  # a source that ends without a word loses all that comes later
            text = f"{type(error).__name__}: {error}"
            if text != told:
                expected = isinstance(error, LocalError)
                logger.warning("%s: %s", name, error if expected else text, exc_info=None if expected else error)
            told = text
            await asyncio.sleep(PAUSE)


async def repeat(turn: Callable[[], Awaitable[object]], *, name: str) -> NoReturn:
    """Await `turn()` again and again; after an error, a second later."""
    while True:
        await persist(turn, name=name)
