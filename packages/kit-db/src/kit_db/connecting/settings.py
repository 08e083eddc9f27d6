"""Where the database is and who we are: by argument, then environment, then the secret, then default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kit_db.connecting.tls import find_roots, is_dsql, is_local, is_rds_proxy
from kit_db.deadline import Limits
from kit_db.errors import DatabaseCredentialError

# The names of RDS's own secrets (Secrets Manager's "JSON structure of secrets") for what Database calls otherwise.
_SECRET_KEYS = {"user": "username", "endpoint": "host", "port": "port", "name": "dbname", "password": "password"}
_ENVIRONMENT = {
    "user": "DB_USER",
    "endpoint": "DB_ENDPOINT",
    "port": "DB_PORT",
    "name": "DB_NAME",
    "secret_arn": "DB_SECRET_ARN",
    "password": "DB_PASSWORD",
    "auth": "KIT_DB_AUTH",
    "proxy": "KIT_DB_PROXY",
    "sslmode": "KIT_DB_SSLMODE",
    "sslrootcert": "KIT_DB_SSLROOTCERT",
    "connect_timeout": "KIT_DB_CONNECT_TIMEOUT",
    "connect_wait": "KIT_DB_CONNECT_WAIT",
    "statement_timeout": "KIT_DB_STATEMENT_TIMEOUT",
    "lock_timeout": "KIT_DB_LOCK_TIMEOUT",
}
_SWITCH = {"1": True, "true": True, "0": False, "false": False}


class ConnectionSettings:
    """The settings of a Database; the environment is read again for every connection that is opened."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}
        self.complete = False
        """Whether the arguments say all about which database it is, and who we are there."""
        self.options_refused = False
        """Whether the server, or a pooler in front of it, has refused a connection for its options."""

    def get(self, name: str) -> Any:
        """Return a setting by argument or environment, or None."""
        found = self._given.get(name)
        if not found and not (self.complete and (name in _SECRET_KEYS or name == "secret_arn")):
            found = os.environ.get(_ENVIRONMENT[name])
        return found or None

    def seconds(self, name: str, default: float) -> float:
        """Return a setting that is a number of seconds, 0 included."""
        value = self._given.get(name)
        if value is None:
            value = os.environ.get(_ENVIRONMENT[name]) or default
        try:
            seconds = float(value)
        except (TypeError, ValueError):
            seconds = -1.0
        if not 0 <= seconds <= 86_400:
            raise DatabaseCredentialError(f"{name} has to be a number of seconds, not {value!r}", names=(name,))
        return seconds

    def limits(self, endpoint: str) -> Limits:
        """Return the limits of statements on a connection to an endpoint."""
        statement, lock = (self.seconds(name, 0) or None for name in ("statement_timeout", "lock_timeout"))
        proxy = self._proxy(endpoint)
        if proxy and lock is not None:
            raise DatabaseCredentialError(
                "lock_timeout would pin the connection to RDS Proxy: ALTER ROLE … SET lock_timeout instead",
                names=("lock_timeout",),
            )
        return Limits(statement, lock, send=not proxy)

    def options(self, endpoint: str) -> str:
        """Return the options of the startup message, none where a proxy refuses them.

        They fix the form of intervals, which no other parameter does.
        """
        if self.options_refused or self._proxy(endpoint):
            return ""
        return f"{os.environ.get('PGOPTIONS', '')} -c intervalstyle=postgres".lstrip()

    def _proxy(self, endpoint: str) -> bool:
        value = self._given.get("proxy")
        if value is None:
            value = os.environ.get(_ENVIRONMENT["proxy"]) or is_rds_proxy(endpoint) or is_dsql(endpoint)
        chosen = value if isinstance(value, bool) else _SWITCH.get(str(value).lower())
        if chosen is None:
            raise DatabaseCredentialError(f"proxy has to be true or false, not {value!r}", names=("proxy",))
        return chosen

    @property
    def iam(self) -> bool:
        """Whether to log in with a token of IAM instead of a password."""
        auth = self.get("auth") or "password"
        if auth not in ("iam", "password"):
            raise DatabaseCredentialError(f"auth has to be 'iam' or 'password', not {auth!r}", names=("auth",))
        return bool(auth == "iam")

    @property
    def secret_arn(self) -> str | None:
        """The secret to read, if anything is missing that it could have."""
        arn: str | None = self.get("secret_arn")
        needed = ("user", "endpoint", "name") if self.iam else ("user", "endpoint", "name", "password")
        complete = all(self.get(name) for name in needed)
        return None if complete else arn

    def parameters(self, secret: Mapping[str, Any]) -> dict[str, Any]:
        """Return libpq's connection parameters; DatabaseCredentialError names every setting that is missing."""
        found = {name: self.get(name) or secret.get(key) for name, key in _SECRET_KEYS.items()}
        local = is_local(str(found["endpoint"] or ""))
        required = ["user", "endpoint", "name"] + ([] if local or self.iam else ["password"])
        missing = tuple(name for name in required if not found[name])
        if missing:
            variables = ", ".join(f"{name} ({_ENVIRONMENT[name]})" for name in missing)
            raise DatabaseCredentialError(
                f"database settings are missing: {variables}; give them, or a secret (DB_SECRET_ARN) that has them",
                names=missing,
            )
        if "," in str(found["endpoint"]):
            raise DatabaseCredentialError(
                f"endpoint has to be one host, not {found['endpoint']!r}: a cluster's own endpoint follows its writer",
                names=("endpoint",),
            )
        parameters = {
            "user": found["user"],
            "host": found["endpoint"],
            "port": _port(found["port"]),
            "dbname": found["name"],
            "application_name": _application_name(),
            # A peer that has vanished is noticed within half a minute: what was sent has to be acknowledged in ten
            # seconds, and while an answer is waited for, the probes that begin after ten.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "tcp_user_timeout": 10_000,
            # Kerberos is no way into RDS from a function, and asking for it costs a round trip.
            "gssencmode": "disable",
            # An endpoint with several addresses, of which the first may be the one that does not answer.
            "load_balance_hosts": "random",
            **self._tls(str(found["endpoint"]), local),
        }
        if found["password"] and not self.iam:
            parameters["password"] = found["password"]
        return parameters

    def _tls(self, endpoint: str, local: bool) -> dict[str, str]:
        mode = self.get("sslmode") or ("prefer" if local else "verify-full")
        if self.iam and not local and mode in ("disable", "allow", "prefer"):
            raise DatabaseCredentialError(
                f"sslmode {mode!r} may send the token of auth='iam' in the clear", names=("sslmode", "auth")
            )
        # Roots that were given are used whatever the mode: libpq verifies against them with `require`, too.
        roots = self.get("sslrootcert")
        if roots is None and mode in ("verify-full", "verify-ca"):
            roots = find_roots(endpoint)
        return {"sslmode": mode, **({"sslrootcert": roots} if roots else {})}


def _port(value: Any) -> int:
    try:
        port = int(value or 5432)
    except (TypeError, ValueError):
        port = 0
    if not 0 < port < 65536:
        raise DatabaseCredentialError(f"port has to be a number up to 65535, not {value!r}", names=("port",))
    return port


def _application_name() -> str:
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    return f"{function}@{os.environ.get('AWS_LAMBDA_FUNCTION_VERSION', '$LATEST')}" if function else "kit-db"
