"""Credentials without boto3: the environment's, or those of the container that Lambda's SnapStart has."""

import os
import threading
import time

from kit_core.loading import renew_with_snapshot

from kit_aws import forks
from kit_aws.errors import CredentialsError
from kit_aws.signature import Credentials

_ADVISED, _NEEDED = 900, 60  # seconds before the end: from then on new ones are asked for, and waited for
_PAUSE = 30  # seconds between two questions after one that failed
_LOCAL = ("127.0.0.1", "localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23")

_lock = threading.Lock()
_kept: tuple[str, Credentials, float] | None = None  # the URL, and when they end by the wall clock
_asked = 0.0


@forks.in_child
def _renew() -> None:
    global _lock
    _lock = threading.Lock()


def current() -> Credentials | None:
    """Return the credentials that the environment names, or None if boto3 has to look for some.

    Raise `CredentialsError` where the container gives none.
    """
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        token = os.environ.get("AWS_SESSION_TOKEN") or None
        if not (access_key.isprintable() and (token is None or token.isprintable())):
            raise CredentialsError("AWS_ACCESS_KEY_ID or AWS_SESSION_TOKEN has a line break or a control character")
        return Credentials(access_key, secret_key, token)
    url = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    return _of_container(url) if url else None


@renew_with_snapshot
def forget() -> None:
    """Forget the container's credentials: after a restored snapshot they may have ended."""
    global _kept
    _kept = None


def _of_container(url: str) -> Credentials:
    global _asked, _kept
    found = _fresh(url, _ADVISED)
    if found is not None:
        return found
    with _lock:
        found = _fresh(url, _ADVISED)
        usable = _fresh(url, _NEEDED)
        if found is not None:
            return found
        if usable is not None and time.time() - _asked < _PAUSE:
            return usable
        _asked = time.time()
        try:
            _kept = (url, *_read(url))
        except CredentialsError:
            if usable is None:
                raise
            return usable
        return _kept[1]


def _fresh(url: str, seconds: float) -> Credentials | None:
    kept = _kept
    return kept[1] if kept is not None and kept[0] == url and kept[2] - time.time() > seconds else None


def _read(url: str) -> tuple[Credentials, float]:
    """Ask the container ("Container credential provider", AWS SDKs and Tools Reference Guide)."""
    from json import loads
    from urllib.parse import urlsplit

    from kit_core.connections import Connections, Request
    from kit_core.errors import HttpConnectionError

    from kit_aws.calls.times import seconds_of

    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOCAL:
        raise CredentialsError("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither HTTPS nor a host of this machine's")
    headers = {"Accept": "application/json"}
    if token := _token():
        headers["Authorization"] = token
    connections = Connections(connect_timeout=2, most_idle=0)
    try:
        answer = connections.send(Request("GET", url, headers, b"", 2, True))
        if answer.status != 200:
            raise CredentialsError(f"The container's credentials: HTTP status {answer.status}")
        said = loads(answer.body)
        ends = seconds_of(said["Expiration"]) if said.get("Expiration") else float("inf")
        return Credentials(said["AccessKeyId"], said["SecretAccessKey"], said.get("Token") or None), ends
    except (AttributeError, HttpConnectionError, KeyError, TypeError, ValueError) as error:
        raise CredentialsError(f"The container's credentials: {type(error).__name__}") from error
    finally:
        connections.close()


def _token() -> str | None:
    path = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    if not path:
        return os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  (pathlib takes 5 ms to import)
            return file.read().strip()
    except OSError as error:
        raise CredentialsError(f"The container's credentials: the token's file cannot be read: {error}") from error
