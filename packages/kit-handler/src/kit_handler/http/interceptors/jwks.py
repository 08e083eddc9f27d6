"""The keys that an issuer publishes (RFC 7517): fetched when needed, kept, and fetched anew for a key that is new."""

from threading import Lock
from weakref import WeakSet

from kit_core.loading import renew_with_snapshot

from kit_handler.errors import ConfigurationError, ServiceUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIFETIME = 3600.0  # seconds that keys may be used without the issuer having confirmed them
_PAUSE = 10.0  # seconds between two questions, whatever tokens ask for
_PAUSE_AFTER_FAILURE = 1.0
_MOST_READ = 1_000_000


_all: "WeakSet[KeySet]" = WeakSet()


class KeySet:
    """Keep the public keys behind `url`.

    They are asked for with the first token, again after half of their lifetime of an hour, and for a key that isn't
    among them, but not more often than every ten seconds: else every invented key name would be a question. While the
    endpoint is down the keys stay usable for their lifetime; after that, and for keys that are not known,
    ServiceUnavailableError is raised.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = _checked(url)
        from kit_handler.http.interceptors.remote import RemoteEndpoint

        self._endpoint = RemoteEndpoint("the key endpoint", timeout=timeout, most_read=_MOST_READ)
        self._lock = Lock()
        self._keys: list[dict[str, Any]] = []
        self._fetched: float | None = None
        self._tried: float | None = None
        self._failed = False
        _all.add(self)

    def find(self, kid: str | None, kty: str) -> "dict[str, Any] | None":
        """Return the key, None if the issuer has none of that name; without a name, the only one of its type."""
        with self._lock:
            age = self._age(self._fetched)
            found = choose(self._keys, kid, kty) if age <= _LIFETIME else None
            if found is None or age > _LIFETIME / 2:
                refreshed = self._may_ask() and self._refresh()
                if refreshed:
                    found = choose(self._keys, kid, kty)
                elif found is None and (self._failed or age > _LIFETIME):
                    raise ServiceUnavailableError("The token can't be checked right now")
            return found

    def forget(self) -> None:
        """Forget the keys: a restored snapshot may be older than they are good for, by a clock that has stood still."""
        self._keys, self._fetched, self._tried, self._failed = [], None, None, False

    def close(self) -> None:
        """Close the connections that are kept for the next question."""
        self._endpoint.close()

    def _may_ask(self) -> bool:
        return self._age(self._tried) >= (_PAUSE_AFTER_FAILURE if self._failed else _PAUSE)

    def _refresh(self) -> bool:
        from time import monotonic

        self._failed = True
        try:
            status, body = self._endpoint.ask("GET", self._url, {"Accept": "application/json"})
            keys = _keys_of(status, body)
        except ServiceUnavailableError:
            return False
        except ValueError as error:
            self._endpoint.warn("answered something else than keys: %s", error)
            return False
        finally:
            self._tried = monotonic()
        self._failed = False
        self._keys, self._fetched = keys, self._tried
        return True

    @staticmethod
    def _age(since: float | None) -> float:
        from time import monotonic

        return float("inf") if since is None else monotonic() - since


@renew_with_snapshot
def _forget_all() -> None:
    for each in tuple(_all):
        each.forget()


def choose(keys: "list[dict[str, Any]]", kid: str | None, kty: str) -> "dict[str, Any] | None":
    """Return the key for signatures that has the type and the name, or is the only one of the type; else None."""
    fitting = [key for key in keys if key.get("kty") == kty and _verifies(key)]
    if kid is not None:
        fitting = [key for key in fitting if key.get("kid") == kid]
    return fitting[0] if len(fitting) == 1 else None


def _verifies(key: "dict[str, Any]") -> bool:
    """Tell whether a key may verify signatures: by its `use` and its `key_ops`, where it has them (RFC 7517, 4.3)."""
    operations = key.get("key_ops", ["verify"])
    return key.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def keys_in(document: "Any") -> "list[dict[str, Any]]":
    """Return the keys of a key set; raise ValueError for anything else."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ValueError('not a key set: {"keys": [...]}')
    return keys


def _keys_of(status: int, body: bytes) -> "list[dict[str, Any]]":
    from kit_core.json import loads

    if status != 200:
        raise ValueError(f"the status is {status}")
    return keys_in(loads(body))


def _checked(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)):
        return url
    raise ConfigurationError(f"keys are fetched by https (by http from this machine only): {url!r}")


_LOCAL = ("127.0.0.1", "localhost", "::1")
