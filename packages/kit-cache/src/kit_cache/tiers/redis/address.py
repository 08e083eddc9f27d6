"""Where Redis is, from a URL or the seeds' variables."""

from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from kit_cache.errors import CacheConfigError

_OPTIONS = frozenset({"db", "ssl_ca_certs", "ssl_cert_reqs", "ssl_check_hostname", "protocol"})


class Address(NamedTuple):
    """A server, how to reach it, and the database; no password is here: `credentials` reads it when it is needed."""

    host: str = ""
    port: int = 6379
    db: int = 0
    tls: bool = False
    path: str = ""
    ca_certs: str | None = None
    verify: bool = True
    check_hostname: bool = True


def parse_url(url: str) -> tuple[Address, str | None, str | None]:
    """Return the address in a URL, its user and password; CacheConfigError, which quotes none of it."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        port, user, password = parts.port, parts.username, parts.password
        scheme, path = parts.scheme, unquote(parts.path)
        unix = scheme == "unix"
        if scheme not in ("redis", "rediss", "unix") or not (unix or parts.hostname) or not options.keys() <= _OPTIONS:
            raise ValueError
        db = int(options.get("db") or ("0" if unix else path.strip("/") or "0"))
    except ValueError:
        # Not chained: the text quotes what it takes for the port: the end of a password with a "/" in it.
        raise CacheConfigError(
            "KIT_CACHE_REDIS_URL is no Redis URL: redis://, rediss:// or unix://, with none but the options"
            f" {', '.join(sorted(_OPTIONS))}; '/' in a password is written %2F"
        ) from None
    address = Address(
        host=parts.hostname or "",
        port=port or 6379,
        db=db,
        tls=scheme == "rediss",
        path=path if unix else "",
        ca_certs=options.get("ssl_ca_certs"),
        verify=options.get("ssl_cert_reqs", "required") not in ("none", "None"),
        check_hostname=options.get("ssl_check_hostname", "true").lower() not in ("false", "0"),
    )
    return address, unquote(user) if user else None, unquote(password) if password else None
