"""What a hit costs in each tier of kit_cache, next to the floor: a dict, functools.lru_cache, diskcache and redis-py.

    uv run python integration-tests/benchmarks/cache.py

CPU time in one process; the calls take turns and the least counts. Redis and disk are real, and on this machine.
"""

import functools
import json
import os
import tempfile
from collections.abc import Callable

import diskcache
import kit_cache
import redis
from _table import cpu_microseconds, print_table
from kit_testing.servers import Redis

VALUE = {"id": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20", "amount": "1500.00", "term": 12, "status": "approved"}


def cached(*tiers: str) -> Callable[[int, str], object]:
    """Return a cached function of two arguments that returns a dict."""

    @kit_cache.method_cache(cache_name="benchmark", key_prefix="-".join(tiers), tiers=tiers)
    def load(number: int, text: str) -> object:
        return VALUE

    return load


@kit_cache.method_cache(cache_name="benchmark", key_prefix="text", tiers=("memory",))
def load_text(number: int, text: str) -> str:
    """Return what nobody can change, so that it isn't copied."""
    return "value"


class Reader:
    """A method, with what the class declares of itself."""

    def cache_key(self) -> str:
        """Share between instances."""
        return "v1"

    @kit_cache.method_cache(cache_name="benchmark", key_prefix="method", tiers=("memory",))
    def load(self, number: int, text: str) -> object:
        """Return a dict."""
        return VALUE


@functools.lru_cache
def lru(number: int, text: str) -> object:
    """Return a dict, the same one to everybody."""
    return VALUE


def measure(server: Redis, folder: str) -> dict[str, float]:
    """Return the microseconds of each call."""
    table = {(1, "a"): VALUE}
    disk = diskcache.Cache(folder + "/floor", sqlite_synchronous=0)
    disk.set("key", json.dumps(VALUE).encode())
    client = redis.Redis.from_url(server.url, protocol=2)
    client.set("key", json.dumps(VALUE))
    reader, on_disk, in_redis, in_memory = Reader(), cached("disk"), cached("redis"), cached("memory")
    quick = {
        "a dict": lambda: table[1, "a"],
        "functools.lru_cache": lambda: lru(1, "a"),
        "memory, a text": lambda: load_text(1, "a"),
        "memory, a dict": lambda: in_memory(1, "a"),
        "memory, a dict, by keyword": lambda: in_memory(number=1, text="a"),
        "memory, a dict, a method": lambda: reader.load(1, "a"),
    }
    slow = {
        "diskcache get and json.loads": lambda: json.loads(disk.get("key")),
        "disk": lambda: on_disk(1, "a"),
        "redis-py GET and json.loads": lambda: json.loads(client.get("key")),
        "Redis": lambda: in_redis(1, "a"),
    }
    taken = cpu_microseconds(quick) | cpu_microseconds(slow, number=1000)
    client.close()
    disk.close()
    return taken


def main() -> None:
    """Print the table."""
    with Redis() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["KIT_CACHE_REDIS_URL"] = server.url
        os.environ["KIT_CACHE_DIR"] = folder
        taken = measure(server, folder)
        kit_cache.reset()
    floors = {"memory": "functools.lru_cache", "disk": "diskcache get and json.loads"}
    floors["Redis"] = "redis-py GET and json.loads"
    rows = [
        (name, f"{us:.2f}", f"{us / taken[floor]:.1f}×" if (floor := floors.get(name.split(",")[0])) else "")
        for name, us in taken.items()
    ]
    print_table("A hit, CPU time", ("hit", "µs", "of its floor"), rows)


if __name__ == "__main__":
    main()
