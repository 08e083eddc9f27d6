"""What a hit costs in each tier of kit_cache, next to its peers and to the floor of each tier.

    uv run --group benchmarks python integration-tests/benchmarks/cache.py

CPU time in one process; the calls take turns and the least counts. Redis and disk are real, and on this machine.
"""

import asyncio
import functools
import json
import os
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable

import aiocache
import cachetools
import cashews
import diskcache
import kit_cache
import redis
import theine
from _table import cpu_microseconds, print_table
from dogpile.cache import make_region
from kit_testing.servers import Redis

SMALL = {"id": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20", "amount": "1500.00", "term": 12, "status": "approved"}
LARGE = {
    "items": [{"id": i, "name": f"name {i}", "price": i * 1.1, "tags": ["a", "b"], "on": True} for i in range(115)]
}


def cached(value: object, *tiers: str, **options: object) -> Callable[[int, str], object]:
    """Return a cached function of two arguments."""

    @kit_cache.method_cache(cache_name="benchmark", key_prefix=f"{tiers}-{id(value)}-{options}", tiers=tiers, **options)
    def load(number: int, text: str) -> object:
        return value

    return load


def memory() -> dict[str, Callable[[], object]]:
    """Return hits in memory."""
    region = make_region().configure("dogpile.cache.memory", expiration_time=600)

    @functools.lru_cache
    def lru(number: int, text: str) -> object:
        return SMALL

    @cachetools.cached(cachetools.TTLCache(1000, 600), lock=threading.Lock())
    def tools(number: int, text: str) -> object:
        return SMALL

    @region.cache_on_arguments()
    def dogpile(number: int, text: str) -> object:
        return SMALL

    @theine.Memoize(1000, None)
    def wtinylfu(number: int, text: str) -> object:
        return SMALL

    text, small, large = cached("value", "memory"), cached(SMALL, "memory"), cached(LARGE, "memory")
    shared = cached(LARGE, "memory", share=True)
    return {
        "functools.lru_cache": lambda: lru(1, "a"),
        "cachetools, with a lock": lambda: tools(1, "a"),
        "theine": lambda: wtinylfu(1, "a"),
        "dogpile": lambda: dogpile(1, "a"),
        "kit, a text": lambda: text(1, "a"),
        "kit, a dict of 100 B": lambda: small(1, "a"),
        "kit, a dict of 10 KB": lambda: large(1, "a"),
        "kit, 10 KB, share=True": lambda: shared(1, "a"),
    }


def outside(server: Redis, folder: str) -> dict[str, Callable[[], object]]:
    """Return hits on disk and in Redis."""
    disk = diskcache.Cache(folder + "/floor", sqlite_synchronous=0)
    client = redis.Redis.from_url(server.url, protocol=2)
    for name, value in (("small", SMALL), ("large", LARGE)):
        disk.set(name, json.dumps(value).encode())
        client.set(name, json.dumps(value))
    calls = {}
    for name, value in (("100 B", SMALL), ("10 KB", LARGE)):
        key = "small" if value is SMALL else "large"
        on_disk, in_redis = cached(value, "disk"), cached(value, "redis")
        calls[f"diskcache get, {name}"] = lambda key=key: disk.get(key)
        calls[f"diskcache get and json.loads, {name}"] = lambda key=key: json.loads(disk.get(key))
        calls[f"kit disk, {name}"] = lambda call=on_disk: call(1, "a")
        calls[f"redis-py GET, {name}"] = lambda key=key: client.get(key)
        calls[f"redis-py GET and json.loads, {name}"] = lambda key=key: json.loads(client.get(key))
        calls[f"kit Redis, {name}"] = lambda call=in_redis: call(1, "a")
    return calls


def coroutines() -> dict[str, float]:
    """Return the microseconds of hits of coroutine functions."""
    cashews.cache.setup("mem://")

    @kit_cache.method_cache(cache_name="benchmark", key_prefix="async", tiers=("memory",))
    async def kit(number: int, text: str) -> object:
        return "value"

    @aiocache.cached()
    async def aio(number: int, text: str) -> object:
        return "value"

    @cashews.cache(ttl="10m")
    async def cashew(number: int, text: str) -> object:
        return "value"

    async def measure(call: Callable[[int, str], Awaitable[object]]) -> float:
        await call(1, "a")
        least = float("inf")
        for _ in range(9):
            started = time.process_time()
            for _ in range(2000):
                await call(1, "a")
            least = min(least, (time.process_time() - started) / 2000 * 1e6)
        return least

    async def main() -> dict[str, float]:
        return {"kit": await measure(kit), "aiocache": await measure(aio), "cashews": await measure(cashew)}

    return asyncio.run(main())


def main() -> None:
    """Print the tables."""
    with Redis() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["KIT_CACHE_REDIS_URL"] = server.url
        os.environ["KIT_CACHE_REDIS_TIMEOUT_MS"] = "1000"
        os.environ["KIT_CACHE_DIR"] = folder
        inside = cpu_microseconds(memory(), number=5_000)
        beyond = cpu_microseconds(outside(server, folder), number=500)
        awaited = coroutines()
        kit_cache.reset()
    floor = inside["cachetools, with a lock"]
    print_table("A hit in memory, CPU time", ("", "µs", "of cachetools"), rows(inside, lambda name: floor))
    print_table(
        "A hit on disk and in Redis, CPU time",
        ("", "µs", "of the raw read"),
        rows(beyond, lambda name: beyond[raw_read(name)]),
    )
    print_table("A hit of a coroutine function", ("", "µs", "of kit"), rows(awaited, lambda name: awaited["kit"]))


def raw_read(name: str) -> str:
    """Return the name of the raw read that a hit is compared with."""
    return ("diskcache get" if "disk" in name else "redis-py GET") + name[name.rindex(",") :]


def rows(taken: dict[str, float], floor_of: Callable[[str], float]) -> list[tuple[str, str, str]]:
    """Return the lines of a table."""
    return [(name, f"{us:.2f}", f"{us / floor_of(name):.2f}×") for name, us in taken.items()]


if __name__ == "__main__":
    main()
