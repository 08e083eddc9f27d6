"""Opening a connection: the right credentials, and patience while the server comes back."""

import logging
import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kit_db.errors import DatabaseAuthenticationError, DatabaseConnectionError, DatabaseCredentialError
from kit_db.secrets import read_secret
from kit_db.settings import Settings

if TYPE_CHECKING:
    from kit_db.psycopg2 import Connection

logger = logging.getLogger("kit.db")

CONNECT_TIMEOUT = 5.0
CONNECT_WAIT = 5.0


def connect(settings: Settings) -> "Connection":
    """Open a connection; wait a little, with growing pauses, for a server that is starting or out of reach."""
    give_up_at = time.monotonic() + settings.seconds("connect_wait", CONNECT_WAIT)
    pause = 0.05
    while True:
        try:
            return _open(settings)
        except DatabaseConnectionError as error:
            # Jitter, so that functions that lost the server together don't come back together.
            wait = pause * random.uniform(0.5, 1.5)  # noqa: S311
            if not error.transient or time.monotonic() + wait > give_up_at:
                raise
            logger.info("waiting for the database: %s", error)
            time.sleep(wait)
            pause = min(pause * 2, 1.0)


def _open(settings: Settings) -> "Connection":
    from kit_db.psycopg2 import Connection

    timeout = settings.seconds("connect_timeout", CONNECT_TIMEOUT)
    tried: list[dict[str, Any]] = []
    refusal: DatabaseAuthenticationError | None = None
    for secret in _secrets(settings):
        parameters = settings.parameters(secret)
        if parameters in tried:
            continue
        try:
            return Connection(parameters, connect_timeout=timeout)
        except DatabaseAuthenticationError as error:
            logger.info("the database refuses the user; looking for a newer secret")
            tried.append(parameters)
            refusal = error
    assert refusal is not None
    raise refusal


def _secrets(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the secret as it is known, then read anew, then the one that a rotation is about to make current.

    Between two steps of a rotation (Secrets Manager's setSecret and finishSecret) only the last one works.
    """
    arn = settings.secret_arn
    if arn is None:
        yield {}
        return
    yield read_secret(arn)
    yield read_secret(arn, force=True)
    try:
        pending = read_secret(arn, force=True, stage="AWSPENDING")
    except DatabaseCredentialError:
        return
    yield pending
