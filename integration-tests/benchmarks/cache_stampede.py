"""How often a source is asked when many processes want the same key, and how long the slowest caller waits.

    uv run --group benchmarks python integration-tests/benchmarks/cache_stampede.py

Four processes ask one Redis. Every worker has been used before the measured call: threads, connections and event
loops are there. The loader takes 100 ms.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import kit_cache
import redis
from _table import print_table

PROCESSES, COLD, HOT = 4, 50, 8
LOADING, SECONDS = 0.1, 5.0
client = redis.Redis.from_url(os.environ.get("KIT_CACHE_REDIS_URL", "redis://"))


def source(key: str) -> str:
    """Load a value, and count that."""
    client.incr(f"loads:{key}")
    time.sleep(LOADING)
    return key


async def source_async(key: str) -> str:
    """Load a value in a task, and count that."""
    client.incr(f"loads:{key}")
    await asyncio.sleep(LOADING)
    return key


def kit(*tiers: str, is_async: bool = False, **options: object) -> Callable[[str], object]:
    """Return the loader behind kit_cache."""
    cached = kit_cache.hybrid_cache(cache_name="stampede", key_prefix="stampede", tiers=tiers, **options)
    return cached(source_async if is_async else source)


def dogpile(**options: object) -> Callable[[str], object]:
    """Return the loader behind dogpile."""
    from dogpile.cache import make_region  # here, as below: no worker imports what it does not measure

    arguments = {"url": os.environ["KIT_CACHE_REDIS_URL"], **options}
    region = make_region().configure(
        "dogpile.cache.redis", expiration_time=1 if not options else 60, arguments=arguments
    )
    return region.cache_on_arguments()(source)


def cashew(*, early: bool) -> Callable[[str], object]:
    """Return the loader behind cashews."""
    import cashews

    cashews.cache.setup(os.environ["KIT_CACHE_REDIS_URL"], client_side=False)
    if early:
        return cashews.cache.early(ttl=1, early_ttl=0.85)(source_async)
    return cashews.cache(ttl=60, lock=True)(source_async)


COLD_CASES: dict[str, Callable[[], Callable[[str], object]]] = {
    "kit, memory and Redis": lambda: kit("memory", "redis"),
    "kit, Redis": lambda: kit("redis"),
    "kit, disk": lambda: kit("disk"),
    "kit, memory and Redis, coroutine": lambda: kit("memory", "redis", is_async=True),
    "dogpile, distributed lock": lambda: dogpile(distributed_lock=True, thread_local_lock=False),
    "cashews lock=True, coroutine": lambda: cashew(early=False),
}
HOT_CASES: dict[str, Callable[[], Callable[[str], object]]] = {
    "kit eager": lambda: kit("memory", "redis", ttl=1, eager=0.85, stale=1),
    "kit eager, coroutine": lambda: kit("memory", "redis", is_async=True, ttl=1, eager=0.85, stale=1),
    "dogpile": lambda: dogpile(),
    "cashews early, coroutine": lambda: cashew(early=True),
}


def meet(name: str) -> None:
    """Wait until every process is here."""
    client.incr(name)
    while int(client.get(name) or 0) < PROCESSES:
        time.sleep(0.0005)


def in_threads(call: Callable[[str], object], number: int, *, hot: bool) -> list[float]:
    """Return the milliseconds of the calls of `number` threads."""
    taken: list[float] = []
    warm, start = threading.Barrier(number + 1), threading.Event()

    def work(place: int) -> None:
        call(f"warm-{os.getpid()}-{place % 4}")
        warm.wait()
        start.wait()
        end = time.monotonic() + (SECONDS if hot else 0)
        while True:
            began = time.perf_counter()
            call("key")
            taken.append((time.perf_counter() - began) * 1e3)
            if time.monotonic() >= end:
                return
            time.sleep(0.005)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    warm.wait()
    if hot:
        call("key")
    meet("ready")
    start.set()
    for thread in threads:
        thread.join()
    return taken


async def in_tasks(call: Callable[[str], object], number: int, *, hot: bool) -> list[float]:
    """Return the milliseconds of the calls of `number` tasks."""
    taken: list[float] = []

    async def work() -> None:
        end = time.monotonic() + (SECONDS if hot else 0)
        while True:
            began = time.perf_counter()
            await call("key")  # type: ignore[misc]
            taken.append((time.perf_counter() - began) * 1e3)
            if time.monotonic() >= end:
                return
            await asyncio.sleep(0.005)

    await asyncio.gather(*(call(f"warm-{os.getpid()}-{place}") for place in range(number)))  # type: ignore[misc]
    if hot:
        await call("key")  # type: ignore[misc]
    await asyncio.to_thread(meet, "ready")
    await asyncio.gather(*(work() for _ in range(number)))
    return taken


def worker(kind: str, name: str) -> None:
    """Measure one case in this process, and print the milliseconds."""
    hot = kind == "hot"
    call = (HOT_CASES if hot else COLD_CASES)[name]()
    number = HOT if hot else COLD
    taken = asyncio.run(in_tasks(call, number, hot=hot)) if "coroutine" in name else in_threads(call, number, hot=hot)
    print(json.dumps(taken))


def measure(kind: str, name: str) -> tuple[int, list[float]]:
    """Return the loads of the key and the milliseconds of every call, in four processes."""
    client.flushall()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "KIT_CACHE_DIR": folder}
        command = [sys.executable, __file__, kind, name]
        made = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(PROCESSES)]
        taken = [ms for process in made for ms in json.loads(process.communicate()[0])]
    return int(client.get("loads:key") or 0), taken


def main() -> None:
    """Print the tables."""
    from kit_testing.servers import Redis

    global client
    with Redis() as server:
        os.environ.update(KIT_CACHE_REDIS_URL=server.url, KIT_CACHE_REDIS_TIMEOUT_MS="1000")
        client = redis.Redis.from_url(server.url)
        rows = []
        for name in COLD_CASES:
            loads, taken = measure("cold", name)
            rows.append((name, loads, f"{sorted(taken)[len(taken) // 2]:.0f}", f"{max(taken):.0f}"))
        print_table(f"A missing key, {PROCESSES} × {COLD} callers", ("", "loads", "p50 ms", "slowest ms"), rows)
        rows = []
        for name in HOT_CASES:
            loads, taken = measure("hot", name)
            rows.append((name, loads, sum(ms > LOADING * 500 for ms in taken), f"{max(taken):.0f}"))
        heads = ("", "loads", "blocked calls", "slowest ms")
        print_table(f"A key that ends each second, {PROCESSES} × {HOT} callers, {SECONDS:g} s", heads, rows)


if __name__ == "__main__":
    if sys.argv[1:]:
        worker(sys.argv[1], sys.argv[2])
    else:
        main()
