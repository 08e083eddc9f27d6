"""Opening a connection: the right credentials, and patience while the server comes back."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kit_core import guards
from kit_core.backoff import Backoff

from kit_db.connecting.settings import ConnectionSettings
from kit_db.connecting.tls import is_local
from kit_db.deadline import at_most
from kit_db.errors import DatabaseAuthenticationError, DatabaseConnectionError, DatabaseCredentialError

if TYPE_CHECKING:
    from kit_db.driver.psycopg2 import Connection

CONNECT_TIMEOUT = 3.0
CONNECT_WAIT = 5.0
# pgbouncer's words, and those of RDS Proxy behind a name of one's own.
_REFUSED_OPTIONS = ("unsupported startup parameter", "command-line options")
_BACKOFF = Backoff(0.05, 1.0, least=0.5)


def connect(settings: ConnectionSettings) -> Connection:
    """Open a connection; wait a little, with growing pauses, for a server that is starting or out of reach.

    Neither an attempt nor the waiting goes on for longer than there is time left.
    """
    give_up_at = time.monotonic() + at_most(settings.seconds("connect_wait", CONNECT_WAIT))
    attempt = 0
    while True:
        attempt += 1
        try:
            return _open(settings, moved=attempt == 2)
        except DatabaseConnectionError as error:
            pause = _BACKOFF.delay(attempt)
            if not error.transient or time.monotonic() + pause > give_up_at:
                raise
            guards.log("kit.db", logging.INFO, "waiting for the database: %s", error)
        time.sleep(pause)


def _open(settings: ConnectionSettings, *, moved: bool) -> Connection:
    """Open a connection with the first secret that the server takes; if it may have `moved`, not the known one."""
    tried: list[dict[str, Any]] = []
    refusal: DatabaseAuthenticationError | None = None
    for secret in _secrets(settings, moved=moved):
        parameters = settings.parameters(secret)
        if parameters in tried:
            continue
        try:
            return _attempt(settings, _with_token(parameters) if settings.iam else parameters)
        except DatabaseAuthenticationError as error:
            guards.log("kit.db", logging.INFO, "%s", error)
            tried.append(parameters)
            refusal = error
    assert refusal is not None
    raise refusal


def _attempt(settings: ConnectionSettings, parameters: dict[str, Any]) -> Connection:
    """Open a connection once; a second time, without options, if a pooler in between refuses these."""
    from kit_db.driver.psycopg2 import Connection

    seconds = at_most(settings.seconds("connect_timeout", CONNECT_TIMEOUT))
    give_up_at = time.monotonic() + seconds
    host = parameters["host"]
    located = _located(parameters, seconds)
    limits = settings.limits(host)
    options = settings.options(host)
    if options:
        try:
            return Connection(
                {**located, "options": options}, connect_timeout=give_up_at - time.monotonic(), limits=limits
            )
        except DatabaseConnectionError as error:
            if not any(each in str(error) for each in _REFUSED_OPTIONS):
                raise
            settings.options_refused = True
    return Connection(located, connect_timeout=give_up_at - time.monotonic(), limits=limits)


def _located(parameters: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return the parameters with the addresses of a host that is not this machine; its name is for its certificate."""
    host = str(parameters["host"])
    if is_local(host):
        return parameters
    from kit_db.connecting.addresses import addresses

    place = f"{host!r}:{parameters['port']}"
    try:
        found = addresses(host, seconds)
    except TimeoutError:
        raise DatabaseConnectionError(f"can't connect to {place}: timed out", transient=True) from None
    except OSError as error:
        raise DatabaseConnectionError(f"can't connect to {place}: {error}", transient=True) from None
    return {**parameters, "host": ",".join([host] * len(found)), "hostaddr": ",".join(found)}


def _with_token(parameters: dict[str, Any]) -> dict[str, Any]:
    """Add a token for this attempt alone: it is good for a few minutes, and signed without a request."""
    from kit_db.connecting.aws import iam_token

    return {**parameters, "password": iam_token(parameters["host"], parameters["port"], parameters["user"])}


def _secrets(settings: ConnectionSettings, *, moved: bool) -> Iterator[dict[str, Any]]:
    """Yield the secret as it is known, then read anew, then the one that a rotation is about to make current.

    Between two steps of a rotation (Secrets Manager's setSecret and finishSecret) only the last one works.
    """
    arn = settings.secret_arn
    if arn is None:
        yield {}
        return
    from kit_db.connecting.aws import read_secret

    if not moved:
        yield read_secret(arn)
    yield read_secret(arn, force=True)
    try:
        pending = read_secret(arn, force=True, stage="AWSPENDING")
    except DatabaseCredentialError:
        return
    yield pending
