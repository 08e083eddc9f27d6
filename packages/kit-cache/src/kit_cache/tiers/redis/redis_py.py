"""redis-py as the client: for Sentinel, for code that is built around it, and to compare with.

It takes 60 ms of CPU to import, which a cold start pays. Clusters are for the client of `kit_cache.tiers.redis.client`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.retry import Retry

from kit_cache.tiers.redis.address import Address
from kit_cache.tiers.redis.client import Command, LoginError, Node
from kit_cache.tiers.redis.credentials import Login
from kit_cache.tiers.redis.wire import ReplyError


class _Logins(CredentialProvider):
    """Reads user and password for every new connection; a refused one is read anew the next time."""

    def __init__(self, read_login: Callable[..., Login]) -> None:
        self._read_login = read_login
        self.refused = False

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        login = self._read_login(force=self.refused)
        self.refused = False
        if login.password is None:
            raise redis.exceptions.AuthenticationError("there is no password any more")
        return (login.user, login.password) if login.user else (login.password,)


class RedisPyClient:
    """Talks to one server over a connection pool of redis-py's."""

    clustered = False

    def __init__(self, address: Address, read_login: Callable[..., Login], timeout: float) -> None:
        self._closed = False
        self._node: Node = (address.host, address.port)
        self._logins = _Logins(read_login)
        options: dict[str, Any] = {
            "db": address.db,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
        }
        if read_login().password is not None:
            options["credential_provider"] = self._logins
        if address.path:
            options["unix_socket_path"] = address.path
        else:
            options.update(host=address.host, port=address.port, ssl=address.tls)
        if address.tls:
            options["ssl_ca_certs"] = address.ca_certs
            options["ssl_cert_reqs"] = "required" if address.verify else "none"
            options["ssl_check_hostname"] = address.check_hostname and address.verify
        self._pool = redis.Redis(**options).connection_pool

    def execute(self, commands: Sequence[Command]) -> list[object]:
        """Return the replies, an error of Redis as a ReplyError among them; OSError where there is none in time."""
        if self._closed:
            raise ConnectionAbortedError("the client is closed")
        try:
            connection: Any = self._pool.get_connection()
        except redis.exceptions.AuthenticationError:
            self._logins.refused = True
            raise LoginError("Redis does not take the user or the password") from None
        except redis.exceptions.RedisError as error:
            raise _as_os_error(error) from None
        try:
            connection.send_packed_command(connection.pack_commands([each.parts for each in commands]))
            return [self._reply(connection) for _ in commands]
        except redis.exceptions.RedisError as error:
            connection.disconnect()
            raise _as_os_error(error) from None
        except BaseException:
            connection.disconnect()
            raise
        finally:
            self._release(connection)

    def _release(self, connection: Any) -> None:
        if self._closed:
            connection.disconnect()
        self._pool.release(connection)

    @staticmethod
    def _reply(connection: Any) -> object:
        try:
            return connection.read_response()
        except redis.exceptions.ReadOnlyError as error:
            return ReplyError(f"READONLY {error}")
        except redis.exceptions.OutOfMemoryError as error:
            return ReplyError(f"OOM {error}")
        except redis.exceptions.ResponseError as error:
            return ReplyError(str(error) or "ERR")

    def ask(self, node: Node, commands: Sequence[Command]) -> list[object]:
        """Return the replies of the server."""
        return self.execute(commands)

    def primaries(self) -> list[Node]:
        """Return the server."""
        return [self._node]

    def drop_connections(self) -> None:
        """Close the connections that are not in use: the next commands open new ones."""
        self._pool.disconnect(inuse_connections=False)

    def close(self) -> None:
        """Close every connection, those in use as soon as they are not, and open no other."""
        self._closed = True
        self._pool.disconnect(inuse_connections=False)


def _as_os_error(error: Exception) -> OSError:
    kind = TimeoutError if isinstance(error, redis.exceptions.TimeoutError) else ConnectionError
    return kind(str(error))
