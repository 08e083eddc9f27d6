"""An empty Redis database for each test, on one server for all tests."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from kit_testing.errors import require
from kit_testing.servers.redis.server import Redis


@contextmanager
def empty_redis(server: Redis) -> Iterator[str | None]:
    """Give a `with` block the URL of an empty Redis database, None if there is none; it is emptied again at its end.

    A server of our own is emptied as a whole. On a server of `KIT_REDIS_URL`, only an empty database is used: the one
    in the URL, else another.
    """
    require("redis", extra="redis")
    if not server.external:
        server.start()  # a test may have killed it
        _ask(server.url, "FLUSHALL")
        yield server.url
        return
    parts = urlsplit(server.url)
    candidates = [server.url, *(urlunsplit(parts._replace(path=f"/{index}")) for index in range(15, -1, -1))]
    url = next((candidate for candidate in candidates if _ask(candidate, "DBSIZE") == 0), None)
    yield url
    if url is not None:
        _ask(url, "FLUSHDB")


def _ask(url: str, command: str) -> object:
    import redis

    with contextlib.closing(redis.Redis.from_url(url)) as client:
        answer: object = client.execute_command(command)  # type: ignore[no-untyped-call]
        return answer
