"""What callers see of a Redis that is killed for two seconds, or hangs for eight.

    uv run --group benchmarks python integration-tests/benchmarks/cache_outage.py

One caller asks for one key in a loop, with a pause of 5 ms. The value lives for 60 seconds.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import kit_cache
import redis
from _table import print_table
from dogpile.cache import make_region

PAUSE = 0.005
calls = [0]


def load(key: str) -> str:
    """Load the value, and count that."""
    calls[0] += 1
    return key


def start(port: int) -> "subprocess.Popen[bytes]":
    """Start a Redis, and wait until it answers."""
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
                return server
            except redis.ConnectionError:
                time.sleep(0.02)


def kit(*tiers: str) -> Callable[[int], Callable[[], object]]:
    """Return what makes a caller of kit_cache."""

    def of_port(port: int) -> Callable[[], object]:
        os.environ["KIT_CACHE_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        kit_cache.reset()
        cached = kit_cache.hybrid_cache(cache_name="outage", ttl=60, key_prefix=str((port, tiers)), tiers=tiers)(load)
        return lambda: cached("key")

    return of_port


def dogpile(port: int) -> Callable[[], object]:
    """Return a caller of dogpile."""
    region = make_region().configure("dogpile.cache.redis", expiration_time=60, arguments={"port": port})
    cached = region.cache_on_arguments()(load)
    return lambda: cached("key")


def redis_py(**options: object) -> Callable[[int], Callable[[], object]]:
    """Return what makes a caller of redis-py, with the value set."""

    def of_port(port: int) -> Callable[[], object]:
        client = redis.Redis(port=port, **options)
        client.set("key", "value")
        return lambda: client.get("key")

    return of_port


CALLERS = {
    "kit, memory, Redis and disk": kit("memory", "redis", "disk"),
    "kit, Redis": kit("redis"),
    "dogpile": dogpile,
    "redis-py": redis_py(),
    "redis-py, 50 ms, no retry": redis_py(socket_timeout=0.05, socket_connect_timeout=0.05, retry=None),
}


def measure(make: Callable[[int], Callable[[], object]], fault: str) -> tuple[object, ...]:
    """Return the slowest call, the calls served, the errors and the loads, during one fault."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    servers = [start(port)]
    call = make(port)
    for _ in range(20):
        call()
    before, slowest, served, errors = calls[0], 0.0, 0, 0
    if fault == "killed":
        servers[0].kill()
        servers[0].wait()
        timer = threading.Timer(2, lambda: servers.append(start(port)))
    else:
        servers[0].send_signal(signal.SIGSTOP)
        timer = threading.Timer(8, lambda: servers[0].send_signal(signal.SIGCONT))
    timer.start()
    end = time.monotonic() + (2 if fault == "killed" else 8)
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            call()
            served += 1
        except redis.RedisError:
            errors += 1
        slowest = max(slowest, time.perf_counter() - began)
        time.sleep(PAUSE)
    timer.join()
    for server in servers:
        server.kill()
        server.wait()
    return f"{slowest * 1e3:.0f}", served, errors, calls[0] - before


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KIT_CACHE_DIR"] = folder
        for fault in sys.argv[1:] or ("killed", "hung"):
            rows = [(name, *measure(make, fault)) for name, make in CALLERS.items()]
            print_table(f"Redis is {fault}", ("", "slowest ms", "served", "errors", "loads"), rows)
        kit_cache.reset()


if __name__ == "__main__":
    main()
